"""A proxy between a client program and a broker that records requests and their answers.

Addresses in answers (Metadata, FindCoordinator and others) lead to the proxy, so that every connection of the
client passes through it. ApiVersions names only the versions that `versions` has, so that a client asks two
brokers alike. Frames that are not understood pass as they are.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Mapping
from typing import Any, NamedTuple

from comparison.undetermined import slots

from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ProtocolError
from odradek.protocol.framing import read_request, read_response, write_response


class Exchange(NamedTuple):
    """A request and its answer, as values of the protocol's messages."""

    api: ApiKey
    version: int
    request: Any
    response: Any


class Proxy:
    """Listens at `address` for clients of the broker at `upstream`; `exchanges` is what was said so far."""

    def __init__(self, upstream: str, versions: Mapping[ApiKey, range]) -> None:
        host, _, port = upstream.rpartition(":")
        self.upstream = (host, int(port))
        self.versions = versions
        self.exchanges: list[Exchange] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
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
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            broker = socket.create_connection(self.upstream, 5)
        except OSError:
            client.close()
            return
        broker.settimeout(None)
        self._connections |= {client, broker}
        link = Link(self, client, broker)
        answers = threading.Thread(target=link.carry_answers, daemon=True)
        answers.start()
        link.carry_requests()
        answers.join()
        self._connections -= {client, broker}
        client.close()
        broker.close()

    def lead_here(self, value: Any) -> None:
        """Change every address of the broker within an answer to the proxy's."""
        if isinstance(value, list):
            for each in value:
                self.lead_here(each)
        elif hasattr(value, "unknown_tags"):
            names = slots(value)
            if "host" in names and "port" in names and value.port == self.upstream[1]:
                value.host, value.port = "127.0.0.1", self.port
            for name in names:
                self.lead_here(getattr(value, name))


class Link:
    """One client's connection and the one to the broker that belongs to it."""

    def __init__(self, proxy: Proxy, client: socket.socket, broker: socket.socket) -> None:
        self._proxy, self._client, self._broker = proxy, client, broker
        self._asked: dict[int, tuple[ApiKey, int, Any]] = {}

    def carry_requests(self) -> None:
        """Frames from the client to the broker, until one of them hangs up."""
        with contextlib.suppress(OSError):
            while frame := _frame(self._client):
                with contextlib.suppress(ProtocolError):
                    header, request = read_request(frame)
                    about = (ApiKey(header.api_key), header.api_version, request)
                    self._asked[header.correlation_id] = about
                self._broker.sendall(struct.pack(">i", len(frame)) + frame)
        _hang_up(self._broker)

    def carry_answers(self) -> None:
        """Frames from the broker to the client, likewise, with addresses changed."""
        with contextlib.suppress(OSError):
            while frame := _frame(self._broker):
                self._client.sendall(self._answer(frame))
        _hang_up(self._client)

    def _answer(self, frame: bytes) -> bytes:
        as_it_is = struct.pack(">i", len(frame)) + frame
        about = self._asked.pop(int.from_bytes(frame[:4], "big", signed=True), None)
        if about is None:
            return as_it_is
        api, version, request = about
        try:
            correlation_id, response = read_response(api, version, frame)
        except ProtocolError:  # ApiVersions of a version that the broker does not know
            return as_it_is
        self._proxy.lead_here(response)
        if api == ApiKey.API_VERSIONS:
            response.api_keys = [each for each in response.api_keys if self._shared(each)]
        self._proxy.exchanges.append(Exchange(api, version, request, response))
        return b"".join(bytes(part) for part in write_response(api, version, correlation_id, response))

    def _shared(self, row: Any) -> bool:
        """Cut a row of ApiVersions to the versions that both brokers serve; whether any is left."""
        with contextlib.suppress(ValueError, KeyError):
            versions = self._proxy.versions[ApiKey(row.api_key)]
            row.min_version, row.max_version = versions[0], versions[-1]
            return True
        return False


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
