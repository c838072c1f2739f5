"""confluent-kafka: share groups (KIP-932)."""

from __future__ import annotations

import threading
import time
from typing import Any

import confluent_kafka as api  # what came after 2.0 is looked up where it is used
from common import STEADFAST, admin_client, all_done, fill, make_topic, read
from confluent_kafka import admin as admin_api
from confluent_kafka.admin import ConfigEntry, ConfigResource
from harness import ask_broker, expect, expect_equal, fresh, wait_until
from transactions import new_producer, write

SHORT_LOCK = {"share.record.lock.duration.ms": "15000"}  # the shortest that the broker allows


def new_group(bootstrap: str, **settings: str) -> str:
    """The name of a group that begins at the start of its topics."""
    group = fresh("share")
    entries = [
        ConfigEntry(name, value, incremental_operation=admin_api.AlterConfigOpType.SET)
        for name, value in {"share.auto.offset.reset": "earliest", **settings}.items()
    ]
    resource = ConfigResource(admin_api.ResourceType.GROUP, group, incremental_configs=entries)
    all_done(admin_client(bootstrap).incremental_alter_configs([resource]))
    return group


def subscribed(bootstrap: str, topic: str, group: str, mode: str, **options: Any) -> Any:
    """A share consumer; `mode` is its share.acknowledgement.mode."""
    settings = {
        "bootstrap.servers": bootstrap,
        "group.id": group,
        "share.acknowledgement.mode": mode,
        "reconnect.backoff.max.ms": 500,
        **STEADFAST,
        **options,
    }
    consumer = api.ShareConsumer(settings)
    consumer.subscribe([topic])
    return consumer


def poll(consumer: Any, seconds: float = 0.2) -> list[Any]:
    """Its next records; errors are the broker's absence."""
    return [message for message in consumer.poll(seconds) if message.error() is None]


def commit(consumer: Any) -> bool:
    """Whether the broker has stored what was said of every record."""
    return all(problem is None for problem in consumer.commit_sync(20).values())


def poll_all(consumer: Any, count: int, delivery: int) -> list[Any]:
    """All records of a topic, in order, at their delivery of this number."""
    messages: list[Any] = wait_until(lambda: poll(consumer), f"delivery {delivery}", 40)
    expect_equal([one.value() for one in messages], [b"value-%d" % n for n in range(count)], "records")
    expect_equal([one.delivery_count() for one in messages], [delivery] * count, "deliveries")
    return messages


def share_acknowledge(bootstrap: str) -> None:
    count, topic, group = 40, make_topic(bootstrap), new_group(bootstrap)
    fill(bootstrap, topic, count)
    consumer = subscribed(bootstrap, topic, group, "explicit")
    deliveries = [0] * count

    def answer(number: int) -> Any:
        """Accepted at once, released and then accepted, rejected."""
        if number % 3 == 2:
            return api.AcknowledgeType.REJECT
        again = number % 3 == 1 and deliveries[number] == 1
        return api.AcknowledgeType.RELEASE if again else api.AcknowledgeType.ACCEPT

    def delivered() -> bool:
        for message in poll(consumer):
            number = message.offset()
            deliveries[number] += 1
            expect_equal(message.delivery_count(), deliveries[number], f"deliveries of {number}")
            consumer.acknowledge(message, answer(number))
        expect(commit(consumer), "what was said was not stored")
        return all(times >= 1 + (number % 3 == 1) for number, times in enumerate(deliveries))

    wait_until(delivered, "every record was delivered to its end")
    expect_equal(poll(consumer, 0.5), [], "what comes again")
    consumer.close()


def share_read_committed(bootstrap: str) -> None:
    topic = make_topic(bootstrap)
    careful = new_group(bootstrap, **{"share.isolation.level": "read_committed"})
    careless = new_group(bootstrap, **{"share.isolation.level": "read_uncommitted"})
    producer = new_producer(bootstrap, fresh("transactional"))
    write(producer, topic, "aborted")
    producer.abort_transaction(20)
    write(producer, topic, "committed")
    producer.commit_transaction(20)
    write(producer, topic, "open")
    consumer = subscribed(bootstrap, topic, careful, "implicit")
    expect_shared(consumer, "committed")
    expect_equal(poll(consumer, 2), [], "records of an open transaction")
    producer.commit_transaction(20)
    expect_shared(consumer, "open")
    consumer.close()
    consumer = subscribed(bootstrap, topic, careless, "implicit")
    expect_shared(consumer, "aborted", "committed", "open")
    consumer.close()


def expect_shared(consumer: Any, *names: str) -> None:
    """It gets the records that were written under these names, in order, and accepts them."""
    wanted = [f"{name}-{number}".encode() for name in names for number in range(10)]
    found: list[bytes] = []

    def all_found() -> bool:
        found.extend(message.value() for message in poll(consumer))
        expect(commit(consumer), "what was accepted was not stored")
        return len(found) >= len(wanted)

    wait_until(all_found, f"{len(wanted)} records", 40)
    expect_equal(found, wanted, "records")


