"""aiokafka: transactions."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError, ProducerFenced
from common import fill, make_topic, read, some, started
from harness import ask_broker, check_exactly_once, expect_equal, fresh

COMMITTED = {"isolation_level": "read_committed"}


async def new_producer(bootstrap: str, transactional_id: str, **options: Any) -> Any:
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, transactional_id=transactional_id, linger_ms=1, **options
    )
    await producer.start()
    return producer


async def write(producer: Any, topic: str, name: str) -> None:
    await producer.begin_transaction()
    sent = [await producer.send(topic, f"{name}-{number}".encode(), partition=0) for number in range(10)]
    await asyncio.gather(*sent)


async def transactions(bootstrap: str) -> None:
    topic, source, group = await make_topic(bootstrap), await make_topic(bootstrap), fresh("group")
    producer, place = await new_producer(bootstrap, fresh("transactional")), TopicPartition(source, 0)
    for name, offset in (("committed", 42), ("aborted", 77)):
        await write(producer, topic, name)
        await producer.send_offsets_to_transaction({place: offset}, group)
        if name == "committed":
            await producer.commit_transaction()
        else:
            await producer.abort_transaction()
    await write(producer, topic, "open")
    expect_equal(len(await read(bootstrap, topic, 30)), 30, "records")
    wanted = [f"committed-{number}".encode() for number in range(10)]
    expect_equal([one.value for one in await read(bootstrap, topic, 10, **COMMITTED)], wanted)
    await producer.commit_transaction()
    wanted += [f"open-{number}".encode() for number in range(10)]
    expect_equal([one.value for one in await read(bootstrap, topic, 20, **COMMITTED)], wanted)
    consumer = await started(bootstrap_servers=bootstrap, group_id=group)
    expect_equal(await consumer.committed(place), 42, "committed offset")
    await consumer.stop()
    await producer.stop()


async def expect_fenced(producer: Any) -> None:
    try:
        await producer.commit_transaction()
    except ProducerFenced:
        pass
    else:
        raise AssertionError("a fenced producer has committed")
    with contextlib.suppress(ProducerFenced):
        await producer.stop()


async def transactions_fenced(bootstrap: str) -> None:
    topic, transactional_id = await make_topic(bootstrap), fresh("transactional")
    first = await new_producer(bootstrap, transactional_id)
    await write(first, topic, "first")
    second = await new_producer(bootstrap, transactional_id)
    await write(second, topic, "second")
    await second.commit_transaction()
    await expect_fenced(first)
    found = [one.value for one in await read(bootstrap, topic, 10, **COMMITTED)]
    expect_equal(found, [f"second-{number}".encode() for number in range(10)])
    await second.stop()


async def transactions_timeout(bootstrap: str) -> None:
    topic = await make_topic(bootstrap)
    slow = await new_producer(bootstrap, fresh("transactional"), transaction_timeout_ms=3000)
    await write(slow, topic, "slow")
    quick = await new_producer(bootstrap, fresh("transactional"))
    await write(quick, topic, "quick")
    await quick.commit_transaction()
    # Readers get past the open transaction once its time is up; Apache Kafka looks every ten seconds.
    found = [one.value for one in await read(bootstrap, topic, 10, **COMMITTED)]
    expect_equal(found, [f"quick-{number}".encode() for number in range(10)])
    await expect_fenced(slow)
    await quick.stop()


class Service:
    """Copies a topic into another, each record once, as often as it has to begin anew."""

    def __init__(self, bootstrap: str, source: str, target: str) -> None:
        self._bootstrap = bootstrap
        self._source, self._target = source, target
        self._group, self._transactional_id = fresh("group"), fresh("transactional")
        self._producer: Any = None
        self._consumer: Any = None

    async def start(self) -> None:
        self._producer = await new_producer(self._bootstrap, self._transactional_id)
        self._consumer = AIOKafkaConsumer(
            self._source,
            bootstrap_servers=self._bootstrap,
            group_id=self._group,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            **COMMITTED,
        )
        await self._consumer.start()

    async def copy(self, abort: bool = False) -> int:
        """One transaction; how many records it has copied."""
        producer, consumer, place = self._producer, self._consumer, TopicPartition(self._source, 0)
        records = await some(consumer, 200, max_records=50)
        if not records:
            return 0
        await producer.begin_transaction()
        for record in records:
            await producer.send(self._target, record.value, record.key, partition=0)
        await producer.send_offsets_to_transaction({place: records[-1].offset + 1}, self._group)
        if abort:
            await producer.abort_transaction()
            consumer.seek(place, records[0].offset)
            return 0
        await producer.commit_transaction()
        return len(records)

    async def stop(self) -> None:
        with contextlib.suppress(KafkaError):
            await self._consumer.stop()
        with contextlib.suppress(KafkaError):
            await self._producer.stop()


async def consume_transform_produce(bootstrap: str) -> None:
    count, source, target = 1_000, await make_topic(bootstrap), await make_topic(bootstrap)
    await fill(bootstrap, source, count)
    service, copied, turn = Service(bootstrap, source, target), 0, 0
    await service.start()
    end = time.monotonic() + 60
    while copied < count and time.monotonic() < end:
        turn += 1
        copied += await service.copy(abort=turn % 3 == 0)
    await service.stop()
    found = await read(bootstrap, target, count, **COMMITTED)
    check_exactly_once((one.value for one in found), count)


async def kill_transactions(bootstrap: str) -> None:
    count, source, target = 2_000, await make_topic(bootstrap), await make_topic(bootstrap)
    await fill(bootstrap, source, count)
    service, copied, kills = Service(bootstrap, source, target), 0, 0
    await service.start()
    end = time.monotonic() + 200
    while copied < count and time.monotonic() < end:
        try:
            copied += await service.copy()
        except KafkaError:
            await service.stop()
            await service.start()
            copied = await _copied(bootstrap, target, count)
        if copied > (kills + 1) * count // 5 and kills < 4:
            kills += 1
            await asyncio.to_thread(ask_broker, "kill")
            await asyncio.to_thread(ask_broker, "start")
    await service.stop()
    found = await read(bootstrap, target, count, **COMMITTED)
    check_exactly_once((one.value for one in found), count)


async def _copied(bootstrap: str, target: str, most: int) -> int:
    """How many records readers of committed ones see now."""
    consumer = await started(bootstrap_servers=bootstrap, **COMMITTED)
    consumer.assign([TopicPartition(target, 0)])
    end, seen = time.monotonic() + 3, 0
    while seen < most and time.monotonic() < end:
        seen += len(await some(consumer))
    await consumer.stop()
    return seen
