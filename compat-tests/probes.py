"""Single requests to a broker, and answers in a form in which two brokers can be compared."""

from __future__ import annotations

import base64
import socket
from importlib import import_module
from typing import Any

from odradek.protocol.api_keys import ApiKey
from odradek.protocol.framing import RequestHeader, read_response, write_request

Shown = Any


class Prober:
    """A connection to a broker. What differs from broker to broker, it gives names: topic ids, member ids."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._socket = socket.create_connection((host, int(port)), 30)
        self._correlation_id = 0
        self._names: dict[Any, str] = {}
        self.topic_ids: dict[str, bytes] = {}

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def name(self, value: Any, name: str) -> None:
        """Show a value by this name from now on."""
        self._names[value] = name

    def ask(self, api: str, version: int, **fields: Any) -> Any:
        """Send one request of fields, and return the answer's value."""
        key = ApiKey[api.upper()]
        module = import_module(f"odradek.protocol.messages.{api}")
        self._correlation_id += 1
        header = RequestHeader(
            api_key=key, api_version=version, correlation_id=self._correlation_id, client_id="prober"
        )
        self._socket.sendall(write_request(header, module.REQUEST(**fields)))
        size = int.from_bytes(self._receive(4), "big")
        return read_response(key, version, self._receive(size))[1]

    def shown(self, value: Any) -> Shown:
        """An answer as plain values."""
        if isinstance(value, list):
            return [self.shown(each) for each in value]
        if isinstance(value, bytes | str) and value in self._names:
            return f"<{self._names[value]}>"
        if isinstance(value, bytes):
            return value.hex()
        if isinstance(value, str):
            for known, name in self._names.items():
                text = shown_id(known) if isinstance(known, bytes) else known
                value = value.replace(text, f"<{name}>") if text else value
            return value
        if hasattr(value, "unknown_tags"):
            return {name: self.shown(getattr(value, name)) for name in field_names(value)}
        return value

    def _receive(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            part = self._socket.recv(size - len(data))
            if not part:
                raise ConnectionError("the broker has hung up")
            data += part
        return bytes(data)


def field_names(value: Any) -> list[str]:
    """The fields of a value of a struct."""
    return [name for name in type(value).__slots__ if name != "unknown_tags"]


def shown_id(topic_id: bytes) -> str:
    """A topic id as Kafka's Uuid prints itself."""
    return base64.urlsafe_b64encode(topic_id).decode().rstrip("=")
