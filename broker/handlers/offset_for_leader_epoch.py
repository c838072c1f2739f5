"""OffsetForLeaderEpoch (API 23): where a leader epoch ended (KIP-101), for consumers that look for truncation
(KIP-320).

- 1: the answer says which epoch it is about: the newest that is not newer than the one asked for (KIP-279).
- 2: a client that believes in another leader epoch than this broker is told so.
"""

from __future__ import annotations

from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.offset_for_leader_epoch import RESPONSE, RESPONSE_PARTITION, RESPONSE_TOPIC
from ..context import RequestContext
from ..fetching import epoch_error
from ..partition import Partition


def handle(request: Any, context: RequestContext) -> Any:
    topics = context.node.topics
    return RESPONSE(
        topics=[
            RESPONSE_TOPIC(
                topic=topic.topic,
                partitions=[
                    _answer(asked, topics.partition(topic.topic, asked.partition))
                    for asked in topic.partitions
                ],
            )
            for topic in request.topics
        ]
    )


def _answer(asked: Any, partition: Partition | None) -> Any:
    row = RESPONSE_PARTITION(partition=asked.partition)
    if partition is None:
        row.error_code = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    elif partition.offline is not None:
        row.error_code = ErrorCode.KAFKA_STORAGE_ERROR
    else:
        row.error_code = epoch_error(partition, asked.current_leader_epoch)
        if row.error_code == ErrorCode.NONE:
            log = partition.log
            row.leader_epoch, row.end_offset = log.leader_epochs.end_offset(
                asked.leader_epoch, log.log_end_offset
            )
    return row
