"""Members of a streams group that leave, or are put out; and the deadlines that put them out."""

from __future__ import annotations

from ..events import Effects, Instant
from ..membership import STATIC_LEAVE_EPOCH, existing_member
from .events import StreamsHeartbeat, StreamsHeartbeatReply
from .group import StreamsGroup
from .heartbeat import remove_member
from .member import StreamsMember
from .records import StreamsGroupEpoch, StreamsTargetEpoch
from .target import retarget
from .tasks import HeldTasks


def leave(group: StreamsGroup, request: StreamsHeartbeat, effects: Effects) -> StreamsHeartbeatReply:
    """A heartbeat with epoch -1, or -2 for a static member that will be back. Raises GroupError."""
    if request.shutdown_application and group.shutdown_member_id is None:
        group.shutdown_member_id = request.member_id
    member = existing_member(group, request.member_id, request.instance_id)
    if request.member_epoch == STATIC_LEAVE_EPOCH and request.instance_id is not None:
        held = member.assigned
        assigned = held._replace(active=dict.fromkeys(held.active, 0))
        left = member._replace(
            member_epoch=STATIC_LEAVE_EPOCH, assigned=assigned, pending_revocation=HeldTasks()
        )
        effects.records.append(left.current_record(group.group_id))
    else:
        fence(group, member, effects)
    return StreamsHeartbeatReply(request.member_id, request.member_epoch)


def fence(group: StreamsGroup, member: StreamsMember, effects: Effects) -> None:
    """Remove a member, and let the others share what it had."""
    group_id, epoch = group.group_id, group.epoch + 1
    effects.records.extend(remove_member(group_id, member.member_id))
    effects.records.append(
        StreamsGroupEpoch(
            group_id, epoch, group.metadata_hash, group.validated_topology_epoch, group.assignment_configs
        )
    )
    if len(group.members) == 1:
        effects.records.append(StreamsTargetEpoch(group_id, epoch, 0))


def expire(group: StreamsGroup, now: Instant, effects: Effects) -> None:
    """Act on one deadline that has passed, if there is one, and set `wake_ms` to the next.

    One call is one event: its records are to be replayed before the next call. Call again while `wake_ms` is
    not after `now`; this ends, because acting on a deadline removes it or moves it into the future.
    """
    deadlines = group.deadlines
    delay_ms = deadlines.initial_rebalance_ms
    if delay_ms is not None and delay_ms <= now.monotonic_ms:
        deadlines.initial_rebalance_ms = None
        _assign_first(group, now, effects)
    else:
        _put_out(group, now, effects)
    deadlines.rewind()


def _assign_first(group: StreamsGroup, now: Instant, effects: Effects) -> None:
    """The initial rebalance delay is over: assign to all that have come by now."""
    if group.members and group.configured is not None and group.epoch > group.target_epoch:
        records, _ = retarget(group, group.epoch, None, group.configured, group.config, now)
        effects.records.extend(records)


def _put_out(group: StreamsGroup, now: Instant, effects: Effects) -> None:
    overdue = group.deadlines.overdue(now.monotonic_ms)
    if overdue is None:
        return
    member_id, rebalance = overdue
    member = group.members.get(member_id)
    if member is None or (rebalance is not None and member.member_epoch != rebalance.member_epoch):
        group.deadlines.forget_one(member_id, rebalance)
        return
    fence(group, member, effects)
