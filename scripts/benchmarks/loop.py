"""The pump against a trio task and a SocketStream per connection, on the same connection class and handlers.

    scripts/bench loop [--connections 64] [--seconds 2] [--rounds 3]

Each server runs in a process of its own and is asked by the same client process: every connection has one
request under way at a time. Two requests: ApiVersions through the dispatcher, and a frame that is sent back
as it came, which is the loop alone. The servers take turns; the median of the rounds counts. Requests a
second depend on how fast the client is, so the processor time a request costs the server is shown, too.
"""

from __future__ import annotations

import argparse
import select
import socket
import statistics
import subprocess
import sys
import time
from types import SimpleNamespace
from typing import Any

ECHO = (8).to_bytes(4, "big") + bytes(8)
API_VERSIONS = b"\x00\x00\x00\x0a\x00\x12\x00\x02\x00\x00\x00\x07\x00\x00"


def main() -> None:
    parser = argparse.ArgumentParser(description="Requests a second of two ways to serve sockets.")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--server", choices=("pump", "tasks"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.server is not None:
        import trio

        trio.run(serve_pump if options.server == "pump" else serve_tasks)
        return
    print(f"{options.connections} connections, {options.rounds} rounds of {options.seconds:g} s, median")
    for name, request in (("echo", ECHO), ("ApiVersions", API_VERSIONS)):
        results: dict[str, list[tuple[float, float]]] = {"pump": [], "tasks": []}
        for _ in range(options.rounds):
            for kind, rows in results.items():
                rows.append(measure(kind, request, options.connections, options.seconds))
        rates = {kind: statistics.median(rate for rate, _ in rows) for kind, rows in results.items()}
        costs = {kind: statistics.median(cost for _, cost in rows) for kind, rows in results.items()}
        for kind in results:
            print(f"{name:12} {kind:6} {rates[kind]:10,.0f} requests/s, {costs[kind]:6.1f} µs of server time")
        print(
            f"{name:12} pump / tasks: {rates['pump'] / rates['tasks']:.2f} in requests/s, "
            f"{costs['tasks'] / costs['pump']:.2f} in server time"
        )


def measure(kind: str, request: bytes, connections: int, seconds: float) -> tuple[float, float]:
    """(requests a second, µs of the server's processor time for one) of a fresh server."""
    with subprocess.Popen(
        [sys.executable, __file__, "--server", kind], stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            port = int(server.stdout.readline())
            with open(f"/proc/{server.pid}/stat") as stat:
                load(port, request, connections, 0.3)
                before = processor_seconds(stat)
                start = time.perf_counter()
                count = load(port, request, connections, seconds)
                elapsed = time.perf_counter() - start
                used = processor_seconds(stat) - before
        finally:
            server.kill()
    return count / elapsed, used / count * 1e6


def processor_seconds(stat: Any) -> float:
    stat.seek(0)
    fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def load(port: int, request: bytes, connections: int, seconds: float) -> int:
    """Keep one request under way on each connection; return how many were answered."""
    epoll, sockets = select.epoll(), {}
    for _ in range(connections):
        sock = socket.create_connection(("127.0.0.1", port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sockets[sock.fileno()] = sock
        epoll.register(sock, select.EPOLLIN)
    first = next(iter(sockets.values()))
    first.sendall(request)
    size = len(first.recv(65536))  # every answer is as long and fits into one segment
    for sock in sockets.values():
        sock.sendall(request)
    answered, deadline = 0, time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        for number, _ in epoll.poll(1.0):
            sock = sockets[number]
            if len(sock.recv(65536)) != size:
                raise SystemExit("an answer was torn; this client does not expect that")
            sock.send(request)
            answered += 1
    epoll.close()
    for sock in sockets.values():
        sock.close()
    return answered


def handle(frame: memoryview, connection: Any) -> Any:
    """Small frames of 8 bytes come back; everything else goes to the dispatcher."""
    if len(frame) == 8:
        return [ECHO]
    return DISPATCH(frame, connection)


DISPATCH: Any = None


def load_dispatcher() -> None:
    from odradek.broker.clock import SystemClock
    from odradek.broker.dispatch import Dispatcher

    global DISPATCH
    DISPATCH = Dispatcher(SimpleNamespace(clock=SystemClock()))  # type: ignore[arg-type]


async def serve_pump() -> None:
    from odradek.broker.clock import SystemClock
    from odradek.broker.config.broker_config import BrokerConfig
    from odradek.broker.listeners import Address, bind
    from odradek.broker.pump import Pump
    from odradek.broker.timers import Timers

    load_dispatcher()
    pump = Pump(BrokerConfig(), SystemClock(), Timers(), handle)
    sock = bind(Address("127.0.0.1", 0))
    pump.listen(sock)
    print(sock.getsockname()[1], flush=True)
    await pump.run()


async def serve_tasks() -> None:
    import trio

    from odradek.broker.connection import Budget, Connection, Limits

    load_dispatcher()
    budget, limits = Budget(512 << 20), Limits()

    async def serve_one(stream: trio.SocketStream) -> None:
        connection = Connection(1, handle, limits, budget)
        try:
            while data := await stream.receive_some(65536):
                connection.receive(memoryview(bytearray(data)))
                while buffers := connection.buffers():
                    whole = b"".join(buffers)
                    await stream.send_all(whole)
                    connection.sent(len(whole))
        except trio.BrokenResourceError:
            pass
        finally:
            connection.close()

    async with trio.open_nursery() as nursery:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        nursery.start_soon(trio.serve_listeners, serve_one, listeners)
        print(listeners[0].socket.getsockname()[1], flush=True)


if __name__ == "__main__":
    main()
