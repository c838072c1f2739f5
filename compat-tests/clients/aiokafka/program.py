"""aiokafka: each scenario in its own idiom, asyncio."""

from __future__ import annotations

import asyncio
import pathlib
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import MessageSizeTooLargeError, TopicAlreadyExistsError
from harness import (
    ask_broker,
    check_exactly_once,
    expect,
    expect_equal,
    fresh,
    main,
    numbered,
)


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


async def make_topic(bootstrap: str, partitions: int = 1, **configs: str) -> str:
    name, admin = fresh("topic"), await new_admin(bootstrap)
    await admin.create_topics([NewTopic(name, partitions, 1, topic_configs=configs)])
    await admin.close()
    return name


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


async def read(bootstrap: str, topic: str, count: int, partitions: int = 1, seconds: float = 30) -> list[Any]:
    consumer = await started(bootstrap_servers=bootstrap)
    consumer.assign([TopicPartition(topic, number) for number in range(partitions)])
    records: list[Any] = []
    end = time.monotonic() + seconds
    while len(records) < count and time.monotonic() < end:
        records += await some(consumer)
    await consumer.stop()
    expect_equal(len(records), count, "records read")
    return records


async def admin_topics(bootstrap: str) -> None:
    admin, name = await new_admin(bootstrap), fresh("topic")

    async def listed() -> bool:
        return name in await admin.list_topics()

    async def gone() -> bool:
        return not await listed()

    await admin.create_topics([NewTopic(name, 3, 1)])
    await until(listed, "the new topic is listed")
    (described,) = await admin.describe_topics([name])
    expect_equal(len(described["partitions"]), 3, "partitions described")
    answer = await admin.create_topics([NewTopic(name, 3, 1)])
    expect_equal(answer.topic_errors[0][1], TopicAlreadyExistsError.errno, "error of a second creation")
    for _ in range(5):
        await admin.delete_topics([name])
        await until(gone, "the deleted topic is gone")
        await admin.create_topics([NewTopic(name, 1, 1)])
    await until(listed, "the topic made again is listed")
    await admin.close()


async def admin_partitions(bootstrap: str) -> None:
    topic, admin = await make_topic(bootstrap), await new_admin(bootstrap)
    await admin.create_partitions({topic: NewPartitions(4)})
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        for number in range(4):
            sent = await producer.send_and_wait(topic, b"x", partition=number)
            expect_equal(sent.offset, 0, "first offset in a new partition")
    records = await read(bootstrap, topic, 4, partitions=4)
    expect_equal(sorted(record.partition for record in records), [0, 1, 2, 3])
    await admin.close()


async def admin_configs(bootstrap: str) -> None:
    topic = await make_topic(bootstrap, 1, **{"retention.ms": "123456", "cleanup.policy": "compact"})
    admin = await new_admin(bootstrap)

    async def described(kind: Any, name: str) -> dict[str, str]:
        (answer,) = await admin.describe_configs([ConfigResource(kind, name)])
        return {entry[0]: entry[1] for entry in answer.resources[0][4]}

    values = await described(ConfigResourceType.TOPIC, topic)
    expect_equal(values["retention.ms"], "123456", "retention.ms")
    expect_equal(values["cleanup.policy"], "compact", "cleanup.policy")
    expect_equal(values["segment.bytes"], "1073741824", "segment.bytes")
    node = (await admin.describe_cluster())["brokers"][0]["node_id"]
    values = await described(ConfigResourceType.BROKER, str(node))
    expect_equal(values["log.segment.bytes"], "1073741824", "the broker's log.segment.bytes")
    await admin.close()


async def admin_cluster(bootstrap: str) -> None:
    admin = await new_admin(bootstrap)
    cluster = await admin.describe_cluster()
    expect(cluster["cluster_id"], "a cluster id")
    (broker,) = cluster["brokers"]
    expect_equal(f"{broker['host']}:{broker['port']}", bootstrap, "address")
    await admin.close()


