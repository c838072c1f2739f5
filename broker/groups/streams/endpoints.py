"""Which member answers interactive queries about which partitions."""

from __future__ import annotations

from collections.abc import Iterable

from ..topics_image import TopicsImage
from .events import EndpointPartitions
from .group import StreamsGroup
from .member import StreamsMember
from .target import members_after
from .tasks import Task, by_subtopology
from .topic_configuration import ConfiguredTopology


def endpoints_of(
    group: StreamsGroup, updated: StreamsMember, configured: ConfiguredTopology, topics: TopicsImage
) -> tuple[EndpointPartitions, ...]:
    """What each member with an endpoint serves, once `updated` is what it has become; that one comes last."""
    members = members_after(group, updated)
    del members[updated.member_id]
    found = []
    for member in (*members.values(), updated):
        if member.user_endpoint is not None:
            held = member.assigned
            active = _partitions(held.active, configured, topics)
            standby = _partitions(held.standby | held.warmup, configured, topics)
            found.append(EndpointPartitions(member.user_endpoint, active, standby))
    return tuple(found)


def _partitions(
    tasks: Iterable[Task], configured: ConfiguredTopology, topics: TopicsImage
) -> dict[str, list[int]]:
    """The partitions of the inputs of tasks, by topic."""
    found: dict[str, list[int]] = {}
    for subtopology_id, partitions in by_subtopology(tasks).items():
        subtopology = configured.subtopologies.get(subtopology_id)
        for name in sorted(set(subtopology.input_topics)) if subtopology is not None else ():
            topic = topics.get(name)
            count = 0 if topic is None else topic.partition_count
            existing = [partition for partition in partitions if partition < count]
            if existing:
                found.setdefault(name, []).extend(existing)
    return found
