"""Odradek and Apache Kafka side by side, and the same story told to both."""

from __future__ import annotations

import concurrent.futures
import contextlib
import pathlib
import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import apache_kafka
import brokers
from comparison.differences import Difference, differences

from odradek.protocol.api_keys import ApiKey
from odradek.protocol.messages.create_topics import REQUEST_TOPIC

from .prober import Prober
from .register import Story

TOPICS = {"flights": 4, "delays": 2}
"""The topics that are there before the first story, with their partitions."""

SETTINGS = (
    # So that a target is computed at once, as here.
    "group.consumer.assignment.interval.ms=0",
    "group.share.assignment.interval.ms=0",
    "group.streams.assignment.interval.ms=0",
    "group.streams.initial.rebalance.delay.ms=0",
)
"""Settings of both brokers."""

PRODUCE_VERSIONS = range(3, 14)
"""Those that Apache Kafka 4 answers; it says that it has older ones too, lest librdkafka turns away."""


class Told(NamedTuple):
    """A story as one broker answered it: labels with shown answers, and the different requests in it."""

    answers: list[tuple[str, Any]]
    asked: set[tuple[int, int, bytes]]


class Pair:
    """Both brokers, and the versions of each API that both of them serve."""

    def __init__(self, ours: str, theirs: str) -> None:
        self.ours, self.theirs = ours, theirs
        self.versions = shared_versions(ours, theirs)

    def tell(self, story: Story) -> tuple[Told, Told]:
        """Tell a story to both at once. What goes wrong in a story is its last answer."""
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            ours, theirs = pool.map(lambda address: self._tell(story, address), (self.ours, self.theirs))
        return ours, theirs

    def _tell(self, story: Story, address: str) -> Told:
        prober = Prober(address, self.versions)
        prober.learn_topics()
        told = Told([], prober.asked)
        try:
            for label, answer in story(prober):
                told.answers.append((label, prober.shown(answer)))
        except Exception as problem:  # the story cannot go on; the other broker's may
            told.answers.append(("the end", f"{type(problem).__name__}: {problem}"))
        finally:
            prober.close()
        return told


def compare(name: str, ours: Told, theirs: Told) -> Iterator[Difference]:
    """What the brokers answered differently to the story `name`."""
    for (label, mine), (their_label, other) in zip(ours.answers, theirs.answers, strict=False):
        asked = f"{name}: {label}"
        if label != their_label or label == "the end":
            yield Difference(asked, "", f"{label}: {mine}", f"{their_label}: {other}")
            return
        yield from differences(asked, mine, other)
    if len(ours.answers) != len(theirs.answers):
        yield Difference(f"{name}: the end", "", str(ours.answers[-1]), str(theirs.answers[-1]))


@contextlib.contextmanager
def running(kafka_data: pathlib.Path | None = None, settings: Sequence[str] = SETTINGS) -> Iterator[Pair]:
    """Both brokers, started, with TOPICS in them, until the context ends."""
    options = [option for setting in ("node.id=1", *settings) for option in ("--set", setting)]
    ours = brokers.Odradek(*options)
    try:
        with apache_kafka.running(settings=settings, data=str(kafka_data) if kafka_data else None) as theirs:
            for address in (ours.address, theirs):
                _make_ready(address)
            yield Pair(ours.address, theirs)
    finally:
        ours.close()


def shared_versions(ours: str, theirs: str) -> dict[ApiKey, range]:
    """The versions of each API that both brokers serve."""
    mine, others = _served(ours), _served(theirs)
    others[ApiKey.PRODUCE] = PRODUCE_VERSIONS
    return {
        key: range(max(mine[key].start, others[key].start), min(mine[key].stop, others[key].stop))
        for key in mine.keys() & others.keys()
    }


def _served(address: str) -> dict[ApiKey, range]:
    prober = Prober(address)
    answer = prober.ask("api_versions", 3, client_software_name="prober", client_software_version="1")
    prober.close()
    known = set(ApiKey)
    return {
        ApiKey(each.api_key): range(each.min_version, each.max_version + 1)
        for each in answer.api_keys
        if each.api_key in known
    }


def _make_ready(address: str) -> None:
    """Create TOPICS, and wait until the coordinators answer."""
    prober = Prober(address)
    topics = [REQUEST_TOPIC(name=name, num_partitions=n, replication_factor=1) for name, n in TOPICS.items()]
    prober.ask("create_topics", 7, topics=topics, timeout_ms=30_000)
    for key_type in (0, 1):
        prober.ask("find_coordinator", 4, key_type=key_type, coordinator_keys=["g"])
    for _ in range(300):
        groups = prober.ask("describe_groups", 5, groups=[f"g{n}" for n in range(200)]).groups
        transaction = prober.ask("init_producer_id", 4, transactional_id="ready", transaction_timeout_ms=1000)
        if transaction.error_code == 0 and all(group.error_code == 0 for group in groups):
            break
        time.sleep(0.1)
    prober.close()
