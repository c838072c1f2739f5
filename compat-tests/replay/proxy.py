"""A proxy between a client program and a broker that records requests and their answers.

Addresses in answers (Metadata, FindCoordinator and others) lead to the proxy, so that every connection of the
client passes through it. ApiVersions names only the versions that `versions` has, so that a client asks two
brokers alike. Frames that are not understood pass as they are.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from comparison.undetermined import slots

from odradek.compat.relay import Link, Relay
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ProtocolError
from odradek.protocol.framing import read_request, read_response, write_response


class Exchange(NamedTuple):
    """A request and its answer, as values of the protocol's messages."""

    api: ApiKey
    version: int
    request: Any
    response: Any


class Proxy(Relay["_RecordedLink"]):
    """A relay before the broker at `upstream`; `exchanges` is what was said so far."""

    def __init__(self, upstream: str, versions: Mapping[ApiKey, range]) -> None:
        self.versions = versions
        self.exchanges: list[Exchange] = []
        self._port = int(upstream.rpartition(":")[2])
        super().__init__(lambda: _RecordedLink(self), upstream)

    def lead_here(self, value: Any) -> None:
        """Change every address of the broker within an answer to the proxy's."""
        if isinstance(value, list):
            for each in value:
                self.lead_here(each)
        elif hasattr(value, "unknown_tags"):
            names = slots(value)
            if "host" in names and "port" in names and value.port == self._port:
                value.host, value.port = "127.0.0.1", self.port
            for name in names:
                self.lead_here(getattr(value, name))


class _RecordedLink(Link):
    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy
        self._asked: dict[int, tuple[ApiKey, int, Any]] = {}

    def request(self, frame: bytes) -> bytes:
        with contextlib.suppress(ProtocolError):
            header, request = read_request(frame)
            self._asked[header.correlation_id] = (ApiKey(header.api_key), header.api_version, request)
        return frame

    def answer(self, frame: bytes) -> bytes:
        about = self._asked.pop(int.from_bytes(frame[:4], "big", signed=True), None)
        if about is None:
            return frame
        api, version, request = about
        try:
            correlation_id, response = read_response(api, version, frame)
        except ProtocolError:  # ApiVersions of a version that the broker does not know
            return frame
        self._proxy.lead_here(response)
        if api == ApiKey.API_VERSIONS:
            response.api_keys = [each for each in response.api_keys if self._shared(each)]
        self._proxy.exchanges.append(Exchange(api, version, request, response))
        return b"".join(bytes(part) for part in write_response(api, version, correlation_id, response))[4:]

    def _shared(self, row: Any) -> bool:
        """Cut a row of ApiVersions to the versions that both brokers serve; whether any is left."""
        with contextlib.suppress(ValueError, KeyError):
            versions = self._proxy.versions[ApiKey(row.api_key)]
            row.min_version, row.max_version = versions[0], versions[-1]
            return True
        return False
