"""One heap for all deadlines of a broker, cancelled lazily."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable


class Timer:
    """A callback that is due at a deadline, in milliseconds of the broker's monotonic clock."""

    __slots__ = ("callback", "deadline_ms")

    def __init__(self, deadline_ms: float, callback: Callable[[], None]) -> None:
        self.deadline_ms = deadline_ms
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """Forget the callback. The heap drops the entry when its turn comes."""
        self.callback = None


class Timers:
    """Deadlines in order. The server asks for the next one and runs those that are due.

    `on_earlier`, when set, is called whenever a new timer becomes the first one, so that a loop which sleeps
    until the old first deadline can be woken.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()
        self.on_earlier: Callable[[], None] | None = None

    def at(self, deadline_ms: float, callback: Callable[[], None]) -> Timer:
        """Call `callback` once, at or soon after `deadline_ms`. Of one deadline, in order of creation."""
        timer = Timer(deadline_ms, callback)
        heapq.heappush(self._heap, (deadline_ms, next(self._order), timer))
        if self.on_earlier is not None and self._heap[0][2] is timer:
            self.on_earlier()
        return timer

    def next_deadline(self) -> float | None:
        """The earliest deadline in milliseconds, or None when nothing waits."""
        heap = self._heap
        while heap and heap[0][2].callback is None:
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def run_due(self, now_ms: float) -> int:
        """Run every callback whose deadline is not after `now_ms`; return how many ran."""
        heap, ran = self._heap, 0
        while heap and heap[0][0] <= now_ms:
            callback = heapq.heappop(heap)[2].callback
            if callback is not None:
                callback()
                ran += 1
        return ran
