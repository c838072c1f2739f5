"""FindCoordinator: with one broker, every group and every transactional id is at home here.

- KIP-98 (v1): key type 1 asks for a transactional id; with the first one the coordinator's topic is made.
- KIP-699 (v4): many keys at once.
- KIP-932 (v6): key type 2 asks for a share group's state, by `group:topic id:partition`; with the first one
  the topic of states is made.
"""

from __future__ import annotations

from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.find_coordinator import COORDINATOR, RESPONSE
from ..context import RequestContext
from ..share.state_records import is_share_partition_key

GROUP, TRANSACTION, SHARE = 0, 1, 2


def handle(request: Any, context: RequestContext) -> Any:
    """The coordinator of one key, or of each of several."""
    if context.version < 4:
        found = _coordinator(request.key, request.key_type, context)
        # Kafka spells out that there was no error; from v4 on it leaves the message empty.
        found["error_message"] = found["error_message"] or found["error_code"].name
        return RESPONSE(**found)
    return RESPONSE(
        coordinators=[
            COORDINATOR(key=key, **_coordinator(key, request.key_type, context))
            for key in request.coordinator_keys
        ]
    )


def _coordinator(key: str, key_type: int, context: RequestContext) -> dict[str, Any]:
    error, message = _check(key, key_type, context)
    node_id, (host, port) = context.node.node_id, context.advertised
    if error is not ErrorCode.NONE:
        node_id, host, port = -1, "", -1
    return {
        "node_id": node_id,
        "host": host,
        "port": port,
        "error_code": error,
        "error_message": message,
    }


def _check(key: str, key_type: int, context: RequestContext) -> tuple[ErrorCode, str]:
    if key_type == SHARE and context.version >= 6:
        return _check_share(key, context)
    if key_type == GROUP or (key_type == TRANSACTION and context.node.transactions.ensure_topic()):
        return ErrorCode.NONE, ""
    if key_type == TRANSACTION:
        return ErrorCode.COORDINATOR_NOT_AVAILABLE, ErrorCode.COORDINATOR_NOT_AVAILABLE.message
    return ErrorCode.INVALID_REQUEST, f"This broker has no coordinator for keys of type {key_type}."


def _check_share(key: str, context: RequestContext) -> tuple[ErrorCode, str]:
    if not is_share_partition_key(key):
        return ErrorCode.INVALID_REQUEST, ErrorCode.INVALID_REQUEST.message
    error = (
        ErrorCode.NONE if context.node.share_states.ensure_topic() else ErrorCode.COORDINATOR_NOT_AVAILABLE
    )
    return error, error.message if error else ""
