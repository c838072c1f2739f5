"""ListConfigResources (API 74): for which resources something can be described (KIP-1142).

- 0: client metrics alone, as ListClientMetricsResources (KIP-714).
- 1: of the types that the request names, or of all.
"""

from __future__ import annotations

from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.list_config_resources import RESOURCE, RESPONSE
from ..config.resources import (
    BROKER,
    BROKER_LOGGER,
    CLIENT_METRICS,
    GROUP,
    TOPIC,
)
from ..context import RequestContext

_TYPES = (GROUP, CLIENT_METRICS, BROKER_LOGGER, BROKER, TOPIC)


def handle(request: Any, context: RequestContext) -> Any:
    types = (request.resource_types or _TYPES) if context.version >= 1 else (CLIENT_METRICS,)
    if not set(types) <= set(_TYPES):
        return RESPONSE(error_code=ErrorCode.UNSUPPORTED_VERSION)
    return RESPONSE(
        config_resources=[
            RESOURCE(resource_type=type, resource_name=name)
            for type in _TYPES
            if type in types
            for name in _names(type, context)
        ]
    )


def _names(type: int, context: RequestContext) -> list[str]:
    if type in (BROKER, BROKER_LOGGER):
        return [str(context.node.node_id)]
    return context.node.config_resources.names(type)
