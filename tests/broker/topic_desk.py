"""Topics that are asked for, made and deleted through the handlers of a broker without sockets."""

from __future__ import annotations

from typing import Any

from odradek.broker.topics import Topic
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.messages import (
    create_topics,
    delete_topics,
)

from .harness import Harness


def creatable(name: str, partitions: int = 1, replicas: int = 1, **fields: Any) -> Any:
    return create_topics.REQUEST_TOPIC(
        name=name, num_partitions=partitions, replication_factor=replicas, **fields
    )


def assigned(name: str, *replicas: list[int]) -> Any:
    rows = [create_topics.ASSIGNMENT(partition_index=at, broker_ids=ids) for at, ids in enumerate(replicas)]
    return creatable(name, -1, -1, assignments=rows)


def create(broker: Harness, *topics: Any, version: int = 7, **fields: Any) -> list[Any]:
    answer = broker.ask(ApiKey.CREATE_TOPICS, version, create_topics.REQUEST(topics=list(topics), **fields))
    return list(answer.topics)


def delete(broker: Harness, *names: str, version: int = 5) -> list[int]:
    if version >= 6:
        topics = [delete_topics.REQUEST_TOPIC(name=name) for name in names]
        value = delete_topics.REQUEST(topics=topics)
    else:
        value = delete_topics.REQUEST(topic_names=list(names))
    return [row.error_code for row in broker.ask(ApiKey.DELETE_TOPICS, version, value).responses]


def found(broker: Harness, name: str) -> Topic:
    topic = broker.node.topics.get(name)
    assert topic is not None
    return topic
