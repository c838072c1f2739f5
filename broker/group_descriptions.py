"""What the APIs that describe groups of one kind have in common (KIP-848, KIP-932, KIP-1071)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..protocol.errors import ErrorCode
from .context import RequestContext
from .groups.events import Effects, Failure, GroupError, Instant
from .groups.shard import Shard


def describe_each(
    request: Any, context: RequestContext, describe: Callable[[Shard, str], Any], response: Any, row: Any
) -> Any:
    """The response with a row for each group: what `describe` makes of it, or why it raises GroupError."""

    def event_for(group_id: str) -> Callable[[Shard, Any, Instant, Effects], None]:
        def event(shard: Shard, token: Any, _: Instant, effects: Effects) -> None:
            try:
                if not group_id:
                    raise GroupError(ErrorCode.INVALID_GROUP_ID)
                effects.reply(token, describe(shard, group_id))
            except GroupError as refused:
                effects.reply(token, Failure(refused.error, refused.message))

        return event

    def finish(replies: list[Any]) -> Any:
        return response(
            groups=[
                row(group_id=group_id, error_code=reply.error, error_message=reply.message)
                if isinstance(reply, Failure)
                else reply
                for group_id, reply in zip(request.group_ids, replies, strict=True)
            ]
        )

    events = [(group_id, event_for(group_id)) for group_id in request.group_ids]
    return context.node.groups.ask_each(context, events, finish)
