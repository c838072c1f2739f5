"""InitializeShareGroupState (API 83): from which offset on a share group reads a partition (KIP-932)."""

from __future__ import annotations

from typing import Any

from ...protocol.messages.initialize_share_group_state import RESPONSE, RESPONSE_PARTITION, RESPONSE_TOPIC
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
    lambda shard, key, asked, token, now, effects: shard.initialize(
        key, asked.state_epoch, asked.start_offset, token, now, effects
    ),
    _row,
    RESPONSE,
    RESPONSE_TOPIC,
)
