"""DeleteShareGroupState (API 86): forget what is stored of a share group and a partition (KIP-932)."""

from __future__ import annotations

from typing import Any

from ...protocol.messages.delete_share_group_state import RESPONSE, RESPONSE_PARTITION, RESPONSE_TOPIC
from ..context import RequestContext
from ..effects import Failure
from ..share_states import StateApi, handle_states


def handle(request: Any, context: RequestContext) -> Any:
    """Ask the shard of each partition."""
    return handle_states(_API, request, context)


def _row(index: int, reply: Any) -> Any:
    if isinstance(reply, Failure):
        return RESPONSE_PARTITION(
            partition=index, error_code=reply.error, error_message=reply.message or reply.error.message
        )
    return RESPONSE_PARTITION(partition=index)


_API = StateApi(
    lambda shard, key, _, token, __, effects: shard.delete(key, token, effects),
    _row,
    RESPONSE,
    RESPONSE_TOPIC,
)
