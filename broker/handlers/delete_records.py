"""DeleteRecords (API 21): the records before an offset are gone (KIP-107); -1 means all.

- The answer goes out when a start after a crash would know it: when the checkpoint of log start offsets is on
  the disk.
"""

from __future__ import annotations

from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.delete_records import RESPONSE, RESPONSE_PARTITION, RESPONSE_TOPIC
from ...storage.errors import StorageError
from ..context import Pending, RequestContext
from ..partition import PartitionOffline
from ..topics import Topic

_NO_WATERMARK = -1


def handle(request: Any, context: RequestContext) -> Any:
    topics = []
    for asked in request.topics:
        topic = context.node.topics.get(asked.name)
        latest = {each.partition_index: each for each in asked.partitions}  # of one named twice, the last
        rows = [_delete(topic, each, context) for each in latest.values()]
        if rows:
            topics.append(RESPONSE_TOPIC(name=asked.name, partitions=rows))
    response = RESPONSE(topics=topics)
    deleted = [row for topic in topics for row in topic.partitions if row.error_code == ErrorCode.NONE]
    if not deleted:
        return response
    pending = Pending()

    def on_written(error: OSError | None) -> None:
        if error is not None:
            for row in deleted:
                row.error_code, row.low_watermark = ErrorCode.KAFKA_STORAGE_ERROR, _NO_WATERMARK
        pending.complete(response)

    context.node.checkpoints.request(on_written)
    return pending


def _delete(topic: Topic | None, asked: Any, context: RequestContext) -> Any:
    row = RESPONSE_PARTITION(partition_index=asked.partition_index, low_watermark=_NO_WATERMARK)
    if topic is not None and topic.is_internal:
        row.error_code = ErrorCode.INVALID_TOPIC_EXCEPTION
    elif topic is None or not 0 <= asked.partition_index < len(topic.partitions):
        row.error_code = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    elif topic.config["cleanup.policy"] == ("compact",):
        row.error_code = ErrorCode.POLICY_VIOLATION
    else:
        partition = topic.partitions[asked.partition_index]
        try:
            row.low_watermark = partition.delete_records(asked.offset, context.now_ms)
        except (StorageError, PartitionOffline) as failure:
            row.error_code = failure.error_code
    return row
