"""Metadata (API 3): the brokers, the controller and the topics.

- 0: an empty list of topics means all of them; from 1 on null does, and empty means none.
- 4: the client may forbid auto-creation. 8: authorized operations (KIP-430), of the cluster up to 10 only.
- 12: topics may be asked for by id (KIP-516).
- A topic that is created by being asked for is whole in this very answer; Kafka's client has to ask twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.metadata import BROKER, RESPONSE, RESPONSE_PARTITION, RESPONSE_TOPIC
from ..authorized_operations import CLUSTER, NOT_ASKED
from ..authorized_operations import TOPIC as TOPIC_OPERATIONS
from ..context import RequestContext
from ..internal_topics import internal_topic_settings
from ..topic_names import INTERNAL_TOPICS, name_problem
from ..topics import MAX_PARTITIONS_PER_CHANGE, Topic, TopicError

_NO_ID = bytes(16)


def handle(request: Any, context: RequestContext) -> Any:
    node, version = context.node, context.version
    topics = request.topics
    everything = topics is None or (version == 0 and not topics)
    if everything:
        rows = [_row(topic, context) for topic in node.topics]
    elif version < 12 and any(each.name is None or each.topic_id != _NO_ID for each in topics):
        return _invalid(topics)
    else:
        rows = _rows(request, topics, context)
    if request.include_topic_authorized_operations:
        for row in rows:
            if row.name is not None:
                row.topic_authorized_operations = TOPIC_OPERATIONS
    asked = request.include_cluster_authorized_operations
    host, port = context.advertised
    return RESPONSE(
        brokers=[BROKER(node_id=node.node_id, host=host, port=port, rack=node.rack)],
        cluster_id=node.cluster_id,
        controller_id=node.node_id,
        topics=rows,
        cluster_authorized_operations=CLUSTER if asked else NOT_ASKED,
    )


def _rows(request: Any, topics: Iterable[Any], context: RequestContext) -> list[Any]:
    """What was asked for, each once; topics named by id, when there are any, exclude those by name, as in
    Kafka.
    """
    ids = dict.fromkeys(each.topic_id for each in topics if each.topic_id != _NO_ID)
    rows = []
    for topic_id in ids:
        found = context.node.topics.by_id(topic_id)
        if found is None:
            rows.append(RESPONSE_TOPIC(error_code=ErrorCode.UNKNOWN_TOPIC_ID, name=None, topic_id=topic_id))
        else:
            rows.append(_row(found, context))
    if ids:
        return rows
    names = dict.fromkeys(each.name for each in topics if each.name is not None)
    create = request.allow_auto_topic_creation and _may_create(names, context)
    return [_by_name(name, create, context) for name in names]


def _may_create(names: Iterable[str], context: RequestContext) -> bool:
    """Whether topics that are missing are made: never more at once than by one CreateTopics."""
    node = context.node
    is_enabled: bool = node.config["auto.create.topics.enable"]
    missing = sum(node.topics.get(name) is None for name in names)
    return is_enabled and missing * node.config["num.partitions"] <= MAX_PARTITIONS_PER_CHANGE


def _by_name(name: str, create: bool, context: RequestContext) -> Any:
    topic = context.node.topics.get(name)
    if topic is not None:
        return _row(topic, context)
    if name_problem(name) is not None:
        return _missing(name, ErrorCode.INVALID_TOPIC_EXCEPTION)
    if not create:
        return _missing(name, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    settings = internal_topic_settings(name, context.node.config)
    partitions, configs = settings or (context.node.config["num.partitions"], {})
    try:
        return _row(context.node.topics.create(name, partitions, configs, now_ms=context.now_ms), context)
    except TopicError as error:
        storage = error.code == ErrorCode.KAFKA_STORAGE_ERROR
        return _missing(name, ErrorCode.LEADER_NOT_AVAILABLE if storage else error.code)


def _row(topic: Topic, context: RequestContext) -> Any:
    replicas = [context.node.node_id]
    partitions = [
        RESPONSE_PARTITION(
            partition_index=partition.index,
            leader_id=replicas[0],
            leader_epoch=partition.leader_epoch,
            replica_nodes=replicas,
            isr_nodes=replicas,
        )
        if partition.offline is None
        else _offline(partition.index, replicas, partition.leader_epoch)
        for partition in topic.partitions
    ]
    return RESPONSE_TOPIC(
        name=topic.name, topic_id=topic.topic_id, is_internal=topic.is_internal, partitions=partitions
    )


def _offline(index: int, replicas: list[int], leader_epoch: int) -> Any:
    """A partition whose only replica cannot serve: it has no leader."""
    return RESPONSE_PARTITION(
        error_code=ErrorCode.LEADER_NOT_AVAILABLE,
        partition_index=index,
        leader_id=-1,
        leader_epoch=leader_epoch,
        replica_nodes=replicas,
        isr_nodes=replicas,
        offline_replicas=replicas,
    )


def _missing(name: str, code: ErrorCode) -> Any:
    return RESPONSE_TOPIC(error_code=code, name=name, is_internal=name in INTERNAL_TOPICS)


def _invalid(topics: Iterable[Any]) -> Any:
    """Ids and null names have a place in the format since 10, but a meaning only since 12."""
    rows = [
        RESPONSE_TOPIC(error_code=ErrorCode.INVALID_REQUEST, name=each.name or "", topic_id=each.topic_id)
        for each in topics
    ]
    return RESPONSE(topics=rows)
