"""One client connection without its socket: bytes in, requests out in order; answers in, bytes out in order.

The pump reads into what `space` offers and says so with `received`, or hands over bytes of its own with
`receive`; whole frames go to `handle` at once. Answers queue in `output` in the order of their requests,
whatever the order in which they were completed, and the pump sends them and says so with `sent`.

What a connection may cost is bounded: one frame of at most `max_request_bytes`, `max_pending` unanswered
requests, one answer beyond `max_unsent_bytes`, and SCRATCH_BYTES of input that was read but not yet handled.
What all of them together may cost is a `Budget`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from mmap import mmap
from struct import Struct
from typing import Any

from .context import Pending
from .strangers import what_came

# What is read at once when no frame is under way. Whole small requests are handled where they were read.
SCRATCH_BYTES = 65_536
# Requests that a connection may have handled before it is another's turn.
REQUESTS_A_TURN = 16
# Larger frames get pages that cost nothing before bytes arrive, smaller ones a buffer that is kept while it
# is used.
KEPT_BYTES = 1 << 20
# What a queued file region counts for in memory.
REGION_COST = 256

Buffer = bytes | bytearray | memoryview
_BUFFERS = (bytes, bytearray, memoryview)
_SIZE = Struct(">i").unpack_from


class CloseConnection(Exception):
    """Raised by `handle`: the connection cannot go on. The text says why."""


class Deferred:
    """The answer to one request that comes later: what completes it, and how a response becomes bytes."""

    __slots__ = ("encode", "pending")

    def __init__(self, pending: Pending, encode: Callable[[Any], list[Any]]) -> None:
        self.pending = pending
        self.encode = encode


# What becomes of one frame: parts to send (bytes-like or file regions), a Deferred, or None when there is no
# answer.
Answer = list[Any] | Deferred | None
Handle = Callable[[memoryview, "Connection"], Answer]


class Limits:
    """What one connection may cost."""

    __slots__ = ("max_pending", "max_request_bytes", "max_unsent_bytes")

    def __init__(
        self, max_request_bytes: int = 100 << 20, max_pending: int = 500, max_unsent_bytes: int = 1 << 20
    ) -> None:
        self.max_request_bytes = max_request_bytes
        self.max_pending = max_pending
        self.max_unsent_bytes = max_unsent_bytes


class Budget:
    """Bytes that all connections together may hold: frames on their way in, answers on their way out.

    Frames of up to SCRATCH_BYTES are let in whatever is used, so that small requests always pass. `starving`
    holds the connections whose larger frame waits for room, in their order.
    """

    __slots__ = ("limit", "starving", "used")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0
        self.starving: deque[Connection] = deque()

    @property
    def exceeded(self) -> bool:
        return self.used > self.limit

    def has_room(self, size: int) -> bool:
        """Whether `size` more bytes may be held. The first ones always may, lest a frame wait for ever."""
        return self.used == 0 or self.used + size <= self.limit

    def feed(self) -> list[Connection]:
        """Let the first starving connections go on while there is room; return them."""
        fed: list[Connection] = []
        while self.starving:
            connection = self.starving.popleft()
            connection.resume()
            if self.starving and self.starving[-1] is connection:  # still no room: first in the queue again
                self.starving.rotate(1)
                break
            fed.append(connection)
        return fed


class Connection:
    """See the module. `closed` is set when the connection has to go, `close_reason` says why if a person
    should know.

    `on_output` is called when an answer was completed while the connection was not handling input.
    """

    __slots__ = (
        "_backlog",
        "_filled",
        "_frame",
        "_frame_size",
        "_kept",
        "_waits_for_room",
        "advertised",
        "budget",
        "client_host",
        "close_reason",
        "closed",
        "exchanges",
        "frame_since_ms",
        "handle",
        "id",
        "last_active_ms",
        "limits",
        "on_output",
        "output",
        "unsent_bytes",
        "unsent_offset",
    )

    def __init__(
        self,
        id: int,
        handle: Handle,
        limits: Limits,
        budget: Budget,
        *,
        client_host: str = "127.0.0.1",
        advertised: tuple[str, int] = ("127.0.0.1", 9092),
        now_ms: float = 0.0,
    ) -> None:
        self.id = id
        self.handle = handle
        self.limits = limits
        self.budget = budget
        self.client_host = client_host
        self.advertised = advertised
        self.last_active_ms = self.frame_since_ms = now_ms
        self.on_output: Callable[[Connection], None] | None = None
        self.closed = False
        self.close_reason: str | None = None
        self.output: deque[Any] = deque()
        self.unsent_bytes = 0
        self.unsent_offset = 0  # bytes of output[0] that are sent already
        self.exchanges: deque[Deferred | list[Any]] = deque()
        self._backlog: memoryview | None = None  # read, begins at a frame, not handled yet
        self._frame: memoryview | None = None  # a frame on its way in
        self._frame_size = self._filled = 0
        self._kept: memoryview | None = None
        self._waits_for_room = False

    # Input

    @property
    def wants_input(self) -> bool:
        """Whether more bytes may be read now. False is back-pressure: the client finds its socket full."""
        backlog = self._backlog
        if self.closed or self._waits_for_room or (backlog is not None and len(backlog) >= 4):
            return False
        return self._may_handle()

    @property
    def is_at_rest(self) -> bool:
        """Nothing is unsent, unanswered or half read: the next thing that happens is a request."""
        return not (self.output or self.exchanges or self._backlog or self.closed or self._waits_for_room)

    @property
    def has_backlog(self) -> bool:
        """Whether requests that were read already wait to be handled: `resume` when it is this one's turn."""
        return self._backlog is not None and len(self._backlog) >= 4 and not self._waits_for_room

    @property
    def may_resume(self) -> bool:
        """Whether `resume` would get on with the requests that wait."""
        return self.has_backlog and self._may_handle()

    @property
    def is_answered(self) -> bool:
        """Every request that was read has been answered, and the answers are sent."""
        return not (self.output or self.exchanges or self.has_backlog)

    @property
    def holds_large_frame(self) -> bool:
        """Whether a frame for whose room others may have to wait is on its way in."""
        return self._frame is not None and self._frame_size > SCRATCH_BYTES

    def space(self) -> memoryview | None:
        """Where to read to: the rest of the frame that is on its way. None: anywhere, then `receive`."""
        if self._frame is None:
            return None
        return self._frame[self._filled : self._frame_size]

    def received(self, size: int) -> None:
        """`size` bytes were read into `space()`."""
        self._filled += size
        if self._filled < self._frame_size:
            return
        assert self._frame is not None
        buffer, self._frame = self._frame, None
        self._handle(buffer[: self._frame_size])
        if self._frame_size <= KEPT_BYTES and not (self.closed or self.budget.starving):
            self._kept = buffer
        else:
            self.budget.used -= len(buffer)

    def receive(self, chunk: memoryview) -> None:
        """Take bytes that were read into a writable buffer of the caller's; what has to wait is copied."""
        if self._backlog is not None:
            chunk = memoryview(bytearray().join((self._backlog, chunk)))
        self._consume(chunk)

    def resume(self) -> None:
        """Go on with requests that were read already, now that there is room or it is their turn."""
        self._waits_for_room = False
        chunk, self._backlog = self._backlog, None
        if chunk is not None:
            self._consume(chunk)

    def drop_kept_buffer(self) -> None:
        """Give back the buffer of the last frame, because the client is idle or others need the room."""
        if self._kept is not None:
            self.budget.used -= len(self._kept)
            self._kept = None

    def _consume(self, chunk: memoryview) -> None:
        """Handle the whole frames in `chunk`, begin the one that is there in part, keep what has to wait."""
        position, end, turns = 0, len(chunk), REQUESTS_A_TURN
        self._backlog = None
        while end - position >= 4:
            (size,) = _SIZE(chunk, position)
            if not 0 <= size <= self.limits.max_request_bytes:
                return self.close(what_came(chunk[position:], self.limits.max_request_bytes))
            start = position + 4
            if end - start < size:
                if not self._begin_frame(size, chunk[start:]):
                    break
                return None
            if not turns or not self._may_handle():
                break
            turns -= 1
            position = start + size
            self._handle(chunk[start:position])
            if self.closed:
                return None
        if position < end:
            self._backlog = memoryview(bytearray(chunk[position:]))
        return None

    def _begin_frame(self, size: int, beginning: memoryview) -> bool:
        """Make room for a frame of which only the beginning is there. False: it has to wait for others."""
        kept = self._kept
        if kept is not None and len(kept) >= size:
            self._kept, buffer = None, kept
        else:
            self.drop_kept_buffer()
            if size > SCRATCH_BYTES and not self.budget.has_room(size):
                self._waits_for_room = True
                self.budget.starving.append(self)
                return False
            self.budget.used += size
            buffer = memoryview(bytearray(size) if size <= KEPT_BYTES else mmap(-1, size))
        buffer[: len(beginning)] = beginning
        self._frame, self._frame_size, self._filled = buffer, size, len(beginning)
        self.frame_since_ms = self.last_active_ms
        return True

    # Requests and answers

    def _may_handle(self) -> bool:
        limits = self.limits
        return (
            self.unsent_bytes <= limits.max_unsent_bytes
            and len(self.exchanges) < limits.max_pending
            and not (self.unsent_bytes and self.budget.exceeded)
        )

    def _handle(self, frame: memoryview) -> None:
        try:
            answer = self.handle(frame, self)
        except CloseConnection as error:
            return self.close(str(error))
        if answer is None:
            return None
        if isinstance(answer, Deferred):
            pending = answer.pending
            if not pending.done or self.exchanges:
                self.exchanges.append(answer)
                pending.on_complete = self._completed
                return None
            answer = answer.encode(pending.response)
        if self.exchanges:
            self.exchanges.append(answer)
        else:
            self._queue(answer)
        return None

    def _completed(self) -> None:
        """A Pending is done: send what can leave in the order of the requests."""
        exchanges = self.exchanges
        while exchanges and not self.closed:
            head = exchanges[0]
            if isinstance(head, Deferred):
                if not head.pending.done:
                    break
                try:
                    head = head.encode(head.pending.response)
                except CloseConnection as error:
                    self.close(str(error))
                    break
            exchanges.popleft()
            self._queue(head)
        if self.on_output is not None:
            self.on_output(self)

    def _queue(self, parts: list[Any]) -> None:
        output, cost = self.output, 0
        for part in parts:
            output.append(part)
            cost += len(part) if isinstance(part, _BUFFERS) else REGION_COST
        self.unsent_bytes += cost
        self.budget.used += cost

    # Output

    def buffers(self, most: int = 64) -> list[Buffer]:
        """The next bytes to send that lie in memory, at most `most` pieces; none if a file region is next."""
        found: list[Buffer] = []
        for part in self.output:
            if len(found) == most or not isinstance(part, _BUFFERS):
                break
            found.append(part)
        if found and self.unsent_offset:
            found[0] = memoryview(found[0])[self.unsent_offset :]
        return found

    def sent(self, size: int) -> None:
        """`size` bytes left, from the front of `output`."""
        output, offset, cost = self.output, self.unsent_offset + size, 0
        while output:
            part = output[0]
            length = len(part)
            if offset < length:
                break
            offset -= length
            cost += length if isinstance(part, _BUFFERS) else REGION_COST
            output.popleft()
        self.unsent_offset = offset
        self.unsent_bytes -= cost
        self.budget.used -= cost

    # The end

    def close(self, reason: str | None = None) -> None:
        """Let go of everything: parked requests are abandoned, buffers given back. Once is enough."""
        if self.closed:
            return
        self.closed = True
        self.close_reason = reason
        self.drop_kept_buffer()
        if self._frame is not None:
            self.budget.used -= len(self._frame)
            self._frame = None
        if self._waits_for_room:
            self.budget.starving.remove(self)
            self._waits_for_room = False
        self._backlog = None
        self.budget.used -= self.unsent_bytes
        self.unsent_bytes = 0
        self.output.clear()
        exchanges = list(self.exchanges)
        self.exchanges.clear()
        for exchange in exchanges:
            if isinstance(exchange, Deferred):
                exchange.pending.abandon()
