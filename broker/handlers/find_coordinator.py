"""FindCoordinator: with one broker, every group and every transactional id is at home here.

- KIP-98 (v1): key type 1 asks for a transactional id; with the first one the coordinator's topic is made.
- KIP-699 (v4): many keys at once.
- KIP-932 (v6): key type 2 asks for a share group's state. Without share groups that is INVALID_REQUEST.
"""

from __future__ import annotations

from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.find_coordinator import COORDINATOR, RESPONSE
from ..context import RequestContext

GROUP, TRANSACTION = 0, 1


def handle(request: Any, context: RequestContext) -> Any:
    """The coordinator of one key, or of each of several."""
    error, message = _check(request.key_type, context)
    node_id, (host, port) = context.node.node_id, context.advertised
    if error is not ErrorCode.NONE:
        node_id, host, port = -1, "", -1
    if context.version < 4:
        # Kafka spells out that there was no error; from v4 on it leaves the message empty.
        message = message or error.name
        return RESPONSE(error_code=error, error_message=message, node_id=node_id, host=host, port=port)
    return RESPONSE(
        coordinators=[
            COORDINATOR(
                key=key, node_id=node_id, host=host, port=port, error_code=error, error_message=message
            )
            for key in request.coordinator_keys
        ]
    )


def _check(key_type: int, context: RequestContext) -> tuple[ErrorCode, str]:
    if key_type == GROUP or (key_type == TRANSACTION and context.node.transactions.ensure_topic()):
        return ErrorCode.NONE, ""
    if key_type == TRANSACTION:
        return ErrorCode.COORDINATOR_NOT_AVAILABLE, ErrorCode.COORDINATOR_NOT_AVAILABLE.message
    return ErrorCode.INVALID_REQUEST, f"This broker has no coordinator for keys of type {key_type}."
