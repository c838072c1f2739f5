"""A client on a socket that sends single requests, and takes the answers when it likes."""

from __future__ import annotations

import socket
import struct
from types import TracebackType
from typing import Any, Self

from odradek.protocol.api_keys import ApiKey
from odradek.protocol.framing import RequestHeader, read_response, write_request


def asked(api: ApiKey, version: int, value: object) -> bytes:
    """A request as it goes over the wire, its length in front."""
    return bytes(write_request(RequestHeader(api_key=api, api_version=version, client_id="peer"), value))


def read_frame(client: socket.socket) -> bytes:
    """The next answer without its length."""
    (size,) = struct.unpack(">i", read_exactly(client, 4))
    return read_exactly(client, size)


def read_exactly(client: socket.socket, size: int) -> bytes:
    """So many bytes, which must come."""
    data = bytearray()
    while len(data) < size:
        chunk = client.recv(size - len(data))
        assert chunk, "the broker hung up"
        data += chunk
    return bytes(data)


class Peer:
    """A connection; answers are taken in the order of the requests."""

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.create_connection((host, port), timeout=20)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._socket.close()

    def send(self, api: ApiKey, version: int, *values: object) -> None:
        """Send one request, or several at once."""
        self._socket.sendall(b"".join(asked(api, version, value) for value in values))

    def receive(self, api: ApiKey, version: int) -> Any:
        """The answer to the first request that has none yet."""
        return read_response(api, version, read_frame(self._socket))[1]

    def ask(self, api: ApiKey, version: int, value: object) -> Any:
        """The answer to a request, when there is no other."""
        self.send(api, version, value)
        return self.receive(api, version)
