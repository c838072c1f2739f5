"""confluent-kafka: what the scenarios share."""

from __future__ import annotations

import functools
import time
from typing import Any

import confluent_kafka
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from harness import expect_equal, fresh, numbered, wait_until

VERSION = tuple(int(part) for part in confluent_kafka.__version__.split(".")[:2])
# By default librdkafka 2.16 begins anew from its bootstrap address when all brokers are away (KIP-899), and
# now and then leaves a broker terminating for ever on that way.
STEADFAST = {"metadata.recovery.strategy": "none"} if VERSION >= (2, 16) else {}


@functools.cache  # the client must outlive the futures it gives
def admin_client(bootstrap: str) -> Any:
    return AdminClient({"bootstrap.servers": bootstrap})


def all_done(futures: dict[Any, Any]) -> list[Any]:
    return [future.result(20) for future in futures.values()]


def make_topic(bootstrap: str, partitions: int = 1, name: str | None = None, **configs: str) -> str:
    """A new topic, as soon as the broker knows it: Apache Kafka answers a creation a moment earlier."""
    name = name or fresh("topic")
    all_done(admin_client(bootstrap).create_topics([NewTopic(name, partitions, 1, config=configs)]))
    wait_for_partitions(bootstrap, name, partitions)
    return name


def wait_for_partitions(bootstrap: str, topic: str, count: int) -> None:
    """Until the broker tells of so many."""

    def known() -> bool:
        topics = admin_client(bootstrap).list_topics(timeout=10).topics  # naming it might make it
        return topic in topics and len(topics[topic].partitions) == count

    wait_until(known, f"{count} partitions of {topic}")


def send(bootstrap: str, records: list[dict[str, Any]], **options: Any) -> list[Any]:
    """Produce all, wait for all; the delivered messages in their order. KafkaException for a refused one."""
    delivered: list[Any] = [None] * len(records)
    errors = []

    def report(error: Any, message: Any, place: int) -> None:
        delivered[place] = message
        if error is not None:
            errors.append(error)

    producer = Producer({"bootstrap.servers": bootstrap, **options})
    for place, record in enumerate(records):
        producer.produce(**record, on_delivery=lambda e, m, place=place: report(e, m, place))
        producer.poll(0)
    expect_equal(producer.flush(60), 0, "records not delivered")
    if errors:
        raise KafkaException(errors[0])
    return delivered


def fill(bootstrap: str, topic: str, count: int, start: int = 0) -> None:
    records = numbered(count, start)
    send(bootstrap, [{"topic": topic, "key": key, "value": value, "partition": 0} for key, value in records])


def new_consumer(bootstrap: str, group: str | None = None, **options: Any) -> Any:
    settings = {
        "bootstrap.servers": bootstrap,
        "group.id": group or fresh("no-group"),
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        **options,
    }
    return Consumer(settings)


def poll_some(consumer: Any, seconds: float = 0.5) -> list[Any]:
    messages = consumer.consume(500, seconds)
    for message in messages:
        if message.error() is not None and message.error().fatal():
            raise KafkaException(message.error())
    return [message for message in messages if message.error() is None]


def read(bootstrap: str, topic: str, count: int, seconds: float = 30, **options: Any) -> list[Any]:
    consumer = new_consumer(bootstrap, **options)
    partitions = consumer.list_topics(topic, 10).topics[topic].partitions
    consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in partitions])
    records: list[Any] = []
    end = time.monotonic() + seconds
    while len(records) < count and time.monotonic() < end:
        records += poll_some(consumer)
    consumer.close()
    expect_equal(len(records), count, "records read")
    return records
