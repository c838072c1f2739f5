"""aiokafka: the broker stops, starts again, and is killed."""

from __future__ import annotations

import asyncio
from typing import Any

from aiokafka import AIOKafkaProducer
from common import fill, make_topic, read, some, started, until
from harness import ask_broker, check_exactly_once, expect_equal, fresh, numbered


async def restart_resume(bootstrap: str) -> None:
    topic, group = await make_topic(bootstrap), fresh("group")
    for number in range(3):
        await fill(bootstrap, topic, 100, number * 100)
        consumer = await started(topic, bootstrap_servers=bootstrap, group_id=group)
        seen: list[bytes] = []

        async def poll(consumer: Any = consumer, seen: list[bytes] = seen) -> bool:
            seen += [record.value for record in await some(consumer)]
            return len(seen) >= 100

        await until(poll, "a hundred records")
        expect_equal(seen, [value for _, value in numbered(100, number * 100)], f"records of run {number}")
        await consumer.commit()
        await consumer.stop()
        await asyncio.to_thread(ask_broker, "stop" if number == 0 else "kill")
        await asyncio.to_thread(ask_broker, "start")


async def kill_produce(bootstrap: str) -> None:
    count, topic = 200_000, await make_topic(bootstrap)
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, enable_idempotence=True, linger_ms=5, request_timeout_ms=120_000
    )
    await producer.start()
    sent: list[Any] = []
    for number, (key, value) in enumerate(numbered(count)):
        sent.append(await producer.send(topic, value, key, partition=0))
        if number % (count // 6) == count // 12 and number < count * 5 // 6:
            await asyncio.to_thread(ask_broker, "kill")
            await asyncio.to_thread(ask_broker, "start")
    offsets = [one.offset for one in await asyncio.gather(*sent)]
    await producer.stop()
    expect_equal(offsets, list(range(count)), "acknowledged offsets")
    check_exactly_once((one.value for one in await read(bootstrap, topic, count, seconds=120)), count)
