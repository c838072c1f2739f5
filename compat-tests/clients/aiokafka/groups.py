"""aiokafka: consumer groups."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import Any

from aiokafka import AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import KafkaError
from common import fill, make_topic, some, started, until
from harness import expect_equal, fresh


class Member(ConsumerRebalanceListener):
    """A consumer in a task, with the records it saw."""

    def __init__(self, bootstrap: str, topics: str | list[str], group: str, **options: Any) -> None:
        self._topics = [topics] if isinstance(topics, str) else topics
        self._options = {
            "bootstrap_servers": bootstrap,
            "group_id": group,
            "session_timeout_ms": 6000,
            "heartbeat_interval_ms": 500,
            "max_poll_interval_ms": 6000,
            **options,
        }
        self.consumer: Any = None
        self.rebalances: list[set[Any]] = []
        self.seen: list[bytes] = []
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        self.consumer = await started(**self._options)
        self.consumer.subscribe(self._topics, listener=self)
        while True:
            if records := await some(self.consumer, 100):
                self.seen += [record.value for record in records]
                with contextlib.suppress(KafkaError):  # in a rebalance, or while the broker is away
                    await self.consumer.commit()

    def on_partitions_revoked(self, revoked: Any) -> None:
        """Counted with what follows it."""

    def on_partitions_assigned(self, assigned: Any) -> None:
        """The end of a rebalance."""
        self.rebalances.append(set(assigned))

    def owned(self) -> set[Any]:
        return set() if self.consumer is None else set(self.consumer.assignment())

    async def leave(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await self.consumer.stop()


class MemberProcess:
    """A member in a process of its own, to be killed; it prints what it owns and what it reads."""

    def __init__(self, bootstrap: str, topic: str, group: str) -> None:
        self._command = [sys.executable, sys.argv[0], "member", bootstrap, topic, group]
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


async def share(members: list[Any], partitions: int) -> bool:
    """Every member owns something, every partition is owned, and by one member."""
    owned = [member.owned() for member in members]
    return all(owned) and sum(map(len, owned)) == partitions == len(set().union(*owned))


async def group_members(bootstrap: str) -> None:
    topic, group = await make_topic(bootstrap, 6), fresh("group")
    doomed = MemberProcess(bootstrap, topic, group)
    members: list[Any] = [doomed]

    async def shared() -> bool:
        return await share(members, 6)

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


async def group_round_robin(bootstrap: str) -> None:
    topics = [await make_topic(bootstrap, 3), await make_topic(bootstrap, 3)]
    options = {"partition_assignment_strategy": [RoundRobinPartitionAssignor]}
    group = fresh("group")
    members = [Member(bootstrap, topics, group, **options) for _ in range(2)]
    await until(lambda: share(members, 6), "six partitions shared", 45)
    expect_equal([len(member.owned()) for member in members], [3, 3], "partitions each")  # by range: 4 and 2
    for member in members:
        await member.leave()


async def group_static(bootstrap: str) -> None:
    topic, group = await make_topic(bootstrap, 6), fresh("group")
    settled = Member(bootstrap, topic, group, group_instance_id="settled")
    moving = Member(bootstrap, topic, group, group_instance_id="moving")
    await until(lambda: share([settled, moving], 6), "six partitions shared", 45)
    owned, noticed = moving.owned(), len(settled.rebalances)
    await moving.leave()  # a static member's close is no leave
    back = Member(bootstrap, topic, group, group_instance_id="moving")
    await until(lambda: share([settled, back], 6), "six partitions shared again", 45)
    expect_equal(back.owned(), owned, "partitions of the member that came back")
    expect_equal(len(settled.rebalances), noticed, "rebalances of the other")
    for member in (settled, back):
        await member.leave()
