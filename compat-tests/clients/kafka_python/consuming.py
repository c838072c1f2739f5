"""kafka-python: consumption without a group."""

from __future__ import annotations

import threading
import time

from common import VERSION, fill, make_topic, read
from harness import expect, expect_equal, fresh, wait_until
from kafka import KafkaConsumer, KafkaProducer, TopicPartition


def consume_beginning(bootstrap: str) -> None:
    topic = make_topic(bootstrap, 4)
    producer = KafkaProducer(bootstrap_servers=bootstrap)
    for number in range(2000):
        producer.send(topic, b"value-%d" % number, partition=number % 4)
    producer.flush()
    producer.close()
    records = read(bootstrap, topic, 2000)
    for partition in range(4):
        found = [record.value for record in records if record.partition == partition]
        expect_equal(
            found, [b"value-%d" % number for number in range(partition, 2000, 4)], f"partition {partition}"
        )


def consume_times(bootstrap: str) -> None:
    topic = make_topic(bootstrap)
    base = int(time.time() * 1000) - 100_000
    producer = KafkaProducer(bootstrap_servers=bootstrap)
    for number in range(100):
        producer.send(topic, b"value-%d" % number, timestamp_ms=base + number * 1000, partition=0)
    producer.flush()
    producer.close()
    partition = TopicPartition(topic, 0)
    consumer = KafkaConsumer(bootstrap_servers=bootstrap)
    consumer.assign([partition])
    found = consumer.offsets_for_times({partition: base + 41_500})[partition]
    expect_equal((found.offset, found.timestamp), (42, base + 42_000), "offset for a time")
    expect_equal(
        consumer.offsets_for_times({partition: base + 10**6})[partition], None, "offset after the end"
    )
    expect_equal(consumer.beginning_offsets([partition]), {partition: 0}, "beginning")
    expect_equal(consumer.end_offsets([partition]), {partition: 100}, "end")
    consumer.seek(partition, found.offset)
    records = wait_until(lambda: consumer.poll(500).get(partition), "records")
    expect_equal(records[0].value, b"value-42", "first record")
    consumer.close()


def consume_seek(bootstrap: str) -> None:
    topic = make_topic(bootstrap)
    fill(bootstrap, topic, 100)
    partition = TopicPartition(topic, 0)
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, max_poll_records=10)
    consumer.assign([partition])

    def next_value() -> bytes:
        value: bytes = wait_until(lambda: consumer.poll(500).get(partition), "records")[0].value
        return value

    consumer.seek(partition, 70)
    expect_equal(next_value(), b"value-70", "after seek")
    consumer.seek_to_beginning(partition)
    expect_equal(next_value(), b"value-0", "from the beginning")
    expect_equal(consumer.position(partition), 10, "position")
    consumer.pause(partition)
    expect_equal(consumer.poll(300), {}, "while paused")
    consumer.resume(partition)
    if VERSION < (2, 1):
        consumer.seek(partition, 10)  # without it, it fetches no more: with Apache Kafka 3.9 likewise
    expect_equal(next_value(), b"value-10", "after resume")
    consumer.seek_to_end(partition)
    expect_equal(consumer.position(partition), 100, "end")
    consumer.close()


def consume_long_poll(bootstrap: str) -> None:
    topic = make_topic(bootstrap)
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap, fetch_max_wait_ms=20_000, auto_offset_reset="earliest"
    )
    consumer.assign([TopicPartition(topic, 0)])
    consumer.poll(500)
    producer = KafkaProducer(bootstrap_servers=bootstrap)
    threading.Timer(1, lambda: producer.send(topic, b"now")).start()
    begin = time.monotonic()
    wait_until(lambda: consumer.poll(15_000), "the record", 16)
    expect(time.monotonic() - begin < 10, "the fetch waited on though there was a record")
    consumer.close()
    producer.close()


def consume_pattern(bootstrap: str) -> None:
    prefix = fresh("pattern")
    first, other, later = f"{prefix}-first", fresh("other"), f"{prefix}-later"
    for name in (first, other):
        make_topic(bootstrap, name=name)
        fill(bootstrap, name, 10)
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=fresh("group"),
        auto_offset_reset="earliest",
        metadata_max_age_ms=500,
    )
    consumer.subscribe(pattern=f"^{prefix}-.*")
    seen: dict[str, int] = {}

    def read_from(topic: str) -> bool:
        for partition, records in consumer.poll(1000).items():
            seen[partition.topic] = seen.get(partition.topic, 0) + len(records)
        return seen.get(topic) == 10

    wait_until(lambda: read_from(first), "the first topic's records")
    make_topic(bootstrap, name=later)
    fill(bootstrap, later, 10)
    wait_until(lambda: read_from(later), "the later topic's records")
    expect_equal(seen, {first: 10, later: 10}, "records by topic")
    consumer.close()


def consume_large(bootstrap: str) -> None:
    topic = make_topic(bootstrap, 1, **{"max.message.bytes": "5000000"})
    producer = KafkaProducer(bootstrap_servers=bootstrap, max_request_size=5_000_000)
    values = [b"small", b"x" * 3_000_000, b"small"]
    for value in values:
        producer.send(topic, value, partition=0).get(20)
    producer.close()
    options = {"max_partition_fetch_bytes": 1000, "fetch_max_bytes": 1000}
    found = [record.value for record in read(bootstrap, topic, 3, **options)]
    expect(found == values, "records", [len(value) for value in found])
