"""ShareGroupDescribe (API 77): epochs, members and assignments of share groups (KIP-932)."""

from __future__ import annotations

from typing import Any

from ...protocol.messages.share_group_describe import (
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
from ..groups.shard import Shard
from ..groups.share import requests as share_requests
from ..groups.share.group import ShareMember
from ..groups.topics_image import TopicsImage

ASSIGNOR = "simple"


def handle(request: Any, context: RequestContext) -> Any:
    """Describe each group."""
    operations = GROUP_OPERATIONS if request.include_authorized_operations else NOT_ASKED
    return describe_each(
        request, context, lambda shard, group_id: _described(shard, group_id, operations), RESPONSE, GROUP
    )


def _described(shard: Shard, group_id: str, operations: int) -> Any:
    group = share_requests.existing(shard, group_id)
    topics = shard.share_settings.topics
    return GROUP(
        group_id=group_id,
        group_state=group.state_name,
        group_epoch=group.epoch,
        assignment_epoch=group.target_epoch,
        assignor_name=ASSIGNOR,
        members=[_member(member, topics) for member in group.members.values()],
        authorized_operations=operations,
    )


def _member(member: ShareMember, topics: TopicsImage) -> Any:
    found = ((topics.by_id(topic_id), partitions) for topic_id, partitions in member.assigned.items())
    return MEMBER(
        member_id=member.member_id,
        rack_id=member.rack_id,
        member_epoch=member.member_epoch,
        client_id=member.client_id,
        client_host=member.client_host,
        subscribed_topic_names=sorted(member.topic_names),
        assignment=ASSIGNMENT(
            topic_partitions=[
                TOPIC_PARTITIONS(
                    topic_id=topic.topic_id, topic_name=topic.name, partitions=sorted(partitions)
                )
                for topic, partitions in found
                if topic is not None
            ]
        ),
    )
