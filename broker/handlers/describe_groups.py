"""DescribeGroups: state and members of classic groups.

- KIP-430 (v3): authorized operations, when asked for. Without ACLs everybody may do everything.
- KIP-1043 (v6): a group that does not exist is an error; before, it is shown as Dead.
"""

from __future__ import annotations

from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.describe_groups import GROUP, MEMBER, RESPONSE
from ..authorized_operations import GROUP as GROUP_OPERATIONS
from ..authorized_operations import NOT_ASKED
from ..context import RequestContext
from ..groups.classic.description import Description, describe
from ..groups.classic.transitions import GroupState
from ..groups.events import Effects, Failure, Instant
from ..groups.shard import Shard


def handle(request: Any, context: RequestContext) -> Any:
    """Describe each group."""
    version = context.version
    operations = GROUP_OPERATIONS if version >= 3 and request.include_authorized_operations else NOT_ASKED
    return context.node.groups.ask_each(
        context,
        [(group_id, _describes(group_id)) for group_id in request.groups],
        lambda replies: RESPONSE(
            groups=[
                _group(group_id, reply, version, operations)
                for group_id, reply in zip(request.groups, replies, strict=True)
            ]
        ),
    )


def _describes(group_id: str) -> Any:
    def event(shard: Shard, token: Any, _: Instant, effects: Effects) -> None:
        effects.reply(token, describe(shard.groups.get(group_id)))

    return event


def _group(group_id: str, reply: Description | Failure, version: int, operations: int) -> Any:
    if isinstance(reply, Failure):
        return GROUP(group_id=group_id, error_code=reply.error)
    if version >= 6 and reply.state == GroupState.DEAD.value:
        return GROUP(
            group_id=group_id,
            error_code=ErrorCode.GROUP_ID_NOT_FOUND,
            error_message=f"Group {group_id} is not a classic group."
            if reply.is_of_other_type
            else f"Group {group_id} not found.",
            group_state=reply.state,
        )
    return GROUP(
        group_id=group_id,
        group_state=reply.state,
        protocol_type=reply.protocol_type,
        protocol_data=reply.protocol_name,
        members=[
            MEMBER(
                member_id=m.member_id,
                group_instance_id=m.instance_id,
                client_id=m.client_id,
                client_host=m.client_host,
                member_metadata=m.metadata,
                member_assignment=m.assignment,
            )
            for m in reply.members
        ],
        authorized_operations=operations,
    )
