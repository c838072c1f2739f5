"""SyncGroup and Heartbeat on a classic group."""

from __future__ import annotations

from typing import Any

from ....protocol.errors import ErrorCode
from ..events import (
    Effects,
    GroupError,
    Instant,
    SyncReply,
    SyncRequest,
)
from ..records import GroupMetadata
from .group import ClassicGroup
from .rebalance import prepare_rebalance
from .transitions import COMPLETING_REBALANCE, EMPTY, PREPARING_REBALANCE


def sync(group: ClassicGroup, request: SyncRequest, token: Any, now: Instant, effects: Effects) -> None:
    """Give a member its assignment, or park it until the leader has brought one."""
    error = _check_sync(group, request)
    if error is not ErrorCode.NONE:
        effects.reply(token, SyncReply(error))
        return
    member = group.members[request.member_id]
    group.pending_sync.discard(member.member_id)
    if not group.pending_sync:
        group.sync_deadline_ms = None
    if group.state is not COMPLETING_REBALANCE:
        effects.reply(
            token, SyncReply(ErrorCode.NONE, group.protocol_type, group.protocol_name, member.assignment)
        )
        return
    group.park_sync(member, token, effects)
    if group.leader_id == member.member_id:
        _store_assignment(group, request, now, effects)


def _check_sync(group: ClassicGroup, request: SyncRequest) -> ErrorCode:
    if group.state is EMPTY:
        return ErrorCode.UNKNOWN_MEMBER_ID
    try:
        group.check_member(request.member_id, request.instance_id)
    except GroupError as refused:
        return refused.error
    if request.generation_id != group.generation_id:
        return ErrorCode.ILLEGAL_GENERATION
    if _differs(request.protocol_type, group.protocol_type) or _differs(
        request.protocol_name, group.protocol_name
    ):
        return ErrorCode.INCONSISTENT_GROUP_PROTOCOL
    return ErrorCode.REBALANCE_IN_PROGRESS if group.state is PREPARING_REBALANCE else ErrorCode.NONE


def _differs(named: str | None, actual: str | None) -> bool:
    return named is not None and actual is not None and named != actual


def _store_assignment(group: ClassicGroup, request: SyncRequest, now: Instant, effects: Effects) -> None:
    """The leader has assigned: store the generation, and give every parked sync its part of it."""
    protocol, members = group.protocol_name or "", group.members.values()
    assignments = {m.member_id: request.assignments.get(m.member_id, b"") for m in members}
    effects.records.append(
        GroupMetadata(
            group.group_id,
            group.protocol_type or "",
            group.generation_id,
            group.protocol_name,
            group.leader_id,
            now.wall_ms,
            tuple(m.stored(protocol, assignments[m.member_id]) for m in members),
        )
    )
    for member in members:
        if member.awaiting_sync is not None:
            assignment = assignments[member.member_id]
            reply = SyncReply(ErrorCode.NONE, group.protocol_type, group.protocol_name, assignment)
            effects.reply(member.awaiting_sync, reply)
            group.touch(member, now)

    def start_over(_: ErrorCode, later: Instant, undone: Effects) -> None:
        for member in group.members.values():
            member.awaiting_sync = None
        prepare_rebalance(group, later, undone)

    effects.undo = start_over


def heartbeat(
    group: ClassicGroup, member_id: str, instance_id: str | None, generation_id: int, now: Instant
) -> ErrorCode:
    """A member is alive. REBALANCE_IN_PROGRESS tells it to join again; its session goes on all the same."""
    try:
        member = group.check_member(member_id, instance_id)
    except GroupError as refused:
        return refused.error
    if generation_id != group.generation_id:
        return ErrorCode.ILLEGAL_GENERATION
    group.touch(member, now)
    return ErrorCode.REBALANCE_IN_PROGRESS if group.state is PREPARING_REBALANCE else ErrorCode.NONE
