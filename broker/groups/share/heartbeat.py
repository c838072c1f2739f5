"""ShareGroupHeartbeat on a share group (KIP-932): members join, live on, leave, and are put out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from math import inf
from typing import NamedTuple

from ....protocol.errors import ErrorCode
from ...share.state_records import NO_OFFSET
from ..consumer.records import Assignment
from ..events import Effects, GroupError, Instant
from ..java_order import hash_map_order
from ..membership import JOIN_EPOCH, unknown_member
from ..target_assignment import metadata_hash, topic_ids
from ..topics_image import TopicsImage
from .assignor import ShareMemberSpec, assign
from .group import ShareGroup, ShareMember
from .records import (
    ShareGroupEpoch,
    ShareGroupTombstone,
    ShareKind,
    ShareTarget,
    ShareTargetEpoch,
    StateTopic,
)
from .settings import ShareSettings
from .state import InitializeState, initializing

# A member that could not be put out is tried again after this long.
RETRY_MS = 1_000


class ShareHeartbeat(NamedTuple):
    """One ShareGroupHeartbeat. None means: as before."""

    group_id: str
    member_id: str
    member_epoch: int
    client_id: str = ""
    client_host: str = ""
    rack_id: str | None = None
    topic_names: frozenset[str] | None = None


class ShareHeartbeatReply(NamedTuple):
    """The answer to a ShareGroupHeartbeat. `assignment` is None where the member knows it already."""

    member_id: str
    member_epoch: int
    heartbeat_interval_ms: int = 0
    assignment: Assignment | None = None


def beat(
    group: ShareGroup, request: ShareHeartbeat, settings: ShareSettings, now: Instant, effects: Effects
) -> ShareHeartbeatReply:
    """One heartbeat of a member that is, or becomes, part of the group. Raises GroupError."""
    config = settings.of(group.group_id)
    group.session_timeout_ms = config.session_timeout_ms
    member = _member(group, request, config.max_size)
    updated = member._replace(
        client_id=request.client_id,
        client_host=request.client_host,
        rack_id=member.rack_id if request.rack_id is None else request.rack_id,
        topic_names=member.topic_names if request.topic_names is None else request.topic_names,
    )
    if updated != member:
        effects.records.append(updated.metadata_record(group.group_id))
    epoch, counts, is_new_epoch = _advance(group, member, updated, settings.topics, effects)
    target_epoch, target = _target(group, epoch, updated, settings, now, effects)
    reached = _reconciled(updated, target_epoch, target, is_new_epoch, settings.topics)
    if reached != updated:
        effects.records.append(reached.current_record(group.group_id))
    if member.member_id in group.members:
        group.touch(member.member_id, now)
    _ask_for_state(group, epoch, counts, settings, now, effects)
    tells = request.member_epoch == JOIN_EPOCH or request.topic_names is not None
    return ShareHeartbeatReply(
        reached.member_id,
        reached.member_epoch,
        config.heartbeat_interval_ms,
        reached.assigned if tells or reached.assigned != member.assigned else None,
    )


def _member(group: ShareGroup, request: ShareHeartbeat, max_size: int) -> ShareMember:
    member = group.members.get(request.member_id)
    if member is None and len(group.members) >= max_size:
        raise GroupError(
            ErrorCode.GROUP_MAX_SIZE_REACHED,
            f"The share group has reached its maximum capacity of {max_size} members.",
        )
    if member is None:
        if request.member_epoch != JOIN_EPOCH:
            raise unknown_member(group.group_id, request.member_id)
        member = ShareMember(request.member_id)
    _check_epoch(member, request.member_epoch)
    return member


def _check_epoch(member: ShareMember, epoch: int) -> None:
    """A member that is one epoch behind may not have got its last answer."""
    known, previous = member.member_epoch, member.previous_member_epoch
    if epoch in (JOIN_EPOCH, known, previous) and epoch <= known:
        return
    which = "greater" if epoch > known else "smaller"
    but = (
        ""
        if epoch > known
        else f", and it does not match the previous member epoch ({member.previous_member_epoch})"
    )
    raise GroupError(
        ErrorCode.FENCED_MEMBER_EPOCH,
        f"The share group member has a {which} member epoch ({epoch}) than the one known by the group "
        f"coordinator ({known}){but}. The member must abandon all its partitions and rejoin.",
    )


def _advance(
    group: ShareGroup, member: ShareMember, updated: ShareMember, topics: TopicsImage, effects: Effects
) -> tuple[int, Counter[str], bool]:
    """The epoch of the group, a new one if the member or a change of topics asks for it; how many members
    want each topic; and whether the epoch is new.
    """
    asks = updated.topic_names != member.topic_names
    if group.target_epoch >= group.epoch:
        asks |= _has_unassigned(group, topics)
    if not asks and group.topics_are_known:
        return group.epoch, group.topic_counts, False
    counts = group.topics_after(group.members.get(member.member_id), updated)
    hash_now = metadata_hash(counts, topics)
    group.topics_are_known = True
    effects.undo = lambda *_: forget_topics(group)
    if not asks and hash_now == group.metadata_hash:
        return group.epoch, counts, False
    effects.records.append(ShareGroupEpoch(group.group_id, group.epoch + 1, hash_now))
    return group.epoch + 1, counts, True


def _has_unassigned(group: ShareGroup, topics: TopicsImage) -> bool:
    """Whether there is a state by now for partitions that nobody reads, in topics that somebody wants."""
    if group.is_empty:
        return False
    assigned: dict[bytes, set[int]] = {}
    for assignment in group.target.values():
        for topic_id, partitions in assignment.items():
            assigned.setdefault(topic_id, set()).update(partitions)
    return any(
        topic.name in group.topic_counts and assigned.get(topic_id, set()) != topic.partitions
        for topic_id, topic in group.state.initialized.items()
        if topics.by_id(topic_id) is not None  # a crash may have forgotten that it is gone
    )


def _target(
    group: ShareGroup,
    epoch: int,
    updated: ShareMember,
    settings: ShareSettings,
    now: Instant,
    effects: Effects,
) -> tuple[int, Assignment]:
    """The epoch of the target assignment, and what of it is the member's; a new one if it is time."""
    computed_ms, interval_ms = group.target_timestamp_ms, settings.of(group.group_id).assignment_interval_ms
    is_early = computed_ms and now.wall_ms < computed_ms + interval_ms
    if group.target_epoch >= epoch or is_early:
        return group.target_epoch, group.target.get(updated.member_id, {})
    members = {**group.members, updated.member_id: updated}
    specs = {
        member_id: ShareMemberSpec(
            frozenset(topic_ids(member.topic_names, settings.topics)), group.target.get(member_id, {})
        )
        for member_id, member in members.items()
    }
    target = assign(specs, _readable(group.state.initialized, settings.topics))
    for member_id in hash_map_order(members):
        if target[member_id] != group.target.get(member_id):
            effects.records.append(ShareTarget(group.group_id, member_id, target[member_id]))
    effects.records.append(ShareTargetEpoch(group.group_id, epoch, now.wall_ms))
    return epoch, target[updated.member_id]


