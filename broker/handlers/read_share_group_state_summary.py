"""ReadShareGroupStateSummary (API 87): where a share group begins in a partition (KIP-932; 1: KIP-1226)."""

from __future__ import annotations

from typing import Any

from ...protocol.messages.read_share_group_state_summary import RESPONSE, RESPONSE_PARTITION, RESPONSE_TOPIC
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
    return RESPONSE_PARTITION(partition=index, **reply._asdict())


_API = StateApi(
    lambda shard, key, _, token, __, effects: shard.read_summary(key, token, effects),
    _row,
    RESPONSE,
    RESPONSE_TOPIC,
)
