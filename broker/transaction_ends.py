"""Requests that begin a transaction while the one before is still being ended (KIP-890).

In the second version of transactions a producer learns of the end as soon as it is decided, and may write to
the next transaction before all markers are durable. It would have to send all again after a pause of its own:
so its request waits here, for a moment.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from .timers import Timer, Timers

# What may wait at a time, in bytes of records, of all producers together.
MOST_WAITING_BYTES = 64 << 20


class _Waiting(NamedTuple):
    """One request: `resume` carries it out, at the latest when `timer` is due."""

    resume: Callable[[], None]
    size: int
    timer: Timer


class TransactionEnds:
    """The requests that wait, by transactional id, in the order in which they came."""

    def __init__(self, timers: Timers) -> None:
        self._timers = timers
        self._waiting: dict[str, dict[int, _Waiting]] = {}
        self._bytes = 0
        self._next_number = 0

    def wait(
        self, transactional_id: str, size: int, deadline_ms: float, resume: Callable[[], None]
    ) -> Callable[[], None] | None:
        """Call `resume` when the transaction has ended, or at the deadline; what makes it not be called. None
        when too much waits already.
        """
        if self._bytes + size > MOST_WAITING_BYTES:
            return None
        number = self._next_number = self._next_number + 1

        def at_deadline() -> None:
            self._remove(transactional_id, number)
            resume()

        timer = self._timers.at(deadline_ms, at_deadline)
        self._waiting.setdefault(transactional_id, {})[number] = _Waiting(resume, size, timer)
        self._bytes += size
        return lambda: self._remove(transactional_id, number)

    def _remove(self, transactional_id: str, number: int) -> None:
        of_id = self._waiting.get(transactional_id, {})
        waiting = of_id.pop(number, None)
        if waiting is not None:
            self._bytes -= waiting.size
            waiting.timer.cancel()
        if not of_id:
            self._waiting.pop(transactional_id, None)

    def note(self, transactional_id: str) -> None:
        """The transaction has ended: nobody waits for it any longer."""
        for number, waiting in list(self._waiting.get(transactional_id, {}).items()):
            self._remove(transactional_id, number)
            waiting.resume()