async def admin_groups(bootstrap: str) -> None:
    topic, group = await make_topic(bootstrap), fresh("group")
    await fill(bootstrap, topic, 10)
    consumer = await started(topic, bootstrap_servers=bootstrap, group_id=group)
    await until(lambda: some(consumer), "records")
    await consumer.commit()
    admin = await new_admin(bootstrap)
    expect(group in str(await admin.list_consumer_groups()), "the group is listed")
    expect("Stable" in str(await admin.describe_consumer_groups([group])), "the group is stable")
    await consumer.stop()
    offsets = await admin.list_consumer_group_offsets(group)
    expect_equal(offsets[TopicPartition(topic, 0)].offset, 10, "committed offset")
    await admin.close()  # deleting a group is not in this client's API


async def produce_codecs(bootstrap: str) -> None:
    for codec in (None, "gzip", "snappy", "lz4", "zstd"):
        topic = await make_topic(bootstrap)
        async with AIOKafkaProducer(
            bootstrap_servers=bootstrap, compression_type=codec, linger_ms=20
        ) as producer:
            sent = [await producer.send(topic, value * 20, key, partition=0) for key, value in numbered(500)]
            await asyncio.gather(*sent)
        found = [(record.key, record.value) for record in await read(bootstrap, topic, 500)]
        expect_equal(found, [(key, value * 20) for key, value in numbered(500)], f"records under {codec}")


async def produce_shapes(bootstrap: str) -> None:
    topic, now = await make_topic(bootstrap), int(time.time() * 1000)
    shapes: list[tuple[Any, Any, list[tuple[str, bytes]]]] = [
        (None, b"value", []),
        (b"key", None, [("a", b"1"), ("a", b""), ("\u00fcmlaut", b"\x00\xff")]),
        (b"", b"", [("empty", b"")]),
        (b"large", b"x" * 900_000, []),
    ]
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, linger_ms=50) as producer:
        sent = [
            await producer.send(topic, value, key, headers=headers, timestamp_ms=now + number)
            for number, (key, value, headers) in enumerate(shapes)
        ]
        await asyncio.gather(*sent)
    records = await read(bootstrap, topic, len(shapes))
    expect_equal([(one.key, one.value, list(one.headers)) for one in records], shapes, "records")
    expect_equal([one.timestamp for one in records], [now + n for n in range(len(shapes))], "timestamps")


async def produce_acks(bootstrap: str) -> None:
    topic = await make_topic(bootstrap)
    for acks in ("all", 1, 0):
        async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks=acks) as producer:
            sent = [await producer.send_and_wait(topic, b"value", partition=0) for _ in range(10)]
            if acks != 0:
                first = sent[0].offset
                expect_equal([one.offset for one in sent], list(range(first, first + 10)), f"acks={acks}")
    expect_equal([one.offset for one in await read(bootstrap, topic, 30)], list(range(30)), "offsets")


async def produce_too_large(bootstrap: str) -> None:
    topic = await make_topic(bootstrap, 1, **{"max.message.bytes": "2000"})
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        try:
            await producer.send_and_wait(topic, b"x" * 5000)
            raise AssertionError("5,000 bytes were taken where 2,000 are allowed")
        except MessageSizeTooLargeError:
            pass
        await producer.send_and_wait(topic, b"small")
    expect_equal([one.value for one in await read(bootstrap, topic, 1)], [b"small"])


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


