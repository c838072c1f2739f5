"""The pump with real sockets on the loopback interface."""

from __future__ import annotations

import logging
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio

from odradek.broker.clock import Clock, ManualClock, SystemClock
from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.connection import REQUESTS_A_TURN, Answer, CloseConnection, Connection, Deferred
from odradek.broker.context import Pending
from odradek.broker.listeners import Address, bind
from odradek.broker.pump import ROUNDS_A_WAKE, Pump
from odradek.broker.timers import Timers
from odradek.storage.file_system import RealFileSystem

Handle = Callable[[memoryview, Connection], Answer]
HANGS_AFTER_S = 120  # on the busiest machine


def frame(payload: bytes) -> bytes:
    return len(payload).to_bytes(4, "big") + payload


def echo(request: memoryview, _: Connection) -> list[Any]:
    return [frame(bytes(request))]


class Harness:
    """A running pump and a way to connect to it."""

    def __init__(self, pump: Pump, timers: Timers, clock: Clock, port: int) -> None:
        self.pump = pump
        self.timers = timers
        self.clock = clock
        self.port = port

    async def connect(self, receive_buffer: int | None = None) -> trio.SocketStream:
        sock = trio.socket.socket()
        if receive_buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        try:
            await sock.connect(("127.0.0.1", self.port))
        except OSError:
            sock.close()
            raise
        return trio.SocketStream(sock)


@asynccontextmanager
async def running(
    handle: Handle = echo, clock: Clock | None = None, /, **settings: object
) -> AsyncIterator[Harness]:
    """A pump that serves `handle`; settings are broker keys with underscores for dots."""
    config = BrokerConfig({key.replace("_", "."): value for key, value in settings.items()})
    clock, timers = clock or SystemClock(), Timers()
    pump = Pump(config, clock, timers, handle)
    sock = bind(Address("127.0.0.1", 0))
    port = sock.getsockname()[1]
    pump.listen(sock)
    try:
        with trio.fail_after(HANGS_AFTER_S):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(pump.run)
                yield Harness(pump, timers, clock, port)
                nursery.cancel_scope.cancel()
    finally:
        pump.close()


async def read_frame(stream: trio.SocketStream) -> bytes:
    size = int.from_bytes(await read_exactly(stream, 4), "big")
    return await read_exactly(stream, size)


