"""LeaveGroup on a classic group, for one member or many (KIP-345)."""

from __future__ import annotations

from collections.abc import Sequence

from ....protocol.errors import ErrorCode
from ..events import (
    UNKNOWN_MEMBER_ID,
    Effects,
    GroupError,
    Instant,
    LeavingMember,
)
from .group import ClassicGroup
from .rebalance import rebalance_or_complete_join
from .transitions import EMPTY


def leave(
    group: ClassicGroup, leaving: Sequence[LeavingMember], now: Instant, effects: Effects
) -> tuple[ErrorCode, ...]:
    """Remove members, and rebalance once for all of them. One error code for each, in order."""
    errors = tuple(_leave_one(group, member, effects) for member in leaving)
    if ErrorCode.NONE in errors and group.state is not EMPTY:
        rebalance_or_complete_join(group, now, effects)
    return errors


def _leave_one(group: ClassicGroup, leaving: LeavingMember, effects: Effects) -> ErrorCode:
    member_id: str | None = leaving.member_id
    if member_id == UNKNOWN_MEMBER_ID:
        # An administrator names a static member by its instance id alone.
        member_id = None if leaving.instance_id is None else group.static_members.get(leaving.instance_id)
        if member_id is None:
            return ErrorCode.UNKNOWN_MEMBER_ID
    elif leaving.member_id not in group.pending_members:
        try:
            group.check_member(leaving.member_id, leaving.instance_id)
        except GroupError as refused:
            return refused.error
    group.remove(member_id or "", effects)
    return ErrorCode.NONE
