"""kcat: how the scenarios run it. Topics come into being at the first write, with one partition."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Iterable, Iterator
from typing import Any

from harness import expect_equal, fresh, numbered

SECONDS = 60
GROUP = (
    "session.timeout.ms=6000",
    "heartbeat.interval.ms=300",
    "partition.assignment.strategy=roundrobin",
    "auto.offset.reset=earliest",
)


def command(bootstrap: str, *arguments: str, settings: Iterable[str] = ()) -> list[str]:
    """A command line, with `settings` of librdkafka."""
    options = [part for setting in settings for part in ("-X", setting)]
    return ["kcat", "-b", bootstrap, "-m", "30", *options, *arguments]


def kcat(bootstrap: str, *arguments: str, stdin: bytes = b"", settings: Iterable[str] = ()) -> bytes:
    """Run it to its end; what it printed. CalledProcessError when it gives up."""
    done = subprocess.run(
        command(bootstrap, *arguments, settings=settings),
        input=stdin,
        stdout=subprocess.PIPE,
        check=True,
        timeout=SECONDS,
    )
    return done.stdout


def lines(records: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Records as kcat reads them with -K."""
    return b"".join(b"%s:%s\n" % record for record in records)


def send(bootstrap: str, topic: str, stdin: bytes, *arguments: str, settings: Iterable[str] = ()) -> None:
    """Write lines to a topic."""
    kcat(bootstrap, "-P", "-t", topic, "-K", ":", *arguments, stdin=stdin, settings=settings)


def fill(bootstrap: str, topic: str, count: int, start: int = 0) -> None:
    """Write records that tell their own place."""
    send(bootstrap, topic, lines(numbered(count, start)))


def read(bootstrap: str, topic: str, *arguments: str, settings: Iterable[str] = ()) -> list[dict[str, Any]]:
    """What a topic holds, to its end."""
    options = ("-C", "-t", topic, "-o", "beginning", "-e", "-q", "-J")
    return [
        json.loads(line) for line in kcat(bootstrap, *options, *arguments, settings=settings).splitlines()
    ]


def make_topics(bootstrap: str, count: int) -> list[str]:
    """Topics with one record in each."""
    topics = [fresh("topic") for _ in range(count)]
    for topic in topics:
        send(bootstrap, topic, b"key:%s\n" % topic.encode())
        expect_equal([one["payload"] for one in read(bootstrap, topic)], [topic], "first record")
    return topics


class Member:
    """A kcat in a group; it tells on stderr what it is assigned, and prints the values that it reads."""

    def __init__(self, bootstrap: str, group: str, topics: list[str], *settings: str) -> None:
        self.seen: list[str] = []
        self.owned: set[str] = set()
        self.process = subprocess.Popen(
            command(bootstrap, "-G", group, "-u", "-f", r"%s\n", *topics, settings=(*GROUP, *settings)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for follow in (self._follow_values, self._follow_assignments):
            threading.Thread(target=follow, daemon=True).start()

    def _follow_values(self) -> None:
        self.seen.extend(self._lines(self.process.stdout))

    def _follow_assignments(self) -> None:
        for line in self._lines(self.process.stderr):
            if "rebalanced" in line:
                kind, _, places = line.partition("): ")[2].partition(": ")
                self.owned = set(re.findall(r"(\S+) \[\d+\]", places)) if kind == "assigned" else set()

    @staticmethod
    def _lines(stream: Any) -> Iterator[str]:
        for line in stream:
            yield line.rstrip("\n")

    def leave(self) -> None:
        """Have it close its consumer, and wait until it has ended."""
        self.process.terminate()
        self.process.wait(SECONDS)
        self.owned = set()

    def die(self) -> None:
        """`kill -9`."""
        self.process.kill()
        self.process.wait(SECONDS)
        self.owned = set()
