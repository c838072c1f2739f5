"""confluent-kafka: consumption without a group."""

from __future__ import annotations

import threading
import time
from typing import Any

from common import fill, make_topic, new_consumer, poll_some, read, send
from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, KafkaError, TopicPartition
from harness import expect, expect_equal, fresh, wait_until


def consume_beginning(bootstrap: str) -> None:
    topic = make_topic(bootstrap, 4)
    values = [b"value-%d" % number for number in range(2000)]
    send(bootstrap, [{"topic": topic, "value": v, "partition": n % 4} for n, v in enumerate(values)])
    records = read(bootstrap, topic, 2000)
    for partition in range(4):
        found = [one.value() for one in records if one.partition() == partition]
        expect_equal(found, values[partition::4], f"partition {partition}")


def consume_times(bootstrap: str) -> None:
    topic, base = make_topic(bootstrap), int(time.time() * 1000) - 100_000
    records = [
        {"topic": topic, "value": b"value-%d" % n, "timestamp": base + n * 1000, "partition": 0}
        for n in range(100)
    ]
    send(bootstrap, records)
    consumer = new_consumer(bootstrap)
    (found,) = consumer.offsets_for_times([TopicPartition(topic, 0, base + 41_500)], 10)
    expect_equal(found.offset, 42, "offset for a time")
    (late,) = consumer.offsets_for_times([TopicPartition(topic, 0, base + 10**6)], 10)
    expect_equal(late.offset, OFFSET_END, "offset after the end")
    expect_equal(consumer.get_watermark_offsets(TopicPartition(topic, 0), 10), (0, 100), "watermarks")
    consumer.assign([found])
    expect_equal(wait_until(lambda: poll_some(consumer), "records")[0].value(), b"value-42", "first record")
    consumer.close()


def consume_seek(bootstrap: str) -> None:
    topic = make_topic(bootstrap)
    fill(bootstrap, topic, 100)
    consumer = new_consumer(bootstrap, **{"enable.partition.eof": True})

    def next_message() -> Any:
        return wait_until(lambda: consumer.poll(1), "a record")

    def next_value() -> Any:
        return next_message().value()

    consumer.assign([TopicPartition(topic, 0, 70)])
    expect_equal(next_value(), b"value-70", "after assign")
    consumer.seek(TopicPartition(topic, 0, OFFSET_BEGINNING))
    expect_equal(next_value(), b"value-0", "from the beginning")
    (position,) = consumer.position([TopicPartition(topic, 0)])
    expect_equal(position.offset, 1, "position")
    consumer.pause([TopicPartition(topic, 0)])
    expect_equal(consumer.poll(0.5), None, "while paused")
    consumer.resume([TopicPartition(topic, 0)])
    expect_equal(next_value(), b"value-1", "after resume")
    consumer.seek(TopicPartition(topic, 0, OFFSET_END))
    end = next_message()  # until then it may be asking where that is, behind a fetch that waits
    expect(end.error() is not None, "a record at the end")
    expect_equal((end.error().code(), end.offset()), (KafkaError._PARTITION_EOF, 100), "at the end")
    fill(bootstrap, topic, 1, 100)
    expect_equal(next_value(), b"value-100", "behind the end")
    consumer.close()


def consume_long_poll(bootstrap: str) -> None:
    topic = make_topic(bootstrap)
    consumer = new_consumer(bootstrap, **{"fetch.wait.max.ms": 20_000, "socket.timeout.ms": 60_000})
    consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
    consumer.poll(0.5)
    threading.Timer(1, lambda: send(bootstrap, [{"topic": topic, "value": b"now"}])).start()
    begin = time.monotonic()
    wait_until(lambda: consumer.poll(15), "the record", 16)
    expect(time.monotonic() - begin < 10, "the fetch waited on though there was a record")
    consumer.close()


def consume_pattern(bootstrap: str) -> None:
    prefix = fresh("pattern")
    first, other, later = f"{prefix}-first", fresh("other"), f"{prefix}-later"
    for name in (first, other):
        make_topic(bootstrap, name=name)
        fill(bootstrap, name, 10)
    consumer = new_consumer(bootstrap, **{"topic.metadata.refresh.interval.ms": 500})
    consumer.subscribe([f"^{prefix}-.*"])
    seen: list[str] = []

    def read_from(topic: str) -> bool:
        seen.extend(message.topic() for message in poll_some(consumer, 0.2))
        return seen.count(topic) == 10

    wait_until(lambda: read_from(first), "the first topic's records")
    make_topic(bootstrap, name=later)
    fill(bootstrap, later, 10)
    wait_until(lambda: read_from(later), "the later topic's records")
    expect_equal(sorted(set(seen)), [first, later], "topics")
    consumer.close()


def consume_large(bootstrap: str) -> None:
    topic = make_topic(bootstrap, 1, **{"max.message.bytes": "5000000"})
    values = [b"small", b"x" * 3_000_000, b"small"]
    records = [{"topic": topic, "value": value, "partition": 0} for value in values]
    send(bootstrap, records, **{"message.max.bytes": 5_000_000, "linger.ms": 0})
    limits = {"fetch.message.max.bytes": 1000, "fetch.max.bytes": 1000, "message.max.bytes": 1000}
    found = [message.value() for message in read(bootstrap, topic, 3, **limits)]
    expect(found == values, "records", [len(value) for value in found])
