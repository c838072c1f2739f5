"""Bytewax, on librdkafka: a dataflow from one topic into another, run by its own command."""

from __future__ import annotations

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from applications import run
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic
from harness import expect_equal, fresh, main, wait_until


def quickstart(bootstrap: str) -> None:
    names = {"IN_TOPIC": fresh("in-topic"), "OUT_TOPIC": fresh("out-topic")}
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for future in admin.create_topics([NewTopic(name, 3, 1) for name in names.values()]).values():
        future.result(20)
    producer = Producer({"bootstrap.servers": bootstrap})
    for number in range(300):
        producer.produce(names["IN_TOPIC"], key=f"key-{number}", value=f"value-{number}")
    expect_equal(producer.flush(30), 0, "records not delivered")
    run(sys.executable, "-m", "bytewax.run", "flow:flow", BOOTSTRAP=bootstrap, **names)
    consumer = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": fresh("group"), "auto.offset.reset": "earliest"}
    )
    consumer.subscribe([names["OUT_TOPIC"]])
    found: dict[str, str] = {}

    def poll() -> bool:
        found.update({one.key().decode(): one.value().decode() for one in consumer.consume(300, 0.2)})
        return len(found) == 300

    wait_until(poll, "300 records of the flow")
    consumer.close()
    expect_equal(found, {f"key-{number}": f"VALUE-{number}" for number in range(300)}, "records of the flow")


if __name__ == "__main__":
    main({"quickstart": quickstart})
