"""LeaveGroup: one member by its id (to v2), or several by member id or instance id (KIP-345, v3).

KIP-800 (v5): a reason for each, for the log.
"""

from __future__ import annotations

import logging
from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.leave_group import RESPONSE, RESPONSE_MEMBER
from ..context import RequestContext
from ..groups.events import Failure, LeavingMember

log = logging.getLogger(__name__)


def handle(request: Any, context: RequestContext) -> Any:
    """Remove the members, and answer with an error code for each, or with one alone before v3."""
    if context.version < 3:
        leaving = [LeavingMember(request.member_id, None)]
    else:
        leaving = [LeavingMember(m.member_id, m.group_instance_id) for m in request.members]
        for member in request.members:
            if member.reason:
                name = member.member_id or member.group_instance_id
                log.info("%s leaves the group %s: %s", name, request.group_id, member.reason)
    return context.node.groups.ask(
        context,
        request.group_id,
        lambda shard, token, now, effects: shard.leave(request.group_id, leaving, token, now, effects),
        lambda reply: _response(reply, leaving, context.version),
    )


def _response(reply: tuple[ErrorCode, ...] | Failure, leaving: list[LeavingMember], version: int) -> Any:
    if isinstance(reply, Failure):
        return RESPONSE(error_code=reply.error)
    if version < 3:
        return RESPONSE(error_code=reply[0])
    return RESPONSE(
        members=[
            RESPONSE_MEMBER(member_id=m.member_id, group_instance_id=m.instance_id, error_code=error)
            for m, error in zip(leaving, reply, strict=True)
        ]
    )
