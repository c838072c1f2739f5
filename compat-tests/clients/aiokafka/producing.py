"""aiokafka: what a producer sends comes back as it went in."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError
from common import make_topic, read
from harness import expect, expect_equal, numbered


async def produce_codecs(bootstrap: str) -> None:
    for codec in (None, "gzip", "snappy", "lz4", "zstd"):
        topic = await make_topic(bootstrap)
        async with AIOKafkaProducer(
            bootstrap_servers=bootstrap, compression_type=codec, linger_ms=20
        ) as producer:
            sent = [await producer.send(topic, value * 20, key, partition=0) for key, value in numbered(500)]
            await asyncio.gather(*sent)
        found = [(record.key, record.value) for record in await read(bootstrap, topic, 500)]
        expect_equal(found, [(key, value * 20) for key, value in numbered(500)], f"records under {codec}")


async def produce_shapes(bootstrap: str) -> None:
    topic, now = await make_topic(bootstrap), int(time.time() * 1000)
    shapes: list[tuple[Any, Any, list[tuple[str, bytes]]]] = [
        (None, b"value", []),
        (b"key", None, [("a", b"1"), ("a", b""), ("\u00fcmlaut", b"\x00\xff")]),
        (b"", b"", [("empty", b"")]),
        (b"large", b"x" * 900_000, []),
    ]
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, linger_ms=50) as producer:
        sent = [
            await producer.send(topic, value, key, headers=headers, timestamp_ms=now + number)
            for number, (key, value, headers) in enumerate(shapes)
        ]
        await asyncio.gather(*sent)
    records = await read(bootstrap, topic, len(shapes))
    expect_equal([(one.key, one.value, list(one.headers)) for one in records], shapes, "records")
    expect_equal([one.timestamp for one in records], [now + n for n in range(len(shapes))], "timestamps")


async def produce_acks(bootstrap: str) -> None:
    topic = await make_topic(bootstrap)
    for acks in ("all", 1, 0):
        async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks=acks) as producer:
            sent = [await producer.send_and_wait(topic, b"value", partition=0) for _ in range(10)]
            if acks != 0:
                first = sent[0].offset
                expect_equal([one.offset for one in sent], list(range(first, first + 10)), f"acks={acks}")
    expect_equal([one.offset for one in await read(bootstrap, topic, 30)], list(range(30)), "offsets")


async def produce_too_large(bootstrap: str) -> None:
    topic = await make_topic(bootstrap, 1, **{"max.message.bytes": "2000"})
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        try:
            await producer.send_and_wait(topic, b"x" * 5000)
            raise AssertionError("5,000 bytes were taken where 2,000 are allowed")
        except MessageSizeTooLargeError:
            pass
        await producer.send_and_wait(topic, b"small")
    expect_equal([one.value for one in await read(bootstrap, topic, 1)], [b"small"])


async def produce_append_time(bootstrap: str) -> None:
    topic = await make_topic(bootstrap, 1, **{"message.timestamp.type": "LogAppendTime"})
    begin = int(time.time() * 1000)
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        sent = await producer.send_and_wait(topic, b"value", timestamp_ms=1_000_000, partition=0)
    (record,) = await read(bootstrap, topic, 1)
    expect_equal(record.timestamp_type, 1, "timestamp type")
    expect(begin - 1000 <= record.timestamp <= time.time() * 1000 + 1000, "the broker's time", record)
    expect_equal(sent.timestamp, record.timestamp, "the producer is told")
