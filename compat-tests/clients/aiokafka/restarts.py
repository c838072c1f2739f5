"""aiokafka: the broker stops, starts again, and is killed."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError
from common import fill, make_topic, read, some, started, until
from groups import Member, share
from harness import ask_broker, check_exactly_once, expect_equal, fresh, kill_places, numbered


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
    await _produce(bootstrap, 200_000, kills=5)


async def produce_retry(bootstrap: str) -> None:
    await _produce(bootstrap, 50_000, kills=0)


async def _produce(bootstrap: str, count: int, kills: int) -> None:
    topic, kill_at = await make_topic(bootstrap), kill_places(count, kills)
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, enable_idempotence=True, linger_ms=5, request_timeout_ms=120_000
    )
    await producer.start()
    sent: list[Any] = []
    for number, (key, value) in enumerate(numbered(count)):
        sent.append(await producer.send(topic, value, key, partition=0))
        if number in kill_at:
            await asyncio.to_thread(ask_broker, "kill")
            await asyncio.to_thread(ask_broker, "start")
    offsets = [one.offset for one in await asyncio.gather(*sent)]
    await producer.stop()
    expect_equal(offsets, list(range(count)), "acknowledged offsets")
    check_exactly_once((one.value for one in await read(bootstrap, topic, count, seconds=120)), count)


async def kill_consume(bootstrap: str) -> None:
    topic, group = await make_topic(bootstrap), fresh("group")
    await fill(bootstrap, topic, 3000)
    consumer = await started(topic, bootstrap_servers=bootstrap, group_id=group, retry_backoff_ms=100)
    seen: set[bytes] = set()
    kills = iter((500, 1500, 2500))
    next_kill = next(kills, None)

    async def poll() -> bool:
        nonlocal next_kill
        seen.update(record.value for record in await some(consumer, 200, max_records=100))
        if next_kill is not None and len(seen) >= next_kill:
            next_kill = next(kills, None)
            await asyncio.to_thread(ask_broker, "kill")
            await asyncio.to_thread(ask_broker, "start")
        with contextlib.suppress(KafkaError):
            await consumer.commit()
        return len(seen) == 3000

    await until(poll, "every record", 90)
    await consumer.commit()
    expect_equal(await consumer.committed(TopicPartition(topic, 0)), 3000, "committed")
    await consumer.stop()


async def kill_rebalance(bootstrap: str) -> None:
    topic, group = await make_topic(bootstrap, 6), fresh("group")
    members = [Member(bootstrap, topic, group)]
    await until(lambda: share(members, 6), "six partitions held by one", 45)
    for _ in range(2):
        members.append(Member(bootstrap, topic, group))
        await asyncio.sleep(0.1)
        await asyncio.to_thread(ask_broker, "kill")
        await asyncio.to_thread(ask_broker, "start")
    await until(lambda: share(members, 6), "six partitions shared by three", 60)
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        for number in range(600):
            await producer.send(topic, b"%d" % number, partition=number % 6)

    async def complete() -> bool:
        return sum(len(set(member.seen)) for member in members) >= 600

    await until(complete, "every record is read", 45)
    for member in members:
        await member.leave()
