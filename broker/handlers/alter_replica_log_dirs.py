"""AlterReplicaLogDirs (API 34): logs are in the one folder that the broker has, and can be moved nowhere else
(KIP-113).
"""

from __future__ import annotations

from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.alter_replica_log_dirs import RESPONSE, RESPONSE_PARTITION, RESPONSE_TOPIC
from ..context import RequestContext


def handle(request: Any, context: RequestContext) -> Any:
    paths = {
        (topic.name, index): folder.path
        for folder in request.dirs
        for topic in folder.topics
        for index in topic.partitions
    }
    topics: dict[str, list[Any]] = {}
    for (name, index), path in paths.items():
        row = RESPONSE_PARTITION(partition_index=index, error_code=_error(name, index, path, context))
        topics.setdefault(name, []).append(row)
    return RESPONSE(
        results=[RESPONSE_TOPIC(topic_name=name, partitions=rows) for name, rows in topics.items()]
    )


def _error(name: str, index: int, path: str, context: RequestContext) -> ErrorCode:
    if path != context.node.folder.absolute_path:
        return ErrorCode.LOG_DIR_NOT_FOUND
    partition = context.node.topics.partition(name, index)
    if partition is None:
        return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    return ErrorCode.NONE if partition.offline is None else ErrorCode.KAFKA_STORAGE_ERROR