def share_dead_letters(bootstrap: str) -> None:
    count, topic, queue = 5, make_topic(bootstrap), fresh("dlq.share")
    make_topic(bootstrap, name=queue, **{"errors.deadletterqueue.group.enable": "true"})
    group = new_group(
        bootstrap,
        **{
            "share.delivery.count.limit": "2",
            "errors.deadletterqueue.topic.name": queue,
            "errors.deadletterqueue.copy.record.enable": "true",
        },
    )
    fill(bootstrap, topic, count)
    consumer = subscribed(bootstrap, topic, group, "explicit")
    for message in poll_all(consumer, count, 1):
        consumer.acknowledge(message, api.AcknowledgeType.RELEASE)
    expect(commit(consumer), "what was released was not stored")
    rejected, *released = poll_all(consumer, count, 2)
    consumer.acknowledge(rejected, api.AcknowledgeType.REJECT)
    for message in released:
        consumer.acknowledge(message, api.AcknowledgeType.RELEASE)
    expect(commit(consumer), "what was given back was not stored")
    consumer.close()
    for letter in read(bootstrap, queue, count):
        headers = {key.removeprefix("__dlq.errors."): value.decode() for key, value in letter.headers()}
        offset = headers["offset"]
        expect_equal(letter.value(), f"value-{offset}".encode(), "value")
        cause = (
            "Offset rejected by client." if offset == "0" else "Offset delivery count exceeded the threshold."
        )
        found = [headers[name] for name in ("topic", "group", "delivery.count", "message")]
        expect_equal(found, [topic, group, "2", cause], "topic, group, deliveries, cause")


def share_lock_timeout(bootstrap: str) -> None:
    count, topic, group = 5, make_topic(bootstrap), new_group(bootstrap, **SHORT_LOCK)
    fill(bootstrap, topic, count)
    slow = subscribed(bootstrap, topic, group, "implicit")
    other = subscribed(bootstrap, topic, group, "explicit")
    poll_all(slow, count, 1)
    held = time.monotonic()
    expect_equal(poll(other, 2), [], "locked, and delivered to another")
    second = poll_all(other, count, 2)
    seconds = time.monotonic() - held
    expect(seconds >= 10, f"the lock of 15 s ran out after {seconds} s")
    slow.commit_sync(20)  # it says that it has accepted them, which nobody asks it any more
    slow.close()
    for messages, answer in (
        (second, api.AcknowledgeType.RELEASE),
        (None, api.AcknowledgeType.ACCEPT),
    ):
        for message in messages or poll_all(other, count, 3):
            other.acknowledge(message, answer)
        expect(commit(other), answer)
    expect_equal(poll(other, 1), [], "accepted records that come again")
    other.close()


class Member:
    """A member of a share group in a thread: it accepts what it gets, and says what was stored."""

    def __init__(self, bootstrap: str, topic: str, group: str, accepted: list[bytes]) -> None:
        self._accepted = accepted
        self._consumer = subscribed(bootstrap, topic, group, "implicit", **{"max.poll.records": 10})
        self._end, self._dies = threading.Event(), threading.Event()
        self.count = 0
        self.problem: Exception | None = None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            while not self._end.is_set():
                values = [message.value() for message in poll(self._consumer)]
                if self._dies.is_set() and values:
                    return  # with records in hand, that it never says anything of
                expect(commit(self._consumer), "what a member accepted was not stored")
                self._accepted += values
                self.count += len(values)
        except Exception as problem:
            self.problem = problem

    def leave(self) -> None:
        """Close the consumer, which tells the broker."""
        self._end.set()
        self.thread.join()
        self._consumer.close()

    def die_with_records(self) -> None:
        """It says nothing of the next records that it gets, whose locks then run out, and polls no more."""
        self._dies.set()


def share_group_members(bootstrap: str) -> None:
    topic, group = make_topic(bootstrap), new_group(bootstrap, **SHORT_LOCK)
    accepted: list[bytes] = []
    stays, leaves, dies = (Member(bootstrap, topic, group, accepted) for _ in range(3))
    sent = 0

    def produce(count: int) -> None:
        nonlocal sent
        fill(bootstrap, topic, count, sent)
        sent += count
        time.sleep(0.2)

    def everybody_has_records() -> bool:
        produce(30)
        return all(member.count or member.problem for member in (stays, leaves, dies))

    def dead() -> bool:
        produce(30)
        return not dies.thread.is_alive()

    wait_until(everybody_has_records, "every member gets records", 60)
    leaves.leave()
    dies.die_with_records()
    wait_until(dead, "a member dies with records in hand", 60)
    late = Member(bootstrap, topic, group, accepted)
    produce(300)
    wait_until(lambda: len(accepted) >= sent or stays.problem or late.problem, "every record is accepted", 60)
    for member in (stays, late):
        member.leave()
    expect_equal([member.problem for member in (stays, leaves, dies, late)], [None] * 4, "problems")
    expect_equal((len(accepted), len(set(accepted))), (sent, sent), "accepted records, and different ones")


def kill_share(bootstrap: str) -> None:
    count, topic, group = 2_000, make_topic(bootstrap), new_group(bootstrap)
    for start in range(0, count, 100):
        fill(bootstrap, topic, 100, start)  # a batch of its own: Apache Kafka gives out whole ones
    consumer = subscribed(bootstrap, topic, group, "implicit", **{"max.poll.records": 100})
    accepted: set[int] = set()
    kills, end = 0, time.monotonic() + 250
    while len(accepted) < count:
        expect(time.monotonic() < end, f"{len(accepted)} records within 250 s")
        polled = {message.offset() for message in poll(consumer)}
        expect(not polled & accepted, "accepted, and here again:", polled & accepted)
        if kills < 3 and len(accepted) >= 300 + 500 * kills:
            kills += 1
            ask_broker("kill")
            ask_broker("start")
        if commit(consumer):
            accepted |= polled
    expect_equal(kills, 3, "kills")
    consumer.close()
