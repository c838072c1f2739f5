"""SyncGroup: the leader brings the assignment, the others wait for it.

- KIP-345 (v3): static members. KIP-559 (v5): protocol type and name, which the client has to send.
"""

from __future__ import annotations

from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.sync_group import RESPONSE
from ..context import RequestContext
from ..groups.events import Failure, SyncReply, SyncRequest


def handle(request: Any, context: RequestContext) -> Any:
    """Sync, and answer with the member's assignment."""
    if context.version >= 5 and (request.protocol_type is None or request.protocol_name is None):
        return RESPONSE(error_code=ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
    sync = SyncRequest(
        group_id=request.group_id,
        generation_id=request.generation_id,
        member_id=request.member_id,
        instance_id=request.group_instance_id,
        protocol_type=request.protocol_type,
        protocol_name=request.protocol_name,
        assignments={given.member_id: given.assignment for given in request.assignments},
    )
    return context.node.groups.ask(
        context,
        sync.group_id,
        lambda shard, token, now, effects: shard.sync(sync, token, now, effects),
        _response,
    )


def _response(reply: SyncReply | Failure) -> Any:
    if isinstance(reply, Failure):
        return RESPONSE(error_code=reply.error)
    return RESPONSE(
        error_code=reply.error,
        protocol_type=reply.protocol_type,
        protocol_name=reply.protocol_name,
        assignment=reply.assignment,
    )
