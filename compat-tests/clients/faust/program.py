"""Faust, on aiokafka: the word count of its documentation, run by its own worker, twice."""

from __future__ import annotations

import asyncio
import json
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from applications import run, running, script
from harness import fresh, main, wait_until


async def make_topics(bootstrap: str, application: str) -> None:
    """Faust makes its topics itself, and leaves those aside that the broker does not know as soon as that."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    kinds = ("posts", "words", "counts", "word_counts-changelog", "__assignor-__leader")
    await admin.create_topics([NewTopic(f"{application}-{kind}", 1, 1) for kind in kinds])
    await admin.close()


async def last_counts(bootstrap: str, topic: str, wanted: dict[str, int]) -> None:
    """Read the counts until the last of each word is the wanted one."""
    found: dict[str, int] = {}
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest", group_id=None
    )
    async with asyncio.timeout(60), consumer:
        while found != wanted:
            record = await consumer.getone()
            found[record.key.decode()] = json.loads(record.value)


def quickstart(bootstrap: str) -> None:
    application = fresh("word-count")
    asyncio.run(make_topics(bootstrap, application))
    with tempfile.TemporaryDirectory() as folder:
        names = {"BOOTSTRAP": bootstrap, "APPLICATION": application, "FOLDER": folder}
        ready = pathlib.Path(folder, "ready")
        faust = (script("faust"), "-A", "word_count")

        def count(post: str, wanted: dict[str, int]) -> None:
            """One run of the worker, without what the one before it had in memory. It may miss a post that
            comes while it restores its table, with Apache Kafka too: the post comes afterwards.
            """
            ready.unlink(missing_ok=True)
            with running(*faust, "worker", "-l", "warn", "--without-web", **names):
                wait_until(ready.exists, "the worker is ready", 60)
                run(*faust, "send", "@shuffle_words", json.dumps(post), **names)
                asyncio.run(last_counts(bootstrap, f"{application}-counts", wanted))

        count(
            "the quick brown fox and the dog",
            {"the": 2, "quick": 1, "brown": 1, "fox": 1, "and": 1, "dog": 1},
        )
        count("the end", {"the": 3, "quick": 1, "brown": 1, "fox": 1, "and": 1, "dog": 1, "end": 1})


if __name__ == "__main__":
    main({"quickstart": quickstart})
