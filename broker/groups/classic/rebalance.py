"""Rebalancing a classic group: everybody joins, the leader assigns, and what happens to those who are too
late.

Every function here takes the group, the moment and the Effects to fill.
"""

from __future__ import annotations

from math import inf

from ....protocol.errors import ErrorCode
from ..events import (
    Effects,
    Instant,
    JoinReply,
    SyncReply,
)
from ..records import GroupMetadata
from .group import ClassicGroup
from .member import Member, select_protocol, subscribed_topics
from .transitions import COMPLETING_REBALANCE, EMPTY, PREPARING_REBALANCE, STABLE, Trigger

# A rebalance that nobody could join, or whose end could not be written, is tried again after this long at
# least, so that a member with a rebalance timeout of 0 cannot make the broker spin.
RETRY_MS = 100


def rebalance_or_complete_join(group: ClassicGroup, now: Instant, effects: Effects) -> None:
    """The membership has changed: start a rebalance, or end the join phase if it waited for this."""
    if group.state is PREPARING_REBALANCE:
        complete_join_if_all_joined(group, now, effects)
    else:
        prepare_rebalance(group, now, effects)


def prepare_rebalance(group: ClassicGroup, now: Instant, effects: Effects) -> None:
    """Make everybody join again. An empty group waits `group.initial.rebalance.delay.ms` for more members
    first.
    """
    if group.state is COMPLETING_REBALANCE:
        for member in group.members.values():
            member.assignment = b""
            was_parked = member.awaiting_sync is not None
            group.answer_sync(member, SyncReply(ErrorCode.REBALANCE_IN_PROGRESS), effects)
            if was_parked:
                group.touch(member, now)
    group.pending_sync.clear()
    group.sync_deadline_ms = None
    is_first = group.state is EMPTY
    group.enter(Trigger.REBALANCE, now.wall_ms)
    if is_first:
        delay_ms = group.config.initial_rebalance_delay_ms
        group.initial_delay_left_ms = max(group.rebalance_timeout_ms - delay_ms, 0)
        group.new_member_added = False
        group.join_deadline_ms = group.wake_at(now.monotonic_ms + delay_ms)
    elif group.has_all_joined:
        complete_join(group, now, effects)
    else:
        group.join_deadline_ms = group.wake_at(now.monotonic_ms + group.rebalance_timeout_ms)


def complete_join_if_all_joined(group: ClassicGroup, now: Instant, effects: Effects) -> None:
    """End the join phase early, unless it is the first one, which waits out its delay."""
    is_first = group.previous_state is EMPTY
    if group.state is PREPARING_REBALANCE and not is_first and group.has_all_joined:
        complete_join(group, now, effects)


def complete_join(group: ClassicGroup, now: Instant, effects: Effects) -> None:
    """The join phase is over: who has not come is out (static members keep their place), and the next
    generation begins.
    """
    group.join_deadline_ms = group.initial_delay_left_ms = None
    late = [m for m in group.members.values() if m.awaiting_join is None and m.instance_id is None]
    for member in late:
        group.remove(member.member_id, effects)
    if not group.members:
        _end_membership(group, now, effects)
    elif _elect_joined_leader(group):
        _begin_generation(group, now, effects)
    else:
        # Only static members, and none of them has come back yet.
        group.join_deadline_ms = group.wake_at(now.monotonic_ms + max(group.rebalance_timeout_ms, RETRY_MS))


def _elect_joined_leader(group: ClassicGroup) -> bool:
    """Keep the leader if it has joined, else take the first member that has. False when nobody has."""
    leader = group.members.get(group.leader_id) if group.leader_id is not None else None
    if leader is None or leader.awaiting_join is None:
        joined = next((m for m in group.members.values() if m.awaiting_join is not None), None)
        if joined is None:
            return False
        group.leader_id = joined.member_id
    return True


def _end_membership(group: ClassicGroup, now: Instant, effects: Effects) -> None:
    protocol_type = group.protocol_type or ""
    effects.records.append(
        GroupMetadata(group.group_id, protocol_type, group.generation_id + 1, None, None, now.wall_ms, ())
    )

    def retry(_: ErrorCode, later: Instant, __: Effects) -> None:
        group.join_deadline_ms = group.wake_at(later.monotonic_ms + RETRY_MS)

    effects.undo = retry


