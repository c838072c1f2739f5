"""confluent-kafka's asyncio client: consumption without a group."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from common import fill, make_topic, new_consumer, read, send, some, until
from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, KafkaError, TopicPartition
from harness import expect, expect_equal, fresh


async def consume_beginning(bootstrap: str) -> None:
    topic = await make_topic(bootstrap, 4)
    values = [b"value-%d" % number for number in range(2000)]
    await send(bootstrap, [{"topic": topic, "value": v, "partition": n % 4} for n, v in enumerate(values)])
    records = await read(bootstrap, topic, 2000, partitions=4)
    for partition in range(4):
        found = [one.value() for one in records if one.partition() == partition]
        expect_equal(found, values[partition::4], f"partition {partition}")


async def consume_times(bootstrap: str) -> None:
    topic = await make_topic(bootstrap)
    await fill(bootstrap, topic, 42)  # the producer gives records their times: nobody else may
    await asyncio.sleep(0.02)
    between = int(time.time() * 1000)
    await asyncio.sleep(0.02)
    await fill(bootstrap, topic, 58, 42)
    async with new_consumer(bootstrap) as consumer:
        (found,) = await consumer.offsets_for_times([TopicPartition(topic, 0, between)], 10)
        expect_equal(found.offset, 42, "offset for a time")
        (late,) = await consumer.offsets_for_times([TopicPartition(topic, 0, between + 10**6)], 10)
        expect_equal(late.offset, OFFSET_END, "offset after the end")
        offsets = await consumer.get_watermark_offsets(TopicPartition(topic, 0), 10)
        expect_equal(offsets, (0, 100), "watermarks")
        await consumer.assign([found])
        first = await until(lambda: some(consumer), "records")
        expect_equal(first[0].value(), b"value-42", "first record")


async def consume_seek(bootstrap: str) -> None:
    topic = await make_topic(bootstrap)
    await fill(bootstrap, topic, 100)
    async with new_consumer(bootstrap, **{"enable.partition.eof": True}) as consumer:

        async def next_message() -> Any:
            return await until(lambda: consumer.poll(1), "a record")

        async def next_value() -> Any:
            return (await next_message()).value()

        await consumer.assign([TopicPartition(topic, 0, 70)])
        expect_equal(await next_value(), b"value-70", "after assign")
        await consumer.seek(TopicPartition(topic, 0, OFFSET_BEGINNING))
        expect_equal(await next_value(), b"value-0", "from the beginning")
        (position,) = await consumer.position([TopicPartition(topic, 0)])
        expect_equal(position.offset, 1, "position")
        await consumer.pause([TopicPartition(topic, 0)])
        expect_equal(await consumer.poll(0.5), None, "while paused")
        await consumer.resume([TopicPartition(topic, 0)])
        expect_equal(await next_value(), b"value-1", "after resume")
        await consumer.seek(TopicPartition(topic, 0, OFFSET_END))
        end = await next_message()  # until then it may be asking where that is, behind a fetch that waits
        expect(end.error() is not None, "a record at the end")
        expect_equal((end.error().code(), end.offset()), (KafkaError._PARTITION_EOF, 100), "at the end")
        await fill(bootstrap, topic, 1, 100)
        expect_equal(await next_value(), b"value-100", "behind the end")


async def consume_long_poll(bootstrap: str) -> None:
    topic = await make_topic(bootstrap)
    options = {"fetch.wait.max.ms": 20_000, "socket.timeout.ms": 60_000}
    async with new_consumer(bootstrap, **options) as consumer:
        await consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
        await consumer.poll(0.5)
        begin = time.monotonic()
        waiting = asyncio.create_task(consumer.poll(15))
        await asyncio.sleep(1)
        await send(bootstrap, [{"topic": topic, "value": b"now"}])
        expect_equal((await waiting).value(), b"now", "the record")
    expect(time.monotonic() - begin < 10, "the fetch waited on though there was a record")


async def consume_pattern(bootstrap: str) -> None:
    prefix = fresh("pattern")
    first, other, later = f"{prefix}-first", fresh("other"), f"{prefix}-later"
    for name in (first, other):
        await make_topic(bootstrap, name=name)
        await fill(bootstrap, name, 10)
    seen: list[str] = []
    async with new_consumer(bootstrap, **{"topic.metadata.refresh.interval.ms": 500}) as consumer:
        await consumer.subscribe([f"^{prefix}-.*"])

        async def read_from(topic: str) -> bool:
            seen.extend(message.topic() for message in await some(consumer, 0.2))
            return seen.count(topic) == 10

        await until(lambda: read_from(first), "the first topic's records")
        await make_topic(bootstrap, name=later)
        await fill(bootstrap, later, 10)
        await until(lambda: read_from(later), "the later topic's records")
    expect_equal(sorted(set(seen)), [first, later], "topics")


async def consume_large(bootstrap: str) -> None:
    topic = await make_topic(bootstrap, 1, **{"max.message.bytes": "5000000"})
    values = [b"small", b"x" * 3_000_000, b"small"]
    records = [{"topic": topic, "value": value, "partition": 0} for value in values]
    await send(bootstrap, records, **{"message.max.bytes": 5_000_000, "linger.ms": 0})
    limits = {"fetch.message.max.bytes": 1000, "fetch.max.bytes": 1000, "message.max.bytes": 1000}
    found = [message.value() for message in await read(bootstrap, topic, 3, **limits)]
    expect(found == values, "records", [len(value) for value in found])


async def errors_offset(bootstrap: str) -> None:
    topic = await make_topic(bootstrap)
    await fill(bootstrap, topic, 10)
    async with new_consumer(bootstrap, **{"auto.offset.reset": "error"}) as strict:
        await strict.assign([TopicPartition(topic, 0, 1000)])
        message = await until(lambda: strict.poll(0.5), "an error", 10)
        expect_equal(message.error().code(), KafkaError._AUTO_OFFSET_RESET, "error")
    async with new_consumer(bootstrap) as lenient:
        await lenient.assign([TopicPartition(topic, 0, 1000)])
        records = await until(lambda: some(lenient), "records")
        expect_equal(records[0].offset(), 0, "offset after the reset")
