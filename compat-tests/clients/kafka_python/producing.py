"""kafka-python: what a producer sends comes back as it went in."""

from __future__ import annotations

import time
from typing import Any

from common import CODECS, NOT_IDEMPOTENT, VERSION, make_topic, read
from harness import expect, expect_equal, numbered
from kafka import KafkaProducer
from kafka.errors import MessageSizeTooLargeError


def produce_codecs(bootstrap: str) -> None:
    for codec in CODECS:
        topic = make_topic(bootstrap)
        producer = KafkaProducer(bootstrap_servers=bootstrap, compression_type=codec, linger_ms=20)
        for key, value in numbered(500):
            producer.send(topic, key=key, value=value * 20, partition=0)
        producer.flush()
        producer.close()
        found = [(record.key, record.value) for record in read(bootstrap, topic, 500)]
        expect_equal(found, [(key, value * 20) for key, value in numbered(500)], f"records under {codec}")


def produce_shapes(bootstrap: str) -> None:
    topic = make_topic(bootstrap)
    producer = KafkaProducer(bootstrap_servers=bootstrap, max_request_size=2_000_000, linger_ms=50)
    now = int(time.time() * 1000)
    shapes: list[tuple[Any, Any, list[tuple[str, Any]]]] = [
        (None, b"value", []),
        (b"key", None, [("a", b"1"), ("a", b""), ("\u00fcmlaut", b"\x00\xff")]),
        (b"", b"", [("empty", b"")]),
        (b"large", b"x" * 900_000, []),
    ]
    for number, (key, value, headers) in enumerate(shapes):
        producer.send(topic, key=key, value=value, headers=headers, timestamp_ms=now + number)
    producer.flush()
    producer.close()
    records = read(bootstrap, topic, len(shapes))
    found = [(record.key, record.value, list(record.headers)) for record in records]
    expect_equal(found, shapes, "records")
    expect_equal(
        [record.timestamp for record in records], [now + n for n in range(len(shapes))], "timestamps"
    )


def produce_acks(bootstrap: str) -> None:
    topic = make_topic(bootstrap)
    # Records that kafka-python 2.x sends with acks=0 before it closes do not arrive at Apache Kafka either.
    levels = ("all", 1) if (2, 0) <= VERSION < (3, 0) else ("all", 1, 0)
    for acks in levels:
        producer = KafkaProducer(bootstrap_servers=bootstrap, acks=acks, **NOT_IDEMPOTENT)
        metadata = [producer.send(topic, b"value", partition=0).get(20) for _ in range(10)]
        if acks != 0:
            first = metadata[0].offset
            expect_equal([one.offset for one in metadata], list(range(first, first + 10)), f"acks={acks}")
        producer.close()
    count = 10 * len(levels)
    expect_equal([record.offset for record in read(bootstrap, topic, count)], list(range(count)), "offsets")


def produce_too_large(bootstrap: str) -> None:
    topic = make_topic(bootstrap, 1, **{"max.message.bytes": "2000"})
    producer = KafkaProducer(bootstrap_servers=bootstrap, **NOT_IDEMPOTENT)
    try:
        producer.send(topic, b"x" * 5000).get(20)
        raise AssertionError("5,000 bytes were taken where 2,000 are allowed")
    except MessageSizeTooLargeError:
        pass
    producer.send(topic, b"small").get(20)
    producer.close()
    expect_equal([record.value for record in read(bootstrap, topic, 1)], [b"small"])


def produce_append_time(bootstrap: str) -> None:
    topic = make_topic(bootstrap, 1, **{"message.timestamp.type": "LogAppendTime"})
    producer, begin = KafkaProducer(bootstrap_servers=bootstrap), int(time.time() * 1000)
    sent = producer.send(topic, b"value", timestamp_ms=1_000_000, partition=0).get(20)
    producer.close()
    (record,) = read(bootstrap, topic, 1)
    expect_equal(record.timestamp_type, 1, "timestamp type")
    expect(begin - 1000 <= record.timestamp <= time.time() * 1000 + 1000, "the broker's time", record)
    expect_equal(sent.timestamp, record.timestamp, "the producer is told")
