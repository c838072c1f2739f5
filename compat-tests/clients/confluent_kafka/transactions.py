"""confluent-kafka: transactions."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from common import STEADFAST, fill, make_topic, new_consumer, read
from confluent_kafka import KafkaError, KafkaException, Producer, TopicPartition
from harness import ask_broker, check_exactly_once, expect, expect_equal, fresh

COMMITTED = {"isolation.level": "read_committed"}
MEMBER = {"session.timeout.ms": 6000, "heartbeat.interval.ms": 500, "reconnect.backoff.max.ms": 500}


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
    slow = new_producer(bootstrap, fresh("transactional"), **{"transaction.timeout.ms": 3000})
    write(slow, topic, "slow")
    quick = new_producer(bootstrap, fresh("transactional"))
    write(quick, topic, "quick")
    quick.commit_transaction(20)
    # Readers get past the open transaction once its time is up; Apache Kafka looks every ten seconds.
    found = [one.value() for one in read(bootstrap, topic, 10, **COMMITTED)]
    expect_equal(found, [f"quick-{number}".encode() for number in range(10)])
    expect_fenced(slow)


class Service:
    """Copies a topic into another, each record once, as often as it has to begin anew."""

    def __init__(self, bootstrap: str, source: str, target: str) -> None:
        self._bootstrap = bootstrap
        self._source, self._target = source, target
        self._group, self._transactional_id = fresh("group"), fresh("transactional")
        self._begin()

    def _begin(self) -> None:
        self._producer = new_producer(self._bootstrap, self._transactional_id, **STEADFAST)
        self._join()

    def _join(self) -> None:
        self._consumer = new_consumer(self._bootstrap, self._group, **{**COMMITTED, **MEMBER, **STEADFAST})
        self._consumer.subscribe([self._source])

    def begin_anew(self) -> None:
        """With the same transactional id: what the transaction under way becomes is decided by that."""
        self.close()
        self._begin()

    def copy(self, abort: bool = False, before_the_end: Callable[[], None] = lambda: None) -> int:
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
        before_the_end()
        if abort:
            producer.abort_transaction(20)
            consumer.close()
            self._join()  # at the committed offset
            return 0
        producer.commit_transaction(20)
        return len(messages)

    def committed(self) -> int:
        """The offset that the group has committed, 0 before the first."""
        (found,) = self._consumer.committed([TopicPartition(self._source, 0)], 20)
        return max(found.offset, 0)

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


def kill_transactions(bootstrap: str) -> None:
    count, source, target = 2_000, make_topic(bootstrap), make_topic(bootstrap)
    fill(bootstrap, source, count)
    service, copied, kills = Service(bootstrap, source, target), 0, 0

    def kill() -> None:
        nonlocal kills
        if kills < 4 and copied > (kills + 1) * count // 5:
            kills += 1
            ask_broker("kill")
            ask_broker("start")

    end = time.monotonic() + 200
    while copied < count and time.monotonic() < end:
        try:
            service.copy(before_the_end=kill)
            copied = service.committed()
        except KafkaException:
            service.begin_anew()
    service.close()
    expect_equal(kills, 4, "kills")
    check_exactly_once((one.value() for one in read(bootstrap, target, count, **COMMITTED)), count)
