"""A TCP proxy between clients and a broker that cuts connections: at once, in mid-frame, or so that what was
asked is done and the answer is lost.
"""

from __future__ import annotations

import contextlib
import random
import socket
import threading
from enum import Enum


class Cut(Enum):
    """How a connection ends."""

    NOW = "now"
    TORN = "torn"  # only a part of the next piece arrives
    UNANSWERED = "unanswered"  # the broker gets what is asked, the client nothing


class _Connection:
    """A client's socket and its counterpart to the broker; two threads carry between them."""

    def __init__(self, client: socket.socket, broker: socket.socket) -> None:
        self.client, self.broker = client, broker
        self.doom: Cut | None = None

    def end(self) -> None:
        """Hang up on both sides."""
        for one in (self.client, self.broker):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def carry(self, source: socket.socket, sink: socket.socket) -> None:
        """Hand on what comes, until a side hangs up or doom is there."""
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if self.doom is Cut.TORN:
                    sink.sendall(data[: len(data) // 2])
                    break
                if self.doom is Cut.UNANSWERED and source is self.broker:
                    break
                sink.sendall(data)
        self.end()


class CuttingProxy:
    """Listens at `address` until closed, and connects through to `target` ("host:port", to be set)."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._connections: set[_Connection] = set()
        self._lock = threading.Lock()
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.target = ""
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> bool:
        """Cut one connection, in one of the ways; False if there is none."""
        with self._lock:
            connections = [each for each in self._connections if each.doom is None]
        if not connections:
            return False
        connection = self._chance.choice(connections)
        connection.doom = self._chance.choice(list(Cut))
        if connection.doom is Cut.NOW:
            connection.end()
        return True

    def close(self) -> None:
        """Hang up on everybody, and take no more."""
        self._listener.close()
        with self._lock:
            for connection in self._connections:
                connection.end()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        host, _, port = self.target.rpartition(":")
        with client:
            try:
                broker = socket.create_connection((host, int(port)), 10)
            except OSError:
                return  # the broker is down
            broker.settimeout(None)
            with broker:
                self._connect_through(_Connection(client, broker))

    def _connect_through(self, connection: _Connection) -> None:
        client, broker = connection.client, connection.broker
        for one in (client, broker):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._connections.add(connection)
        answers = threading.Thread(target=connection.carry, args=(broker, client), daemon=True)
        answers.start()
        connection.carry(client, broker)
        answers.join()
        with self._lock:
            self._connections.discard(connection)
