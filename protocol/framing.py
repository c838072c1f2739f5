"""Frames: a length of four bytes, a header, a message. Requests in, responses out; for tests also back.

A header's version follows from the message in it: the request's header got the client id with version 1 and
tags with version 2 (KIP-482), the response's header got tags with version 1.
"""

from __future__ import annotations

from struct import Struct as Format
from struct import error as StructError  # noqa: N812
from typing import Any, Final

from . import messages
from .api_keys import ApiKey
from .errors import ProtocolError, UnsupportedVersion
from .schema import INT16, INT32, STRING, Buffer, Field, Message, parts

RequestHeader: Final = Message(
    "RequestHeader",
    versions=range(0, 3),
    flexible=2,
    fields=(
        Field("api_key", INT16),
        Field("api_version", INT16),
        Field("correlation_id", INT32),
        # Not compact in version 2 either, so that brokers can read the header of a request newer than they
        # are.
        Field("client_id", STRING, since=1, nullable=1, default=None, compact=False),
    ),
    is_prefix=True,
)
"""A request's header, in Kafka's names without the prefix `request_`."""

ResponseHeader: Final = Message(
    "ResponseHeader",
    versions=range(0, 2),
    flexible=1,
    fields=(Field("correlation_id", INT32),),
    is_prefix=True,
)

_START: Final = Format(">hhi")
_SIZE: Final = Format(">i")
_SIZE_AND_ID: Final = Format(">ii")

_header_versions: dict[tuple[int, int], int] = {}


def request_header_version(api_key: int, api_version: int) -> int:
    """Which RequestHeader comes before this request. Raises KeyError for an API without messages here."""
    if api_key == ApiKey.CONTROLLED_SHUTDOWN and api_version == 0:
        return 0  # the one request that was never given a client id
    return 2 if messages.request(api_key).is_flexible(api_version) else 1


def response_header_version(api_key: int, api_version: int) -> int:
    """Which ResponseHeader comes before this response. Raises KeyError for an API without messages here.

    Before ApiVersions nothing is known of the other side: its response has the oldest header for ever
    (KIP-511).
    """
    if api_key == ApiKey.API_VERSIONS:
        return 0
    return 1 if messages.response(api_key).is_flexible(api_version) else 0


def read_request_header(frame: Buffer) -> tuple[Any, int]:
    """The header of the request in `frame` (without its length), and where the request itself begins.

    Raises ProtocolError, and UnsupportedVersion with its correlation id if there is no such message here.
    """
    try:
        api_key, api_version, correlation_id = _START.unpack_from(frame)
    except StructError:
        raise ProtocolError("the frame is shorter than a request header", offset=0) from None
    version = _header_versions.get((api_key, api_version))
    if version is None:
        version = _header_version(api_key, api_version, correlation_id)
    return RequestHeader.read_from(frame, version)


def _header_version(api_key: int, api_version: int, correlation_id: int) -> int:
    """The version of a request's header, looked up once for each API and version."""
    try:
        known = api_version in messages.request(api_key).versions
    except KeyError:
        known = False
    if not known:
        raise UnsupportedVersion(api_key, api_version, correlation_id)
    version = _header_versions[api_key, api_version] = request_header_version(api_key, api_version)
    return version


def read_request(frame: Buffer) -> tuple[Any, Any]:
    """The header and the request in `frame` (without its length). Raises like `read_request_header`.

    Bytes after the request are passed over, as Apache Kafka does: librdkafka's Metadata request for all
    topics has three.
    """
    header, offset = read_request_header(frame)
    request, _ = messages.request(header.api_key).read_from(frame, header.api_version, offset)
    return header, request


def write_response(api_key: int, api_version: int, correlation_id: int, response: Any) -> list[Any]:
    """The frame of a response with its length, in pieces to be sent one after the other.

    Pieces are bytes-like, or records as they are in the response. Raises ValueError where a field does not
    fit.
    """
    out = bytearray(9 if response_header_version(api_key, api_version) else 8)
    splices: list[tuple[int, Any]] = []
    messages.response(api_key).write_parts(response, api_version, out, splices)
    size = len(out) - 4
    for _, records in splices:
        size += len(records)
    _SIZE_AND_ID.pack_into(out, 0, size, correlation_id)
    return parts(out, splices) if splices else [out]


def write_request(header: Any, request: Any) -> bytes:
    """The frame of a request with its length. Raises ValueError where a field does not fit."""
    version = request_header_version(header.api_key, header.api_version)
    body = messages.request(header.api_key).write(request, header.api_version)
    head = RequestHeader.write(header, version)
    return _SIZE.pack(len(head) + len(body)) + head + body


def read_response(api_key: int, api_version: int, frame: Buffer) -> tuple[int, Any]:
    """The correlation id and the response in `frame` (without its length). Raises ProtocolError."""
    header, offset = ResponseHeader.read_from(frame, response_header_version(api_key, api_version))
    return header.correlation_id, messages.response(api_key).read(frame, api_version, offset)
