"""StreamsGroupDescribe (API 89): topology, members and tasks of streams groups (KIP-1071).

- 1: the name of the assignor (KIP-1357). Descriptions of topologies (KIP-1331) are not kept, as in a Kafka
  without a plugin for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...protocol.messages.streams_group_describe import (
    ASSIGNMENT,
    GROUP,
    MEMBER,
    RESPONSE,
    SUBTOPOLOGY,
    TOPOLOGY,
)
from ...protocol.messages.streams_group_heartbeat import ENDPOINT, KEY_VALUE, TASK_OFFSET, TOPIC_INFO
from ..authorized_operations import GROUP as GROUP_OPERATIONS
from ..authorized_operations import NOT_ASKED
from ..context import RequestContext
from ..group_descriptions import describe_each
from ..groups.events import GroupError
from ..groups.membership import not_of_kind
from ..groups.shard import Shard
from ..groups.streams.group import NO_TASKS, StreamsGroup
from ..groups.streams.member import StreamsMember
from ..groups.streams.settings import ASSIGNOR
from ..groups.streams.tasks import HeldTasks, Task, TaskSets
from ..groups.streams.topic_configuration import ConfiguredSubtopology
from ..groups.streams.topology import InternalTopic, Subtopology
from .streams_group_heartbeat import check_served, task_values

_NO_DESCRIPTION_ASKED, _NO_DESCRIPTION_STORED = 0, 1


def handle(request: Any, context: RequestContext) -> Any:
    """Describe each group."""
    try:
        check_served(context)
    except GroupError as refused:
        return RESPONSE(
            groups=[GROUP(group_id=group_id, error_code=refused.error) for group_id in request.group_ids]
        )
    return describe_each(
        request, context, lambda shard, group_id: _described(shard, group_id, request), RESPONSE, GROUP
    )


def _described(shard: Shard, group_id: str, request: Any) -> Any:
    group = shard.groups.get(group_id)
    if not isinstance(group, StreamsGroup):
        raise not_of_kind(group_id, group, "streams")
    asks = request.include_topology_description
    return GROUP(
        group_id=group_id,
        group_state=group.state_name,
        group_epoch=group.epoch,
        assignment_epoch=group.target_epoch,
        topology=_topology(group),
        members=[_member(group, member) for member in group.members.values()],
        authorized_operations=GROUP_OPERATIONS if request.include_authorized_operations else NOT_ASKED,
        topology_description_status=_NO_DESCRIPTION_STORED if asks else _NO_DESCRIPTION_ASKED,
        assignor_name=ASSIGNOR,
    )


def _topology(group: StreamsGroup) -> Any:
    """The topology: with the numbers of partitions that were decided, if everything is in order."""
    topology = group.topology
    if topology is None:
        return None
    subtopologies: Mapping[str, Subtopology | ConfiguredSubtopology] = topology.by_id
    if group.configured is not None and group.configured.is_ready:
        subtopologies = group.configured.subtopologies
    return TOPOLOGY(
        epoch=topology.epoch,
        subtopologies=[
            SUBTOPOLOGY(
                subtopology_id=each_id,
                source_topics=sorted(each.source_topics),
                repartition_sink_topics=sorted(each.repartition_sink_topics),
                state_changelog_topics=_topic_values(each.state_changelog_topics),
                repartition_source_topics=_topic_values(each.repartition_source_topics),
            )
            for each_id, each in sorted(subtopologies.items())
        ],
    )


def _topic_values(topics: Iterable[InternalTopic]) -> list[Any]:
    return [
        TOPIC_INFO(
            name=topic.name,
            partitions=topic.partitions,
            replication_factor=topic.replication_factor,
            topic_configs=[KEY_VALUE(key=key, value=value) for key, value in topic.configs],
        )
        for topic in sorted(topics)
    ]


def _member(group: StreamsGroup, member: StreamsMember) -> Any:
    endpoint, offsets = member.user_endpoint, group.offsets_of(member.member_id)
    return MEMBER(
        member_id=member.member_id,
        member_epoch=member.member_epoch,
        instance_id=member.instance_id,
        rack_id=member.rack_id,
        client_id=member.client_id,
        client_host=member.client_host,
        topology_epoch=member.topology_epoch,
        process_id=member.process_id,
        user_endpoint=None if endpoint is None else ENDPOINT(host=endpoint[0], port=endpoint[1]),
        client_tags=[KEY_VALUE(key=key, value=value) for key, value in member.client_tags],
        task_offsets=_offset_values(offsets.offsets),
        task_end_offsets=_offset_values(offsets.end_offsets),
        assignment=_assignment(member.assigned),
        target_assignment=_assignment(group.target.get(member.member_id, NO_TASKS)),
    )


def _assignment(tasks: TaskSets | HeldTasks) -> Any:
    return ASSIGNMENT(
        active_tasks=task_values(tasks.active),
        standby_tasks=task_values(tasks.standby),
        warmup_tasks=task_values(tasks.warmup),
    )


def _offset_values(offsets: Mapping[Task, int]) -> list[Any]:
    return [
        TASK_OFFSET(subtopology_id=subtopology_id, partition=partition, offset=offset)
        for (subtopology_id, partition), offset in sorted(offsets.items())
    ]
