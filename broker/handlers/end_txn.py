"""EndTxn (API 26): commit or abort a transaction (KIP-98).

The answer is sent once the outcome is durable, after which nothing changes it.

- 2: a fenced producer is told PRODUCER_FENCED, before that INVALID_PRODUCER_EPOCH (KIP-588).
- 5: every transaction has an epoch of its own, and the answer tells the next one (KIP-890).
"""

from __future__ import annotations

from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.end_txn import RESPONSE
from ..context import RequestContext
from ..effects import Failure
from ..transactions.events import Producer, ProducerReply
from ..transactions.records import VERSION_WITH_EPOCHS


def handle(request: Any, context: RequestContext) -> Any:
    """End the transaction."""
    producer = Producer(request.transactional_id, request.producer_id, request.producer_epoch)
    committed = request.committed
    client_version = VERSION_WITH_EPOCHS if context.version >= 5 else 0
    return context.node.transactions.ask(
        context,
        producer.transactional_id,
        lambda shard, token, now, effects: shard.end(
            producer, committed, client_version, token, now, effects
        ),
        lambda reply: _response(reply, context.version),
    )


def _response(reply: ProducerReply | Failure, version: int) -> Any:
    if isinstance(reply, Failure) or reply.error is not ErrorCode.NONE:
        fenced = reply.error is ErrorCode.PRODUCER_FENCED and version < 2
        return RESPONSE(error_code=ErrorCode.INVALID_PRODUCER_EPOCH if fenced else reply.error)
    return RESPONSE(producer_id=reply.producer_id, producer_epoch=reply.producer_epoch)
