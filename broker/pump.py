"""The one place that touches client sockets: a selector of its own, nested in trio's loop.

Trio waits for the selector's descriptor; what is ready is then handled by plain calls, without a task or a
cancellation scope per connection, which is several times faster (see scripts/benchmarks/loop.py). One wake
does a bounded amount of work and then lets trio's other tasks run. The broker's timers are run here, too: the
pump sleeps until the first of them is due.
"""

from __future__ import annotations

import logging
import selectors
import socket
from collections.abc import Callable
from contextlib import suppress
from math import inf

import trio

from .client import READ, WRITE, Client
from .clock import Clock
from .config.broker_config import BrokerConfig
from .connection import SCRATCH_BYTES, Budget, Connection, Handle, Limits
from .listeners import Listener, host_limits, plain_host
from .timers import Timers

log = logging.getLogger(__name__)

# Rounds of the selector before trio's other tasks get a turn.
ROUNDS_A_WAKE = 16
ACCEPTS_A_ROUND = 64
# Without files to accept with (EMFILE), listeners rest for this long.
ACCEPT_PAUSE_MS = 500.0
# While others wait for memory, a large frame must arrive within this time.
STARVING_FRAME_MS = 30_000.0
# All connections are looked at four times in the time after which an idle one is closed, within these bounds.
SWEEP_LEAST_MS, SWEEP_MOST_MS = 10.0, 5_000.0
DEFAULT_BUDGET = 512 << 20


