"""aiokafka: what the scenarios share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from harness import expect_equal, fresh, numbered


async def until(condition: Callable[[], Awaitable[Any]], what: str, seconds: float = 30) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := await condition():
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


async def new_admin(bootstrap: str) -> Any:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    return admin


async def make_topic(bootstrap: str, partitions: int = 1, name: str | None = None, **configs: str) -> str:
    """A new topic, as soon as the broker knows it: Apache Kafka answers a creation a moment earlier."""
    name, admin = name or fresh("topic"), await new_admin(bootstrap)
    await admin.create_topics([NewTopic(name, partitions, 1, topic_configs=configs)])
    await wait_for_partitions(admin, name, partitions)
    await admin.close()
    return name


async def wait_for_partitions(admin: Any, topic: str, count: int) -> None:
    """Until the broker tells of so many."""

    async def known() -> bool:
        (described,) = await admin.describe_topics([topic])
        return len(described["partitions"]) == count

    await until(known, f"{count} partitions of {topic}")


async def fill(bootstrap: str, topic: str, count: int, start: int = 0, **options: Any) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, **options) as producer:
        sent = [await producer.send(topic, value, key, partition=0) for key, value in numbered(count, start)]
        await asyncio.gather(*sent)


async def started(*topics: str, **options: Any) -> Any:
    consumer = AIOKafkaConsumer(*topics, auto_offset_reset="earliest", enable_auto_commit=False, **options)
    await consumer.start()
    return consumer


async def some(consumer: Any, timeout_ms: int = 500, **options: Any) -> list[Any]:
    batches = (await consumer.getmany(timeout_ms=timeout_ms, **options)).values()
    return [record for batch in batches for record in batch]


async def read(
    bootstrap: str, topic: str, count: int, partitions: int = 1, seconds: float = 30, **options: Any
) -> list[Any]:
    consumer = await started(bootstrap_servers=bootstrap, **options)
    consumer.assign([TopicPartition(topic, number) for number in range(partitions)])
    records: list[Any] = []
    end = time.monotonic() + seconds
    while len(records) < count and time.monotonic() < end:
        records += await some(consumer)
    await consumer.stop()
    expect_equal(len(records), count, "records read")
    return records
