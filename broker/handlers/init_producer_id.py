"""InitProducerId (API 22): a producer id and epoch for an idempotent or transactional producer (KIP-98).

- 3: a producer may name the id it has to get the next epoch (KIP-360); without a transactional id Kafka
  gives a new id all the same, and so do we.
- 4: a fenced producer is told PRODUCER_FENCED, before that INVALID_PRODUCER_EPOCH (KIP-588).
- 6: two-phase commit (KIP-939), which is refused as by a broker that has not enabled it:
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED; keeping a prepared transaction is UNSUPPORTED_VERSION.
"""

from __future__ import annotations

from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.init_producer_id import RESPONSE
from ...storage.errors import StorageError
from ..context import RequestContext
from ..effects import Failure
from ..transactions.events import InitRequest, ProducerReply


def handle(request: Any, context: RequestContext) -> Any:
    if (request.producer_id == -1) is not (request.producer_epoch == -1):
        return _refused(ErrorCode.INVALID_REQUEST)
    if request.transactional_id is None:
        return _idempotent(context)
    if not request.transactional_id:
        return _refused(ErrorCode.INVALID_REQUEST)
    if request.enable2_pc:
        return _refused(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
    if request.keep_prepared_txn:
        return _refused(ErrorCode.UNSUPPORTED_VERSION)
    init = InitRequest(
        request.transactional_id, request.transaction_timeout_ms, request.producer_id, request.producer_epoch
    )
    context.node.transactions.ensure_topic()
    return context.node.transactions.ask(
        context,
        init.transactional_id,
        lambda shard, token, now, effects: shard.init_producer_id(init, token, now, effects),
        lambda reply: _response(reply, context.version),
    )


def _idempotent(context: RequestContext) -> Any:
    try:
        producer_id = context.node.producer_ids.allocate(context.now_ms)
    except StorageError:
        return _refused(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    return RESPONSE(producer_id=producer_id, producer_epoch=0)


def _response(reply: ProducerReply | Failure, version: int) -> Any:
    if isinstance(reply, Failure) or reply.error is not ErrorCode.NONE:
        fenced = reply.error is ErrorCode.PRODUCER_FENCED and version < 4
        return _refused(ErrorCode.INVALID_PRODUCER_EPOCH if fenced else reply.error)
    return RESPONSE(producer_id=reply.producer_id, producer_epoch=reply.producer_epoch)


def _refused(error: ErrorCode) -> Any:
    return RESPONSE(error_code=error, producer_id=-1, producer_epoch=-1)
