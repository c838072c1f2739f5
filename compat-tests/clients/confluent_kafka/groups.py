"""confluent-kafka: consumer groups."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

from common import fill, make_topic, new_consumer, poll_some, read, send
from confluent_kafka import KafkaException, TopicPartition
from harness import expect_equal, fresh, wait_until

Place = tuple[str, int]  # a topic and a partition of it


class Member:
    """A consumer in a thread, with the records it saw."""

    def __init__(self, bootstrap: str, topics: str | list[str], group: str, **options: Any) -> None:
        timeouts = {"session.timeout.ms": 6000, "heartbeat.interval.ms": 500, "max.poll.interval.ms": 6000}
        settings = {key: value for key, value in {**timeouts, **options}.items() if value is not None}
        self.consumer = new_consumer(bootstrap, group, **settings)
        self.revoked: list[set[Place]] = []  # what had to be given back, in order
        self.consumer.subscribe([topics] if isinstance(topics, str) else topics, on_revoke=self._on_revoke)
        self.seen: list[bytes] = []
        self.owned: set[Place] = set()
        self._end = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        while not self._end.is_set():
            records = poll_some(self.consumer, 0.1)
            self.seen += [record.value() for record in records]
            if records:
                with contextlib.suppress(KafkaException):  # in a rebalance, or while the broker is away
                    self.consumer.commit(asynchronous=False)
            self.owned = {(one.topic, one.partition) for one in self.consumer.assignment()}

    def _on_revoke(self, _consumer: Any, partitions: list[Any]) -> None:
        self.revoked.append({(one.topic, one.partition) for one in partitions})

    def leave(self) -> None:
        self.stop_polling()
        self.consumer.close()

    def stop_polling(self) -> None:
        """A consumer that does not poll is put out of its group after max.poll.interval.ms."""
        self._end.set()
        self.thread.join()
        self.owned = set()


def share(members: list[Member], partitions: int) -> bool:
    """Every member owns something, every partition is owned, and by one member."""
    owned = [member.owned for member in members]
    return all(owned) and sum(map(len, owned)) == partitions == len(set().union(*owned))


def all_read(bootstrap: str, topic: str, members: list[Member], numbers: range) -> None:
    """Write numbers into six partitions, and wait until the members have read all from 0 on."""
    send(bootstrap, [{"topic": topic, "value": b"%d" % n, "partition": n % 6} for n in numbers])
    wanted = {b"%d" % number for number in range(numbers.stop)}
    wait_until(lambda: set().union(*(one.seen for one in members)) == wanted, "every record is read", 60)


def group_members(bootstrap: str) -> None:
    topic, group = make_topic(bootstrap, 6), fresh("group")
    members = [Member(bootstrap, topic, group)]

    def shared_by(count: int) -> None:
        expect_equal(len(members), count)
        wait_until(lambda: share(members, 6), f"six partitions shared by {count}", 45)

    shared_by(1)
    members += [Member(bootstrap, topic, group), Member(bootstrap, topic, group)]
    shared_by(3)
    everybody = list(members)
    all_read(bootstrap, topic, everybody, range(600))
    members.pop().leave()
    shared_by(2)
    members.pop(0).stop_polling()
    shared_by(1)
    all_read(bootstrap, topic, everybody, range(600, 1200))
    for member in members:
        member.leave()


def consume_rack(bootstrap: str) -> None:
    topic, group = make_topic(bootstrap, 6), fresh("group")
    members = [Member(bootstrap, topic, group, **{"client.rack": rack}) for rack in ("rack-1", "rack-2")]
    wait_until(lambda: share(members, 6), "six partitions shared", 45)
    all_read(bootstrap, topic, members, range(600))
    for member in members:
        member.leave()
    expect_equal(len(read(bootstrap, topic, 600, **{"client.rack": "rack-1"})), 600, "records")


def group_commit(bootstrap: str) -> None:
    topic, group = make_topic(bootstrap), fresh("group")
    fill(bootstrap, topic, 100)
    first = new_consumer(bootstrap, group)
    first.subscribe([topic])
    wait_until(lambda: poll_some(first), "records")
    wanted = TopicPartition(topic, 0, 42, "forty-two")
    first.commit(offsets=[wanted], asynchronous=False)
    (found,) = first.committed([TopicPartition(topic, 0)], 10)
    expect_equal((found.offset, found.metadata), (42, "forty-two"), "committed")
    first.close()
    second = new_consumer(bootstrap, group)
    second.subscribe([topic])
    expect_equal(
        wait_until(lambda: poll_some(second), "records")[0].value(), b"value-42", "first of the second run"
    )
    second.close()


def group_round_robin(bootstrap: str) -> None:
    topics, group = [make_topic(bootstrap, 3), make_topic(bootstrap, 3)], fresh("group")
    options = {"partition.assignment.strategy": "roundrobin"}
    members = [Member(bootstrap, topics, group, **options) for _ in range(2)]
    wait_until(lambda: share(members, 6), "six partitions shared", 45)
    expect_equal([len(member.owned) for member in members], [3, 3], "partitions each")  # by range: 4 and 2
    for member in members:
        member.leave()


def group_cooperative(bootstrap: str) -> None:
    topic, group = make_topic(bootstrap, 6), fresh("group")
    options = {"partition.assignment.strategy": "cooperative-sticky"}
    first = Member(bootstrap, topic, group, **options)
    wait_until(lambda: share([first], 6), "six partitions held by one", 45)
    second = Member(bootstrap, topic, group, **options)
    wait_until(lambda: share([first, second], 6), "six partitions shared", 45)
    expect_equal(first.revoked, [second.owned], "given back by the first")
    for member in (first, second):
        member.leave()


def group_static(bootstrap: str) -> None:
    topic, group = make_topic(bootstrap, 6), fresh("group")
    settled = Member(bootstrap, topic, group, **{"group.instance.id": "settled"})
    moving = Member(bootstrap, topic, group, **{"group.instance.id": "moving"})
    wait_until(lambda: share([settled, moving], 6), "six partitions shared", 45)
    owned, noticed = set(moving.owned), len(settled.revoked)
    moving.leave()  # a static member's close is no leave
    back = Member(bootstrap, topic, group, **{"group.instance.id": "moving"})
    wait_until(lambda: share([settled, back], 6), "six partitions shared again", 45)
    expect_equal(back.owned, owned, "partitions of the member that came back")
    expect_equal(len(settled.revoked), noticed, "rebalances of the other")
    for member in (settled, back):
        member.leave()
