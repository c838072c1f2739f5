"""confluent-kafka: the broker stops, starts again, and is killed."""

from __future__ import annotations

from typing import Any

from common import fill, make_topic, new_consumer, poll_some, read
from confluent_kafka import Producer
from harness import ask_broker, check_exactly_once, expect_equal, fresh, numbered, wait_until


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
    count, topic = 200_000, make_topic(bootstrap)
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
        if number % (count // 6) == count // 12 and number < count * 5 // 6:
            ask_broker("kill")
            ask_broker("start")
    expect_equal(producer.flush(120), 0, "records not delivered")
    expect_equal(errors, [], "errors")
    expect_equal(offsets, list(range(count)), "acknowledged offsets")
    check_exactly_once((one.value() for one in read(bootstrap, topic, count, 120)), count)
