"""A new target assignment for a whole consumer group, and the hash that tells when topics have changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache

from .consumer import assignors
from .consumer.group import ConsumerGroup
from .consumer.member import ConsumerMember
from .consumer.records import (
    Assignment,
    ResolvedRegex,
    TargetAssignment,
    TargetAssignmentEpoch,
)
from .events import Instant
from .java_order import string_set_order, timeline_map_order
from .records import Record
from .topics_image import TopicsImage
from .xxh3 import java_string, xxh3_64

# How many topics' hashes are kept: a group asks for those of all its topics whenever a member comes or goes.
_TOPICS_KEPT = 10_000


def wanted_topics(member: ConsumerMember, regexes: Mapping[str, ResolvedRegex]) -> frozenset[str]:
    """The names of all topics that a member wants, as far as its regular expression has been resolved."""
    resolved = regexes.get(member.topic_regex) if member.topic_regex else None
    return member.topic_names if resolved is None else member.topic_names.union(resolved.topics)


def topic_ids(names: Iterable[str], topics: TopicsImage) -> Iterator[bytes]:
    """The ids of those topics that exist."""
    for topic in map(topics.get, names):
        if topic is not None:
            yield topic.topic_id


def retarget(
    group: ConsumerGroup,
    epoch: int,
    updated: ConsumerMember,
    assignor: str,
    is_homogeneous: bool,
    topics: TopicsImage,
    now: Instant,
) -> tuple[list[Record], Assignment]:
    """The records of a new target for `epoch`, when `updated` is in the group; and what of it is its own."""
    replaced = group.static_members.get(updated.instance_id or "")
    members = {each: group.members[each] for each in timeline_map_order(group.members) if each != replaced}
    members[updated.member_id] = updated

    @cache
    def ordered_ids(names: frozenset[str]) -> tuple[bytes, ...]:
        return tuple(topic_ids(string_set_order(names), topics))

    specs = {
        member_id: assignors.MemberSpec(
            member.instance_id,
            ordered_ids(wanted_topics(member, group.regexes)),
            group.target_of(member),
        )
        for member_id, member in members.items()
    }
    counts = {
        topic.topic_id: topic.partition_count
        for topic in map(topics.by_id, {topic_id for spec in specs.values() for topic_id in spec.topic_ids})
        if topic is not None
    }
    problem = assignors.Problem(specs, counts, is_homogeneous, frozenset(group.target_owners))
    target = assignors.assign(assignor, problem)
    records: list[Record] = []
    for member_id in problem.member_ids:
        # A static member that takes another's place has had its record with the replacement.
        former = replaced if replaced is not None and member_id == updated.member_id else member_id
        if target.get(member_id, {}) != group.target.get(former):
            records.append(TargetAssignment(group.group_id, member_id, target.get(member_id, {})))
    records.append(TargetAssignmentEpoch(group.group_id, epoch, now.wall_ms))
    return records, target.get(updated.member_id, {})


def metadata_hash(names: Iterable[str], topics: TopicsImage) -> int:
    """A hash of the topics that exist of these, as Kafka stores it: 64 bits, signed (KIP-1101)."""
    found = (topics.get(name) for name in sorted(names, key=_java_order))
    hashes = [_topic_hash(topic.name, topic.topic_id, topic.partition_count) for topic in found if topic]
    if not hashes:
        return 0
    return _signed(xxh3_64(b"".join(value.to_bytes(8, "little") for value in hashes)))


def _java_order(name: str) -> bytes:
    return name.encode("utf-16-be", "surrogatepass")


@lru_cache(_TOPICS_KEPT)
def _topic_hash(name: str, topic_id: bytes, partition_count: int) -> int:
    data = bytearray(b"\0")
    data += topic_id[7::-1] + topic_id[:7:-1]
    data += java_string(name) + partition_count.to_bytes(4, "little")
    # Racks would follow each partition; the one broker of this cluster has its rack for itself.
    for partition in range(partition_count):
        data += partition.to_bytes(4, "little")
    return xxh3_64(bytes(data))


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value
