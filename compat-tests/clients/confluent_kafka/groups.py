"""confluent-kafka: consumer groups."""

from __future__ import annotations

import threading

from common import fill, make_topic, new_consumer, poll_some, send
from confluent_kafka import TopicPartition
from harness import expect_equal, fresh, wait_until


class Member:
    """A consumer in a thread, with the records it saw."""

    def __init__(self, bootstrap: str, topic: str, group: str) -> None:
        timeouts = {"session.timeout.ms": 6000, "heartbeat.interval.ms": 500, "max.poll.interval.ms": 6000}
        self.consumer = new_consumer(bootstrap, group, **timeouts)
        self.consumer.subscribe([topic])
        self.seen: list[bytes] = []
        self.owned: set[int] = set()
        self._end = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        while not self._end.is_set():
            records = poll_some(self.consumer, 0.1)
            self.seen += [record.value() for record in records]
            if records:
                self.consumer.commit(asynchronous=False)
            self.owned = {one.partition for one in self.consumer.assignment()}

    def leave(self) -> None:
        self.stop_polling()
        self.consumer.close()

    def stop_polling(self) -> None:
        """A consumer that does not poll is put out of its group after max.poll.interval.ms."""
        self._end.set()
        self.thread.join()
        self.owned = set()


def group_members(bootstrap: str) -> None:
    topic, group = make_topic(bootstrap, 6), fresh("group")
    members = [Member(bootstrap, topic, group)]

    def shared_by(count: int) -> None:
        def rests() -> bool:
            owned = [member.owned for member in members]
            return all(owned) and sum(map(len, owned)) == 6 and len(set().union(*owned)) == 6

        expect_equal(len(members), count)
        wait_until(rests, f"six partitions shared by {count}", 45)

    shared_by(1)
    members += [Member(bootstrap, topic, group), Member(bootstrap, topic, group)]
    shared_by(3)
    everybody = list(members)

    def all_read(start: int, count: int) -> None:
        numbers = range(start, start + count)
        send(bootstrap, [{"topic": topic, "value": b"%d" % n, "partition": n % 6} for n in numbers])
        wanted = {b"%d" % number for number in range(start + count)}
        wait_until(
            lambda: set().union(*(one.seen for one in everybody)) == wanted, "every record is read", 45
        )

    all_read(0, 600)
    members.pop().leave()
    shared_by(2)
    members.pop(0).stop_polling()
    shared_by(1)
    all_read(600, 600)
    for member in members:
        member.leave()


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
