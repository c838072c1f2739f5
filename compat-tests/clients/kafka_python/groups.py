"""kafka-python: consumer groups."""

from __future__ import annotations

import threading
from typing import Any

from common import VERSION, fill, make_topic
from harness import expect_equal, fresh, wait_until
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata


class Member:
    """A consumer in a thread, with the records it saw."""

    def __init__(self, bootstrap: str, topic: str, group: str) -> None:
        self.consumer = KafkaConsumer(
            bootstrap_servers=bootstrap,
            group_id=group,
            auto_offset_reset="earliest",
            session_timeout_ms=6000,
            heartbeat_interval_ms=500,
            auto_commit_interval_ms=200,
        )
        self.consumer.subscribe([topic])
        self.seen: list[bytes] = []
        self.owned: set[Any] = set()
        self._end = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        while not self._end.is_set():
            for batch in self.consumer.poll(100).values():
                self.seen += [record.value for record in batch]
            self.owned = set(self.consumer.assignment())

    def leave(self) -> None:
        self._end.set()
        self.thread.join()
        self.owned = set()
        self.consumer.close()

    def die(self) -> None:
        """Stop polling and heartbeats without a word to the broker."""
        self._end.set()
        self.thread.join()
        self.owned = set()
        coordinator = self.consumer._coordinator
        coordinator._close_heartbeat_thread() if hasattr(coordinator, "_close_heartbeat_thread") else None
        self.consumer._client.close()


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
    producer = KafkaProducer(bootstrap_servers=bootstrap)
    for number in range(600):
        producer.send(topic, b"%d" % number, partition=number % 6)
    producer.flush()
    everybody = list(members)
    wait_until(lambda: sum(len(member.seen) for member in everybody) >= 600, "600 records")
    members.pop().leave()
    shared_by(2)
    members.pop(0).die()
    shared_by(1)
    for number in range(600, 1200):
        producer.send(topic, b"%d" % number, partition=number % 6)
    producer.flush()
    wanted = {b"%d" % number for number in range(1200)}
    wait_until(lambda: set().union(*(member.seen for member in everybody)) == wanted, "every record is read")
    for member in members:
        member.leave()
    producer.close()


def offset_and_metadata(offset: int, metadata: str) -> Any:
    return OffsetAndMetadata(offset, metadata, *([-1] if VERSION >= (2, 1) else []))


def group_commit(bootstrap: str) -> None:
    topic, group = make_topic(bootstrap), fresh("group")
    fill(bootstrap, topic, 100)
    partition = TopicPartition(topic, 0)
    options: dict[str, Any] = {
        "bootstrap_servers": bootstrap,
        "group_id": group,
        "enable_auto_commit": False,
        "auto_offset_reset": "earliest",
    }
    first = KafkaConsumer(topic, **options)
    wait_until(lambda: first.poll(500), "records")
    first.commit({partition: offset_and_metadata(42, "forty-two")})
    expect_equal(first.committed(partition), 42, "committed")
    if VERSION >= (2, 0):
        expect_equal(first.committed(partition, metadata=True).metadata, "forty-two", "metadata")
    first.close()
    second = KafkaConsumer(topic, **options)
    records = wait_until(lambda: second.poll(500).get(partition), "records")
    expect_equal(records[0].value, b"value-42", "first record of the second run")
    second.close()
