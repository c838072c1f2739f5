"""One heap for all deadlines of a broker, cancelled lazily."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

# Cancelled timers that may stay in the heap beside as many live ones.
CANCELLED_KEPT = 1000


class Timer:
    """A callback that is due at a deadline, in milliseconds of the broker's monotonic clock."""

    __slots__ = ("_timers", "callback", "deadline_ms")

    def __init__(self, deadline_ms: float, callback: Callable[[], None], timers: Timers) -> None:
        self.deadline_ms = deadline_ms
        self.callback: Callable[[], None] | None = callback
        self._timers = timers

    def cancel(self) -> None:
        """Forget the callback, unless it has run."""
        if self.callback is not None:
            self.callback = None
            self._timers.on_cancelled()


class Timers:
    """Deadlines in order. The server asks for the next one and runs those that are due.

    `on_earlier`, when set, is called whenever a new timer becomes the first one, so that a loop which sleeps
    until the old first deadline can be woken.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()
        self._cancelled = 0  # that are still in the heap
        self.on_earlier: Callable[[], None] | None = None

    def __len__(self) -> int:
        return len(self._heap)

    def at(self, deadline_ms: float, callback: Callable[[], None]) -> Timer:
        """Call `callback` once, at or soon after `deadline_ms`. Of one deadline, in order of creation."""
        timer = Timer(deadline_ms, callback, self)
        heapq.heappush(self._heap, (deadline_ms, next(self._order), timer))
        if self.on_earlier is not None and self._heap[0][2] is timer:
            self.on_earlier()
        return timer

    def next_deadline(self) -> float | None:
        """The earliest deadline in milliseconds, or None when nothing waits."""
        heap = self._heap
        while heap and heap[0][2].callback is None:
            heapq.heappop(heap)
            self._cancelled -= 1
        return heap[0][0] if heap else None

    def run_due(self, now_ms: float) -> int:
        """Run every callback whose deadline is not after `now_ms`; return how many ran."""
        ran = 0
        while self._heap and self._heap[0][0] <= now_ms:
            timer = heapq.heappop(self._heap)[2]
            callback, timer.callback = timer.callback, None
            if callback is None:
                self._cancelled -= 1
            else:
                callback()
                ran += 1
        return ran

    def on_cancelled(self) -> None:
        """A timer in the heap was cancelled. Most wait for their turn to be dropped, but a client that asks
        for long waits and never needs them must not fill the heap.
        """
        self._cancelled += 1
        if self._cancelled > CANCELLED_KEPT and self._cancelled > len(self._heap) // 2:
            self._heap = [entry for entry in self._heap if entry[2].callback is not None]
            heapq.heapify(self._heap)
            self._cancelled = 0
