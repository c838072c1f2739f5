"""A relay between clients and a broker, frame by frame, for those who record or lose some of what is said."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Generic, TypeVar


class HangUp(Exception):
    """A link's word for the end of its connection. Of the frame in question only `part` goes on."""

    def __init__(self, part: bytes = b"") -> None:
        self.part = part


class Link:
    """One client's connection, and the one to the broker that belongs to it. Frames are without their length.

    `request` and `answer` say what goes on instead of a frame, or raise HangUp; they are called from a thread
    each.
    """

    sockets: tuple[socket.socket, ...] = ()

    def request(self, frame: bytes) -> bytes:
        """What the broker gets."""
        return frame

    def answer(self, frame: bytes) -> bytes:
        """What the client gets."""
        return frame

    def end(self) -> None:
        """Hang up on both sides."""
        for one in self.sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


L = TypeVar("L", bound=Link)


class Relay(Generic[L]):
    """Listens at `address` until closed, and connects through to the broker at `upstream` (HOST:PORT).
    `links` are the connections that are there.
    """

    def __init__(self, link: Callable[[], L], upstream: str = "") -> None:
        self._link = link
        self.upstream = upstream
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self.links: set[L] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more clients, and hang up on those that are there."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # or the thread that waits would accept one more
        self._listener.close()
        for link in list(self.links):
            link.end()

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
        link = self._link()
        link.sockets = client, broker
        self.links.add(link)
        answers = threading.Thread(target=_carry, args=(broker, client, link.answer), daemon=True)
        answers.start()
        _carry(client, broker, link.request)
        answers.join()
        self.links.discard(link)


def _carry(source: socket.socket, sink: socket.socket, change: Callable[[bytes], bytes]) -> None:
    """Hand on frames until a side or the link hangs up; then hang up, and the other way ends too."""
    with contextlib.suppress(OSError):
        while frame := _frame(source):
            try:
                instead = change(frame)
            except HangUp as end:
                if end.part:
                    sink.sendall(len(frame).to_bytes(4, "big") + end.part)
                break
            sink.sendall(len(instead).to_bytes(4, "big") + instead)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)


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
