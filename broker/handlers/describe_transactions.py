"""DescribeTransactions (API 65): the state of transactional ids (KIP-664)."""

from __future__ import annotations

from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.describe_transactions import RESPONSE, STATE, TOPIC
from ..context import RequestContext
from ..effects import Effects, Failure, Instant
from ..transactions.records import TransactionRecord
from ..transactions.shard import TransactionShard


def handle(request: Any, context: RequestContext) -> Any:
    """The state of each id."""
    ids = request.transactional_ids
    return context.node.transactions.ask_each(
        context,
        [(each, _event(each)) for each in ids],
        lambda replies: RESPONSE(
            transaction_states=[_state(*pair) for pair in zip(ids, replies, strict=True)]
        ),
    )


def _event(transactional_id: str) -> Any:
    def event(shard: TransactionShard, token: Any, _: Instant, effects: Effects) -> None:
        machine = shard.transactions.get(transactional_id)
        if machine is not None:
            effects.reply(token, machine.stored._replace(partitions=machine.unmarked))
        else:
            known = ErrorCode.TRANSACTIONAL_ID_NOT_FOUND if transactional_id else ErrorCode.INVALID_REQUEST
            effects.reply(token, Failure(known))

    return event


def _state(transactional_id: str, reply: TransactionRecord | Failure) -> Any:
    if isinstance(reply, Failure):
        return STATE(transactional_id=transactional_id, error_code=reply.error)
    topics: dict[str, list[int]] = {}
    for topic, index in reply.partitions:
        topics.setdefault(topic, []).append(index)
    return STATE(
        transactional_id=transactional_id,
        transaction_state=reply.state.label,
        transaction_timeout_ms=reply.timeout_ms,
        transaction_start_time_ms=reply.start_ms,
        producer_id=reply.producer_id,
        producer_epoch=reply.producer_epoch,
        topics=[TOPIC(topic=topic, partitions=indexes) for topic, indexes in topics.items()],
    )
