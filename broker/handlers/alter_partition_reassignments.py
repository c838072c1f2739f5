"""AlterPartitionReassignments (API 45): partitions are where they can be: on this broker (KIP-455)."""

from __future__ import annotations

from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.alter_partition_reassignments import RESPONSE, RESPONSE_PARTITION, RESPONSE_TOPIC
from ..context import RequestContext
from ..topics import TopicError


def handle(request: Any, context: RequestContext) -> Any:
    if not request.topics:
        return RESPONSE(error_message="")
    return RESPONSE(
        error_message=None,
        allow_replication_factor_change=request.allow_replication_factor_change,
        responses=[
            RESPONSE_TOPIC(
                name=topic.name,
                partitions=[_answer(topic.name, asked, context) for asked in topic.partitions],
            )
            for topic in request.topics
        ],
    )


def _answer(name: str, asked: Any, context: RequestContext) -> Any:
    row = RESPONSE_PARTITION(partition_index=asked.partition_index, error_message=None)
    try:
        _check(name, asked, context)
    except TopicError as error:
        row.error_code, row.error_message = error.code, str(error)
    else:
        if asked.replicas is None:
            row.error_code = ErrorCode.NO_REASSIGNMENT_IN_PROGRESS
    return row


def _check(name: str, asked: Any, context: RequestContext) -> None:
    """Raise TopicError for a partition that is not there, and for one that is to go elsewhere."""
    topics, index = context.node.topics, asked.partition_index
    if topics.get(name) is None:
        raise TopicError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, f"Unable to find a topic named {name}.")
    if topics.partition(name, index) is None:
        raise TopicError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, f"Unable to find partition {name}:{index}.")
    if asked.replicas is not None:
        context.node.replication.check_move(asked.replicas)
