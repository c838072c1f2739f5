"""StreamsGroupHeartbeat (API 88): members of streams groups join, live on, reconcile and leave (KIP-1071).

- 1: the acceptable lag has 64 bits, and a status tells of client tags that are missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.streams_group_heartbeat import (
    ENDPOINT,
    ENDPOINT_TO_PARTITIONS,
    RESPONSE,
    STATUS,
    TASK_IDS,
    TOPIC_PARTITION,
)
from ..context import RequestContext
from ..groups.events import Failure, GroupError
from ..groups.membership import JOIN_EPOCH, STATIC_LEAVE_EPOCH, check_not_blank, invalid_request
from ..groups.streams.events import EndpointPartitions, StreamsHeartbeat, StreamsHeartbeatReply
from ..groups.streams.tasks import Task, Tasks, TaskSets, by_subtopology
from ..groups.streams.topology_codec import read_topology
from ..topic_names import INTERNAL_TOPICS, name_problem


def handle(request: Any, context: RequestContext) -> Any:
    """Check what does not depend on the group, and hand the rest to it."""
    try:
        check_served(context)
        _check_topics(request.topology)
        _check(request)
        heartbeat = _heartbeat(request, context)
    except GroupError as refused:
        return RESPONSE(error_code=refused.error, error_message=refused.message)
    return context.node.groups.ask(
        context,
        request.group_id,
        lambda shard, token, now, effects: shard.streams_heartbeat(heartbeat, token, now, effects),
        _response,
    )


def check_served(context: RequestContext) -> None:
    """Raise GroupError UNSUPPORTED_VERSION where the settings leave out the protocol."""
    if "streams" not in context.node.config["group.coordinator.rebalance.protocols"]:
        raise GroupError(ErrorCode.UNSUPPORTED_VERSION, ErrorCode.UNSUPPORTED_VERSION.message)


# Checks, in Kafka's order and words


def _check_topics(topology: Any) -> None:
    """Raise GroupError STREAMS_INVALID_TOPOLOGY for names that no topic of a topology may have."""
    if topology is None:
        return
    names = dict.fromkeys(
        name
        for each in topology.subtopologies
        for name in (
            *each.source_topics,
            *each.repartition_sink_topics,
            *(topic.name for topic in each.repartition_source_topics),
            *(topic.name for topic in each.state_changelog_topics),
        )
    )
    internal = [name for name in names if name in INTERNAL_TOPICS]
    if internal:
        raise _invalid_topology(
            f"Use of Kafka internal topics {','.join(internal)} in a Kafka Streams topology is prohibited."
        )
    wrong = [name for name in names if name_problem(name) is not None]
    if wrong:
        raise _invalid_topology(f"Topic names {','.join(wrong)} are not valid topic names.")


def _check(request: Any) -> None:
    topology, epoch = request.topology, request.member_epoch
    if topology is not None and any(each.source_topic_regex for each in topology.subtopologies):
        raise invalid_request("Regular expressions for source topics are not supported yet.")
    check_not_blank(
        MemberId=request.member_id,
        GroupId=request.group_id,
        InstanceId=request.instance_id,
        RackId=request.rack_id,
    )
    if epoch == JOIN_EPOCH:
        _check_join(request)
    elif epoch == STATIC_LEAVE_EPOCH and request.instance_id is None:
        raise invalid_request("InstanceId can't be null.")
    elif epoch < STATIC_LEAVE_EPOCH:
        raise invalid_request(f"MemberEpoch is {epoch}, but must be greater than or equal to -2.")
    tasks = (request.active_tasks, request.standby_tasks, request.warmup_tasks)
    if len({each is None for each in tasks}) > 1:
        raise invalid_request("If one task-type is non-null, all must be non-null.")
    if epoch != JOIN_EPOCH and topology is not None:
        raise invalid_request("Topology can only be provided when (re-)joining.")


def _check_join(request: Any) -> None:
    if request.rebalance_timeout_ms == -1:
        raise invalid_request("RebalanceTimeoutMs must be provided in first request.")
    owned = {
        "ActiveTasks": request.active_tasks,
        "StandbyTasks": request.standby_tasks,
        "WarmupTasks": request.warmup_tasks,
    }
    for name, tasks in owned.items():
        if tasks is None or tasks:
            raise invalid_request(f"{name} must be empty when (re-)joining.")
    if request.topology is None:
        raise invalid_request("Topology must be non-null when (re-)joining.")
    for each in request.topology.subtopologies:
        for topic in each.state_changelog_topics:
            if topic.partitions != 0:
                raise _invalid_topology(
                    f"Changelog topic {topic.name} must have an undefined partition count, "
                    f"but it is set to {topic.partitions}."
                )


def _invalid_topology(message: str) -> GroupError:
    return GroupError(ErrorCode.STREAMS_INVALID_TOPOLOGY, message)


# The request for the group


def _heartbeat(request: Any, context: RequestContext) -> StreamsHeartbeat:
    endpoint, tags = request.user_endpoint, request.client_tags
    return StreamsHeartbeat(
        request.group_id,
        request.member_id,
        request.member_epoch,
        request.endpoint_information_epoch,
        context.client_id or "",
        f"/{context.client_host}",
        request.instance_id,
        request.rack_id,
        request.rebalance_timeout_ms,
        None if request.topology is None else read_topology(request.topology),
        None
        if request.active_tasks is None
        else TaskSets(
            _tasks(request.active_tasks), _tasks(request.standby_tasks), _tasks(request.warmup_tasks)
        ),
        request.process_id,
        None if endpoint is None else (endpoint.host, endpoint.port),
        None if tags is None else tuple(sorted((tag.key, tag.value) for tag in tags)),
        _offsets(request.task_offsets),
        _offsets(request.task_end_offsets),
        request.shutdown_application,
        tells_missing_tags=context.version >= 1,
    )


def _tasks(values: Iterable[Any]) -> Tasks:
    return frozenset((each.subtopology_id, partition) for each in values for partition in each.partitions)


def _offsets(values: Iterable[Any] | None) -> dict[Task, int] | None:
    if values is None:
        return None
    found: dict[Task, int] = {}
    for each in values:
        task = (each.subtopology_id, each.partition)
        if task in found:
            raise invalid_request(
                f"Task offsets contain a duplicate entry for subtopology {each.subtopology_id} and "
                f"partition {each.partition}."
            )
        found[task] = each.offset
    return found


# The answer


def _response(reply: StreamsHeartbeatReply | Failure) -> Any:
    if isinstance(reply, Failure):
        # Kafka says nothing of what it did not foresee.
        is_foreseen = reply.error is not ErrorCode.UNKNOWN_SERVER_ERROR
        message = reply.message or (reply.error.message if is_foreseen else None)
        return RESPONSE(error_code=reply.error, error_message=message)
    tasks = reply.tasks
    return RESPONSE(
        member_id=reply.member_id,
        member_epoch=reply.member_epoch,
        heartbeat_interval_ms=reply.heartbeat_interval_ms,
        task_offset_interval_ms=reply.task_offset_interval_ms,
        acceptable_recovery_lag=reply.acceptable_recovery_lag,
        status=[STATUS(status_code=each.status, status_detail=each.detail) for each in reply.statuses],
        active_tasks=None if tasks is None else task_values(tasks.active),
        standby_tasks=None if tasks is None else task_values(tasks.standby),
        warmup_tasks=None if tasks is None else task_values(tasks.warmup),
        endpoint_information_epoch=reply.endpoint_epoch,
        partitions_by_user_endpoint=None
        if reply.endpoints is None
        else [_endpoint_value(each) for each in reply.endpoints],
    )


def task_values(tasks: Iterable[Task]) -> list[Any]:
    """Tasks in the form of the protocol."""
    return [
        TASK_IDS(subtopology_id=subtopology_id, partitions=partitions)
        for subtopology_id, partitions in by_subtopology(tasks).items()
    ]


def _endpoint_value(member: EndpointPartitions) -> Any:
    host, port = member.endpoint
    return ENDPOINT_TO_PARTITIONS(
        user_endpoint=ENDPOINT(host=host, port=port),
        active_partitions=_partition_values(member.active),
        standby_partitions=_partition_values(member.standby),
    )


def _partition_values(partitions: Mapping[str, list[int]]) -> list[Any]:
    return [TOPIC_PARTITION(topic=topic, partitions=indexes) for topic, indexes in partitions.items()]
