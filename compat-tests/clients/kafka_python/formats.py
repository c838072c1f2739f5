"""kafka-python: message formats 0 and 1, as its producers write them for the brokers of their time."""

from __future__ import annotations

import time
from typing import Any

from common import NOT_IDEMPOTENT, make_topic, read
from harness import expect_equal, numbered
from kafka import KafkaProducer

COUNT = 100


def old_formats(bootstrap: str) -> None:
    for version, codecs, has_time in (
        ((0, 8, 2), (None, "gzip", "snappy"), False),
        ((0, 10, 0), (None, "gzip", "snappy", "lz4"), True),
    ):
        old = {"api_version": version}
        for codec in codecs:
            topic, begin = make_topic(bootstrap), int(time.time() * 1000)
            write(bootstrap, topic, begin, 0, compression_type=codec, **old, **NOT_IDEMPOTENT)
            write(bootstrap, topic, begin + COUNT, COUNT, compression_type=codec)
            wanted = [value for _, value in numbered(2 * COUNT)]
            for options in ({}, old):
                found = read(bootstrap, topic, 2 * COUNT, **options)
                expect_equal([one.value for one in found], wanted, f"records of {version}, {codec}")
            times = [one.timestamp for one in read(bootstrap, topic, 2 * COUNT)]
            expect_equal(times[COUNT:], list(range(begin + COUNT, begin + 2 * COUNT)), "times of new records")
            if has_time:
                expect_equal(times[:COUNT], list(range(begin, begin + COUNT)), "times of old records")
            else:
                expect_equal(set(times[:COUNT]) <= {None, -1}, True, "records without a time")


def write(bootstrap: str, topic: str, begin: int, start: int, **options: Any) -> None:
    """Numbered records from `start` on, a millisecond after another from `begin` on."""
    producer = KafkaProducer(bootstrap_servers=bootstrap, **options)
    for place, (key, value) in enumerate(numbered(COUNT, start)):
        time_ms = None if options.get("api_version") == (0, 8, 2) else begin + place
        producer.send(topic, key=key, value=value, partition=0, timestamp_ms=time_ms)
    producer.flush()
    producer.close()
