"""kafka-python: what the scenarios share."""

from __future__ import annotations

import time
from typing import Any

import kafka
from harness import expect_equal, fresh, numbered, wait_until
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

VERSION = tuple(int(part) for part in kafka.__version__.split(".")[:2])
NOT_IDEMPOTENT: dict[str, Any] = {"enable_idempotence": False} if VERSION >= (2, 1) else {}
CODECS = (None, "gzip", "snappy", "lz4", *(["zstd"] if VERSION >= (2, 0) else []))


def make_topic(bootstrap: str, partitions: int = 1, name: str | None = None, **configs: str) -> str:
    """A new topic, as soon as the broker knows it: Apache Kafka answers a creation a moment earlier."""
    name = name or fresh("topic")
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    admin.create_topics([NewTopic(name, partitions, 1, topic_configs=configs)])
    if VERSION >= (2, 0):
        wait_for_partitions(admin, name, partitions)
    admin.close()
    return name


def wait_for_partitions(admin: KafkaAdminClient, topic: str, count: int) -> None:
    """Until the broker tells of so many."""

    def known() -> bool:
        (described,) = admin.describe_topics([topic])
        return len(described["partitions"]) == count

    wait_until(known, f"{count} partitions of {topic}")


def read(bootstrap: str, topic: str, count: int, seconds: float = 30, **options: Any) -> list[Any]:
    """The first `count` records of a topic, all partitions, from the beginning."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", **options)
    partitions = wait_until(lambda: consumer.partitions_for_topic(topic), "partitions of the topic")
    consumer.assign([TopicPartition(topic, number) for number in sorted(partitions)])
    records: list[Any] = []
    end = time.monotonic() + seconds
    while len(records) < count and time.monotonic() < end:
        for batch in consumer.poll(timeout_ms=500).values():
            records += batch
    consumer.close()
    expect_equal(len(records), count, "records read")
    return records


def fill(bootstrap: str, topic: str, count: int, start: int = 0, **options: Any) -> None:
    producer = KafkaProducer(bootstrap_servers=bootstrap, **options)
    for key, value in numbered(count, start):
        producer.send(topic, key=key, value=value, partition=0)
    producer.flush()
    producer.close()