class Member:
    """A consumer in a task, with the records it saw."""

    def __init__(self, bootstrap: str, topic: str, group: str) -> None:
        self._topic = topic
        self._options = {
            "bootstrap_servers": bootstrap,
            "group_id": group,
            "session_timeout_ms": 6000,
            "heartbeat_interval_ms": 500,
            "max_poll_interval_ms": 6000,
        }
        self.consumer: Any = None
        self.seen: list[bytes] = []
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        self.consumer = await started(self._topic, **self._options)
        while True:
            if records := await some(self.consumer, 100):
                self.seen += [record.value for record in records]
                await self.consumer.commit()

    def owned(self) -> set[Any]:
        return set() if self.consumer is None else set(self.consumer.assignment())

    async def leave(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await self.consumer.stop()


class MemberProcess:
    """A member in a process of its own, to be killed; it prints what it owns and what it reads."""

    def __init__(self, bootstrap: str, topic: str, group: str) -> None:
        self._command = [sys.executable, __file__, "member", bootstrap, topic, group]
        self._process: Any = None
        self._owned: set[Any] = set()
        self.seen: list[bytes] = []
        self.task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        self._process = await asyncio.create_subprocess_exec(*self._command, stdout=asyncio.subprocess.PIPE)
        while line := await self._process.stdout.readline():
            if line.startswith(b"owns"):
                self._owned = {TopicPartition(self._command[4], int(number)) for number in line.split()[1:]}
            else:
                self.seen.append(line.split()[1])

    def owned(self) -> set[Any]:
        return self._owned

    async def die(self) -> None:
        """`kill -9`: not a word to the broker."""
        self._process.kill()
        await self.task


async def print_as_member(bootstrap: str, topic: str, group: str) -> None:
    """What a MemberProcess runs, until it is killed."""
    member = Member(bootstrap, topic, group)
    told, owned = 0, None
    while True:
        await asyncio.sleep(0.05)
        if member.owned() != owned:
            owned = member.owned()
            print("owns", *(one.partition for one in owned), flush=True)
        for value in member.seen[told:]:
            print("read", value.decode(), flush=True)
        told = len(member.seen)


async def group_members(bootstrap: str) -> None:
    topic, group = await make_topic(bootstrap, 6), fresh("group")
    doomed = MemberProcess(bootstrap, topic, group)
    members: list[Any] = [doomed]

    async def shared() -> bool:
        owned = [member.owned() for member in members]
        return all(owned) and sum(map(len, owned)) == 6 and len(set().union(*owned)) == 6

    await until(shared, "six partitions held by one", 45)
    members += [Member(bootstrap, topic, group), Member(bootstrap, topic, group)]
    await until(shared, "six partitions shared by three", 45)
    everybody = list(members)

    async def all_read(start: int, count: int) -> None:
        async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
            for number in range(start, start + count):
                await producer.send(topic, b"%d" % number, partition=number % 6)
        wanted = {b"%d" % number for number in range(start + count)}

        async def complete() -> bool:
            return set().union(*(member.seen for member in everybody)) == wanted

        await until(complete, "every record is read", 45)

    await all_read(0, 600)
    await members.pop().leave()
    await until(shared, "six partitions shared by two", 45)
    members.remove(doomed)
    await doomed.die()
    await until(shared, "six partitions held by the last", 45)
    await all_read(600, 600)
    for member in members:
        await member.leave()


async def group_commit(bootstrap: str) -> None:
    topic, group = await make_topic(bootstrap), fresh("group")
    await fill(bootstrap, topic, 100)
    partition = TopicPartition(topic, 0)
    first = await started(topic, bootstrap_servers=bootstrap, group_id=group)
    await until(lambda: some(first), "records")
    await first.commit({partition: (42, "forty-two")})
    expect_equal(await first.committed(partition), 42, "committed")
    await first.stop()
    second = await started(topic, bootstrap_servers=bootstrap, group_id=group)
    expect_equal((await second.getone()).value, b"value-42", "first record of the second run")
    await second.stop()


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


if __name__ == "__main__":
    if sys.argv[1] == "member":
        asyncio.run(print_as_member(*sys.argv[2:]))
    main(
        {
            "admin-topics": admin_topics,
            "admin-partitions": admin_partitions,
            "admin-configs": admin_configs,
            "admin-cluster": admin_cluster,
            "admin-groups": admin_groups,
            "produce-codecs": produce_codecs,
            "produce-shapes": produce_shapes,
            "produce-acks": produce_acks,
            "produce-too-large": produce_too_large,
            "consume-beginning": consume_beginning,
            "consume-times": consume_times,
            "consume-seek": consume_seek,
            "consume-long-poll": consume_long_poll,
            "group-members": group_members,
            "group-commit": group_commit,
            "restart-resume": restart_resume,
            "kill-produce": kill_produce,
            "command-line": "aiokafka has no command-line tools",
        }
    )
