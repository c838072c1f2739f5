"""ListGroups: all groups, or those in some states (KIP-518, v4) and of some types (KIP-848, v5)."""

from __future__ import annotations

from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.list_groups import GROUP, RESPONSE
from ..context import RequestContext
from ..groups.classic.description import listings
from ..groups.events import Effects, Failure, Instant
from ..groups.shard import Shard


def handle(request: Any, context: RequestContext) -> Any:
    """List the groups of every shard. The groups of a shard that is closed are missing."""

    def event(shard: Shard, token: Any, _: Instant, effects: Effects) -> None:
        effects.reply(token, list(listings(shard, request.states_filter, request.types_filter)))

    return context.node.groups.ask_all(context, event, _response)


def _response(replies: list[Any]) -> Any:
    return RESPONSE(
        error_code=ErrorCode.NONE,
        groups=[
            GROUP(
                group_id=group.group_id,
                protocol_type=group.protocol_type,
                group_state=group.state,
                group_type=group.group_type,
            )
            for reply in replies
            if not isinstance(reply, Failure)
            for group in reply
        ],
    )
