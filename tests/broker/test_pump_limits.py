"""What clients may cost the pump: memory, time, connections."""

from __future__ import annotations

import socket
from typing import Any

import pytest
import trio

from odradek.broker.clock import ManualClock
from odradek.broker.connection import REQUESTS_A_TURN, Connection
from odradek.broker.pump import ROUNDS_A_WAKE, SWEEP_MOST_MS

from .pump_desk import Harness, echo, frame, read_exactly, read_frame, running, until


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


def test_memory_that_an_answer_frees_goes_to_the_frame_that_waits_for_it() -> None:
    """In the same round, for nothing else may ever wake the pump."""

    def handle(request: memoryview, _: Connection) -> list[Any]:
        return [frame(bytes(60_000 if bytes(request) == b"a" else 1))]

    async def main() -> None:
        async with running(handle, ManualClock(), **{"queued.max.request.bytes": 100_000}) as harness:
            address = ("127.0.0.1", harness.port)
            with socket.create_connection(address) as first, socket.create_connection(address) as second:
                first.sendall(frame(b"a"))  # what both have sent is there before the pump looks
                second.sendall(frame(b"b" * 70_000))
                second.setblocking(False)
                answer = b""
                with trio.fail_after(10):
                    while not answer:
                        await trio.lowlevel.wait_readable(second)
                        answer = second.recv(5)
                assert answer == frame(b"\0")

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


def test_idle_connections_may_stay_for_ever() -> None:
    """connections.max.idle.ms=-1 closes none, and the pump does not look at them all the time."""
    clock = ManualClock()

    async def main() -> None:
        settings = {"connections.max.idle.ms": -1}
        async with running(echo, clock, **settings) as harness, await harness.connect() as idle:
            await idle.send_all(frame(b"x"))
            await read_frame(idle)
            assert harness.timers.next_deadline() == SWEEP_MOST_MS
            clock.advance(3_600_000)
            await idle.send_all(frame(b"y"))
            assert await read_frame(idle) == b"y"

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
