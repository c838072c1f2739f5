"""ConsumerGroupHeartbeat (API 68): members of consumer groups join, live on, reconcile and leave (KIP-848).

- 1: a subscription by regular expression, and a member id that the member makes itself (KIP-1082).
"""

from __future__ import annotations

from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.consumer_group_heartbeat import ASSIGNMENT, RESPONSE, TOPIC_PARTITIONS
from ..context import RequestContext
from ..group_coordinator import consumer_heartbeat
from ..groups.events import ConsumerHeartbeat, ConsumerHeartbeatReply, Failure, GroupError
from ..groups.membership import (
    JOIN_EPOCH,
    LEAVE_EPOCH,
    STATIC_LEAVE_EPOCH,
    check_not_blank,
    invalid_request,
)


def handle(request: Any, context: RequestContext) -> Any:
    """Check what does not depend on the group, and hand the rest to it."""
    try:
        _check(request, context)
    except GroupError as refused:
        return RESPONSE(error_code=refused.error, error_message=refused.message)
    heartbeat = ConsumerHeartbeat(
        request.group_id,
        request.member_id,
        request.member_epoch,
        context.client_id or "",
        f"/{context.client_host}",
        request.instance_id,
        request.rack_id,
        request.rebalance_timeout_ms,
        None if request.subscribed_topic_names is None else frozenset(request.subscribed_topic_names),
        request.subscribed_topic_regex,
        request.server_assignor,
        None
        if request.topic_partitions is None
        else {topic.topic_id: frozenset(topic.partitions) for topic in request.topic_partitions},
    )
    groups = context.node.groups
    if request.member_epoch == JOIN_EPOCH:
        return groups.join_consumer_group(context, heartbeat, _response)
    return groups.ask(context, request.group_id, consumer_heartbeat(heartbeat), _response)


def check_served(context: RequestContext) -> None:
    """Raise GroupError UNSUPPORTED_VERSION where the settings leave out the protocol."""
    if "consumer" not in context.node.config["group.coordinator.rebalance.protocols"]:
        raise GroupError(ErrorCode.UNSUPPORTED_VERSION, ErrorCode.UNSUPPORTED_VERSION.message)


def _check(request: Any, context: RequestContext) -> None:
    """Raise GroupError INVALID_REQUEST or UNSUPPORTED_ASSIGNOR with Kafka's messages, or what `check_served`
    raises.
    """
    check_served(context)
    epoch = request.member_epoch
    names_member = context.version >= 1 or epoch > JOIN_EPOCH or epoch == LEAVE_EPOCH
    check_not_blank(
        MemberId=request.member_id if names_member else None,
        GroupId=request.group_id,
        InstanceId=request.instance_id,
        RackId=request.rack_id,
    )
    if epoch == JOIN_EPOCH:
        _check_join(request)
    elif epoch == STATIC_LEAVE_EPOCH and request.instance_id is None:
        raise invalid_request("InstanceId can't be null.")
    elif epoch < STATIC_LEAVE_EPOCH:
        raise invalid_request("MemberEpoch is invalid.")
    served = context.node.config["group.consumer.assignors"]
    if request.server_assignor is not None and request.server_assignor not in served:
        raise GroupError(
            ErrorCode.UNSUPPORTED_ASSIGNOR,
            f"ServerAssignor {request.server_assignor} is not supported. "
            f"Supported assignors: {', '.join(served)}.",
        )


def _check_join(request: Any) -> None:
    if request.rebalance_timeout_ms == -1:
        raise invalid_request("RebalanceTimeoutMs must be provided in first request.")
    if request.topic_partitions is None or request.topic_partitions:
        raise invalid_request("TopicPartitions must be empty when (re-)joining.")
    if request.subscribed_topic_names is None and request.subscribed_topic_regex is None:
        raise invalid_request(
            "Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining."
        )


def _response(reply: ConsumerHeartbeatReply | Failure) -> Any:
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
