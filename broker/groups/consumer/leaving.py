"""Members of a consumer group that leave, or are put out; and the deadlines that put them out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from ..events import (
    ConsumerHeartbeat,
    ConsumerHeartbeatReply,
    Effects,
    Instant,
)
from ..membership import STATIC_LEAVE_EPOCH, existing_member
from ..regex import matching
from ..target_assignment import metadata_hash
from .group import ConsumerGroup
from .member import ConsumerMember
from .migration import can_downgrade, downgrade
from .records import (
    ConsumerGroupEpoch,
    ConsumerTombstone,
    Kind,
    ResolvedRegex,
    TargetAssignmentEpoch,
)
from .settings import ConsumerSettings
from .update import forget_topics, remove_member

# What could not be written is tried again after this long.
RETRY_MS = 1_000


def leave(
    group: ConsumerGroup,
    request: ConsumerHeartbeat,
    settings: ConsumerSettings,
    now: Instant,
    effects: Effects,
) -> ConsumerHeartbeatReply:
    """A heartbeat with epoch -1, or -2 for a static member that will be back. Raises GroupError."""
    member = existing_member(group, request.member_id, request.instance_id)
    if request.member_epoch == STATIC_LEAVE_EPOCH and request.instance_id is not None:
        assigned = {topic_id: dict.fromkeys(p, 0) for topic_id, p in member.assigned.items()}
        left = member._replace(member_epoch=STATIC_LEAVE_EPOCH, pending_revocation={}, assigned=assigned)
        effects.records.append(left.current_record(group.group_id))
        return ConsumerHeartbeatReply(member.member_id, STATIC_LEAVE_EPOCH)
    fence(group, [member], settings, now, effects)
    return ConsumerHeartbeatReply(request.member_id, request.member_epoch)


def fence(
    group: ConsumerGroup,
    members: Collection[ConsumerMember],
    settings: ConsumerSettings,
    now: Instant,
    effects: Effects,
) -> None:
    """Remove members, and let the others share what they had. When only members of the classic protocol are
    left, the group becomes a classic one.
    """
    if not members:
        return
    if can_downgrade(group, members, settings):
        downgrade(group, members, settings.topics, now, effects)
        return
    group_id, records = group.group_id, effects.records
    for member in members:
        records.extend(remove_member(group_id, member.member_id))
    left = group.subscriptions.copy()
    leaving = Counter(member.topic_regex for member in members if member.topic_regex)
    for regex, count in leaving.items():
        if regex is not None and group.subscriptions.regexes[regex] == count:
            records.append(ConsumerTombstone(group_id, Kind.REGEX, regex))
            resolved = group.regexes.get(regex)
            left.resolve(resolved.topics if resolved else (), ())
    for member in members:
        left.replace(member, None)
    epoch = group.epoch + 1
    records.append(ConsumerGroupEpoch(group_id, epoch, metadata_hash(left.topics, settings.topics)))
    if len(group.members) == len(members):
        records.append(TargetAssignmentEpoch(group_id, epoch, 0))


def expire(group: ConsumerGroup, settings: ConsumerSettings, now: Instant, effects: Effects) -> None:
    """Act on one deadline that has passed, if there is one, and set `wake_ms` to the next.

    One call is one event: its records are to be replayed before the next call. Call again while `wake_ms` is
    not after `now`; this ends, because acting on a deadline removes it or moves it into the future.
    """
    if group.regex_deadline_ms is not None and group.regex_deadline_ms <= now.monotonic_ms:
        group.regex_deadline_ms = None
        _resolve(group, settings, now, effects)
    else:
        member = _overdue(group, now)
        if member is not None:
            fence(group, [member], settings, now, effects)
    group.wake_ms = group.next_deadline()


def _overdue(group: ConsumerGroup, now: Instant) -> ConsumerMember | None:
    """A member whose time is up, if there is one. Deadlines that have no meaning any more are forgotten.

    Its deadline comes again soon, for the case that its removal cannot be written; else it goes with it.
    """
    retry_ms = now.monotonic_ms + RETRY_MS
    for deadlines in (group.sessions, group.joins, group.syncs):
        for member_id in [m for m, deadline_ms in deadlines.items() if deadline_ms <= now.monotonic_ms]:
            if member_id in group.members:
                deadlines[member_id] = retry_ms
                return group.members[member_id]
            del deadlines[member_id]
    for member_id, rebalance in list(group.rebalances.items()):
        if rebalance.deadline_ms <= now.monotonic_ms:
            member = group.members.get(member_id)
            if member is not None and member.member_epoch == rebalance.member_epoch:
                group.rebalances[member_id] = rebalance._replace(deadline_ms=retry_ms)
                return member
            del group.rebalances[member_id]
    return None


def _resolve(group: ConsumerGroup, settings: ConsumerSettings, now: Instant, effects: Effects) -> None:
    """Find the topics of all regular expressions; the group gets a new epoch when they are other ones."""
    subscriptions, topics = group.subscriptions.copy(), settings.topics
    changed = False
    found = matching(list(subscriptions.regexes), topics.names())
    for regex, names in found.items():
        old = group.regexes.get(regex)
        before = old.topics if old else ()
        if set(before) != set(names):
            changed = True
            subscriptions.resolve(before, names)
        record = ResolvedRegex(group.group_id, regex, names, topics.version, now.wall_ms)
        effects.records.append(record)
    if not found:
        return
    hash_now = metadata_hash(subscriptions.topics, topics)
    if changed or hash_now != group.metadata_hash:
        effects.records.append(ConsumerGroupEpoch(group.group_id, group.epoch + 1, hash_now))
        group.topics_are_known = True

    def retry(_: object, later: Instant, __: Effects) -> None:
        forget_topics(group)
        group.regex_deadline_ms = group.wake_at(later.monotonic_ms + RETRY_MS)

    effects.undo = retry
