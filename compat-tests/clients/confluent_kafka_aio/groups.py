"""confluent-kafka's asyncio client: consumer groups."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from common import fill, make_topic, new_consumer, read, send, some, until
from confluent_kafka import KafkaException, TopicPartition
from harness import expect_equal, fresh

Place = tuple[str, int]  # a topic and a partition of it
SECONDS = 60  # longer than the session of a member that dies, 45 seconds where the broker sets it


class Member:
    """A consumer in a task, with the records it saw."""

    def __init__(self, bootstrap: str, topics: str | list[str], group: str, **options: Any) -> None:
        timeouts = {"session.timeout.ms": 6000, "heartbeat.interval.ms": 500, "max.poll.interval.ms": 6000}
        settings = {key: value for key, value in {**timeouts, **options}.items() if value is not None}
        self._topics = [topics] if isinstance(topics, str) else topics
        self.consumer = new_consumer(bootstrap, group, **settings)
        self.revoked: list[set[Place]] = []  # what had to be given back, in order
        self.seen: list[bytes] = []
        self.owned: set[Place] = set()
        self._end = False
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        await self.consumer.subscribe(self._topics, on_revoke=self._on_revoke)
        while not self._end:
            records = await some(self.consumer, 0.1)
            self.seen += [record.value() for record in records]
            if records:
                with contextlib.suppress(KafkaException):  # in a rebalance, or while the broker is away
                    await self.consumer.commit(asynchronous=False)
            self.owned = {(one.topic, one.partition) for one in await self.consumer.assignment()}

    async def _on_revoke(self, _consumer: Any, partitions: list[Any]) -> None:
        self.revoked.append({(one.topic, one.partition) for one in partitions})

    async def leave(self) -> None:
        """Close the consumer."""
        await self.stop_polling()
        await self.consumer.close()

    async def stop_polling(self) -> None:
        """A consumer that does not poll is put out of its group after max.poll.interval.ms."""
        self._end = True
        await self.task
        self.owned = set()


async def shared(members: list[Member], partitions: int) -> None:
    """Wait until every member owns something, every partition is owned, and by one member."""

    async def share() -> bool:
        owned = [member.owned for member in members]
        return all(owned) and sum(map(len, owned)) == partitions == len(set().union(*owned))

    await until(share, f"{partitions} partitions shared by {len(members)}", SECONDS)


async def all_read(bootstrap: str, topic: str, members: list[Member], numbers: range) -> None:
    """Write numbers into six partitions, and wait until the members have read all from 0 on."""
    await send(bootstrap, [{"topic": topic, "value": b"%d" % n, "partition": n % 6} for n in numbers])
    wanted = {b"%d" % number for number in range(numbers.stop)}

    async def complete() -> bool:
        return set().union(*(member.seen for member in members)) == wanted

    await until(complete, "every record is read", SECONDS)


async def leave_all(members: list[Member]) -> None:
    """The end of a group."""
    for member in members:
        await member.leave()


async def group_members(bootstrap: str) -> None:
    topic, group = await make_topic(bootstrap, 6), fresh("group")
    members = [Member(bootstrap, topic, group)]
    await shared(members, 6)
    members += [Member(bootstrap, topic, group), Member(bootstrap, topic, group)]
    await shared(members, 6)
    everybody = list(members)
    await all_read(bootstrap, topic, everybody, range(600))
    await members.pop().leave()
    await shared(members, 6)
    await members.pop(0).stop_polling()
    await shared(members, 6)
    await all_read(bootstrap, topic, everybody, range(600, 1200))
    await leave_all(members)


async def consume_rack(bootstrap: str) -> None:
    topic, group = await make_topic(bootstrap, 6), fresh("group")
    members = [Member(bootstrap, topic, group, **{"client.rack": rack}) for rack in ("rack-1", "rack-2")]
    await shared(members, 6)
    await all_read(bootstrap, topic, members, range(600))
    await leave_all(members)
    await read(bootstrap, topic, 600, partitions=6, **{"client.rack": "rack-1"})


async def group_commit(bootstrap: str) -> None:
    topic, group = await make_topic(bootstrap), fresh("group")
    await fill(bootstrap, topic, 100)
    async with new_consumer(bootstrap, group) as first:
        await first.subscribe([topic])
        await until(lambda: some(first), "records")
        await first.commit(offsets=[TopicPartition(topic, 0, 42, "forty-two")], asynchronous=False)
        (found,) = await first.committed([TopicPartition(topic, 0)], 10)
        expect_equal((found.offset, found.metadata), (42, "forty-two"), "committed")
    async with new_consumer(bootstrap, group) as second:
        await second.subscribe([topic])
        records = await until(lambda: some(second), "records")
        expect_equal(records[0].value(), b"value-42", "first of the second run")


async def group_round_robin(bootstrap: str) -> None:
    topics, group = [await make_topic(bootstrap, 3), await make_topic(bootstrap, 3)], fresh("group")
    options = {"partition.assignment.strategy": "roundrobin"}
    members = [Member(bootstrap, topics, group, **options) for _ in range(2)]
    await shared(members, 6)
    expect_equal([len(member.owned) for member in members], [3, 3], "partitions each")  # by range: 4 and 2
    await leave_all(members)


async def group_cooperative(bootstrap: str) -> None:
    topic, group = await make_topic(bootstrap, 6), fresh("group")
    options = {"partition.assignment.strategy": "cooperative-sticky"}
    first = Member(bootstrap, topic, group, **options)
    await shared([first], 6)
    second = Member(bootstrap, topic, group, **options)
    await shared([first, second], 6)
    expect_equal(first.revoked, [second.owned], "given back by the first")
    await leave_all([first, second])


async def comes_back(bootstrap: str, **options: Any) -> None:
    """A static member closes and comes back; it has its partitions, and nobody else has noticed."""
    topic, group = await make_topic(bootstrap, 6), fresh("group")
    settled = Member(bootstrap, topic, group, **{"group.instance.id": "settled", **options})
    moving = Member(bootstrap, topic, group, **{"group.instance.id": "moving", **options})
    await shared([settled, moving], 6)
    owned, noticed = set(moving.owned), len(settled.revoked)
    await moving.leave()  # a static member's close is no leave
    back = Member(bootstrap, topic, group, **{"group.instance.id": "moving", **options})
    await shared([settled, back], 6)
    expect_equal(back.owned, owned, "partitions of the member that came back")
    expect_equal(len(settled.revoked), noticed, "rebalances of the other")
    await leave_all([settled, back])


async def group_static(bootstrap: str) -> None:
    await comes_back(bootstrap)
