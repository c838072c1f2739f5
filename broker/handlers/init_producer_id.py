"""InitProducerId (API 22): a producer id for an idempotent producer (KIP-98).

- 3: a producer may name the id it has to get the next epoch (KIP-360); without a transactional id Kafka
  gives a new id all the same, and so do we.
- With a transactional id: TRANSACTIONAL_ID_AUTHORIZATION_FAILED. Transactions are not served, and of all
  codes this is the one that every client library takes as final instead of trying again for ever.
"""

from __future__ import annotations

from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.init_producer_id import RESPONSE
from ...storage.errors import StorageError
from ..context import RequestContext


def handle(request: Any, context: RequestContext) -> Any:
    if request.transactional_id is not None:
        code = (
            ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
            if request.transactional_id
            else ErrorCode.INVALID_REQUEST
        )
        return RESPONSE(error_code=code, producer_id=-1, producer_epoch=-1)
    if (request.producer_id == -1) is not (request.producer_epoch == -1):
        return RESPONSE(error_code=ErrorCode.INVALID_REQUEST, producer_id=-1, producer_epoch=-1)
    try:
        producer_id = context.node.producer_ids.allocate(context.now_ms)
    except StorageError:
        return RESPONSE(error_code=ErrorCode.COORDINATOR_NOT_AVAILABLE, producer_id=-1, producer_epoch=-1)
    return RESPONSE(producer_id=producer_id, producer_epoch=0)