class Pump:
    """Reads, dispatches and writes for all clients of a broker.

    `handle` turns a frame into an answer (see `connection.Handle`). Use: `listen` for each bound socket,
    `run` in a task until `drain` has ended, then `close`.
    """

    def __init__(self, config: BrokerConfig, clock: Clock, timers: Timers, handle: Handle) -> None:
        self._clock = clock
        self._timers = timers
        self._handle = handle
        self._selector = selectors.DefaultSelector()
        self._scratch = memoryview(bytearray(SCRATCH_BYTES))
        self._listeners: list[Listener] = []
        self._clients: dict[int, Client] = {}  # by connection id
        self._by_host: dict[str, int] = {}
        self._ready: dict[int, Client] = {}  # have output, or input that waits for its turn
        self._next_id = 1
        self._sleep: trio.CancelScope | None = None
        self._stopped = self._draining = self._sweeping = False
        self._limits = Limits(config["socket.request.max.bytes"], config["queued.max.requests"])
        total = config["queued.max.request.bytes"]
        self.budget = Budget(DEFAULT_BUDGET if total <= 0 else total)
        self._config = config
        config.on_changed.append(self._listen_again)
        self._host_limits = host_limits(config["max.connections.per.ip.overrides"])
        self._max_idle_ms: float = config["connections.max.idle.ms"]
        self._buffer_sizes = (config["socket.send.buffer.bytes"], config["socket.receive.buffer.bytes"])
        self._backlog: int = config["socket.listen.backlog.size"]
        timers.on_earlier = self._wake_for_timer
        self.on_disconnect: Callable[[int], None] | None = None  # is told the connection's id

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return len(self._clients)

    def listen(self, sock: socket.socket, advertised: tuple[str, int] | None = None) -> None:
        """Accept clients of a bound socket, which the pump owns from now on."""
        sock.setblocking(False)
        sock.listen(self._backlog)
        listener = Listener(sock, advertised)
        self._listeners.append(listener)
        self._selector.register(sock, READ, listener)

    # The loop

    async def run(self) -> None:
        """Serve until `drain` has ended or the task is cancelled."""
        descriptor = self._selector.fileno()
        while not self._stopped:
            for _ in range(ROUNDS_A_WAKE):
                if not self._round():
                    break
            else:
                await trio.lowlevel.checkpoint()
                continue
            deadline = self._timers.next_deadline()
            wait = inf if deadline is None else (deadline - self._clock.monotonic_ms()) / 1000
            if wait <= 0:
                await trio.lowlevel.checkpoint()
                continue
            with trio.CancelScope(deadline=trio.current_time() + wait) as self._sleep:
                await trio.lowlevel.wait_readable(descriptor)
            self._sleep = None

    def _round(self) -> bool:
        """Handle what is ready now. False when nothing was."""
        events = self._selector.select(0)
        for key, mask in events:
            target = key.data
            if isinstance(target, Listener):
                self._accept(target)
                continue
            try:
                if mask & WRITE:
                    self._send(target)
                    self._ready[target.connection.id] = target
                if mask & READ and not target.connection.closed:
                    self._receive(target)
            except Exception:
                self._failed(target)
        ran = self._run_timers()
        # In every round: the one before may have freed memory after it had looked who waits for it.
        for connection in self.budget.feed() if self.budget.starving else ():
            connection.frame_since_ms = connection.last_active_ms = self._clock.monotonic_ms()
            self._soon(connection)
        if not (ran or events or self._ready):
            return False
        ready, self._ready = self._ready, {}
        for client in ready.values():
            try:
                self._settle(client)
            except Exception:
                self._failed(client)
        return True

    def _run_timers(self) -> int:
        try:
            return self._timers.run_due(self._clock.monotonic_ms())
        except Exception:
            log.exception("A bug: a timer failed.")
            return 1

    def _failed(self, client: Client) -> None:
        """One connection's bug is not the others' end."""
        log.exception("A bug: serving %s failed.", client.name)
        client.connection.close()
        self._drop(client)

    def _settle(self, client: Client) -> None:
        """Send what can be sent, go on with input that waited, and tell the selector what is needed next."""
        connection = client.connection
        if connection.output and not client.events & WRITE:
            self._send(client)
        if client.events == READ and connection.is_at_rest:
            return
        if connection.may_resume:
            connection.resume()
            if connection.output and not client.events & WRITE:
                self._send(client)
            if connection.may_resume:
                self._ready[connection.id] = client
        if connection.closed:
            self._drop(client)
        else:
            self._update_events(client)

    def _update_events(self, client: Client) -> None:
        connection = client.connection
        events = READ if connection.wants_input and not self._draining else 0
        if connection.output:
            events |= WRITE
        if events == client.events:
            return
        if not events:
            self._selector.unregister(client.socket)
        elif client.events:
            self._selector.modify(client.socket, events, client)
        else:
            self._selector.register(client.socket, events, client)
        client.events = events

    def _soon(self, connection: Connection) -> None:
        """An answer was completed: send it in this round, or wake up for it."""
        client = self._clients.get(connection.id)
        if client is not None:
            self._ready[connection.id] = client
            self._wake()

    def _wake(self) -> None:
        if self._sleep is not None:
            self._sleep.cancel()

    def _wake_for_timer(self) -> None:
        deadline = self._timers.next_deadline()
        if self._sleep is not None and deadline is not None:
            wait = max(0.0, deadline - self._clock.monotonic_ms()) / 1000
            self._sleep.deadline = trio.current_time() + wait

    # Reading and writing

    def _receive(self, client: Client) -> None:
        try:
            received = client.receive(self._scratch, self._clock.monotonic_ms)
        except OSError as error:
            self._lost(client, error)
        else:
            if received:
                self._ready[client.connection.id] = client
            elif received is not None:
                self._lost(client, None)

    def _send(self, client: Client) -> None:
        try:
            sent = client.send()
        except OSError as error:
            self._lost(client, error)
        else:
            if sent:
                client.connection.last_active_ms = self._clock.monotonic_ms()

    # Coming and going

    def _accept(self, listener: Listener) -> None:
        """Accept those who wait; the rest of a flood in the next round."""
        for _ in range(ACCEPTS_A_ROUND):
            if len(self._clients) >= self._config["max.connections"]:
                return self._pause(listener)
            try:
                sock, address = listener.socket.accept()
            except (BlockingIOError, InterruptedError):
                return None
            except ConnectionError:
                continue  # gone before it was accepted
            except OSError as error:
                log.warning("Cannot accept connections for a moment: %s.", error.strerror)
                self._timers.at(self._clock.monotonic_ms() + ACCEPT_PAUSE_MS, self._listen_again)
                return self._pause(listener)
            host = plain_host(address[0])
            if self._by_host.get(host, 0) >= self._host_limits.get(
                host, self._config["max.connections.per.ip"]
            ):
                log.warning("Closed a connection from %s: max.connections.per.ip is reached.", host)
                sock.close()
                continue
            self._welcome(sock, host, address[1], listener)
        return None

    def _welcome(self, sock: socket.socket, host: str, port: int, listener: Listener) -> None:
        sock.setblocking(False)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for option, size in zip((socket.SO_SNDBUF, socket.SO_RCVBUF), self._buffer_sizes, strict=True):
                if size >= 0:
                    sock.setsockopt(socket.SOL_SOCKET, option, size)
            own_host, own_port = sock.getsockname()[:2]
        except OSError:  # the client has gone already
            sock.close()
            return
        connection = Connection(
            self._next_id,
            self._handle,
            self._limits,
            self.budget,
            client_host=host,
            advertised=listener.advertised or (plain_host(own_host), own_port),
            now_ms=self._clock.monotonic_ms(),
        )
        self._next_id += 1
        connection.on_output = self._soon
        client = Client(sock, connection, f"{host}:{port}")
        self._clients[connection.id] = client
        self._by_host[host] = self._by_host.get(host, 0) + 1
        self._selector.register(sock, READ, client)
        log.debug("%s connected.", client.name)
        self._sweep_later()

    def _lost(self, client: Client, error: OSError | None) -> None:
        """The client hung up, or its socket failed."""
        if error is None:
            log.debug("%s disconnected.", client.name)
        else:
            log.debug("%s disconnected: %s", client.name, error)
        client.connection.close()
        self._drop(client)

    def _drop(self, client: Client) -> None:
        """Forget a client whose connection is closed."""
        connection = client.connection
        if self._clients.pop(connection.id, None) is None:
            return
        if self.on_disconnect is not None:
            self.on_disconnect(connection.id)
        self._ready.pop(connection.id, None)
        if connection.close_reason is not None:
            log.warning("Closed the connection from %s: %s.", client.name, connection.close_reason)
        host = connection.client_host
        self._by_host[host] -= 1
        if not self._by_host[host]:
            del self._by_host[host]
        if client.events:
            self._selector.unregister(client.socket)
        client.socket.close()
        if len(self._clients) < self._config["max.connections"]:
            self._listen_again()

    def _pause(self, listener: Listener) -> None:
        if not listener.paused:
            listener.paused = True
            self._selector.unregister(listener.socket)

    def _listen_again(self) -> None:
        for listener in self._listeners:
            if listener.paused and not self._draining:
                listener.paused = False
                self._selector.register(listener.socket, READ, listener)

    # Housekeeping

    def _sweep_later(self) -> None:
        if not self._sweeping:
            self._sweeping = True
            interval_ms = SWEEP_MOST_MS
            if self._max_idle_ms >= 0:  # below 0: none is closed for being idle
                interval_ms = min(interval_ms, max(SWEEP_LEAST_MS, self._max_idle_ms / 4))
            self._timers.at(self._clock.monotonic_ms() + interval_ms, self._sweep)

    def _sweep(self) -> None:
        """Close idle connections and, under pressure, frames that do not end; give back what is unused."""
        self._sweeping = False
        now_ms = self._clock.monotonic_ms()
        for client in list(self._clients.values()):
            connection = client.connection
            idle_ms = now_ms - connection.last_active_ms
            if 0 <= self._max_idle_ms < idle_ms and not connection.exchanges:
                log.debug("%s was idle for %d s.", client.name, idle_ms / 1000)
                connection.close()
            elif (
                self.budget.starving
                and connection.holds_large_frame
                and now_ms - connection.frame_since_ms > STARVING_FRAME_MS
            ):
                connection.close("its request does not end, and others wait for the memory")
            elif idle_ms > 1000:
                connection.drop_kept_buffer()
            if connection.closed:
                self._drop(client)
        if self._clients:
            self._sweep_later()

    # The end

    async def drain(self, seconds: float) -> None:
        """Stop accepting and reading, and let answers leave for at most `seconds`; then `run` returns."""
        self._draining = True
        for listener in self._listeners:
            self._pause(listener)
            listener.socket.close()
        for client in list(self._clients.values()):
            self._update_events(client)
        with trio.move_on_after(seconds):
            while not all(client.connection.is_answered for client in self._clients.values()):
                await trio.sleep(0.01)
        self._stopped = True
        self._wake()

    def close(self) -> None:
        """Close every socket. Parked requests are abandoned."""
        self._draining = True
        for client in list(self._clients.values()):
            client.connection.close()
            self._drop(client)
        for listener in self._listeners:
            self._pause(listener)
            listener.socket.close()
        self._listeners.clear()
        with suppress(OSError):
            self._selector.close()
        self._timers.on_earlier = None
