"""Group commit: one fdatasync at a time, and everyone who arrives meanwhile shares the next.

This is the policy, without threads: whoever drives it (`syncer.run_syncer` in a server, `run_all` elsewhere)
takes a round, runs it in whatever thread, and gives it back.

    round = queue.begin()
    round.run()             # the syncs, in a thread
    queue.finish(round)     # acknowledgements go out; what was asked for meanwhile is the next round
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from .clock import Clock
    from .timers import Timers

_NEVER_MS = 1 << 53  # flush.ms defaults to 2^63 - 1: there is no such deadline


# Syncs for checkpoints in one round: who waits for an acknowledgement shall not wait for a thousand of them.
_CHECKPOINTS_A_ROUND = 8


class Ticket(Protocol):
    """Work on the disk, such as storage's SyncTicket."""

    def run(self) -> OSError | None:
        """Do it, in any thread; return what went wrong."""


class Syncable(Protocol):
    """A partition, the metadata log, or the checkpoint files."""

    def begin_sync(self, checkpoint: bool) -> Any:
        """A Ticket of what has to be done now, or None if there is nothing."""

    def finish_sync(self, ticket: Any, error: OSError | None) -> None:
        """`ticket` has run."""


class SyncRound:
    """Syncs that are done together. The metadata log's comes first: a topic has to be as durable as its
    records.
    """

    __slots__ = ("failure", "leading", "results", "tickets")

    def __init__(self, tickets: list[tuple[Syncable, Ticket]], leading: Syncable | None) -> None:
        self.tickets = tickets
        self.leading = leading
        self.results: list[OSError | None] = []
        self.failure: OSError | None = None

    def run(self) -> None:
        """Do them, in any thread. Once the metadata log has failed nothing else counts as synced."""
        for syncable, ticket in self.tickets:
            error = self.failure or ticket.run()
            if error is not None and syncable is self.leading:
                self.failure = error
            self.results.append(error)


class SyncQueue:
    """What waits for a sync. `on_request`, when set, is called when there is something to do and nothing
    under way.
    """

    def __init__(self, timers: Timers, clock: Clock) -> None:
        self.leading: Syncable | None = None
        self.on_request: Callable[[], None] | None = None
        self._timers = timers
        self._clock = clock
        self._waiting: dict[Syncable, bool] = {}
        self._under_way: SyncRound | None = None
        self._failure: OSError | None = None

    def request(self, syncable: Syncable, checkpoint: bool = False) -> None:
        """Sync it in the next round; with `checkpoint` all that moves its recovery point, too."""
        waiting = self._waiting
        first = not waiting
        if checkpoint or syncable not in waiting:
            waiting[syncable] = checkpoint
        if first and self._under_way is None and self.on_request is not None:
            self.on_request()

    def request_within(self, syncable: Syncable, delay_ms: int) -> bool:
        """Sync it in `delay_ms` milliseconds (`flush.ms`); False if that is as good as never."""
        if delay_ms >= _NEVER_MS:
            return False
        self._timers.at(self._clock.monotonic_ms() + delay_ms, lambda: self.request(syncable))
        return True

    @property
    def has_work(self) -> bool:
        """Whether a round could begin."""
        return bool(self._waiting) and self._under_way is None

    def begin(self) -> SyncRound | None:
        """The next round, or None when there is nothing to do. There may be one at a time."""
        if self._under_way is not None:
            raise RuntimeError("a sync round is under way already")
        tickets = []
        for syncable, checkpoint in self._take().items():
            ticket = syncable.begin_sync(checkpoint)
            if ticket is not None:
                tickets.append((syncable, ticket))
        if not tickets:
            return None
        self._under_way = SyncRound(tickets, self.leading)
        self._under_way.failure = self._failure
        return self._under_way

    def _take(self) -> dict[Syncable, bool]:
        """What the next round does, the metadata log first; most of the checkpoints may have to wait."""
        waiting, self._waiting = self._waiting, {}
        taken: dict[Syncable, bool] = {}
        if self.leading in waiting:
            taken[self.leading] = waiting.pop(self.leading)
        checkpoints = 0
        for syncable, checkpoint in waiting.items():
            checkpoints += checkpoint
            if checkpoint and checkpoints > _CHECKPOINTS_A_ROUND:
                self._waiting[syncable] = True
            else:
                taken[syncable] = checkpoint
        return taken

    def finish(self, round: SyncRound) -> None:
        """`round` has run: hand out the results."""
        self._under_way = None
        self._failure = round.failure
        for (syncable, ticket), error in zip(round.tickets, round.results, strict=True):
            syncable.finish_sync(ticket, error)

    def run_all(self) -> None:
        """Do everything that is asked for, here and now."""
        while self.has_work:
            round = self.begin()
            if round is not None:
                round.run()
                self.finish(round)
