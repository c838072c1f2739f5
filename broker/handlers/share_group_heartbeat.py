"""ShareGroupHeartbeat (API 76): members of share groups join, live on and leave (KIP-932)."""

from __future__ import annotations

from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.share_group_heartbeat import ASSIGNMENT, RESPONSE, TOPIC_PARTITIONS
from ..context import RequestContext
from ..groups.events import Failure, GroupError
from ..groups.membership import JOIN_EPOCH, LEAVE_EPOCH, check_not_blank, invalid_request
from ..groups.share import requests as share_requests
from ..groups.share.heartbeat import ShareHeartbeat, ShareHeartbeatReply
from ..share_acknowledging import is_member_id


def handle(request: Any, context: RequestContext) -> Any:
    """Check what does not depend on the group, and hand the rest to it."""
    if not is_member_id(request.member_id):
        return RESPONSE(error_code=ErrorCode.INVALID_REQUEST)
    try:
        _check(request)
    except GroupError as refused:
        return RESPONSE(error_code=refused.error, error_message=refused.message)
    names = request.subscribed_topic_names
    heartbeat = ShareHeartbeat(
        request.group_id,
        request.member_id,
        request.member_epoch,
        context.client_id or "",
        f"/{context.client_host}",
        request.rack_id,
        None if names is None else frozenset(names),
    )
    return context.node.groups.ask(
        context,
        request.group_id,
        lambda shard, token, now, effects: share_requests.heartbeat(shard, heartbeat, token, now, effects),
        _response,
    )


def _check(request: Any) -> None:
    """Raise GroupError INVALID_REQUEST."""
    check_not_blank(MemberId=request.member_id, GroupId=request.group_id, RackId=request.rack_id)
    if request.member_epoch == JOIN_EPOCH and not request.subscribed_topic_names:
        raise invalid_request("SubscribedTopicNames must be set in first request.")
    if request.member_epoch < LEAVE_EPOCH:
        raise invalid_request("MemberEpoch is invalid.")


def _response(reply: ShareHeartbeatReply | Failure) -> Any:
    if isinstance(reply, Failure):
        return RESPONSE(error_code=reply.error, error_message=reply.message or reply.error.message)
    assignment = None
    if reply.assignment is not None:
        assignment = ASSIGNMENT(
            topic_partitions=[
                TOPIC_PARTITIONS(topic_id=topic_id, partitions=sorted(partitions))
                for topic_id, partitions in reply.assignment.items()
            ]
        )
    return RESPONSE(
        member_id=reply.member_id,
        member_epoch=reply.member_epoch,
        heartbeat_interval_ms=reply.heartbeat_interval_ms,
        assignment=assignment,
    )
