"""kcat: how the scenarios run it. Topics come into being at the first write, with one partition."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from harness import expect_equal, fresh, numbered, wait_until

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


def values(bootstrap: str, topic: str, settings: Iterable[str] = ()) -> list[bytes]:
    """The values of all that a topic holds, to its end."""
    options = ("-C", "-t", topic, "-o", "beginning", "-e", "-q")
    return kcat(bootstrap, *options, settings=settings).splitlines()


def make_topics(bootstrap: str, count: int) -> list[str]:
    """Topics with one record in each."""
    topics = [fresh("topic") for _ in range(count)]
    for topic in topics:
        send(bootstrap, topic, b"key:%s\n" % topic.encode())
        expect_equal([one["payload"] for one in read(bootstrap, topic)], [topic], "first record")
    return topics


class Member:
    """A kcat in a group; it tells on stderr what it is assigned, and prints the values that it reads.

    `owned` has topics, for those have one partition each, and `revoked` what it had to give back, in order.
    It ends when the broker goes away while it asks for its group's offsets: a `supervised` one is run again.
    """

    def __init__(
        self, bootstrap: str, group: str, topics: list[str], *settings: str, supervised: bool = False
    ) -> None:
        self.seen: list[str] = []
        self.owned: set[str] = set()
        self.revoked: list[set[str]] = []
        options = ("-E", "-G", group, "-u", "-f", r"%s\n")  # -E: it outlives a broker that is away
        self._command = command(bootstrap, *options, *topics, settings=(*GROUP, *settings))
        self._supervised = supervised
        self._run()

    def _run(self) -> None:
        self.process = subprocess.Popen(
            self._command,
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
                topics = set(re.findall(r"(\S+) \[\d+\]", line.partition("): ")[2]))
                if "revoke" in line:
                    self.owned = self.owned - topics
                    self.revoked.append(topics)
                else:
                    self.owned = self.owned | topics
        self.owned = set()  # it has ended
        if self._supervised:
            self._run()

    @staticmethod
    def _lines(stream: Any) -> Iterator[str]:
        for line in stream:
            yield line.rstrip("\n")

    def leave(self) -> None:
        """Have it close its consumer, and wait until it has ended."""
        self._end(self.process.terminate)

    def die(self) -> None:
        """`kill -9`."""
        self._end(self.process.kill)

    def _end(self, end: Callable[[], None]) -> None:
        self._supervised = False
        end()
        self.process.wait(SECONDS)
        self.owned = set()


def shared(members: list[Member], topics: list[str], seconds: float = 45) -> None:
    """Wait until each topic is read by one of the members, and each member reads one."""

    def share() -> bool:
        owned = [one.owned for one in members]
        return all(owned) and sum(map(len, owned)) == len(topics) and set().union(*owned) == set(topics)

    wait_until(share, f"{len(topics)} topics shared by {len(members)}", seconds)


def read_by(members: list[Member], wanted: set[str]) -> None:
    """Wait until the members have printed these values, and no other."""
    wait_until(lambda: {value for one in members for value in one.seen} == wanted, "every record is read", 45)