def _readable(initialized: Mapping[bytes, StateTopic], topics: TopicsImage) -> dict[bytes, frozenset[int]]:
    """The partitions that have a state, of topics that exist."""
    return {
        topic_id: topic.partitions
        for topic_id, topic in initialized.items()
        if topics.by_id(topic_id) is not None
    }


def _reconciled(
    member: ShareMember, epoch: int, target: Assignment, is_new_epoch: bool, topics: TopicsImage
) -> ShareMember:
    """The member with what it is to read, at the epoch of the target."""
    if member.member_epoch == epoch and not is_new_epoch:
        return member
    wanted = set(topic_ids(member.topic_names, topics))
    assigned = {topic_id: partitions for topic_id, partitions in target.items() if topic_id in wanted}
    if member.member_epoch == epoch:
        return member._replace(assigned=assigned)
    return member._replace(member_epoch=epoch, previous_member_epoch=member.member_epoch, assigned=assigned)


def _ask_for_state(
    group: ShareGroup,
    epoch: int,
    names: Iterable[str],
    settings: ShareSettings,
    now: Instant,
    effects: Effects,
) -> None:
    """Have the share coordinator make the state of partitions that have none yet."""
    retry_ms = settings.of(group.group_id).initialize_retry_interval_ms
    missing: dict[bytes, StateTopic] = {}
    for topic in filter(None, map(settings.topics.get, names)):
        known: set[int] = set()
        for topics in (group.state.initialized, group.state.initializing):
            asked_ms = group.asked_ms.get(topic.topic_id, 0) if topics is group.state.initializing else inf
            if topic.topic_id in topics and now.wall_ms - asked_ms < retry_ms:
                known |= topics[topic.topic_id].partitions
        if len(known) < topic.partition_count:
            left = frozenset(range(topic.partition_count)) - known
            missing[topic.topic_id] = StateTopic(topic.name, left)
    if missing:
        effects.records.append(initializing(group.state, missing))
        offsets = {
            topic_id: {partition: _first_offset(group, topic_id, partition) for partition in topic.partitions}
            for topic_id, topic in missing.items()
        }
        effects.orders.append(InitializeState(group.group_id, epoch, offsets))


def _first_offset(group: ShareGroup, topic_id: bytes, partition: int) -> int:
    """Where the group is to begin to read a partition.

    Where a known topic has grown it begins with the first record, whatever its settings say: that may have
    been written before a heartbeat notices the partition. A topic of which no state is known to have been
    made is as new as when its states were first asked for, whatever has become of that.
    """
    asked = group.state.initializing.get(topic_id)
    has_grown = topic_id in group.state.initialized or (
        asked is not None and partition not in asked.partitions
    )
    return 0 if has_grown else NO_OFFSET


# The end of a member


def leave(group: ShareGroup, member_id: str, settings: ShareSettings, effects: Effects) -> None:
    """A member goes. Raises GroupError UNKNOWN_MEMBER_ID."""
    if member_id not in group.members:
        raise unknown_member(group.group_id, member_id)
    _fence(group, group.members[member_id], settings.topics, effects)


def expire(group: ShareGroup, settings: ShareSettings, now: Instant, effects: Effects) -> None:
    """Put out one member whose session is over, if there is one, and set `wake_ms` to the next deadline.

    One call is one event: its records are to be replayed before the next call.
    """
    for member_id, deadline_ms in group.sessions.items():
        if deadline_ms <= now.monotonic_ms:
            group.sessions[member_id] = now.monotonic_ms + RETRY_MS  # unless it goes now
            _fence(group, group.members[member_id], settings.topics, effects)
            break
    group.wake_ms = min(group.sessions.values(), default=inf)


def _fence(group: ShareGroup, member: ShareMember, topics: TopicsImage, effects: Effects) -> None:
    for kind in (ShareKind.CURRENT, ShareKind.TARGET, ShareKind.MEMBER):
        effects.records.append(ShareGroupTombstone(group.group_id, kind, member.member_id))
    left = metadata_hash(group.topics_after(member, None), topics)
    epoch = group.epoch + 1
    effects.records.append(ShareGroupEpoch(group.group_id, epoch, left))
    if len(group.members) == 1:
        effects.records.append(ShareTargetEpoch(group.group_id, epoch, 0))


def forget_topics(group: ShareGroup) -> None:
    """Have the next heartbeat look at the topics anew."""
    group.topics_are_known = False
