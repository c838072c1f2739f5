"""A program's time, which stands still while it waits for what somebody else does."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator


class Watchdog:
    """Calls `bite`, in a thread of its own, once `seconds` are over that it was not `held`; `late` tells
    whether it has.
    """

    def __init__(self, seconds: float, bite: Callable[[], None]) -> None:
        self._left, self._bite = seconds, bite
        self.late = False
        self._start()

    def _start(self) -> None:
        self._since = time.monotonic()
        self._timer = threading.Timer(max(self._left, 0), self._over)
        self._timer.start()

    def _over(self) -> None:
        self.late = True
        self._bite()

    def stop(self) -> None:
        """For good, or until `held` starts it again."""
        self._timer.cancel()
        self._left -= time.monotonic() - self._since

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """What happens meanwhile is not counted."""
        self.stop()
        try:
            yield
        finally:
            self._start()
