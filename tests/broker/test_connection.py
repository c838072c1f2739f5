"""The connection without a socket: frames, order, limits, memory."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odradek.broker.connection import (
    REQUESTS_A_TURN,
    SCRATCH_BYTES,
    Answer,
    Budget,
    CloseConnection,
    Connection,
    Deferred,
    Limits,
)
from odradek.broker.context import Pending


def frame(payload: bytes) -> bytes:
    return len(payload).to_bytes(4, "big") + payload


def echo(request: memoryview, _: Connection) -> list[Any]:
    return [frame(bytes(request))]


def connect(
    handle: Callable[[memoryview, Connection], Answer] = echo,
    limits: Limits | None = None,
    budget: Budget | None = None,
) -> Connection:
    return Connection(1, handle, limits or Limits(), budget or Budget(1 << 30))


def feed(connection: Connection, data: bytes, chunks: list[int] | None = None) -> None:
    """Deliver `data` as a socket would, in pieces of the given sizes, without regard to back-pressure."""
    position, sizes = 0, list(chunks or [])
    while position < len(data) and not connection.closed:
        most = sizes.pop(0) if sizes else SCRATCH_BYTES
        space = connection.space()
        if space is None:
            piece = data[position : position + min(most, SCRATCH_BYTES)]
            connection.receive(memoryview(bytearray(piece)))
        else:
            piece = data[position : position + min(most, len(space))]
            space[: len(piece)] = piece
            connection.received(len(piece))
        position += len(piece)


def drain(connection: Connection, piece: int = 1 << 30) -> bytes:
    """Send everything, at most `piece` bytes at a time."""
    sent = bytearray()
    while connection.output:
        whole = b"".join(connection.buffers())[:piece]
        connection.sent(len(whole))
        sent += whole
    return bytes(sent)


@given(
    st.lists(st.binary(max_size=200), max_size=20),
    st.lists(st.integers(min_value=1, max_value=300), max_size=60),
    st.integers(min_value=1, max_value=50),
)
def test_every_way_to_cut_the_stream_gives_the_same_answers(
    payloads: list[bytes], chunks: list[int], piece: int
) -> None:
    """Frames are handled whole and in order however bytes arrive, and answers leave in order."""
    budget = Budget(1 << 20)
    connection = connect(budget=budget)
    stream = b"".join(map(frame, payloads))
    feed(connection, stream, chunks)
    while connection.has_backlog:
        connection.resume()
    assert drain(connection, piece) == stream
    connection.close()
    assert budget.used == 0


def test_a_large_frame_is_read_into_a_buffer_of_its_own_size() -> None:
    """After the length prefix the rest of the frame, and nothing beyond it, is offered to be read into."""
    connection = connect()
    connection.receive(memoryview(bytearray(frame(b"x" * 200_000)[:1000])))
    space = connection.space()
    assert space is not None
    assert len(space) == 200_000 - 996


def test_the_frame_is_writable() -> None:
    """Base offsets are patched in place, so a handler gets memory it may write to."""
    seen: list[bool] = []

    def handle(request: memoryview, _: Connection) -> None:
        seen.append(request.readonly)

    for size in (10, 100_000, 3 << 20):
        connection = connect(handle)
        feed(connection, frame(bytes(size)), [3, 5])
        connection.close()
    assert seen == [False, False, False]


def test_pending_answers_leave_in_the_order_of_requests() -> None:
    """An answer that is ready waits for those before it; completing the first lets all of them go."""
    pendings = {name: Pending() for name in b"ac"}

    def handle(request: memoryview, _: Connection) -> Answer:
        if request[0] in pendings:
            return Deferred(pendings[request[0]], lambda response: [response])
        return [bytes(request)]

    connection = connect(handle)
    notified: list[Connection] = []
    connection.on_output = notified.append
    feed(connection, b"".join(map(frame, (b"a", b"b", b"c", b"d"))))
    assert drain(connection) == b""
    pendings[ord("c")].complete(b"C")
    assert drain(connection) == b""
    pendings[ord("a")].complete(b"A")
    assert drain(connection) == b"AbCd"
    assert notified == [connection, connection]


def test_a_pending_that_is_done_already_is_answered_at_once() -> None:
    """A handler may complete its Pending before it returns it."""
    pending = Pending()
    pending.complete(b"now")
    connection = connect(lambda *_: Deferred(pending, lambda response: [response]))
    feed(connection, frame(b""))
    assert drain(connection) == b"now"


def test_no_answer_is_no_answer() -> None:
    """Produce with acks=0 sends nothing and holds nothing up."""
    connection = connect(lambda request, _: None if bytes(request) == b"0" else [bytes(request)])
    feed(connection, frame(b"0") + frame(b"1") + frame(b"0") + frame(b"2"))
    assert drain(connection) == b"12"


def test_closing_abandons_what_was_parked() -> None:
    """The handler hears that the client has gone, once, and a late answer is passed over."""
    pending, gone = Pending(), []
    pending.on_abandon = lambda: gone.append(True)
    budget = Budget(1 << 20)
    connection = connect(lambda *_: Deferred(pending, lambda response: [response]), budget=budget)
    feed(connection, frame(b"x"))
    connection.close()
    connection.close()
    pending.complete(b"late")
    assert gone == [True]
    assert not connection.output
    assert budget.used == 0


def test_unanswered_requests_are_bounded() -> None:
    """At max_pending unanswered requests reading stops, and goes on once one is answered."""
    pendings: list[Pending] = []

    def park(_: memoryview, __: Connection) -> Deferred:
        pendings.append(Pending())
        return Deferred(pendings[-1], lambda response: [response])

    connection = connect(park, Limits(max_pending=3))
    feed(connection, frame(b"") * 5)
    assert len(pendings) == 3
    assert not connection.wants_input
    pendings[0].complete(b"0")
    assert connection.has_backlog
    connection.resume()
    assert len(pendings) == 4
    pendings[1].complete(b"1")
    connection.resume()
    assert len(pendings) == 5
    assert not connection.has_backlog


def test_a_client_that_does_not_read_is_not_served_beyond_the_limit() -> None:
    """Unsent output stops the handling of further requests at one answer beyond the limit."""
    handled: list[int] = []

    def answer(_: memoryview, __: Connection) -> list[Any]:
        handled.append(1)
        return [bytes(1000)]

    budget = Budget(1 << 30)
    connection = connect(answer, Limits(max_unsent_bytes=2500), budget)
    feed(connection, frame(b"") * 10)
    assert len(handled) == 3
    assert budget.used == 3000
    assert not connection.wants_input
    connection.sent(1500)
    connection.resume()
    assert len(handled) == 4
    drain(connection)
    connection.resume()
    assert len(handled) == 7


def test_a_flood_of_small_requests_is_handled_in_turns() -> None:
    """One call handles REQUESTS_A_TURN requests: thousands in one read do not hold up other clients."""
    handled: list[int] = []

    def count(_: memoryview, __: Connection) -> None:
        handled.append(1)

    connection = connect(count)
    connection.receive(memoryview(bytearray(frame(b"") * 1000)))
    assert len(handled) == REQUESTS_A_TURN
    assert not connection.wants_input
    turns = 0
    while connection.has_backlog:
        connection.resume()
        turns += 1
    assert len(handled) == 1000
    assert turns == 1000 // REQUESTS_A_TURN
    assert connection.wants_input


def test_an_oversized_frame_is_refused_before_anything_is_allocated() -> None:
    """socket.request.max.bytes is checked on the length prefix."""
    budget = Budget(1 << 30)
    connection = connect(limits=Limits(max_request_bytes=1000), budget=budget)
    feed(connection, (1001).to_bytes(4, "big") + b"abc")
    assert connection.closed
    assert "1001 bytes" in str(connection.close_reason)
    assert budget.used == 0
    connection = connect(limits=Limits(max_request_bytes=1000))
    feed(connection, frame(bytes(1000)))
    assert not connection.closed


@pytest.mark.parametrize(
    ("stray", "what"),
    [
        (bytes.fromhex("16030100f8010000f40303"), "a TLS hello"),
        (b"GET /index.html HTTP/1.1\r\nHost: x\r\n\r\n", "an HTTP request ('GET /index.html HTTP/1.1')"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "an HTTP request"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "an SSH greeting"),
        (b"\xff\xff\xff\xffrubbish", "first bytes ff ff ff ff 72"),
    ],
)
def test_strangers_are_named(stray: bytes, what: str) -> None:
    """What came instead of a Kafka request is said in words."""
    connection = connect()
    feed(connection, stray)
    assert connection.closed
    assert what in str(connection.close_reason)


def test_a_handler_may_end_the_connection() -> None:
    """CloseConnection closes it with its text; later frames of the same read are not handled."""
    handled: list[bytes] = []

    def handle(request: memoryview, _: Connection) -> None:
        handled.append(bytes(request))
        if bytes(request) == b"bad":
            raise CloseConnection("it sent a bad request")

    connection = connect(handle)
    feed(connection, frame(b"good") + frame(b"bad") + frame(b"good"))
    assert handled == [b"good", b"bad"]
    assert connection.close_reason == "it sent a bad request"


def test_large_frames_wait_for_room_in_their_order() -> None:
    """Frames on their way in do not exceed the budget for all: the next waits until others have ended."""
    budget = Budget(250_000)
    first, second, third = (connect(budget=budget) for _ in range(3))
    begin = frame(bytes(200_000))[:50_000]
    for connection in (first, second, third):
        feed(connection, begin)
    assert budget.used == 200_000
    assert not second.wants_input
    assert list(budget.starving) == [second, third]
    assert budget.feed() == []
    assert list(budget.starving) == [second, third]
    assert not second.has_backlog
    feed(first, bytes(150_004))
    first.drop_kept_buffer()
    drain(first)
    assert budget.feed() == [second]
    assert list(budget.starving) == [third]
    second.close()
    third.close()
    assert budget.used == 0


def test_small_requests_pass_when_the_budget_is_used_up() -> None:
    """Somebody's large frames do not make others wait with requests that fit into the scratch buffer."""
    budget = Budget(100_000)
    hog, small = connect(budget=budget), connect(budget=budget)
    feed(hog, frame(bytes(100_000))[:10])
    assert budget.used == 100_000
    feed(small, frame(b"metadata")[:7])
    feed(small, frame(b"metadata")[7:])
    assert drain(small) == frame(b"metadata")


