"""A running pump with a way to connect to it, and frames as its clients read and write them."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import trio

from odradek.broker.clock import Clock, SystemClock
from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.connection import Answer, Connection
from odradek.broker.listeners import Address, bind
from odradek.broker.pump import Pump
from odradek.broker.timers import Timers

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
