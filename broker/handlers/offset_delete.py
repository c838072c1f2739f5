"""OffsetDelete (KIP-496): remove offsets of topics that the group does not subscribe to."""

from __future__ import annotations

from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.offset_delete import RESPONSE, RESPONSE_PARTITION, RESPONSE_TOPIC
from ..context import RequestContext
from ..groups.events import Failure


def handle(request: Any, context: RequestContext) -> Any:
    """Delete what names an existing partition, and answer with an error code for each."""
    topics = context.node.topics
    known = [
        (topic.name, partition.partition_index)
        for topic in request.topics
        for partition in topic.partitions
        if topics.partition(topic.name, partition.partition_index) is not None
    ]
    return context.node.groups.ask(
        context,
        request.group_id,
        lambda shard, token, _, effects: shard.delete_offsets(request.group_id, known, token, effects),
        lambda reply: _response(request, known, reply),
    )


def _response(request: Any, known: list[tuple[str, int]], reply: tuple[ErrorCode, ...] | Failure) -> Any:
    if isinstance(reply, Failure):
        return RESPONSE(error_code=reply.error)
    errors = dict(zip(known, reply, strict=True))
    return RESPONSE(
        topics=[
            RESPONSE_TOPIC(
                name=topic.name,
                partitions=[
                    RESPONSE_PARTITION(
                        partition_index=partition.partition_index,
                        error_code=errors.get(
                            (topic.name, partition.partition_index), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
                        ),
                    )
                    for partition in topic.partitions
                ],
            )
            for topic in request.topics
            if topic.partitions
        ]
    )
