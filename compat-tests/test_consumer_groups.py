"""Consumer groups request by request, here and at Apache Kafka 4.4: the same answers."""

from __future__ import annotations

import pathlib
import sys
import time
from collections.abc import Callable, Iterator

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import apache_kafka
import brokers
from consumer_group_story import STORIES, TOPICS, Answers, regexes
from probes import Prober

from odradek.broker.groups.records import decode, encode
from odradek.protocol import record_batch
from odradek.protocol.messages.create_topics import REQUEST_TOPIC

# So that a target is computed at once, as here.
SETTINGS = ["group.consumer.assignment.interval.ms=0"]


@pytest.fixture(scope="module", name="kafka_data")
def _kafka_data(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The folder of Apache Kafka's data."""
    return tmp_path_factory.mktemp("kafka") / "data"


@pytest.fixture(scope="module", name="addresses")
def _addresses(needs_apache_kafka: None, kafka_data: pathlib.Path) -> Iterator[tuple[str, str]]:  # noqa: ARG001
    """Both brokers, each for itself, with the topics of the stories."""
    ours = brokers.Odradek()
    try:
        with apache_kafka.running(settings=SETTINGS, data=str(kafka_data)) as theirs:
            for address in (ours.address, theirs):
                create_topics(address)
            yield ours.address, theirs
    finally:
        ours.close()


def create_topics(address: str) -> None:
    """The topics that the stories are about."""
    prober = Prober(address)
    topics = [REQUEST_TOPIC(name=name, num_partitions=n, replication_factor=1) for name, n in TOPICS.items()]
    prober.ask("create_topics", 7, topics=topics, timeout_ms=30_000)
    prober.ask("find_coordinator", 4, key_type=0, coordinator_keys=["g"])
    for _ in range(100):
        answers = prober.ask("describe_groups", 5, groups=[f"g{n}" for n in range(200)])
        if all(group.error_code == 0 for group in answers.groups):
            break
        time.sleep(0.1)
    prober.close()


def told(address: str, story: Callable[[Prober], Answers]) -> list[tuple[str, object]]:
    """A story's answers as one broker gives them."""
    prober = Prober(address)
    answer = prober.ask("metadata", 12, topics=None)
    for topic in answer.topics:
        prober.topic_ids[topic.name] = topic.topic_id
        prober.name(topic.topic_id, topic.name)
    answers = [(label, prober.shown(answer)) for label, answer in story(prober)]
    prober.close()
    return answers


@pytest.mark.parametrize("story", STORIES, ids=lambda story: str(story.__name__))
def test_answers_are_the_same(story: Callable[[Prober], Answers], addresses: tuple[str, str]) -> None:
    """Every answer of a story, field by field."""
    ours, theirs = (told(address, story) for address in addresses)
    different = [
        f"{label}:\n  ours   {mine}\n  Kafka's {other}"
        for (label, mine), (_, other) in zip(ours, theirs, strict=True)
        if mine != other
    ]
    assert not different, "\n".join(different)


def test_records_are_the_same_bytes(addresses: tuple[str, str], kafka_data: pathlib.Path) -> None:
    """Every record that Apache Kafka has stored of consumer groups is read, and written back to its bytes."""
    told(addresses[1], regexes)
    seen: set[str] = set()
    for segment in kafka_data.glob("__consumer_offsets-*/*.log"):
        data = memoryview(segment.read_bytes())
        for header in record_batch.batches(data):
            for record in record_batch.records(data, header, 1 << 24):
                known = decode(record.key, record.value)
                assert known is not None
                value = None if record.value is None else bytes(record.value)
                assert encode(known) == (bytes(record.key or b""), value)
                seen.add(type(known).__name__)
    assert seen >= {
        "ConsumerMemberMetadata",
        "ConsumerGroupEpoch",
        "TargetAssignment",
        "TargetAssignmentEpoch",
        "CurrentAssignment",
        "ResolvedRegex",
        "ConsumerTombstone",
    }
