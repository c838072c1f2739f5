"""Quix Streams, on librdkafka: a stateful stream with a changelog topic, exactly once, over two runs."""

from __future__ import annotations

import json
import pathlib
import sys
import tempfile
from typing import Any

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition
from harness import expect_equal, fresh, main, wait_until
from quixstreams import Application

MESSAGES = [
    {"chat_id": "id1", "text": "Lorem ipsum dolor sit amet"},
    {"chat_id": "id2", "text": "Consectetur adipiscing elit sed"},
    {"chat_id": "id1", "text": "Do eiusmod tempor incididunt ut labore et"},
    {"chat_id": "id3", "text": "Mollis nunc sed id semper"},
]


def count_words(bootstrap: str, group: str, messages: str, totals: str) -> list[dict[str, int]]:
    """One run that produces the messages and counts their words, a total a chat. It has a state folder of its
    own: what earlier runs counted comes from the changelog topic.
    """
    with tempfile.TemporaryDirectory() as folder:
        app = Application(
            broker_address=bootstrap,
            consumer_group=group,
            auto_offset_reset="earliest",
            processing_guarantee="exactly-once",
            state_dir=folder,
            loglevel="WARNING",
        )
        source = app.topic(name=messages, value_deserializer="json")
        with app.get_producer() as producer:
            for message in MESSAGES:
                record = source.serialize(key=message["chat_id"], value=message)
                producer.produce(topic=source.name, key=record.key, value=record.value)

        def total(message: dict[str, str], state: Any) -> dict[str, int]:
            words = state.get("words", 0) + len(message["text"].split())
            state.set("words", words)
            return {"words": words}

        target = app.topic(name=totals, value_serializer="json")
        app.dataframe(source).apply(total, stateful=True).to_topic(target)
        counted: list[dict[str, int]] = app.run(count=len(MESSAGES), timeout=60)
        return counted


def read_committed(bootstrap: str, topic: str, count: int) -> list[tuple[str, int]]:
    """Chats and their totals, as a consumer sees them that reads what is committed."""
    consumer = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": fresh("group"), "isolation.level": "read_committed"}
    )
    consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
    found: list[tuple[str, int]] = []

    def poll() -> bool:
        messages = consumer.consume(100, 0.2)
        found.extend((one.key().decode(), json.loads(one.value())["words"]) for one in messages)
        return len(found) >= count

    wait_until(poll, f"{count} totals")
    consumer.close()
    return found


def quickstart(bootstrap: str) -> None:
    names = fresh("word-count"), fresh("messages"), fresh("totals")
    first, second = [5, 4, 12, 5], [17, 8, 24, 10]
    chats = [message["chat_id"] for message in MESSAGES]
    for wanted in (first, second):
        found = [total["words"] for total in count_words(bootstrap, *names)]
        expect_equal(found, wanted, "words a chat")
    expect_equal(read_committed(bootstrap, names[2], 8), list(zip(chats * 2, first + second, strict=True)))


if __name__ == "__main__":
    main({"quickstart": quickstart})
