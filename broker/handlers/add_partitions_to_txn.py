"""AddPartitionsToTxn (API 24): partitions become part of a transaction, before the first record (KIP-98).

- 2: a fenced producer is told PRODUCER_FENCED, before that INVALID_PRODUCER_EPOCH (KIP-588).
- 4: other brokers ask for several transactions at once, and whether partitions are part of one already
  (KIP-890).
- All or nothing: where a partition does not exist, the others are OPERATION_NOT_ATTEMPTED.
"""

from __future__ import annotations

from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.add_partitions_to_txn import (
    PARTITION_RESULT,
    RESPONSE,
    RESULT,
    TOPIC_RESULT,
    TRANSACTION,
)
from ..context import RequestContext
from ..effects import Effects, Failure, Instant
from ..topic_names import INTERNAL_TOPICS
from ..transactions.events import Producer
from ..transactions.records import VERSION_WITH_EPOCHS, TopicPartition
from ..transactions.shard import TransactionShard

Errors = dict[TopicPartition, ErrorCode]


def handle(request: Any, context: RequestContext) -> Any:
    """Add the partitions of each transaction, or look whether they have been added."""
    from_client = context.version < 4
    asked = [_of_client(request)] if from_client else request.transactions
    refused = [_refused(transaction, from_client, context) for transaction in asked]
    events = [
        (each.transactional_id, _event(each, 0 if from_client else VERSION_WITH_EPOCHS))
        for each, errors in zip(asked, refused, strict=True)
        if not errors
    ]

    def response(replies: list[Errors | ErrorCode | Failure]) -> Any:
        left = iter(replies)
        results = []
        for each, errors in zip(asked, refused, strict=True):
            decided = errors or _spread(each, next(left), context.version)
            results.append(RESULT(transactional_id=each.transactional_id, topic_results=_rows(each, decided)))
        if from_client:
            return RESPONSE(results_by_topic_v3_and_below=results[0].topic_results)
        return RESPONSE(results_by_transaction=results)

    return context.node.transactions.ask_each(context, events, response)


def _of_client(request: Any) -> Any:
    return TRANSACTION(
        transactional_id=request.v3_and_below_transactional_id,
        producer_id=request.v3_and_below_producer_id,
        producer_epoch=request.v3_and_below_producer_epoch,
        topics=request.v3_and_below_topics,
    )


def _partitions(transaction: Any) -> list[TopicPartition]:
    return [(topic.name, index) for topic in transaction.topics for index in topic.partitions]


def _refused(transaction: Any, from_client: bool, context: RequestContext) -> Errors:
    """The error of each partition if one does not exist, or is not the client's; else nothing."""
    errors: Errors = {}
    for name, index in _partitions(transaction):
        if from_client and name in INTERNAL_TOPICS:
            errors[name, index] = ErrorCode.TOPIC_AUTHORIZATION_FAILED
        elif context.node.topics.partition(name, index) is None:
            errors[name, index] = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    if errors:
        for each in _partitions(transaction):
            errors.setdefault(each, ErrorCode.OPERATION_NOT_ATTEMPTED)
    return errors


def _event(transaction: Any, client_version: int) -> Any:
    producer = Producer(transaction.transactional_id, transaction.producer_id, transaction.producer_epoch)
    partitions = _partitions(transaction)

    def event(shard: TransactionShard, token: Any, now: Instant, effects: Effects) -> None:
        if transaction.verify_only:
            shard.verify(producer, partitions, token, effects)
        else:
            shard.add(producer, partitions, client_version, token, now, effects)

    return event


def _spread(transaction: Any, reply: Errors | ErrorCode | Failure, version: int) -> Errors:
    """The error of each partition."""
    if isinstance(reply, dict):
        return reply
    error = reply.error if isinstance(reply, Failure) else reply
    if error is ErrorCode.PRODUCER_FENCED and version < 2:
        error = ErrorCode.INVALID_PRODUCER_EPOCH
    return dict.fromkeys(_partitions(transaction), error)


def _rows(transaction: Any, errors: Errors) -> list[Any]:
    return [
        TOPIC_RESULT(
            name=topic.name,
            results_by_partition=[
                PARTITION_RESULT(partition_index=index, partition_error_code=errors[topic.name, index])
                for index in topic.partitions
            ],
        )
        for topic in transaction.topics
    ]
