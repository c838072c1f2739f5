"""DescribeProducers (API 61): the producers that a partition knows, and their open transactions (KIP-664)."""

from __future__ import annotations

from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.describe_producers import PRODUCER, RESPONSE, RESPONSE_PARTITION, RESPONSE_TOPIC
from ..context import RequestContext
from ..partition import PartitionOffline
from ..topic_names import name_problem


def handle(request: Any, context: RequestContext) -> Any:
    """The producers of each partition."""
    return RESPONSE(
        topics=[
            RESPONSE_TOPIC(
                name=topic.name,
                partitions=[_partition(topic.name, index, context) for index in topic.partition_indexes],
            )
            for topic in request.topics
        ]
    )


def _partition(name: str, index: int, context: RequestContext) -> Any:
    topics = context.node.topics
    found = topics.partition(name, index)
    if found is None:
        bad_name = name_problem(name) is not None
        error = ErrorCode.INVALID_TOPIC_EXCEPTION if bad_name else ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        message = error.message if topics.get(name) is None else None  # as Kafka
        return RESPONSE_PARTITION(partition_index=index, error_code=error, error_message=message)
    try:
        entries = found.log.producers.entries
    except PartitionOffline as error:
        return RESPONSE_PARTITION(partition_index=index, error_code=error.error_code)
    return RESPONSE_PARTITION(
        partition_index=index,
        active_producers=[
            PRODUCER(
                producer_id=producer_id,
                producer_epoch=entry.producer_epoch,
                last_sequence=entry.last_sequence,
                last_timestamp=entry.last_timestamp,
                coordinator_epoch=entry.coordinator_epoch,
                current_txn_start_offset=entry.current_txn_first_offset,
            )
            for producer_id, entry in entries.items()
        ],
    )
