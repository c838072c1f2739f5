"""Committed offsets: what a commit writes, what a fetch reads, and when an offset expires (KIP-211)."""

from __future__ import annotations

from collections.abc import Iterable

from ...protocol.errors import ErrorCode
from .classic.group import ClassicGroup
from .classic.transitions import (
    COMPLETING_REBALANCE,
    EMPTY,
    PREPARING_REBALANCE,
    STABLE,
)
from .consumer.group import ConsumerGroup
from .consumer.offsets import check_commit as check_consumer_commit
from .events import CommitPartition, CommitRequest, Effects, GroupError, Instant
from .offset_store import CommittedOffset as CommittedOffset
from .offset_store import Offsets as Offsets
from .records import OffsetCommit, OffsetTombstone, Record
from .share.group import ShareGroup
from .streams.group import StreamsGroup
from .streams.offsets import check_commit as check_streams_commit

Group = ClassicGroup | ConsumerGroup | StreamsGroup


def check_commit(group: Group | ShareGroup | None, request: CommitRequest) -> None:
    """Raise GroupError unless the group takes commits from this member.

    A negative generation is a simple consumer, which assigns its partitions by itself: welcome as long as the
    group has no members. Between join and sync nobody may commit, since partitions are changing hands; within
    a transaction all of that is the producer's concern (KIP-447), as long as it names no wrong member.
    """
    generation_id = request.generation_id
    if group is None:
        if generation_id >= 0:
            raise GroupError(
                ErrorCode.GROUP_ID_NOT_FOUND if request.knows_group_errors else ErrorCode.ILLEGAL_GENERATION
            )
        return
    if isinstance(group, ShareGroup):
        raise GroupError(ErrorCode.GROUP_ID_NOT_FOUND)
    if isinstance(group, ConsumerGroup):
        check_consumer_commit(group, request)
        return
    if isinstance(group, StreamsGroup):
        check_streams_commit(group, request)
        return
    if generation_id < 0 and group.state is EMPTY:
        return
    if generation_id >= 0 or request.member_id or request.instance_id is not None:
        group.check_member(request.member_id, request.instance_id)
        if generation_id != group.generation_id:
            raise GroupError(ErrorCode.ILLEGAL_GENERATION)
    elif group.state is not EMPTY and request.producer is None:
        raise GroupError(ErrorCode.UNKNOWN_MEMBER_ID)
    if group.state is COMPLETING_REBALANCE and request.producer is None:
        raise GroupError(ErrorCode.REBALANCE_IN_PROGRESS)


def commit(
    group: Group | ShareGroup | None,
    request: CommitRequest,
    metadata_max_bytes: int,
    now: Instant,
    effects: Effects,
) -> tuple[ErrorCode, ...]:
    """Write offsets. One error code for each partition, in order; raises GroupError when all are refused."""
    check_commit(group, request)
    shows_life = isinstance(group, ClassicGroup) and group.state in (STABLE, PREPARING_REBALANCE)
    if isinstance(group, ClassicGroup) and shows_life and request.producer is None:
        member = group.members.get(request.member_id)
        if member is not None:
            group.touch(member, now)
    retention_ms = request.retention_time_ms
    expire_timestamp_ms = -1 if retention_ms == -1 else now.wall_ms + retention_ms
    effects.producer = request.producer
    errors = []
    for partition in request.partitions:
        if utf16_length(partition.metadata or "") > metadata_max_bytes:
            errors.append(ErrorCode.OFFSET_METADATA_TOO_LARGE)
        else:
            errors.append(ErrorCode.NONE)
            effects.records.append(_commit_record(request.group_id, partition, expire_timestamp_ms, now))
    return tuple(errors)


def _commit_record(
    group_id: str, partition: CommitPartition, expire_timestamp_ms: int, now: Instant
) -> OffsetCommit:
    given = partition.commit_timestamp_ms
    return OffsetCommit(
        group_id,
        partition.topic,
        partition.partition,
        partition.offset,
        partition.leader_epoch,
        partition.metadata or "",
        now.wall_ms if given == -1 else given,
        expire_timestamp_ms,
        partition.topic_id,
    )


def delete(
    group: Group | ShareGroup | None,
    offsets: Offsets,
    group_id: str,
    partitions: Iterable[tuple[str, int]],
    effects: Effects,
) -> tuple[ErrorCode, ...]:
    """Remove offsets (KIP-496), those of open transactions too, except those of topics that the group is
    subscribed to. One error code for each.

    Raises GroupError GROUP_ID_NOT_FOUND, or NON_EMPTY_GROUP for members whose subscriptions cannot be known.
    """
    if group is None or isinstance(group, ShareGroup):
        raise GroupError(ErrorCode.GROUP_ID_NOT_FOUND)
    if isinstance(group, ClassicGroup) and not group.is_empty and not group.is_consumer_group:
        raise GroupError(ErrorCode.NON_EMPTY_GROUP)
    errors = []
    for topic, partition in partitions:
        if group.is_subscribed_to(topic):
            errors.append(ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC)
            continue
        errors.append(ErrorCode.NONE)
        is_committed = offsets.get(group_id, topic, partition) is not None
        if is_committed or offsets.is_unstable(group_id, topic, partition):
            effects.records.append(OffsetTombstone(group_id, topic, partition))
    return tuple(errors)


def expired(group: Group, offsets: Offsets, retention_ms: int, now: Instant) -> tuple[list[Record], bool]:
    """Tombstones for the offsets of a group whose time is up, and whether none are left then.

    The clock of a classic group runs from the moment when it lost its last member, or for a topic that a
    stable group no longer subscribes to and for groups that never had members, from the commit. That of any
    other group always runs from the commit, for topics that it does not subscribe to. A retention that the
    commit brought along (v2 to v4) overrides both. What an open transaction may change stays.
    """
    by_topic = offsets.of_group(group.group_id)
    if not by_topic:
        return [], not offsets.has_unstable(group.group_id)
    since_empty_ms = None
    if isinstance(group, ClassicGroup):
        if not _may_expire(group):
            return [], False
        if group.protocol_type is not None and group.is_empty and group.state_timestamp_ms != -1:
            since_empty_ms = group.state_timestamp_ms
    tombstones: list[Record] = []
    total = 0
    for topic, partitions in by_topic.items():
        total += len(partitions)
        if group.is_subscribed_to(topic):
            continue
        for partition, committed in partitions.items():
            since_ms = committed.commit_timestamp_ms if since_empty_ms is None else since_empty_ms
            if offsets.is_unstable(group.group_id, topic, partition):
                continue
            if _is_expired(committed, since_ms, retention_ms, now.wall_ms):
                tombstones.append(OffsetTombstone(group.group_id, topic, partition))
    return tombstones, len(tombstones) == total and not offsets.has_unstable(group.group_id)


def _may_expire(group: ClassicGroup) -> bool:
    """A group with members loses offsets only while it is stable, and its subscriptions are known."""
    if group.protocol_type is None or group.is_empty:
        return True
    is_readable = group.is_consumer_group and group.subscribed_topics is not None
    return is_readable and group.state is STABLE


def _is_expired(committed: CommittedOffset, since_ms: int, retention_ms: int, wall_ms: int) -> bool:
    if committed.expire_timestamp_ms != -1:
        return wall_ms >= committed.expire_timestamp_ms
    return wall_ms - since_ms >= retention_ms


def utf16_length(text: str) -> int:
    """The length of a string in UTF-16 units, which is how Java counts and Kafka limits it."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
