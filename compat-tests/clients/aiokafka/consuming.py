"""aiokafka: consumption without a group."""

from __future__ import annotations

import asyncio
import time

from aiokafka import AIOKafkaProducer, TopicPartition
from common import fill, make_topic, read, some, started, until
from harness import expect, expect_equal, fresh


async def consume_beginning(bootstrap: str) -> None:
    topic = await make_topic(bootstrap, 4)
    values = [b"value-%d" % number for number in range(2000)]
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        await asyncio.gather(*[await producer.send(topic, v, partition=n % 4) for n, v in enumerate(values)])
    records = await read(bootstrap, topic, 2000, partitions=4)
    for partition in range(4):
        found = [one.value for one in records if one.partition == partition]
        expect_equal(found, values[partition::4], f"partition {partition}")


async def consume_times(bootstrap: str) -> None:
    topic, base = await make_topic(bootstrap), int(time.time() * 1000) - 100_000
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        for number in range(100):
            stamp = base + number * 1000
            await producer.send(topic, b"value-%d" % number, timestamp_ms=stamp, partition=0)
    partition, consumer = TopicPartition(topic, 0), await started(bootstrap_servers=bootstrap)
    consumer.assign([partition])
    found = (await consumer.offsets_for_times({partition: base + 41_500}))[partition]
    expect_equal((found.offset, found.timestamp), (42, base + 42_000), "offset for a time")
    late = await consumer.offsets_for_times({partition: base + 10**6})
    expect_equal(late[partition], None, "offset after the end")
    expect_equal(await consumer.beginning_offsets([partition]), {partition: 0}, "beginning")
    expect_equal(await consumer.end_offsets([partition]), {partition: 100}, "end")
    consumer.seek(partition, found.offset)
    expect_equal((await consumer.getone()).value, b"value-42", "first record")
    await consumer.stop()


async def consume_seek(bootstrap: str) -> None:
    topic = await make_topic(bootstrap)
    await fill(bootstrap, topic, 100)
    partition, consumer = TopicPartition(topic, 0), await started(bootstrap_servers=bootstrap)
    consumer.assign([partition])
    consumer.seek(partition, 70)
    expect_equal((await consumer.getone()).value, b"value-70", "after seek")
    await consumer.seek_to_beginning(partition)
    expect_equal((await consumer.getone()).value, b"value-0", "from the beginning")
    expect_equal(await consumer.position(partition), 1, "position")
    consumer.pause(partition)
    expect_equal(await some(consumer, 300), [], "while paused")
    consumer.resume(partition)
    expect_equal((await consumer.getone()).value, b"value-1", "after resume")
    await consumer.seek_to_end(partition)
    expect_equal(await consumer.position(partition), 100, "end")
    await consumer.stop()


async def consume_long_poll(bootstrap: str) -> None:
    topic = await make_topic(bootstrap)
    consumer = await started(bootstrap_servers=bootstrap, fetch_max_wait_ms=20_000)
    consumer.assign([TopicPartition(topic, 0)])
    await some(consumer)
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        begin = time.monotonic()
        waiting = asyncio.create_task(consumer.getone())
        await asyncio.sleep(1)
        await producer.send_and_wait(topic, b"now")
        await asyncio.wait_for(waiting, 15)
    expect(time.monotonic() - begin < 10, "the fetch waited on though there was a record")
    await consumer.stop()


async def consume_pattern(bootstrap: str) -> None:
    prefix = fresh("pattern")
    first, other, later = f"{prefix}-first", fresh("other"), f"{prefix}-later"
    for name in (first, other):
        await make_topic(bootstrap, name=name)
        await fill(bootstrap, name, 10)
    consumer = await started(bootstrap_servers=bootstrap, group_id=fresh("group"), metadata_max_age_ms=500)
    consumer.subscribe(pattern=f"^{prefix}-.*")
    seen: list[str] = []

    async def read_from(topic: str) -> bool:
        seen.extend(record.topic for record in await some(consumer, 200))
        return seen.count(topic) == 10

    await until(lambda: read_from(first), "the first topic's records")
    await make_topic(bootstrap, name=later)
    await fill(bootstrap, later, 10)
    await until(lambda: read_from(later), "the later topic's records")
    expect_equal(sorted(set(seen)), [first, later], "topics")
    await consumer.stop()


async def consume_large(bootstrap: str) -> None:
    topic = await make_topic(bootstrap, 1, **{"max.message.bytes": "5000000"})
    values = [b"small", b"x" * 3_000_000, b"small"]
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, max_request_size=5_000_000) as producer:
        for value in values:
            await producer.send_and_wait(topic, value, partition=0)
    limits = {"max_partition_fetch_bytes": 1000, "fetch_max_bytes": 1000}
    found = [record.value for record in await read(bootstrap, topic, 3, **limits)]
    expect(found == values, "records", [len(value) for value in found])
