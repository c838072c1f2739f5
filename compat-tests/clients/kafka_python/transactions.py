"""kafka-python: transactions, from 2.1 on."""

from __future__ import annotations

import contextlib
import time
from typing import Any

from common import VERSION, fill, make_topic, read
from harness import ask_broker, check_exactly_once, expect_equal, fresh
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

COMMITTED = {"isolation_level": "read_committed"}
# With 2.3 OffsetAndMetadata has got a leader epoch.
NO_EPOCH = (-1,) * (len(OffsetAndMetadata._fields) - 2)


def new_producer(bootstrap: str, transactional_id: str, **options: Any) -> Any:
    producer = KafkaProducer(
        bootstrap_servers=bootstrap, transactional_id=transactional_id, linger_ms=1, **options
    )
    producer.init_transactions()
    return producer


def write(producer: Any, topic: str, name: str) -> None:
    producer.begin_transaction()
    for number in range(10):
        producer.send(topic, f"{name}-{number}".encode(), partition=0)
    producer.flush()


def send_offset(producer: Any, topic: str, offset: int, consumer: Any, group: str) -> None:
    offsets = {TopicPartition(topic, 0): OffsetAndMetadata(offset, "", *NO_EPOCH)}
    producer.send_offsets_to_transaction(offsets, consumer.group_metadata() if VERSION >= (3, 0) else group)


def transactions(bootstrap: str) -> None:
    topic, source, group = make_topic(bootstrap), make_topic(bootstrap), fresh("group")
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    producer = new_producer(bootstrap, fresh("transactional"))
    for name, offset in (("committed", 42), ("aborted", 77)):
        write(producer, topic, name)
        send_offset(producer, source, offset, consumer, group)
        if name == "committed":
            producer.commit_transaction()
        else:
            producer.abort_transaction()
    write(producer, topic, "open")
    expect_equal(len(read(bootstrap, topic, 30)), 30, "records")
    wanted = [f"committed-{number}".encode() for number in range(10)]
    expect_equal([one.value for one in read(bootstrap, topic, 10, **COMMITTED)], wanted)
    producer.commit_transaction()
    wanted += [f"open-{number}".encode() for number in range(10)]
    expect_equal([one.value for one in read(bootstrap, topic, 20, **COMMITTED)], wanted)
    expect_equal(consumer.committed(TopicPartition(source, 0)), 42, "committed offset")
    consumer.close()
    producer.close()


def expect_fenced(producer: Any) -> None:
    try:
        producer.commit_transaction()
    except KafkaError as error:
        # Before 3.0 it asks in the words of a time when this was the error.
        name = "ProducerFencedError" if VERSION >= (3, 0) else "InvalidProducerEpochError"
        expect_equal(type(error).__name__, name, "error")
    else:
        raise AssertionError("a fenced producer has committed")


def transactions_fenced(bootstrap: str) -> None:
    topic, transactional_id = make_topic(bootstrap), fresh("transactional")
    first = new_producer(bootstrap, transactional_id)
    write(first, topic, "first")
    second = new_producer(bootstrap, transactional_id)
    write(second, topic, "second")
    second.commit_transaction()
    expect_fenced(first)
    found = [one.value for one in read(bootstrap, topic, 10, **COMMITTED)]
    expect_equal(found, [f"second-{number}".encode() for number in range(10)])


def transactions_timeout(bootstrap: str) -> None:
    topic = make_topic(bootstrap)
    slow = new_producer(bootstrap, fresh("transactional"), transaction_timeout_ms=3000)
    write(slow, topic, "slow")
    quick = new_producer(bootstrap, fresh("transactional"))
    write(quick, topic, "quick")
    quick.commit_transaction()
    # Readers get past the open transaction once its time is up; Apache Kafka looks every ten seconds.
    found = [one.value for one in read(bootstrap, topic, 10, **COMMITTED)]
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
        self._producer = new_producer(self._bootstrap, self._transactional_id)
        self._consumer = KafkaConsumer(
            self._source,
            bootstrap_servers=self._bootstrap,
            group_id=self._group,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            **COMMITTED,
        )

    def copy(self, abort: bool = False) -> int:
        """One transaction; how many records it has copied."""
        producer, consumer = self._producer, self._consumer
        records = [one for batch in consumer.poll(1000, max_records=50).values() for one in batch]
        if not records:
            return 0
        producer.begin_transaction()
        for record in records:
            producer.send(self._target, record.value, record.key, partition=0)
        send_offset(producer, self._source, records[-1].offset + 1, consumer, self._group)
        if abort:
            producer.flush()  # 2.3 trips over records that it has not sent when it is to abort
            producer.abort_transaction()
            consumer.seek(TopicPartition(self._source, 0), records[0].offset)
            return 0
        producer.commit_transaction()
        return len(records)

    def begin_anew(self) -> None:
        self.close()
        self._begin()

    def close(self) -> None:
        with contextlib.suppress(KafkaError):
            self._consumer.close()
        with contextlib.suppress(KafkaError):
            self._producer.close(timeout=1)


def consume_transform_produce(bootstrap: str) -> None:
    count, source, target = 1_000, make_topic(bootstrap), make_topic(bootstrap)
    fill(bootstrap, source, count)
    service, copied, turn = Service(bootstrap, source, target), 0, 0
    end = time.monotonic() + 60
    while copied < count and time.monotonic() < end:
        turn += 1
        copied += service.copy(abort=turn % 3 == 0)
    service.close()
    check_exactly_once((one.value for one in read(bootstrap, target, count, **COMMITTED)), count)


def kill_transactions(bootstrap: str) -> None:
    count, source, target = 2_000, make_topic(bootstrap), make_topic(bootstrap)
    fill(bootstrap, source, count)
    service, copied, kills = Service(bootstrap, source, target), 0, 0
    end = time.monotonic() + 200
    while copied < count and time.monotonic() < end:
        try:
            copied += service.copy()
        except KafkaError:
            service.begin_anew()
            copied = _copied(bootstrap, target, count)
        if copied > (kills + 1) * count // 5 and kills < 4:
            kills += 1
            ask_broker("kill")
            ask_broker("start")
    service.close()
    check_exactly_once((one.value for one in read(bootstrap, target, count, **COMMITTED)), count)


def _copied(bootstrap: str, target: str, most: int) -> int:
    """How many records readers of committed ones see now."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", **COMMITTED)
    consumer.assign([TopicPartition(target, 0)])
    end, seen = time.monotonic() + 3, 0
    while seen < most and time.monotonic() < end:
        seen += sum(len(batch) for batch in consumer.poll(500).values())
    consumer.close()
    return seen
