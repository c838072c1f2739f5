"""The pump with real sockets on the loopback interface."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import trio

from odradek.broker.connection import Answer, CloseConnection, Connection, Deferred
from odradek.broker.context import Pending
from odradek.broker.listeners import Address, bind
from odradek.storage.file_system import FileSystem, RealFileSystem
from odradek.storage.memory_file_system import MemoryFileSystem

from .pump_desk import Harness, echo, frame, read_exactly, read_frame, running, until


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


@pytest.mark.parametrize("file_system", [RealFileSystem, MemoryFileSystem])
def test_a_region_whose_file_was_cut_ends_the_connection(
    file_system: Callable[[], FileSystem], tmp_path: Path
) -> None:
    """The promised length cannot be kept, so the client must not take what follows for records."""
    files = file_system()
    files.make_directories(str(tmp_path))
    file = files.open(str(tmp_path / "log"), create=True)
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


def test_ipv4_addresses_are_told_as_such_by_a_listener_for_all() -> None:
    """Where one socket takes IPv6 and IPv4, IPv4 clients are told an IPv4 address, and limits find them."""
    seen: list[tuple[str, str]] = []

    def handle(_: memoryview, connection: Connection) -> list[Any]:
        seen.append((connection.client_host, connection.advertised[0]))
        return [frame(b"")]

    async def main() -> None:
        limits = {"max.connections.per.ip": 0, "max.connections.per.ip.overrides": "127.0.0.1:1"}
        async with running(handle, **limits) as harness:
            sock = bind(Address("", 0))
            harness.pump.listen(sock)
            async with await trio.open_tcp_stream("127.0.0.1", sock.getsockname()[1]) as stream:
                await stream.send_all(frame(b""))
                await read_frame(stream)
            assert seen == [("127.0.0.1", "127.0.0.1")]

    trio.run(main)
