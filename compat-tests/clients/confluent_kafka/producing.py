"""confluent-kafka: what a producer sends comes back as it went in."""

from __future__ import annotations

import time
from typing import Any

from common import make_topic, read, send
from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, KafkaError, KafkaException
from harness import expect, expect_equal, numbered


def produce_codecs(bootstrap: str) -> None:
    for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
        topic = make_topic(bootstrap)
        records = [{"topic": topic, "key": k, "value": v * 20, "partition": 0} for k, v in numbered(500)]
        send(bootstrap, records, **{"compression.type": codec, "linger.ms": 20})
        found = [(message.key(), message.value()) for message in read(bootstrap, topic, 500)]
        expect_equal(found, [(key, value * 20) for key, value in numbered(500)], f"records under {codec}")


def produce_shapes(bootstrap: str) -> None:
    topic, now = make_topic(bootstrap), int(time.time() * 1000)
    headers = [("a", b"1"), ("a", b""), ("\u00fcmlaut", b"\x00\xff"), ("none", None)]
    shapes: list[tuple[Any, Any, Any]] = [
        (None, b"value", None),
        (b"key", None, headers),
        (None, None, None),
        (b"", b"", [("empty", b"")]),
        (b"large", b"x" * 900_000, None),
    ]
    records = [
        {"topic": topic, "key": key, "value": value, "headers": headers or [], "timestamp": now + number}
        for number, (key, value, headers) in enumerate(shapes)
    ]
    send(bootstrap, records, **{"linger.ms": 50})
    found = read(bootstrap, topic, len(shapes))
    expect_equal([(one.key(), one.value(), one.headers()) for one in found], shapes, "records")
    expect_equal([one.timestamp()[1] for one in found], [now + n for n in range(len(shapes))], "timestamps")


def produce_acks(bootstrap: str) -> None:
    topic = make_topic(bootstrap)
    for acks in ("all", "1", "0"):
        records = [{"topic": topic, "value": b"value", "partition": 0} for _ in range(10)]
        sent = send(bootstrap, records, acks=acks)
        if acks != "0":
            first = sent[0].offset()
            expect_equal([one.offset() for one in sent], list(range(first, first + 10)), f"acks={acks}")
    expect_equal([one.offset() for one in read(bootstrap, topic, 30)], list(range(30)), "offsets")


def produce_too_large(bootstrap: str) -> None:
    topic = make_topic(bootstrap, 1, **{"max.message.bytes": "2000"})
    try:
        send(bootstrap, [{"topic": topic, "value": b"x" * 5000}])
        raise AssertionError("5,000 bytes were taken where 2,000 are allowed")
    except KafkaException as error:
        expect_equal(error.args[0].code(), KafkaError.MSG_SIZE_TOO_LARGE, "error")
    send(bootstrap, [{"topic": topic, "value": b"small"}])
    expect_equal([one.value() for one in read(bootstrap, topic, 1)], [b"small"])


def produce_append_time(bootstrap: str) -> None:
    topic = make_topic(bootstrap, 1, **{"message.timestamp.type": "LogAppendTime"})
    begin = int(time.time() * 1000)
    send(bootstrap, [{"topic": topic, "value": b"value", "timestamp": 1_000_000}])
    (record,) = read(bootstrap, topic, 1)
    kind, timestamp = record.timestamp()
    expect_equal(kind, TIMESTAMP_LOG_APPEND_TIME, "timestamp type")
    expect(begin - 1000 <= timestamp <= time.time() * 1000 + 1000, "the broker's time", timestamp)