async def read_exactly(stream: trio.SocketStream, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        piece = await stream.receive_some(size - len(data))
        assert piece, f"closed after {len(data)} of {size} bytes"
        data += piece
    return bytes(data)


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await trio.sleep(0.005)


def test_requests_of_many_clients_are_answered() -> None:
    """Frames from empty to several megabytes come back to the client that sent them, in order."""

    async def client(harness: Harness, sizes: Sequence[int]) -> None:
        payloads = [bytes([size % 251]) * size for size in sizes]
        async with await harness.connect() as stream, trio.open_nursery() as nursery:
            nursery.start_soon(stream.send_all, b"".join(map(frame, payloads)))
            for payload in payloads:
                assert await read_frame(stream) == payload

    async def main() -> None:
        async with running() as harness:
            async with trio.open_nursery() as nursery:
                for start in range(8):
                    nursery.start_soon(client, harness, [start, 1, 70_000 + start, 3_000_000, 0, 5])
            await until(lambda: harness.pump.connections == 0)
            assert harness.pump.budget.used == 0

    trio.run(main)


@pytest.mark.parametrize(
    ("stray", "what"),
    [
        (bytes.fromhex("16030100f8010000f4"), "a TLS hello"),
        (b"GET / HTTP/1.1\r\n\r\n", "an HTTP request"),
        (b"\xff" * 40, "first bytes ff ff"),
    ],
)
def test_a_stranger_is_closed_with_one_log_line(
    stray: bytes, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The connection ends and one warning says who came with what; connecting and leaving logs nothing."""

    async def main() -> None:
        async with running() as harness:
            async with await harness.connect() as normal:
                await normal.send_all(frame(b"x"))
                await read_frame(normal)
            async with await harness.connect() as stream:
                await stream.send_all(stray)
                with pytest.raises((AssertionError, trio.BrokenResourceError)):
                    await read_exactly(stream, 1)

    with caplog.at_level(logging.INFO):
        trio.run(main)
    assert len(caplog.records) == 1
    assert what in caplog.text
    assert "127.0.0.1:" in caplog.text


def test_a_file_region_is_sent_from_the_file(tmp_path: Path) -> None:
    """Header and region arrive as one stream, however large the region and small the receiver's buffer."""
    data = bytes(range(256)) * 20_000
    file = RealFileSystem().open(str(tmp_path / "log"), create=True)
    file.write_at(0, data)
    region = file.region(1000, len(data) - 2000)
    file.close()

    def handle(_: memoryview, __: Connection) -> list[Any]:
        return [len(region).to_bytes(4, "big"), region]

    async def main() -> None:
        async with running(handle) as harness, await harness.connect(receive_buffer=10_000) as stream:
            await stream.send_all(frame(b"") * 3)
            for _ in range(3):
                assert await read_frame(stream) == data[1000:-1000]

    trio.run(main)


def test_a_region_whose_file_was_cut_ends_the_connection(tmp_path: Path) -> None:
    """The promised length cannot be kept, so the client must not take what follows for records."""
    file = RealFileSystem().open(str(tmp_path / "log"), create=True)
    file.write_at(0, b"x" * 1000)
    region = file.region(0, 1000)
    file.truncate(500)
    file.close()

    async def main() -> None:
        answer = [(1000).to_bytes(4, "big"), region]
        async with running(lambda *_: list(answer)) as harness, await harness.connect() as stream:
            await stream.send_all(frame(b""))
            with pytest.raises(AssertionError, match="closed after"):
                await read_frame(stream)

    trio.run(main)


def test_a_parked_answer_is_sent_when_another_task_or_client_completes_it() -> None:
    """Completing from a trio task, a timer or another client's request wakes the sleeping pump."""
    parked: dict[bytes, Pending] = {}

    def handle(request: memoryview, _: Connection) -> Answer:
        name = bytes(request)
        if name.startswith(b"release "):
            parked[name[8:]].complete(b"by client")
            return [frame(b"released")]
        parked[name] = Pending()
        return Deferred(parked[name], lambda response: [frame(response)])

    async def main() -> None:
        async with running(handle) as harness, await harness.connect() as one, await harness.connect() as two:
            await one.send_all(frame(b"a") + frame(b"b") + frame(b"c"))
            await until(lambda: len(parked) == 3)
            await trio.sleep(0.02)
            parked[b"a"].complete(b"by task")
            assert await read_frame(one) == b"by task"
            deadline = harness.clock.monotonic_ms() + 20
            harness.timers.at(deadline, lambda: parked[b"b"].complete(b"by timer"))
            assert await read_frame(one) == b"by timer"
            assert harness.clock.monotonic_ms() >= deadline
            await two.send_all(frame(b"release c"))
            assert await read_frame(two) == b"released"
            assert await read_frame(one) == b"by client"

    trio.run(main)


def test_a_client_that_hangs_up_abandons_what_it_parked() -> None:
    """The handler hears of it, so that nothing stays parked for nobody."""
    gone = trio.Event()

    def handle(_: memoryview, __: Connection) -> Answer:
        pending = Pending()
        pending.on_abandon = gone.set
        return Deferred(pending, lambda response: [response])

    async def main() -> None:
        async with running(handle) as harness:
            async with await harness.connect() as stream:
                await stream.send_all(frame(b""))
                await trio.sleep(0.02)
            await gone.wait()
            await until(lambda: harness.pump.connections == 0)

    trio.run(main)


def test_a_client_that_never_reads_costs_bounded_memory_and_nobody_waits() -> None:
    """Its answers stop at the limit while another client is served; when it reads, nothing is missing."""
    served: list[int] = []

    def handle(request: memoryview, connection: Connection) -> list[Any]:
        served.append(connection.id)
        return [frame(bytes(100_000))] if bytes(request) == b"big" else echo(request, connection)

    async def main() -> None:
        async with running(handle) as harness, await harness.connect(10_000) as deaf:
            await deaf.send_all(frame(b"big") * 400)
            await trio.sleep(0.1)
            handled = len(served)
            assert handled < 200
            assert harness.pump.budget.used < 2 << 20
            async with await harness.connect() as other:
                for _ in range(50):
                    await other.send_all(frame(b"small"))
                    assert await read_frame(other) == b"small"
            for _ in range(400):
                assert len(await read_frame(deaf)) == 100_000
            assert harness.pump.budget.used == 0

    trio.run(main)


def test_a_flood_of_pipelined_requests_lets_others_through() -> None:
    """While one client sends 200,000 tiny requests, few of them are answered between a request of another
    and its answer. Counted, not timed: a busy machine is no slower in this.
    """
    handled: list[int] = []

    def count(request: memoryview, connection: Connection) -> list[Any]:
        handled.append(connection.id)
        return echo(request, connection)

    async def flood(harness: Harness, done: trio.Event) -> None:
        async with await harness.connect() as stream, trio.open_nursery() as nursery:
            nursery.start_soon(stream.send_all, frame(b"") * 200_000)
            await read_exactly(stream, 800_000)
            done.set()

    async def main() -> None:
        async with (
            running(count) as harness,
            await harness.connect() as other,
            trio.open_nursery() as nursery,
        ):
            done, before_us = trio.Event(), []
            nursery.start_soon(flood, harness, done)
            while not done.is_set():
                start = len(handled)
                await other.send_all(frame(b"me too"))
                assert await read_frame(other) == b"me too"
                before_us.append(len(handled) - start)
                await trio.sleep(0.005)
            assert len(before_us) > 5
            # The pump's turn in which the request comes, that in which its answer is read, and one between.
            assert sorted(before_us)[len(before_us) // 2] <= 3 * ROUNDS_A_WAKE * 2 * REQUESTS_A_TURN

    trio.run(main)


def test_a_flood_of_requests_without_answers_is_handled_to_its_end() -> None:
    """Requests that wait for their turn get it although nothing is sent or read meanwhile."""
    handled: list[int] = []

    def count(_: memoryview, __: Connection) -> None:
        handled.append(1)

    async def main() -> None:
        async with running(count) as harness, await harness.connect() as stream:
            await stream.send_all(frame(b"") * 2000)
            await until(lambda: len(handled) == 2000)

    trio.run(main)


def test_frames_that_trickle_in_do_not_hold_memory_against_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Announced bytes are only reserved; once others have to wait, an unending frame is closed in time."""
    monkeypatch.setattr("odradek.broker.pump.STARVING_FRAME_MS", 50.0)

    async def main() -> None:
        limits = {"queued.max.request.bytes": 1_000_000, "connections.max.idle.ms": 400}
        async with running(**limits) as harness:
            tricklers = [await harness.connect() for _ in range(2)]
            for stream in tricklers:
                await stream.send_all(frame(bytes(500_000))[:10])
            await trio.sleep(0.02)
            assert harness.pump.budget.used == 1_000_000
            async with await harness.connect() as small:
                await small.send_all(frame(b"small"))
                assert await read_frame(small) == b"small"
            async with await harness.connect() as large:
                await large.send_all(frame(b"l" * 700_000))
                assert await read_frame(large) == b"l" * 700_000
            for stream in tricklers:
                await stream.aclose()

    trio.run(main)


def test_idle_connections_are_closed() -> None:
    """connections.max.idle.ms ends a silent connection and lets a busy one live."""
    clock = ManualClock()

    async def main() -> None:
        settings = {"connections.max.idle.ms": 100}
        async with (
            running(echo, clock, **settings) as harness,
            await harness.connect() as idle,
            await harness.connect() as busy,
        ):
            for stream in (idle, busy):
                await stream.send_all(frame(b"x"))
                await read_frame(stream)
            for _ in range(2):
                assert harness.pump.connections == 2
                clock.advance(60)
                await busy.send_all(frame(b"x"))
                await read_frame(busy)
            assert await idle.receive_some() == b""
            assert harness.pump.connections == 1

    trio.run(main)


def test_connections_of_one_address_are_limited() -> None:
    """max.connections.per.ip closes those beyond it; one that leaves makes room; overrides come first."""

    async def is_served(harness: Harness) -> bool:
        stream = await harness.connect()
        try:
            await stream.send_all(frame(b"x"))
            return await stream.receive_some() != b""
        except trio.BrokenResourceError:
            return False
        finally:
            await stream.aclose()

    async def main() -> None:
        async with running(**{"max.connections.per.ip": 1}) as harness:
            assert await is_served(harness)
            await until(lambda: harness.pump.connections == 0)
            async with await harness.connect() as first:
                await first.send_all(frame(b"x"))
                await read_frame(first)
                assert not await is_served(harness)
            await until(lambda: harness.pump.connections == 0)
            assert await is_served(harness)
        overrides = {"max.connections.per.ip": 0, "max.connections.per.ip.overrides": "127.0.0.1:5"}
        async with running(**overrides) as harness:
            assert await is_served(harness)

    trio.run(main)


def test_beyond_max_connections_clients_wait_to_be_accepted() -> None:
    """As in Kafka the next connection is accepted when another one has ended."""

    async def main() -> None:
        async with running(**{"max.connections": 1}) as harness:
            first = await harness.connect()
            await first.send_all(frame(b"1"))
            await read_frame(first)
            async with await harness.connect() as second:
                await second.send_all(frame(b"2"))
                with trio.move_on_after(0.05) as waiting:
                    await read_frame(second)
                assert waiting.cancelled_caught
                await first.aclose()
                assert await read_frame(second) == b"2"

    trio.run(main)


def test_max_connections_can_be_raised_while_clients_wait() -> None:
    """They are accepted at once (KIP-226)."""

    async def main() -> None:
        async with (
            running(**{"max.connections": 1}) as harness,
            await harness.connect() as first,
            await harness.connect() as second,
        ):
            await first.send_all(frame(b"1"))
            await read_frame(first)
            await second.send_all(frame(b"2"))
            with trio.move_on_after(0.05) as waiting:
                await read_frame(second)
            assert waiting.cancelled_caught
            harness.pump._config.set_dynamic("DYNAMIC_BROKER_CONFIG", {"max.connections": "2"})
            assert await read_frame(second) == b"2"

    trio.run(main)


def test_a_bug_in_one_connection_does_not_end_the_others(caplog: pytest.LogCaptureFixture) -> None:
    """An unexpected exception is logged with its traceback and costs that connection only."""

    def handle(request: memoryview, connection: Connection) -> Answer:
        if bytes(request) == b"bug":
            raise RuntimeError("unexpected")
        if bytes(request) == b"refused":
            raise CloseConnection("it was refused")
        return echo(request, connection)

    async def main() -> None:
        async with running(handle) as harness, await harness.connect() as good:
            for payload in (b"bug", b"refused"):
                async with await harness.connect() as bad:
                    await bad.send_all(frame(payload))
                    assert await bad.receive_some() == b""
            await good.send_all(frame(b"good"))
            assert await read_frame(good) == b"good"

    trio.run(main)
    assert "RuntimeError: unexpected" in caplog.text
    assert "it was refused" in caplog.text


def test_drain_answers_what_was_asked_and_accepts_nobody() -> None:
    """At the end pending answers still leave within the given time, and new connections are refused."""
    pending = Pending()

    async def main() -> None:
        answer = Deferred(pending, lambda response: [frame(response)])
        async with running(lambda *_: answer) as harness, await harness.connect() as stream:
            await stream.send_all(frame(b""))
            await until(lambda: harness.pump.connections == 1)
            await trio.sleep(0.02)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(harness.pump.drain, 5)
                await trio.sleep(0.02)
                with pytest.raises(ConnectionRefusedError):
                    await harness.connect()
                pending.complete(b"at last")
                assert await read_frame(stream) == b"at last"

    trio.run(main)


def test_the_advertised_address_is_the_one_by_which_the_client_came() -> None:
    """Unless one is configured, so that port forwards and several networks just work."""
    seen: list[tuple[str, int]] = []

    def handle(_: memoryview, connection: Connection) -> list[Any]:
        seen.append(connection.advertised)
        return [frame(b"")]

    async def main() -> None:
        async with running(handle) as harness:
            sock = bind(Address("127.0.0.1", 0))
            port = sock.getsockname()[1]
            harness.pump.listen(sock, ("broker.example", 19092))
            for target in (harness.port, port):
                stream = await trio.open_tcp_stream("127.0.0.1", target)
                await stream.send_all(frame(b""))
                await read_frame(stream)
                await stream.aclose()
            assert seen == [("127.0.0.1", harness.port), ("broker.example", 19092)]

    trio.run(main)