def _begin_generation(group: ClassicGroup, now: Instant, effects: Effects) -> None:
    members = group.members.values()
    group.generation_id += 1
    group.protocol_name = select_protocol(members)
    group.subscribed_topics = subscribed_topics(group.protocol_type, group.protocol_name, members)
    group.enter(Trigger.JOINED, now.wall_ms)
    for member in members:
        group.answer_join(member, joined(group, member), effects)
        group.touch(member, now)
        member.is_new = False
    group.pending_sync = set(group.members)
    group.sync_deadline_ms = group.wake_at(now.monotonic_ms + max(group.rebalance_timeout_ms, RETRY_MS))


def joined(group: ClassicGroup, member: Member) -> JoinReply:
    """The answer to a join that became part of the current generation."""
    return JoinReply(
        ErrorCode.NONE,
        member.member_id,
        group.generation_id,
        group.protocol_type,
        group.protocol_name,
        group.leader_id or "",
        members=group.joined_members() if group.leader_id == member.member_id else (),
    )


def remove_and_rebalance(group: ClassicGroup, member_id: str, now: Instant, effects: Effects) -> None:
    """A member has died, or one that was awaited never came."""
    was_member = member_id in group.members
    group.remove(member_id, effects)
    if group.state is PREPARING_REBALANCE:
        if group.has_all_joined:
            complete_join(group, now, effects)
    elif was_member:
        prepare_rebalance(group, now, effects)


def expire(group: ClassicGroup, now: Instant, effects: Effects) -> None:
    """Act on one deadline that has passed, if there is one, and set `wake_ms` to the next.

    One call is one event: its records are to be replayed before the next call. Call again while `wake_ms` is
    not after `now`; this ends, because acting on a deadline removes it or moves it into the future.
    """
    due = now.monotonic_ms
    if group.rebalance_is_due:
        group.rebalance_is_due = False
        rebalance_or_complete_join(group, now, effects)
    elif group.join_deadline_ms is not None and group.join_deadline_ms <= due:
        _expire_join(group, now, effects)
    elif group.sync_deadline_ms is not None and group.sync_deadline_ms <= due:
        _expire_sync(group, now, effects)
    else:
        _expire_one_member(group, now, effects)
    group.wake_ms = _next_deadline(group)


def _expire_one_member(group: ClassicGroup, now: Instant, effects: Effects) -> None:
    for member_id, deadline in group.pending_members.items():
        if deadline <= now.monotonic_ms:
            remove_and_rebalance(group, member_id, now, effects)
            return
    for member in group.members.values():
        if member.session_deadline_ms is not None and member.session_deadline_ms <= now.monotonic_ms:
            member.session_deadline_ms = None
            # A parked request is as good as a heartbeat, but not for ever when it is the first join.
            if member.is_new or not member.is_parked:
                remove_and_rebalance(group, member.member_id, now, effects)
            return


def _expire_join(group: ClassicGroup, now: Instant, effects: Effects) -> None:
    left_ms = group.initial_delay_left_ms
    if left_ms and group.new_member_added:
        group.new_member_added = False
        delay_ms = group.config.initial_rebalance_delay_ms
        group.initial_delay_left_ms = max(left_ms - delay_ms, 0)
        group.join_deadline_ms = group.wake_at(now.monotonic_ms + min(delay_ms, left_ms))
    else:
        complete_join(group, now, effects)


def _expire_sync(group: ClassicGroup, now: Instant, effects: Effects) -> None:
    group.sync_deadline_ms = None
    if group.pending_sync and group.state in (COMPLETING_REBALANCE, STABLE):
        for member_id in list(group.pending_sync):
            group.remove(member_id, effects)
        prepare_rebalance(group, now, effects)


def _next_deadline(group: ClassicGroup) -> float:
    deadlines = [group.join_deadline_ms, group.sync_deadline_ms, *group.pending_members.values()]
    deadlines.extend(member.session_deadline_ms for member in group.members.values())
    return min((deadline for deadline in deadlines if deadline is not None), default=inf)
