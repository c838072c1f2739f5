"""What a coordinator's state machine is told and what it answers with: moments, effects, failures.

    event(shard, token, now, effects)

fills `effects`: the driver (`coordinator.py`) appends the records, replays them, and sees to the rest once
they are durable.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ..protocol.errors import ErrorCode


class Instant(NamedTuple):
    """The moment of an event on both clocks: wall time in milliseconds for what is stored, monotonic for
    deadlines.
    """

    wall_ms: int
    monotonic_ms: float


class Failure(NamedTuple):
    """The reply to any request that could not be carried out as a whole."""

    error: ErrorCode
    message: str | None = None


class Effects:
    """What an event brings about, in order: `records` to append and replay, then `orders` to others and
    `replies` to give.

    A reply goes to a token, which the machine got with the request and never looks into. Orders are for the
    coordinator around the machine: what it is to do to the rest of the broker. Both are held back until the
    records are durable. When the append fails, nothing is replayed, orders are dropped, every token in
    `replies` gets a Failure instead, and `undo` (if any) cleans up the soft state, with new replies into the
    Effects it is given. With `producer` (id and epoch) the records are part of that producer's transaction.
    """

    __slots__ = ("orders", "producer", "records", "replies", "undo")

    def __init__(self) -> None:
        self.records: list[Any] = []
        self.orders: list[Any] = []
        self.replies: list[tuple[Any, Any]] = []
        self.producer: tuple[int, int] | None = None
        self.undo: Callable[[ErrorCode, Instant, Effects], None] | None = None

    def reply(self, token: Any, value: Any) -> None:
        """Answer `token` with `value` once everything in `records` is durable."""
        self.replies.append((token, value))
