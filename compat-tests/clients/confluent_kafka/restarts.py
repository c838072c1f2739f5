"""confluent-kafka: the broker stops, starts again, and is killed."""

from __future__ import annotations

import contextlib
import time
from typing import Any

from common import fill, make_topic, new_consumer, poll_some, read, send
from confluent_kafka import KafkaException, Producer, TopicPartition
from groups import Member, share
from harness import ask_broker, check_exactly_once, expect_equal, fresh, kill_places, numbered, wait_until


def restart_resume(bootstrap: str) -> None:
    topic, group = make_topic(bootstrap), fresh("group")
    for number in range(3):
        fill(bootstrap, topic, 100, number * 100)
        consumer = new_consumer(bootstrap, group)
        consumer.subscribe([topic])
        seen: list[bytes] = []

        def poll(consumer: Any = consumer, seen: list[bytes] = seen) -> bool:
            seen += [message.value() for message in poll_some(consumer)]
            return len(seen) >= 100

        wait_until(poll, "a hundred records")
        expect_equal(seen, [value for _, value in numbered(100, number * 100)], f"records of run {number}")
        consumer.commit(asynchronous=False)
        consumer.close()
        ask_broker("stop" if number == 0 else "kill")
        ask_broker("start")


def kill_produce(bootstrap: str) -> None:
    _produce(bootstrap, 200_000, kills=5)


def produce_retry(bootstrap: str) -> None:
    _produce(bootstrap, 50_000, kills=0)


def _produce(bootstrap: str, count: int, kills: int) -> None:
    topic, kill_at = make_topic(bootstrap), kill_places(count, kills)
    offsets: list[int] = []
    errors: list[Any] = []
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "enable.idempotence": True,
            "linger.ms": 5,
            "queue.buffering.max.messages": 20_000,
            "reconnect.backoff.max.ms": 500,
        }
    )

    def report(error: Any, message: Any) -> None:
        errors.append(error) if error is not None else offsets.append(message.offset())

    for number, (key, value) in enumerate(numbered(count)):
        while True:
            try:
                producer.produce(topic, key=key, value=value, partition=0, on_delivery=report)
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
        if number in kill_at:
            ask_broker("kill")
            ask_broker("start")
    expect_equal(producer.flush(120), 0, "records not delivered")
    expect_equal(errors, [], "errors")
    expect_equal(offsets, list(range(count)), "acknowledged offsets")
    check_exactly_once((one.value() for one in read(bootstrap, topic, count, 120)), count)


def kill_consume(bootstrap: str) -> None:
    topic, group = make_topic(bootstrap), fresh("group")
    fill(bootstrap, topic, 3000)
    consumer = new_consumer(bootstrap, group, **{"reconnect.backoff.max.ms": 500})
    consumer.subscribe([topic])
    seen: set[bytes] = set()
    kills = iter((500, 1500, 2500))
    next_kill = next(kills, None)

    def poll() -> bool:
        nonlocal next_kill
        seen.update(message.value() for message in consumer.consume(100, 0.2) if message.error() is None)
        if next_kill is not None and len(seen) >= next_kill:
            next_kill = next(kills, None)
            ask_broker("kill")
            ask_broker("start")
        with contextlib.suppress(KafkaException):
            consumer.commit(asynchronous=False)
        return len(seen) == 3000

    wait_until(poll, "every record", 90)
    consumer.commit(offsets=[TopicPartition(topic, 0, 3000)], asynchronous=False)
    (committed,) = consumer.committed([TopicPartition(topic, 0)], 10)
    expect_equal(committed.offset, 3000, "committed")
    consumer.close()


def kill_rebalance(bootstrap: str) -> None:
    topic, group = make_topic(bootstrap, 6), fresh("group")
    members = [Member(bootstrap, topic, group)]
    wait_until(lambda: share(members, 6), "six partitions held by one", 45)
    for _ in range(2):
        members.append(Member(bootstrap, topic, group))
        time.sleep(0.1)
        ask_broker("kill")
        ask_broker("start")
    wait_until(lambda: share(members, 6), "six partitions shared by three", 60)
    send(bootstrap, [{"topic": topic, "value": b"%d" % n, "partition": n % 6} for n in range(600)])
    wait_until(lambda: sum(len(set(member.seen)) for member in members) >= 600, "every record is read", 45)
    for member in members:
        member.leave()
