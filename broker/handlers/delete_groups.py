"""DeleteGroups (KIP-229): remove empty groups with all their committed offsets."""

from __future__ import annotations

from typing import Any

from ...protocol.messages.delete_groups import RESPONSE, RESULT
from ..context import RequestContext
from ..groups.events import Effects, Failure, Instant
from ..groups.shard import Shard


def handle(request: Any, context: RequestContext) -> Any:
    """Delete each group, with an error code for each."""
    group_ids = list(dict.fromkeys(request.groups_names))
    return context.node.groups.ask_each(
        context,
        [(group_id, _deletes(group_id)) for group_id in group_ids],
        lambda replies: RESPONSE(
            results=[
                RESULT(group_id=group_id, error_code=reply.error if isinstance(reply, Failure) else reply)
                for group_id, reply in zip(group_ids, replies, strict=True)
            ]
        ),
    )


def _deletes(group_id: str) -> Any:
    def event(shard: Shard, token: Any, _: Instant, effects: Effects) -> None:
        shard.delete_group(group_id, token, effects)

    return event
