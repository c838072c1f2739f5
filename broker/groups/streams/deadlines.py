"""By when the members of a streams group have to show life, and to have given up what they are to give up."""

from __future__ import annotations

from math import inf
from typing import NamedTuple

# What could not be written is tried again after this long.
RETRY_MS = 1_000


class RebalanceDeadline(NamedTuple):
    """By when a member is to have left an epoch."""

    member_epoch: int
    deadline_ms: float


class Deadlines:
    """Deadlines on the monotonic clock, by member id, and the end of the initial rebalance delay.

    `wake_ms` is not after the earliest of them.
    """

    def __init__(self) -> None:
        self.sessions: dict[str, float] = {}
        self.rebalances: dict[str, RebalanceDeadline] = {}
        self.initial_rebalance_ms: float | None = None
        self.wake_ms = inf

    def live_until(self, member_id: str, deadline_ms: float) -> None:
        """A member has shown life."""
        self.sessions[member_id] = deadline_ms
        self.wake_ms = min(self.wake_ms, deadline_ms)

    def give_up_by(self, member_id: str, member_epoch: int, deadline_ms: float) -> None:
        """A member has been told to give up tasks."""
        self.rebalances[member_id] = RebalanceDeadline(member_epoch, deadline_ms)
        self.wake_ms = min(self.wake_ms, deadline_ms)

    def delay(self, deadline_ms: float) -> None:
        """The first assignment waits for more members, unless it does already."""
        if self.initial_rebalance_ms is None:
            self.initial_rebalance_ms = deadline_ms
            self.wake_ms = min(self.wake_ms, deadline_ms)

    def forget(self, member_id: str) -> None:
        """The member is gone."""
        self.sessions.pop(member_id, None)
        self.rebalances.pop(member_id, None)

    def overdue(self, now_ms: float) -> tuple[str, RebalanceDeadline | None] | None:
        """A member whose time is up, and the epoch that it should have left, if that is why.

        Its deadline comes again soon, for the case that its removal cannot be written; else it goes with it.
        """
        for member_id, deadline_ms in self.sessions.items():
            if deadline_ms <= now_ms:
                self.sessions[member_id] = now_ms + RETRY_MS
                return member_id, None
        for member_id, rebalance in self.rebalances.items():
            if rebalance.deadline_ms <= now_ms:
                self.rebalances[member_id] = rebalance._replace(deadline_ms=now_ms + RETRY_MS)
                return member_id, rebalance
        return None

    def forget_one(self, member_id: str, rebalance: RebalanceDeadline | None) -> None:
        """A deadline has no meaning any more: the session's, or with `rebalance` that of the revocation."""
        (self.sessions if rebalance is None else self.rebalances).pop(member_id, None)

    def rewind(self) -> None:
        """Set `wake_ms` to the earliest deadline."""
        delay = () if self.initial_rebalance_ms is None else (self.initial_rebalance_ms,)
        rebalances = (rebalance.deadline_ms for rebalance in self.rebalances.values())
        self.wake_ms = min((*self.sessions.values(), *rebalances, *delay), default=inf)
