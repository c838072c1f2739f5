"""AddOffsetsToTxn (API 25): the offsets of a group become part of a transaction (KIP-98).

What is added is the partition of `__consumer_offsets` that the group lives in.

- 2: a fenced producer is told PRODUCER_FENCED, before that INVALID_PRODUCER_EPOCH (KIP-588).
"""

from __future__ import annotations

from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.add_offsets_to_txn import RESPONSE
from ..context import RequestContext
from ..effects import Failure
from ..transactions.events import Producer


def handle(request: Any, context: RequestContext) -> Any:
    """Add the group's partition."""
    producer = Producer(request.transactional_id, request.producer_id, request.producer_epoch)
    home = context.node.groups.partition_of(request.group_id)
    return context.node.transactions.ask(
        context,
        producer.transactional_id,
        lambda shard, token, now, effects: shard.add(producer, [home], 0, token, now, effects),
        lambda reply: RESPONSE(error_code=_code(reply, context.version)),
    )


def _code(reply: ErrorCode | Failure, version: int) -> ErrorCode:
    error = reply.error if isinstance(reply, Failure) else reply
    if error is ErrorCode.PRODUCER_FENCED and version < 2:
        return ErrorCode.INVALID_PRODUCER_EPOCH
    return error
