"""Celery, by Kombu's Kafka transport on librdkafka: the first steps, with its own worker."""

from __future__ import annotations

import os
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from applications import running, script
from harness import expect_equal, fresh, main


def quickstart(bootstrap: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        names = {"BOOTSTRAP": bootstrap, "FOLDER": folder, "QUEUE": fresh("celery")}
        os.environ.update(names)
        import tasks  # reads its settings from the environment, as it does in the worker

        worker = (script("celery"), "-A", "tasks", "worker", "--pool", "solo", "--loglevel", "WARNING")
        with running(*worker, "--without-gossip", "--without-mingle", **names):
            results = [tasks.add.delay(number, 4) for number in range(20)]
            found = [result.get(timeout=60) for result in results]
    expect_equal(found, list(range(4, 24)), "results")


if __name__ == "__main__":
    main({"quickstart": quickstart})
