"""The records of consumer groups and of streams groups as Apache Kafka 4.4 stores them."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

import pytest
from probes import load
from probes.pair import running

from odradek.broker.groups.records import decode, encode
from odradek.protocol import record_batch

KINDS = {
    "consumer_groups.regexes": {
        "ConsumerMemberMetadata",
        "ConsumerGroupEpoch",
        "TargetAssignment",
        "TargetAssignmentEpoch",
        "CurrentAssignment",
        "ResolvedRegex",
        "ConsumerTombstone",
    },
    "streams_groups.told_besides": {
        "StreamsMemberMetadata",
        "StreamsGroupEpoch",
        "StreamsTarget",
        "StreamsTargetEpoch",
        "StreamsCurrent",
        "StreamsTopology",
        "StreamsTombstone",
    },
}


@pytest.fixture(scope="module", name="stored")
def _stored(
    needs_apache_kafka: None,  # noqa: ARG001
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[pathlib.Path]:
    """The data folder of an Apache Kafka of its own, which was told the stories: no story can be told to the
    one of the probes a second time.
    """
    folder = tmp_path_factory.mktemp("kafka") / "data"
    with running(folder) as pair:
        for story in KINDS:
            pair.tell(load()[story])
        yield folder


@pytest.mark.parametrize("story", KINDS)
def test_records_are_the_same_bytes(story: str, stored: pathlib.Path) -> None:
    """Every record that Apache Kafka has stored of groups is read, and written back to its bytes."""
    seen: set[str] = set()
    for segment in stored.glob("__consumer_offsets-*/*.log"):
        data = memoryview(segment.read_bytes())
        for header in record_batch.batches(data):
            for record in record_batch.records(data, header, 1 << 24):
                known = decode(record.key, record.value)
                assert known is not None
                value = None if record.value is None else bytes(record.value)
                assert encode(known) == (bytes(record.key or b""), value)
                seen.add(type(known).__name__)
    assert seen >= KINDS[story]
