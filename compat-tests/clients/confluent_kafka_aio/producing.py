"""confluent-kafka's asyncio client: what a producer sends comes back as it went in."""

from __future__ import annotations

import time

from common import make_topic, read, send
from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, KafkaError, KafkaException
from harness import expect, expect_equal, numbered


async def produce_codecs(bootstrap: str) -> None:
    for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
        topic = await make_topic(bootstrap)
        records = [{"topic": topic, "key": k, "value": v * 20, "partition": 0} for k, v in numbered(500)]
        await send(bootstrap, records, **{"compression.type": codec, "linger.ms": 20})
        found = [(message.key(), message.value()) for message in await read(bootstrap, topic, 500)]
        expect_equal(found, [(key, value * 20) for key, value in numbered(500)], f"records under {codec}")


async def produce_acks(bootstrap: str) -> None:
    topic = await make_topic(bootstrap)
    for acks in ("all", "1", "0"):
        records = [{"topic": topic, "value": b"value", "partition": 0} for _ in range(10)]
        sent = await send(bootstrap, records, acks=acks)
        if acks != "0":
            first = sent[0].offset()
            expect_equal([one.offset() for one in sent], list(range(first, first + 10)), f"acks={acks}")
    expect_equal([one.offset() for one in await read(bootstrap, topic, 30)], list(range(30)), "offsets")


async def produce_too_large(bootstrap: str) -> None:
    topic = await make_topic(bootstrap, 1, **{"max.message.bytes": "2000"})
    try:
        await send(bootstrap, [{"topic": topic, "value": b"x" * 5000}])
        raise AssertionError("5,000 bytes were taken where 2,000 are allowed")
    except KafkaException as error:
        expect_equal(error.args[0].code(), KafkaError.MSG_SIZE_TOO_LARGE, "error")
    await send(bootstrap, [{"topic": topic, "value": b"small"}])
    expect_equal([one.value() for one in await read(bootstrap, topic, 1)], [b"small"], "records")


async def produce_append_time(bootstrap: str) -> None:
    topic = await make_topic(bootstrap, 1, **{"message.timestamp.type": "LogAppendTime"})
    begin = int(time.time() * 1000)
    await send(bootstrap, [{"topic": topic, "value": b"value", "partition": 0}])
    (record,) = await read(bootstrap, topic, 1)
    kind, stamp = record.timestamp()
    expect_equal(kind, TIMESTAMP_LOG_APPEND_TIME, "timestamp type")
    expect(begin - 1000 <= stamp <= time.time() * 1000 + 1000, "the broker's time", stamp)
