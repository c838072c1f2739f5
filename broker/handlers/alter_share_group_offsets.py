"""AlterShareGroupOffsets (API 91): have an empty share group begin at other offsets (KIP-932)."""

from __future__ import annotations

from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.alter_share_group_offsets import (
    RESPONSE,
    RESPONSE_PARTITION,
    RESPONSE_TOPIC,
)
from ..context import Pending, RequestContext
from ..effects import Failure
from ..groups.share import requests as share_requests
from ..groups.share.state import InitializeState
from ..share.state_records import SharePartitionKey
from ..share_coordinator import Results, failure_of


def handle(request: Any, context: RequestContext) -> Any:
    """Note in the group what is to be made anew, and have the share coordinator make it."""
    if not request.group_id:
        error = ErrorCode.INVALID_GROUP_ID
        return RESPONSE(error_code=error, error_message=error.message)
    pending, node = Pending(), context.node
    offsets = _offsets(request, context)

    def altered(reply: InitializeState | Failure) -> None:
        if isinstance(reply, Failure):
            message = reply.message or reply.error.message
            pending.complete(RESPONSE(error_code=reply.error, error_message=message))
        else:
            node.share_states.initialize(reply, lambda results: initialized(reply, results))

    def initialized(order: InitializeState, results: Results) -> None:
        if failure_of(results) is None:
            node.groups.note_states(order, results)
        pending.complete(_response(request, context, results))

    node.groups.call(
        request.group_id,
        lambda shard, token, _, effects: share_requests.alter_offsets(
            shard, request.group_id, offsets, token, effects
        ),
        altered,
    )
    return pending.settled()


def _offsets(request: Any, context: RequestContext) -> dict[bytes, dict[int, int]]:
    """The start offsets of partitions that exist."""
    found: dict[bytes, dict[int, int]] = {}
    for asked in request.topics:
        topic = context.node.topics.get(asked.topic_name)
        if topic is not None:
            found[topic.topic_id] = {
                partition.partition_index: partition.start_offset
                for partition in asked.partitions
                if 0 <= partition.partition_index < len(topic.partitions)
            }
    return found


def _response(request: Any, context: RequestContext, results: Results) -> Any:
    topics = []
    for asked in request.topics:
        topic = context.node.topics.get(asked.topic_name)
        topic_id = bytes(16) if topic is None else topic.topic_id
        rows = []
        for partition in asked.partitions:
            index = partition.partition_index
            unknown = Failure(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
            reply = results.get(SharePartitionKey(request.group_id, topic_id, index), unknown)
            row = RESPONSE_PARTITION(partition_index=index)
            if isinstance(reply, Failure):
                row.error_code, row.error_message = reply.error, reply.message or reply.error.message
            rows.append(row)
        topics.append(RESPONSE_TOPIC(topic_name=asked.topic_name, topic_id=topic_id, partitions=rows))
    return RESPONSE(responses=topics)
