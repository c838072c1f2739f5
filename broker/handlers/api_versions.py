"""ApiVersions (API 18): what this broker speaks, derived from the routing table (KIP-35).

- 3: the client says its name and version, and bad ones are refused (KIP-511).
- An unknown version is answered in version 0 with UNSUPPORTED_VERSION and the versions of this API alone,
  from which the client picks one (KIP-511).
- Features say which protocols clients may count on (KIP-584): those that are served, by the levels of 4.4.
  A feature that may begin at level 0 is told from 4 on, which older clients must not see.
- 5: a client that has come to another cluster or node than it means is sent back to its bootstrap servers
  (KIP-1242).
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from ...protocol.api_keys import ApiKey
from ...protocol.errors import ErrorCode
from ...protocol.messages.api_versions import API_VERSION, FINALIZED_FEATURE, RESPONSE, SUPPORTED_FEATURE
from ..context import RequestContext
from . import ROUTES

if TYPE_CHECKING:
    from ..node import Node

# The features that this broker has finalized, with their levels.
FEATURES = {"group.version": 1, "share.version": 2, "streams.version": 1, "transaction.version": 2}

_ANY_NODE = -1

# KIP-511: names and versions of client libraries, which end up in metrics.
_SOFTWARE = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?").fullmatch


def handle(request: Any, context: RequestContext) -> Any:
    names = (request.client_software_name, request.client_software_version)
    is_half_meant = (request.cluster_id is None) != (request.node_id == _ANY_NODE)
    if is_half_meant or (context.version >= 3 and not all(map(_SOFTWARE, names))):
        return RESPONSE(error_code=ErrorCode.INVALID_REQUEST)
    if _is_misrouted(request, context.node):
        return RESPONSE(error_code=ErrorCode.REBOOTSTRAP_REQUIRED)
    return RESPONSE(
        api_keys=_served(),
        supported_features=_supported() if context.version >= 4 else [],
        finalized_features_epoch=0,
        finalized_features=_finalized(),
    )


def _is_misrouted(request: Any, node: Node) -> bool:
    """Whether the client means another broker; many, as all old ones, mean none in particular."""
    return request.cluster_id is not None and (request.cluster_id, request.node_id) != (
        node.cluster_id,
        node.node_id,
    )


def unsupported_version() -> Any:
    """The answer, in version 0, to a version that is not known here."""
    return RESPONSE(error_code=ErrorCode.UNSUPPORTED_VERSION, api_keys=[_range(ApiKey.API_VERSIONS)])


@cache
def _supported() -> list[Any]:
    return [
        SUPPORTED_FEATURE(name=name, min_version=0, max_version=level) for name, level in FEATURES.items()
    ]


@cache
def _finalized() -> list[Any]:
    return [
        FINALIZED_FEATURE(name=name, min_version_level=level, max_version_level=level)
        for name, level in FEATURES.items()
    ]


@cache
def _served() -> list[Any]:
    return [_range(api_key) for api_key in sorted(ROUTES)]


def _range(api_key: ApiKey) -> Any:
    versions = ROUTES[api_key]
    return API_VERSION(api_key=int(api_key), min_version=versions.start, max_version=versions.stop - 1)
