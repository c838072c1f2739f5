"""confluent-kafka's asyncio client: what the scenarios share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from confluent_kafka.aio import AIOConsumer, AIOProducer
from harness import expect_equal, fresh, numbered

# By default librdkafka 2.16 begins anew from its bootstrap address when all brokers are away (KIP-899), and
# now and then leaves a broker terminating for ever on that way.
STEADFAST = {"metadata.recovery.strategy": "none"}


async def until(condition: Callable[[], Awaitable[Any]], what: str, seconds: float = 30) -> Any:
    """Ask again and again until `condition` gives something true; fail the scenario after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := await condition():
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


async def make_topic(bootstrap: str, partitions: int = 1, name: str | None = None, **configs: str) -> str:
    """A new topic's name. The ordinary admin client makes it: there is no asyncio one."""
    name, admin = name or fresh("topic"), AdminClient({"bootstrap.servers": bootstrap})
    (made,) = admin.create_topics([NewTopic(name, partitions, 1, config=configs)]).values()
    await asyncio.wrap_future(made)
    return name


def new_producer(bootstrap: str, **options: Any) -> Any:
    """A producer that hands its batches on after 10 ms."""
    return AIOProducer({"bootstrap.servers": bootstrap, **options}, buffer_timeout=0.01)


async def send(bootstrap: str, records: list[dict[str, Any]], **options: Any) -> list[Any]:
    """Produce all, wait for all; the delivered messages in their order. KafkaException for a refused one."""
    async with new_producer(bootstrap, **options) as producer:
        return await send_with(producer, records)


async def send_with(producer: Any, records: list[dict[str, Any]]) -> list[Any]:
    """The same with a producer that lives on."""
    sent = [await producer.produce(**record) for record in records]
    expect_equal(await producer.flush(60), 0, "records not delivered")
    return list(await asyncio.gather(*sent))


async def fill(bootstrap: str, topic: str, count: int, start: int = 0) -> None:
    """Write numbered records into the first partition."""
    records = numbered(count, start)
    await send(bootstrap, [{"topic": topic, "key": k, "value": v, "partition": 0} for k, v in records])


def new_consumer(bootstrap: str, group: str | None = None, **options: Any) -> Any:
    """A consumer that commits nothing by itself."""
    settings = {
        "bootstrap.servers": bootstrap,
        "group.id": group or fresh("no-group"),
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        **options,
    }
    return AIOConsumer(settings, max_workers=3)


async def some(consumer: Any, seconds: float = 0.5, count: int = 500) -> list[Any]:
    """The messages of one call of consume."""
    messages = await consumer.consume(count, seconds)
    for message in messages:
        if message.error() is not None and message.error().fatal():
            raise KafkaException(message.error())
    return [message for message in messages if message.error() is None]


async def read(
    bootstrap: str, topic: str, count: int, partitions: int = 1, seconds: float = 30, **options: Any
) -> list[Any]:
    """So many records of a topic, from its beginning."""
    records: list[Any] = []
    async with new_consumer(bootstrap, **options) as consumer:
        places = [TopicPartition(topic, number, OFFSET_BEGINNING) for number in range(partitions)]
        await consumer.assign(places)
        end = time.monotonic() + seconds
        while len(records) < count and time.monotonic() < end:
            records += await some(consumer)
    expect_equal(len(records), count, "records read")
    return records
