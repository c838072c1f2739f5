"""confluent-kafka's asyncio client: the broker stops, starts again, and is killed."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from common import fill, make_topic, new_consumer, new_producer, read, some, until
from confluent_kafka import KafkaException, TopicPartition
from groups import Member, all_read, leave_all, shared
from harness import ask_broker, check_exactly_once, expect_equal, fresh, kill_places, numbered


async def restart(how: str) -> None:
    """The broker ends, by "kill" or "stop", and starts again."""
    await asyncio.to_thread(ask_broker, how)
    await asyncio.to_thread(ask_broker, "start")


async def restart_resume(bootstrap: str) -> None:
    topic, group = await make_topic(bootstrap), fresh("group")
    for number, how in enumerate(("stop", "kill", "kill")):
        await fill(bootstrap, topic, 100, number * 100)
        seen: list[bytes] = []
        async with new_consumer(bootstrap, group) as consumer:
            await consumer.subscribe([topic])

            async def poll(consumer: Any = consumer, seen: list[bytes] = seen) -> bool:
                seen += [message.value() for message in await some(consumer)]
                return len(seen) >= 100

            await until(poll, "a hundred records")
            await consumer.commit(asynchronous=False)
        expect_equal(seen, [value for _, value in numbered(100, number * 100)], f"records of run {number}")
        await restart(how)


async def kill_produce(bootstrap: str) -> None:
    await produce(bootstrap, 200_000, kills=5)


async def produce_retry(bootstrap: str) -> None:
    await produce(bootstrap, 50_000, kills=0)


async def produce(bootstrap: str, count: int, kills: int) -> None:
    """Idempotent records, while the broker is killed so many times: each is there once, at its place."""
    topic, kill_at = await make_topic(bootstrap), kill_places(count, kills)
    options = {"enable.idempotence": True, "linger.ms": 5, "reconnect.backoff.max.ms": 500}
    sent: list[Any] = []
    async with new_producer(bootstrap, **options) as producer:
        for number, (key, value) in enumerate(numbered(count)):
            sent.append(await producer.produce(topic, value, key, partition=0))
            if number % 10_000 == 9_999:  # librdkafka's own queue takes 100,000
                await asyncio.wait_for(sent[max(0, number - 50_000)], 60)
            if number in kill_at:
                await restart("kill")
        expect_equal(await producer.flush(120), 0, "records not delivered")
        offsets = [message.offset() for message in await asyncio.gather(*sent)]
    expect_equal(offsets, list(range(count)), "acknowledged offsets")
    check_exactly_once((one.value() for one in await read(bootstrap, topic, count, seconds=120)), count)


async def kill_consume(bootstrap: str) -> None:
    topic, group = await make_topic(bootstrap), fresh("group")
    await fill(bootstrap, topic, 3000)
    seen: set[bytes] = set()
    kills = [500, 1500, 2500]
    async with new_consumer(bootstrap, group, **{"reconnect.backoff.max.ms": 500}) as consumer:
        await consumer.subscribe([topic])

        async def poll() -> bool:
            seen.update(message.value() for message in await some(consumer, 0.2, 100))
            if kills and len(seen) >= kills[0]:
                kills.pop(0)
                await restart("kill")
            with contextlib.suppress(KafkaException):
                await consumer.commit(asynchronous=False)
            return len(seen) == 3000

        await until(poll, "every record", 90)
        await consumer.commit(offsets=[TopicPartition(topic, 0, 3000)], asynchronous=False)
        (committed,) = await consumer.committed([TopicPartition(topic, 0)], 10)
    expect_equal((kills, committed.offset), ([], 3000), "kills left, committed offset")


async def kill_rebalance(bootstrap: str) -> None:
    topic, group = await make_topic(bootstrap, 6), fresh("group")
    members = [Member(bootstrap, topic, group)]
    await shared(members, 6)
    for _ in range(2):
        members.append(Member(bootstrap, topic, group))
        await asyncio.sleep(0.1)
        await restart("kill")
    await shared(members, 6)
    await all_read(bootstrap, topic, members, range(600))
    await leave_all(members)
