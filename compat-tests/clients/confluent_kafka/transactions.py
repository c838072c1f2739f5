"""confluent-kafka: transactions."""

from __future__ import annotations

import time
from typing import Any

from common import fill, make_topic, new_consumer, read
from confluent_kafka import KafkaError, KafkaException, Producer, TopicPartition
from harness import check_exactly_once, expect, expect_equal, fresh

COMMITTED = {"isolation.level": "read_committed"}


def new_producer(bootstrap: str, transactional_id: str, **options: Any) -> Any:
    producer = Producer(
        {"bootstrap.servers": bootstrap, "transactional.id": transactional_id, "linger.ms": 1, **options}
    )
    producer.init_transactions(30)
    return producer


def write(producer: Any, topic: str, name: str) -> None:
    producer.begin_transaction()
    for number in range(10):
        producer.produce(topic, f"{name}-{number}", partition=0)
    expect_equal(producer.flush(20), 0, "records not delivered")


def transactions(bootstrap: str) -> None:
    topic, source, group = make_topic(bootstrap), make_topic(bootstrap), fresh("group")
    producer, consumer = new_producer(bootstrap, fresh("transactional")), new_consumer(bootstrap, group)
    for name, offset in (("committed", 42), ("aborted", 77)):
        write(producer, topic, name)
        offsets = [TopicPartition(source, 0, offset)]
        producer.send_offsets_to_transaction(offsets, consumer.consumer_group_metadata(), 20)
        if name == "committed":
            producer.commit_transaction(20)
        else:
            producer.abort_transaction(20)
    write(producer, topic, "open")
    expect_equal(len(read(bootstrap, topic, 30, **{"isolation.level": "read_uncommitted"})), 30, "records")
    wanted = [f"committed-{number}".encode() for number in range(10)]
    expect_equal([one.value() for one in read(bootstrap, topic, 10, **COMMITTED)], wanted)
    producer.commit_transaction(20)
    wanted += [f"open-{number}".encode() for number in range(10)]
    expect_equal([one.value() for one in read(bootstrap, topic, 20, **COMMITTED)], wanted)
    (found,) = consumer.committed([TopicPartition(source, 0)], 20)
    expect_equal(found.offset, 42, "committed offset")
    consumer.close()


def expect_fenced(producer: Any) -> None:
    try:
        producer.commit_transaction(20)
    except KafkaException as error:
        expect_equal(error.args[0].code(), KafkaError._FENCED, "error")
        expect(error.args[0].fatal(), "the error is not a fatal one")
    else:
        raise AssertionError("a fenced producer has committed")


def transactions_fenced(bootstrap: str) -> None:
    topic, transactional_id = make_topic(bootstrap), fresh("transactional")
    first = new_producer(bootstrap, transactional_id)
    write(first, topic, "first")
    second = new_producer(bootstrap, transactional_id)
    write(second, topic, "second")
    second.commit_transaction(20)
    expect_fenced(first)
    found = [one.value() for one in read(bootstrap, topic, 10, **COMMITTED)]
    expect_equal(found, [f"second-{number}".encode() for number in range(10)])


def transactions_timeout(bootstrap: str) -> None:
    topic = make_topic(bootstrap)
    slow = new_producer(bootstrap, fresh("transactional"), **{"transaction.timeout.ms": 1000})
    write(slow, topic, "slow")
    quick = new_producer(bootstrap, fresh("transactional"))
    write(quick, topic, "quick")
    quick.commit_transaction(20)
    # Readers get past the open transaction once its time is up; Apache Kafka looks every ten seconds.
    found = [one.value() for one in read(bootstrap, topic, 10, **COMMITTED)]
    expect_equal(found, [f"quick-{number}".encode() for number in range(10)])
    expect_fenced(slow)


class Service:
    """Copies a topic into another, each record once."""

    def __init__(self, bootstrap: str, source: str, target: str) -> None:
        self._bootstrap = bootstrap
        self._source, self._target = source, target
        self._group = fresh("group")
        self._producer = new_producer(bootstrap, fresh("transactional"))
        self._join()

    def _join(self) -> None:
        self._consumer = new_consumer(self._bootstrap, self._group, **COMMITTED)
        self._consumer.subscribe([self._source])

    def copy(self, abort: bool = False) -> int:
        """One transaction; how many records it has copied."""
        producer, consumer = self._producer, self._consumer
        messages = [one for one in consumer.consume(50, 0.2) if one.error() is None]
        if not messages:
            return 0
        producer.begin_transaction()
        for message in messages:
            producer.produce(self._target, message.value(), message.key(), partition=0)
        place = TopicPartition(self._source, 0, messages[-1].offset() + 1)
        producer.send_offsets_to_transaction([place], consumer.consumer_group_metadata(), 20)
        if abort:
            producer.abort_transaction(20)
            consumer.close()
            self._join()  # at the committed offset
            return 0
        producer.commit_transaction(20)
        return len(messages)

    def close(self) -> None:
        self._consumer.close()


def consume_transform_produce(bootstrap: str) -> None:
    count, source, target = 1_000, make_topic(bootstrap), make_topic(bootstrap)
    fill(bootstrap, source, count)
    service, copied, turn = Service(bootstrap, source, target), 0, 0
    end = time.monotonic() + 60
    while copied < count and time.monotonic() < end:
        turn += 1
        copied += service.copy(abort=turn % 20 == 0)
    service.close()
    check_exactly_once((one.value() for one in read(bootstrap, target, count, **COMMITTED)), count)
