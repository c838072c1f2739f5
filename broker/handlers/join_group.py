"""JoinGroup: answered when everybody has joined, so nearly always later.

- KIP-62 (v1): a rebalance timeout of its own; before, the session timeout stood for both.
- KIP-394 (v4): a dynamic member comes back with the id that it is given first.
- KIP-345 (v5): static members. KIP-800 (v8): a reason, for the log.
- KIP-814 (v9): a leader that comes back may be told to keep the assignment.
"""

from __future__ import annotations

import logging
from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.join_group import MEMBER, RESPONSE
from ..context import RequestContext
from ..groups.events import Failure, JoinReply, JoinRequest

log = logging.getLogger(__name__)


def handle(request: Any, context: RequestContext) -> Any:
    """Join, and answer with a JoinReply's fields."""
    version = context.version
    join = JoinRequest(
        group_id=request.group_id,
        member_id=request.member_id,
        instance_id=request.group_instance_id,
        client_id=context.client_id or "",
        client_host=f"/{context.client_host}",
        session_timeout_ms=request.session_timeout_ms,
        rebalance_timeout_ms=request.rebalance_timeout_ms if version >= 1 else request.session_timeout_ms,
        protocol_type=request.protocol_type,
        protocols=tuple((protocol.name, protocol.metadata) for protocol in request.protocols),
        needs_member_id=version >= 4,
        skips_assignment=version >= 9,
    )
    if request.reason:
        log.info("%s joins the group %s: %s", join.member_id or join.client_id, join.group_id, request.reason)
    return context.node.groups.ask(
        context,
        join.group_id,
        lambda shard, token, now, effects: shard.join(join, token, now, effects),
        lambda reply: _response(reply, version),
    )


def _response(reply: JoinReply | Failure, version: int) -> Any:
    if isinstance(reply, Failure):
        reply = JoinReply(reply.error, "")
    # Up to v6 the protocol name cannot be null, and is empty in an error.
    no_protocol = None if version >= 7 and reply.error is not ErrorCode.NONE else ""
    return RESPONSE(
        error_code=reply.error,
        generation_id=reply.generation_id,
        protocol_type=reply.protocol_type,
        protocol_name=reply.protocol_name or no_protocol,
        leader=reply.leader,
        skip_assignment=reply.skip_assignment,
        member_id=reply.member_id,
        members=[
            MEMBER(member_id=m.member_id, group_instance_id=m.instance_id, metadata=m.metadata)
            for m in reply.members
        ],
    )
