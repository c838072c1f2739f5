"""kafka-python: consumer groups."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

from common import VERSION, fill, make_topic, read
from harness import expect_equal, fresh, wait_until
from kafka import ConsumerRebalanceListener, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from kafka.errors import KafkaConnectionError
from kafka.structs import OffsetAndMetadata


class Rebalances(ConsumerRebalanceListener):
    """What a member was given and what it had to give back, in order."""

    def __init__(self) -> None:
        self.assigned: list[set[Any]] = []
        self.revoked: list[set[Any]] = []

    def on_partitions_assigned(self, assigned: Any) -> None:
        self.assigned.append(set(assigned))

    def on_partitions_revoked(self, revoked: Any) -> None:
        self.revoked.append(set(revoked))


class Member:
    """A consumer in a thread, with the records it saw."""

    def __init__(self, bootstrap: str, topics: str | list[str], group: str, **options: Any) -> None:
        settings: dict[str, Any] = {
            "bootstrap_servers": bootstrap,
            "group_id": group,
            "auto_offset_reset": "earliest",
            "session_timeout_ms": 6000,
            "heartbeat_interval_ms": 500,
            "auto_commit_interval_ms": 200,
        }
        self.consumer = KafkaConsumer(**settings | options)
        self.rebalances = Rebalances()
        self.consumer.subscribe([topics] if isinstance(topics, str) else topics, listener=self.rebalances)
        self.seen: list[bytes] = []
        self.owned: set[Any] = set()
        self._end = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        while not self._end.is_set():
            # A poll of kafka-python 3.0 that ends between its assignment as the leader and the broker's word
            # on it forgets the assignment, at Apache Kafka, too: long polls seldom do.
            with contextlib.suppress(KafkaConnectionError):  # the broker may be away for a while
                for batch in self.consumer.poll(1000).values():
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


def share(members: list[Member], partitions: int) -> bool:
    """Every member owns something, every partition is owned, and by one member."""
    owned = [member.owned for member in members]
    return all(owned) and sum(map(len, owned)) == partitions == len(set().union(*owned))


def consume_rack(bootstrap: str) -> None:
    topic, group = make_topic(bootstrap, 6), fresh("group")
    members = [Member(bootstrap, topic, group, client_rack=rack) for rack in ("rack-1", "rack-2")]
    wait_until(lambda: share(members, 6), "six partitions shared", 45)
    producer = KafkaProducer(bootstrap_servers=bootstrap)
    for number in range(600):
        producer.send(topic, b"%d" % number, partition=number % 6)
    producer.close()
    wanted = {b"%d" % number for number in range(600)}
    wait_until(lambda: set().union(*(member.seen for member in members)) == wanted, "every record is read")
    for member in members:
        member.leave()
    read(bootstrap, topic, 600, client_rack="rack-1")


def group_members(bootstrap: str) -> None:
    topic, group = make_topic(bootstrap, 6), fresh("group")
    members = [Member(bootstrap, topic, group)]

    def shared_by(count: int) -> None:
        expect_equal(len(members), count)
        wait_until(lambda: share(members, 6), f"six partitions shared by {count}", 45)

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
    wait_until(lambda: first.poll(1000), "records")
    first.commit({partition: offset_and_metadata(42, "forty-two")})
    expect_equal(first.committed(partition), 42, "committed")
    if VERSION >= (2, 0):
        expect_equal(first.committed(partition, metadata=True).metadata, "forty-two", "metadata")
    first.close()
    second = KafkaConsumer(topic, **options)
    records = wait_until(lambda: second.poll(1000).get(partition), "records")
    expect_equal(records[0].value, b"value-42", "first record of the second run")
    second.close()


def group_round_robin(bootstrap: str) -> None:
    topics, group = [make_topic(bootstrap, 3), make_topic(bootstrap, 3)], fresh("group")
    options = {"partition_assignment_strategy": [RoundRobinPartitionAssignor]}
    members = [Member(bootstrap, topics, group, **options) for _ in range(2)]
    wait_until(lambda: share(members, 6), "six partitions shared", 45)
    expect_equal([len(member.owned) for member in members], [3, 3], "partitions each")  # by range: 4 and 2
    for member in members:
        member.leave()


def group_cooperative(bootstrap: str) -> None:
    from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor

    topic, group = make_topic(bootstrap, 6), fresh("group")
    options = {"partition_assignment_strategy": [CooperativeStickyAssignor]}
    first = Member(bootstrap, topic, group, **options)
    wait_until(lambda: share([first], 6), "six partitions held by one", 45)
    second = Member(bootstrap, topic, group, **options)
    wait_until(lambda: share([first, second], 6), "six partitions shared", 45)
    revoked = [partitions for partitions in first.rebalances.revoked if partitions]
    expect_equal(revoked, [second.owned], "given back by the first")
    for member in (first, second):
        member.leave()


def group_static(bootstrap: str) -> None:
    topic, group = make_topic(bootstrap, 6), fresh("group")
    settled = Member(bootstrap, topic, group, group_instance_id="settled")
    moving = Member(bootstrap, topic, group, group_instance_id="moving")
    wait_until(lambda: share([settled, moving], 6), "six partitions shared", 45)
    owned, noticed = set(moving.owned), len(settled.rebalances.assigned)
    moving.die()
    back = Member(bootstrap, topic, group, group_instance_id="moving")
    wait_until(lambda: share([settled, back], 6), "six partitions shared again", 45)
    expect_equal(back.owned, owned, "partitions of the member that came back")
    expect_equal(len(settled.rebalances.assigned), noticed, "rebalances of the other")
    for member in (settled, back):
        member.leave()
