"""confluent-kafka's asyncio client: transactions."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

from common import STEADFAST, fill, make_topic, new_consumer, new_producer, read, send_with, some
from confluent_kafka import KafkaError, KafkaException, TopicPartition
from harness import check_exactly_once, expect, expect_equal, fresh
from restarts import restart

COMMITTED = {"isolation.level": "read_committed"}
MEMBER = {"session.timeout.ms": 6000, "heartbeat.interval.ms": 500, "reconnect.backoff.max.ms": 500}


async def new_transactional(bootstrap: str, transactional_id: str, **options: Any) -> Any:
    """A producer that is ready for its first transaction."""
    producer = new_producer(bootstrap, **{"transactional.id": transactional_id, "linger.ms": 1, **options})
    await producer.init_transactions(30)
    return producer


async def write(producer: Any, topic: str, name: str) -> None:
    """Begin a transaction and write ten records in it, named so."""
    await producer.begin_transaction()
    await send_with(
        producer, [{"topic": topic, "value": f"{name}-{n}".encode(), "partition": 0} for n in range(10)]
    )


async def expect_committed(bootstrap: str, topic: str, *names: str) -> None:
    """The records of these transactions, and no others, are read by readers of committed ones."""
    wanted = [f"{name}-{number}".encode() for name in names for number in range(10)]
    found = await read(bootstrap, topic, len(wanted), **COMMITTED)
    expect_equal([one.value() for one in found], wanted, "committed records")


async def transactions(bootstrap: str) -> None:
    topic, source, group = await make_topic(bootstrap), await make_topic(bootstrap), fresh("group")
    producer = await new_transactional(bootstrap, fresh("transactional"))
    async with new_consumer(bootstrap, group) as consumer:
        for name, offset in (("committed", 42), ("aborted", 77)):
            await write(producer, topic, name)
            offsets = [TopicPartition(source, 0, offset)]
            metadata = await consumer.consumer_group_metadata()
            await producer.send_offsets_to_transaction(offsets, metadata, 20)
            if name == "committed":
                await producer.commit_transaction(20)
            else:
                await producer.abort_transaction(20)
        await write(producer, topic, "open")
        everything = await read(bootstrap, topic, 30, **{"isolation.level": "read_uncommitted"})
        expect_equal(len(everything), 30, "records")
        await expect_committed(bootstrap, topic, "committed")
        await producer.commit_transaction(20)
        await expect_committed(bootstrap, topic, "committed", "open")
        (found,) = await consumer.committed([TopicPartition(source, 0)], 20)
        expect_equal(found.offset, 42, "committed offset")
    await producer.close()


async def expect_fenced(producer: Any) -> None:
    """The end of a transaction without a future."""
    try:
        await producer.commit_transaction(20)
    except KafkaException as error:
        expect_equal(error.args[0].code(), KafkaError._FENCED, "error")
        expect(error.args[0].fatal(), "the error is not a fatal one")
    else:
        raise AssertionError("a fenced producer has committed")


async def transactions_fenced(bootstrap: str) -> None:
    topic, transactional_id = await make_topic(bootstrap), fresh("transactional")
    first = await new_transactional(bootstrap, transactional_id)
    await write(first, topic, "first")
    second = await new_transactional(bootstrap, transactional_id)
    await write(second, topic, "second")
    await second.commit_transaction(20)
    await expect_fenced(first)
    await expect_committed(bootstrap, topic, "second")


async def transactions_timeout(bootstrap: str) -> None:
    topic = await make_topic(bootstrap)
    slow = await new_transactional(bootstrap, fresh("transactional"), **{"transaction.timeout.ms": 3000})
    await write(slow, topic, "slow")
    quick = await new_transactional(bootstrap, fresh("transactional"))
    await write(quick, topic, "quick")
    await quick.commit_transaction(20)
    # Readers get past the open transaction once its time is up; Apache Kafka looks every ten seconds.
    await expect_committed(bootstrap, topic, "quick")
    await expect_fenced(slow)


async def nothing() -> None:
    """What happens between the last record of most transactions and their end."""


class Service:
    """Copies a topic into another, each record once, as often as it has to begin anew."""

    def __init__(self, bootstrap: str, source: str, target: str) -> None:
        self._bootstrap, self._source, self._target = bootstrap, source, target
        self._group, self._transactional_id = fresh("group"), fresh("transactional")
        self._producer: Any = None
        self._consumer: Any = None
        self.transactions = 0

    async def start(self) -> None:
        """Make ready for the first transaction, and join the group."""
        self._producer = await new_transactional(self._bootstrap, self._transactional_id, **STEADFAST)
        self._consumer = new_consumer(self._bootstrap, self._group, **{**COMMITTED, **MEMBER, **STEADFAST})
        await self._consumer.subscribe([self._source])

    async def copy(self, abort: bool = False, before_the_end: Callable[[], Awaitable[None]] = nothing) -> int:
        """One transaction; the offset up to which records are copied by it, 0 when it copied nothing."""
        messages = await some(self._consumer, 0.2, 50)
        if not messages:
            return 0
        self.transactions += 1
        await self._producer.begin_transaction()
        for one in messages:  # the end of the transaction tells whether they were written
            await self._producer.produce(self._target, one.value(), one.key(), partition=0)
        place = TopicPartition(self._source, 0, messages[-1].offset() + 1)
        metadata = await self._consumer.consumer_group_metadata()
        await self._producer.send_offsets_to_transaction([place], metadata, 20)
        await before_the_end()
        if abort:
            await self._producer.abort_transaction(20)
            await self._consumer.seek(TopicPartition(self._source, 0, messages[0].offset()))
            return 0
        await self._producer.flush(20)  # the commit's own flush knows no time-out
        await self._producer.commit_transaction(20)
        return int(place.offset)

    async def committed(self) -> int:
        """The offset that the group has committed, 0 before the first."""
        (found,) = await self._consumer.committed([TopicPartition(self._source, 0)], 20)
        return max(int(found.offset), 0)

    async def stop(self) -> None:
        """Close both, whatever state they are in: what is not sent now never will be."""
        await self._producer.purge()
        await self._producer.close()
        await self._consumer.close()


async def consume_transform_produce(bootstrap: str) -> None:
    count, source, target = 1_000, await make_topic(bootstrap), await make_topic(bootstrap)
    await fill(bootstrap, source, count)
    service, copied = Service(bootstrap, source, target), 0
    await service.start()
    end = time.monotonic() + 60
    while copied < count and time.monotonic() < end:
        copied = max(copied, await service.copy(abort=service.transactions % 3 == 1))
    await service.stop()
    found = await read(bootstrap, target, count, **COMMITTED)
    check_exactly_once((one.value() for one in found), count)


async def kill_transactions(bootstrap: str) -> None:
    count, source, target = 2_000, await make_topic(bootstrap), await make_topic(bootstrap)
    await fill(bootstrap, source, count)
    service, copied, kills = Service(bootstrap, source, target), 0, 0
    await service.start()

    async def kill() -> None:
        nonlocal kills
        if kills < 4 and copied > (kills + 1) * count // 5:
            kills += 1
            await restart("kill")

    end = time.monotonic() + 200
    while copied < count and time.monotonic() < end:
        try:
            await service.copy(before_the_end=kill)
            copied = await service.committed()
        except KafkaException:
            await service.stop()
            await service.start()
    await service.stop()
    expect_equal(kills, 4, "kills")
    found = await read(bootstrap, target, count, **COMMITTED)
    check_exactly_once((one.value() for one in found), count)