def test_one_frame_may_exceed_the_budget_when_nothing_else_is_held() -> None:
    """Otherwise a frame that socket.request.max.bytes allows could wait for ever."""
    budget = Budget(100)
    connection = connect(budget=budget)
    feed(connection, frame(bytes(100_000)))
    assert len(drain(connection)) == 100_004


def test_the_buffer_of_a_busy_connection_is_kept_and_given_back() -> None:
    """Frame after frame is read into the same memory; an idle connection holds none."""
    budget = Budget(1 << 30)
    connection = connect(lambda *_: None, budget=budget)
    data = frame(bytes(300_000))
    feed(connection, data)
    assert budget.used == 300_000
    feed(connection, data + frame(bytes(200_000)))
    assert budget.used == 300_000
    connection.drop_kept_buffer()
    assert budget.used == 0


class Region:
    """A file region as the storage gives it."""

    offset = 0

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __len__(self) -> int:
        return len(self._data)

    def fileno(self) -> None:
        return None

    def read(self, offset: int = 0, size: int | None = None) -> bytes:
        return self._data[offset:][:size]


def test_file_regions_are_sent_between_buffers_and_cost_little() -> None:
    """Partial sends across buffers and regions keep every byte in place; the account is even at the end."""
    rng = random.Random(3)
    budget = Budget(1 << 30)
    parts: list[Any] = [b"head", Region(b"r" * 5000), b"", b"mid", Region(b""), Region(b"s" * 77), b"tail"]
    connection = connect(lambda *_: list(parts), budget=budget)
    feed(connection, frame(b""))
    assert budget.used < 1500
    sent = bytearray()
    while connection.output:
        buffers = connection.buffers()
        whole = b"".join(buffers) if buffers else connection.output[0].read(connection.unsent_offset)
        piece = whole[: rng.randint(0, 100)]
        connection.sent(len(piece))
        sent += piece
    assert sent == b"head" + b"r" * 5000 + b"mid" + b"s" * 77 + b"tail"
    assert budget.used == connection.unsent_bytes == 0
