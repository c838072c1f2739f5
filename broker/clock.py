"""The two clocks of a broker: wall time for record timestamps, monotonic time for deadlines."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Where everything else gets its time from, so that tests and simulations can move it by hand."""

    def wall_ms(self) -> int:
        """Milliseconds since the epoch: record timestamps, retention, commit timestamps."""

    def monotonic_ms(self) -> float:
        """Milliseconds since some moment in the past; never goes back. Deadlines and time-outs only."""


class SystemClock:
    """The clocks of the machine."""

    __slots__ = ()

    def wall_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> float:
        return time.monotonic() * 1000.0


class ManualClock:
    """A clock that stands still until it is told to move."""

    __slots__ = ("_monotonic_ms", "_wall_ms")

    def __init__(self, wall_ms: int = 1_700_000_000_000, monotonic_ms: float = 0.0) -> None:
        self._wall_ms = wall_ms
        self._monotonic_ms = monotonic_ms

    def wall_ms(self) -> int:
        return self._wall_ms

    def monotonic_ms(self) -> float:
        return self._monotonic_ms

    def advance(self, milliseconds: int) -> None:
        """Move both clocks forward."""
        if milliseconds < 0:
            raise ValueError("time does not run backwards")
        self._wall_ms += milliseconds
        self._monotonic_ms += milliseconds

    def set_wall_ms(self, wall_ms: int) -> None:
        """Step the wall clock alone, as an NTP correction does; deadlines do not notice."""
        self._wall_ms = wall_ms
