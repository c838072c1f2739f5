"""DescribeTopicPartitions (API 75): topics in the order of their names, as many partitions as fit a page.

Every partition here has its one replica, so the eligible leader replicas are none (KIP-966).
"""

from __future__ import annotations

from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.describe_topic_partitions import (
    CURSOR,
    RESPONSE,
    RESPONSE_PARTITION,
    RESPONSE_TOPIC,
)
from ..authorized_operations import TOPIC as TOPIC_OPERATIONS
from ..context import RequestContext
from ..partition import Partition
from ..topic_names import INTERNAL_TOPICS, name_problem
from ..topics import Topic


def handle(request: Any, context: RequestContext) -> Any:
    node, cursor = context.node, request.cursor
    everything = not request.topics
    names = {topic.name for topic in (node.topics if everything else request.topics)}
    start_name, start_index = (cursor.topic_name, cursor.partition_index) if cursor else ("", 0)
    if start_index < 0 or (cursor and not everything and start_name not in names):
        return _invalid(request)
    limit = min(node.config["max.request.partition.size.limit"], request.response_partition_limit)
    room = max(limit, 1)
    response = RESPONSE()
    for name in sorted(name for name in names if name >= start_name):
        if room == 0:
            response.next_cursor = CURSOR(topic_name=name, partition_index=0)
            break
        topic = node.topics.get(name)
        if topic is None:
            response.topics.append(_missing(name))
            continue
        begin = start_index if name == start_name else 0
        page = topic.partitions[begin : begin + room]
        response.topics.append(_row(topic, page, node.node_id))
        room -= len(page)
        if begin + len(page) < len(topic.partitions):
            response.next_cursor = CURSOR(topic_name=name, partition_index=begin + len(page))
            break
    return response


def _row(topic: Topic, page: list[Partition], node_id: int) -> Any:
    return RESPONSE_TOPIC(
        name=topic.name,
        topic_id=topic.topic_id,
        is_internal=topic.is_internal,
        partitions=[_partition(each, [node_id]) for each in page],
        topic_authorized_operations=TOPIC_OPERATIONS,
    )


def _partition(partition: Partition, replicas: list[int]) -> Any:
    offline = partition.offline is not None
    return RESPONSE_PARTITION(
        partition_index=partition.index,
        leader_id=-1 if offline else replicas[0],
        leader_epoch=partition.leader_epoch,
        replica_nodes=replicas,
        isr_nodes=replicas,
        eligible_leader_replicas=[],
        last_known_elr=[],
        offline_replicas=replicas if offline else [],
    )


def _missing(name: str) -> Any:
    invalid = name_problem(name) is not None
    code = ErrorCode.INVALID_TOPIC_EXCEPTION if invalid else ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    return RESPONSE_TOPIC(
        error_code=code,
        name=name,
        is_internal=name in INTERNAL_TOPICS,
        topic_authorized_operations=TOPIC_OPERATIONS,
    )


def _invalid(request: Any) -> Any:
    """The cursor's partition is negative, or its topic is not among those asked for."""
    code = ErrorCode.INVALID_REQUEST
    return RESPONSE(topics=[RESPONSE_TOPIC(error_code=code, name=each.name) for each in request.topics])
