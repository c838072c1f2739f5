"""ConsumerGroupDescribe (API 69): epochs, members and assignments of consumer groups (KIP-848).

- 1: the protocol of each member (KIP-1099).
"""

from __future__ import annotations

from typing import Any

from ...protocol.messages.consumer_group_describe import (
    ASSIGNMENT,
    GROUP,
    MEMBER,
    RESPONSE,
    TOPIC_PARTITIONS,
)
from ..authorized_operations import GROUP as GROUP_OPERATIONS
from ..authorized_operations import NOT_ASKED
from ..context import RequestContext
from ..group_descriptions import describe_each
from ..groups.consumer.group import ConsumerGroup
from ..groups.consumer.member import ConsumerMember
from ..groups.consumer.records import Assignment
from ..groups.consumer.settings import ConsumerSettings
from ..groups.membership import not_of_kind
from ..groups.shard import Shard
from ..groups.topics_image import TopicsImage

_CLASSIC_MEMBER, _CONSUMER_MEMBER = 0, 1


def handle(request: Any, context: RequestContext) -> Any:
    """Describe each group."""
    operations = GROUP_OPERATIONS if request.include_authorized_operations else NOT_ASKED
    return describe_each(
        request, context, lambda shard, group_id: _described(shard, group_id, operations), RESPONSE, GROUP
    )


def _described(shard: Shard, group_id: str, operations: int) -> Any:
    group = shard.groups.get(group_id)
    if not isinstance(group, ConsumerGroup):
        raise not_of_kind(group_id, group, "consumer")
    settings: ConsumerSettings = shard.consumer_settings
    return GROUP(
        group_id=group_id,
        group_state=group.state_name,
        group_epoch=group.epoch,
        assignment_epoch=group.target_epoch,
        assignor_name=group.assignor(settings.config.assignors[0]),
        members=[_member(group, member, settings.topics) for member in group.members.values()],
        authorized_operations=operations,
    )


def _member(group: ConsumerGroup, member: ConsumerMember, topics: TopicsImage) -> Any:
    owned: dict[bytes, frozenset[int]] = {}
    for epochs in (member.assigned, member.pending_revocation):
        for topic_id, partitions in epochs.items():
            owned[topic_id] = owned.get(topic_id, frozenset()) | partitions.keys()
    return MEMBER(
        member_id=member.member_id,
        instance_id=member.instance_id,
        rack_id=member.rack_id,
        member_epoch=member.member_epoch,
        client_id=member.client_id,
        client_host=member.client_host,
        subscribed_topic_names=sorted(member.topic_names),
        subscribed_topic_regex=member.topic_regex,
        assignment=_assignment(owned, topics),
        target_assignment=_assignment(group.target.get(member.member_id, {}), topics),
        member_type=_CLASSIC_MEMBER if member.uses_classic_protocol else _CONSUMER_MEMBER,
    )


def _assignment(assignment: Assignment, topics: TopicsImage) -> Any:
    """An assignment without topics that are gone."""
    found = ((topics.by_id(topic_id), partitions) for topic_id, partitions in assignment.items())
    return ASSIGNMENT(
        topic_partitions=[
            TOPIC_PARTITIONS(topic_id=topic.topic_id, topic_name=topic.name, partitions=sorted(partitions))
            for topic, partitions in found
            if topic is not None
        ]
    )
