"""A relay between clients and a broker, frame by frame, for those who record or lose some of what is said."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable


class Link:
    """One client's connection, and the one to the broker that belongs to it. Frames are without their length.

    `request` and `answer` say what goes on instead of a frame; they are called from a thread each.
    """

    def request(self, frame: bytes) -> bytes:
        """What the broker gets."""
        return frame

    def answer(self, frame: bytes) -> bytes | None:
        """What the client gets; None: nothing, and the connection ends."""
        return frame


class Relay:
    """Listens at `address` until closed, and connects through to the broker at `upstream` (HOST:PORT)."""

    def __init__(self, link: Callable[[], Link], upstream: str = "") -> None:
        self._link = link
        self.upstream = upstream
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self._connections: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more clients, and hang up on those that are there."""
        self._listener.close()
        for connection in list(self._connections):
            _hang_up(connection)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        host, _, port = self.upstream.rpartition(":")
        with client:
            try:
                broker = socket.create_connection((host, int(port)), 5)
            except OSError:
                return  # the broker is down
            with broker:
                self._connect_through(client, broker)

    def _connect_through(self, client: socket.socket, broker: socket.socket) -> None:
        for one in (client, broker):
            one.settimeout(None)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connections |= {client, broker}
        link = self._link()
        answers = threading.Thread(target=_carry, args=(broker, client, link.answer), daemon=True)
        answers.start()
        _carry(client, broker, link.request)
        answers.join()
        self._connections -= {client, broker}


def _carry(source: socket.socket, sink: socket.socket, change: Callable[[bytes], bytes | None]) -> None:
    """Hand on frames until a side hangs up or one is withheld; then hang up, and the other way ends too."""
    with contextlib.suppress(OSError):
        while frame := _frame(source):
            instead = change(frame)
            if instead is None:
                break
            sink.sendall(len(instead).to_bytes(4, "big") + instead)
    _hang_up(sink)


def _frame(source: socket.socket) -> bytes:
    """The next frame without its length; nothing when the other side has hung up."""
    size = _exactly(source, 4)
    return _exactly(source, int.from_bytes(size, "big")) if size else b""


def _exactly(source: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        part = source.recv(min(size - len(data), 1 << 20))
        if not part:
            return b""
        data += part
    return bytes(data)


def _hang_up(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
