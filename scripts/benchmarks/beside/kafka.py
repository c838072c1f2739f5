"""Odradek and Apache Kafka in turns, for the benchmarks that set them side by side. Linux: reads /proc."""

from __future__ import annotations

import os
import pathlib
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(ROOT / "scripts" / "lib"), str(ROOT / "compat-tests")]

import apache_kafka  # noqa: E402
import brokers  # noqa: E402

NAMES = ("Odradek", "Apache Kafka")
GROUP_PROTOCOLS = ("classic", "consumer")
GROUP_STEPS = ("ten join", "one leaves", "one dies")
# Members of consumer groups beat every 500 ms and are dead after 6 s, as those of classic ones ask for.
HEARTBEATS = (
    "group.consumer.session.timeout.ms=6000",
    "group.consumer.min.session.timeout.ms=6000",
    "group.consumer.heartbeat.interval.ms=500",
    "group.consumer.min.heartbeat.interval.ms=500",
)
# How long groups wait on purpose. The Apache Kafka of the tests is told not to wait for first members.
WITHOUT_DELAYS = ("group.initial.rebalance.delay.ms=0", "group.consumer.assignment.interval.ms=0")
OWN_DELAYS = {"Odradek": (), "Apache Kafka": ("group.initial.rebalance.delay.ms=3000",)}
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Usage(NamedTuple):
    """What a broker has used: processor seconds since its start, and resident memory in MB."""

    cpu_s: float
    memory_mb: float


class Broker:
    """One broker, started; `ready_s` is how long that took."""

    def __init__(self, name: str, settings: Sequence[str] = ()) -> None:
        self._broker: brokers.Odradek | brokers.ApacheKafka
        if name == "Odradek":
            self._broker = brokers.Odradek(*(f"--set={line}" for line in settings))
        else:
            self._broker = brokers.ApacheKafka(
                apache_kafka.DEFAULT_VERSION, settings, jvm=apache_kafka.KAFKAS_JVM
            )
        self._broker.do("stop")  # the first start made the data folder, and the bytecode
        begin = time.perf_counter()
        self._broker.do("start")
        self.ready_s = time.perf_counter() - begin
        self.address = self._broker.address

    def usage(self) -> Usage:
        """As it is now."""
        folder = pathlib.Path(f"/proc/{self._broker.pid}")
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        resident_kb = int((folder / "status").read_text().partition("VmRSS:")[2].split()[0])
        return Usage((int(fields[11]) + int(fields[12])) / _TICKS_PER_S, resident_kb / 1024)

    def close(self) -> None:
        """End it and remove its data."""
        self._broker.close()


@contextmanager
def running(name: str, settings: Sequence[str] = ()) -> Iterator[Broker]:
    """A broker for the length of a context."""
    broker = Broker(name, settings)
    try:
        yield broker
    finally:
        broker.close()


def group_rounds(address: str, protocol: str, rounds: int) -> list[list[float]]:
    """What GroupMembers.java prints: for each round the seconds of each of GROUP_STEPS."""
    jars = apache_kafka.jars()
    source = str(HERE / "GroupMembers.java")
    command = ["java", "-Xmx512m", "-XX:+UseSerialGC", f"-Dsource={source}", "-cp", f"{jars}/*", source]
    command += [address, protocol, str(rounds)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
    return [[float(word) for word in line.split()] for line in done.stdout.splitlines()]


def spread(values: Sequence[float], digits: int) -> str:
    """The median, and in brackets the least and the largest."""
    return f"{statistics.median(values):,.{digits}f} ({min(values):,.{digits}f}-{max(values):,.{digits}f})"
