"""WriteShareGroupState (API 85): how far a share group has come in a partition (KIP-932; 1: KIP-1226)."""

from __future__ import annotations

from typing import Any

from ...protocol.messages.write_share_group_state import RESPONSE, RESPONSE_PARTITION, RESPONSE_TOPIC
from ..context import RequestContext
from ..effects import Failure
from ..share.state_batches import StateBatch
from ..share.state_shard import StateWrite
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


def _write(asked: Any) -> StateWrite:
    return StateWrite(
        asked.state_epoch,
        asked.leader_epoch,
        asked.start_offset,
        asked.delivery_complete_count,
        tuple(
            StateBatch(batch.first_offset, batch.last_offset, batch.delivery_state, batch.delivery_count)
            for batch in asked.state_batches
        ),
    )


_API = StateApi(
    lambda shard, key, asked, token, now, effects: shard.write(key, _write(asked), token, now, effects),
    _row,
    RESPONSE,
    RESPONSE_TOPIC,
)
