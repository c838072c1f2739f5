"""kafka-python: the broker stops, starts again, and is killed."""

from __future__ import annotations

import contextlib
import time
from typing import Any

from common import fill, make_topic, read
from groups import Member, share
from harness import ask_broker, check_exactly_once, expect_equal, fresh, kill_places, numbered, wait_until
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError


def restart_resume(bootstrap: str) -> None:
    topic, group = make_topic(bootstrap), fresh("group")
    for number in range(3):
        fill(bootstrap, topic, 100, number * 100)
        consumer = KafkaConsumer(
            topic,
            bootstrap_servers=bootstrap,
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        seen: list[bytes] = []

        def poll(consumer: Any = consumer, seen: list[bytes] = seen) -> bool:
            for batch in consumer.poll(500).values():
                seen += [record.value for record in batch]
            return len(seen) >= 100

        wait_until(poll, "a hundred records")
        expect_equal(seen, [value for _, value in numbered(100, number * 100)], f"records of run {number}")
        consumer.commit()
        consumer.close()
        ask_broker("stop" if number == 0 else "kill")
        ask_broker("start")


def kill_produce(bootstrap: str) -> None:
    _produce(bootstrap, 200_000, kills=5)


def produce_retry(bootstrap: str) -> None:
    _produce(bootstrap, 50_000, kills=0)


def _produce(bootstrap: str, count: int, kills: int) -> None:
    topic, kill_at = make_topic(bootstrap), kill_places(count, kills)
    producer = KafkaProducer(
        bootstrap_servers=bootstrap,
        enable_idempotence=True,
        acks="all",
        linger_ms=5,
        delivery_timeout_ms=120_000,
        reconnect_backoff_max_ms=500,
    )
    futures = []
    for number, (key, value) in enumerate(numbered(count)):
        futures.append(producer.send(topic, key=key, value=value, partition=0))
        if number in kill_at:
            ask_broker("kill")
            ask_broker("start")
    producer.flush()
    offsets = [future.get(60).offset for future in futures]
    expect_equal(offsets, list(range(count)), "acknowledged offsets")
    producer.close()
    check_exactly_once((record.value for record in read(bootstrap, topic, count, 120)), count)


def kill_consume(bootstrap: str) -> None:
    topic, group = make_topic(bootstrap), fresh("group")
    fill(bootstrap, topic, 3000)
    options: dict[str, Any] = {
        "bootstrap_servers": bootstrap,
        "group_id": group,
        "auto_offset_reset": "earliest",
        "enable_auto_commit": False,
        "max_poll_records": 100,
        "reconnect_backoff_max_ms": 500,
    }
    consumer = KafkaConsumer(topic, **options)
    seen: set[bytes] = set()
    kills = iter((500, 1500, 2500))
    next_kill = next(kills, None)

    def poll() -> bool:
        nonlocal next_kill
        for batch in consumer.poll(200).values():
            seen.update(record.value for record in batch)
        if next_kill is not None and len(seen) >= next_kill:
            next_kill = next(kills, None)
            ask_broker("kill")
            ask_broker("start")
        with contextlib.suppress(KafkaError):
            consumer.commit()
        return len(seen) == 3000

    wait_until(poll, "every record", 90)
    consumer.commit()
    expect_equal(consumer.committed(TopicPartition(topic, 0)), 3000, "committed")
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
    producer = KafkaProducer(bootstrap_servers=bootstrap)
    for number in range(600):
        producer.send(topic, b"%d" % number, partition=number % 6)
    producer.close()
    wait_until(lambda: sum(len(set(member.seen)) for member in members) >= 600, "every record is read", 45)
    for member in members:
        member.leave()
