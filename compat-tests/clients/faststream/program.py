"""FastStream, on aiokafka: its quickstart, run by its own command."""

from __future__ import annotations

import asyncio
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from aiokafka import AIOKafkaConsumer
from applications import running, script
from faststream.kafka import KafkaBroker
from harness import expect_equal, fresh, main


async def quickstart(bootstrap: str) -> None:
    names = {"IN_TOPIC": fresh("in-topic"), "OUT_TOPIC": fresh("out-topic"), "GROUP": fresh("group")}
    with running(script("faststream"), "run", "serve:app", BOOTSTRAP=bootstrap, **names):
        async with KafkaBroker(bootstrap) as broker:
            for number in range(20):
                await broker.publish({"user": "John", "user_id": number}, topic=names["IN_TOPIC"])
        consumer = AIOKafkaConsumer(
            names["OUT_TOPIC"], bootstrap_servers=bootstrap, auto_offset_reset="earliest", group_id=None
        )
        async with asyncio.timeout(60), consumer:
            found = [(await consumer.getone()).value for _ in range(20)]
    expect_equal(found, [b"User: %d - John registered" % number for number in range(20)], "answers")


if __name__ == "__main__":
    main({"quickstart": quickstart})
