"""DescribeLogDirs (API 35): the folder of the data, and how much of it each log takes (KIP-113).

- 4: the size and the free space of its volume (KIP-827); -1 when everything is in memory.
- Partitions that do not exist are left out; no topics named means all.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.describe_log_dirs import RESPONSE, RESPONSE_PARTITION, RESPONSE_TOPIC, RESULT
from ..context import RequestContext
from ..partition import Partition


def handle(request: Any, context: RequestContext) -> Any:
    topics: dict[str, list[Any]] = {}
    for partition in _wanted(request, context):
        if partition.offline is None:
            row = RESPONSE_PARTITION(partition_index=partition.index, partition_size=partition.log.size)
            topics.setdefault(partition.topic, []).append(row)
    folder = context.node.folder
    result = RESULT(log_dir=folder.absolute_path, topics=[])
    try:
        result.total_bytes, result.usable_bytes = folder.volume()
        result.topics = [RESPONSE_TOPIC(name=name, partitions=rows) for name, rows in topics.items()]
    except OSError:
        result.error_code = ErrorCode.KAFKA_STORAGE_ERROR
    return RESPONSE(results=[result])


def _wanted(request: Any, context: RequestContext) -> Iterable[Partition]:
    topics = context.node.topics
    if request.topics is None:
        return topics.partitions()
    named = {(topic.topic, index) for topic in request.topics for index in topic.partitions}
    found = (topics.partition(name, index) for name, index in sorted(named))
    return [partition for partition in found if partition is not None]
