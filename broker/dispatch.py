"""From one frame to one answer: read the request, find its handler, encode the response."""

from __future__ import annotations

import logging
from functools import partial
from struct import Struct
from typing import TYPE_CHECKING, Any

from ..protocol.api_keys import ApiKey
from ..protocol.errors import ErrorCode, ProtocolError
from ..protocol.framing import read_request, write_response
from .connection import Answer, CloseConnection, Connection, Deferred
from .context import Pending, RequestContext
from .handlers import ROUTES, handler

if TYPE_CHECKING:
    from .node import Node

log = logging.getLogger(__name__)

_PREAMBLE = Struct(">hhi").unpack_from  # api_key, api_version, correlation_id: so in every header version


class Dispatcher:
    """What a connection calls with each frame.

    The frame's memory is used again once the call is over: a handler that parks its request must not keep the
    memoryviews in it (record sets), everything else in a request is its own copy.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._clock = node.clock

    def __call__(self, frame: memoryview, connection: Connection) -> Answer:
        if len(frame) < 8:
            raise CloseConnection(f"it sent a request of {len(frame)} bytes, which has no room for a header")
        api_key, version, correlation_id = _PREAMBLE(frame)
        served = ROUTES.get(api_key)
        if served is None or version not in served:
            return _unsupported(api_key, version, correlation_id)
        try:
            header, request = read_request(frame)
        except ProtocolError as error:
            name = ApiKey(api_key).name
            raise CloseConnection(
                f"it sent a malformed {name} request (version {version}): {error}"
            ) from None
        context = RequestContext(
            self._node,
            api_key=api_key,
            version=version,
            now_ms=self._clock.wall_ms(),
            monotonic_ms=self._clock.monotonic_ms(),
            client_id=header.client_id,
            client_host=connection.client_host,
            connection_id=connection.id,
            advertised=connection.advertised,
        )
        try:
            response = handler(ApiKey(api_key))(request, context)
        except CloseConnection:  # Produce with acks=0 has no other way to tell of an error
            raise
        except Exception:
            log.exception("A bug: %s version %d failed.", ApiKey(api_key).name, version)
            return _encode(api_key, version, correlation_id, _server_error(api_key, version))
        if response is None:
            return None
        if isinstance(response, Pending):
            return Deferred(response, partial(_encode, api_key, version, correlation_id))
        return _encode(api_key, version, correlation_id, response)


def _encode(api_key: int, version: int, correlation_id: int, response: Any) -> list[Any]:
    try:
        return write_response(api_key, version, correlation_id, response)
    except Exception:
        name = ApiKey(api_key).name
        log.exception("A bug: the answer to %s version %d cannot be written.", name, version)
        raise CloseConnection(f"the answer to its {name} request could not be written") from None


def _server_error(api_key: int, version: int) -> Any:
    """UNKNOWN_SERVER_ERROR in the API's response. Where it has no place for it, the connection has to go."""
    from ..protocol.messages import response

    message = response(api_key)
    if not any(field.name == "error_code" and field.since <= version for field in message.fields):
        raise CloseConnection(f"its {ApiKey(api_key).name} request failed here and the answer cannot say so")
    return message(error_code=ErrorCode.UNKNOWN_SERVER_ERROR)


def _unsupported(api_key: int, version: int, correlation_id: int) -> list[Any]:
    """ApiVersions is answered in version 0, which any client reads (KIP-511); the rest ends, as in Kafka."""
    if api_key == ApiKey.API_VERSIONS:
        from .handlers.api_versions import unsupported_version

        return _encode(api_key, 0, correlation_id, unsupported_version())
    name = ApiKey(api_key).name if api_key in ApiKey.__members__.values() else f"API {api_key}"
    raise CloseConnection(f"it sent {name} version {version}, which is not served")
