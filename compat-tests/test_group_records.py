"""The records of consumer groups and of streams groups as Apache Kafka 4.4 stores them."""

from __future__ import annotations

import pathlib

import pytest
from probes import load
from probes.pair import Pair

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


@pytest.mark.parametrize("story", KINDS)
def test_records_are_the_same_bytes(story: str, pair: Pair, kafka_data: pathlib.Path) -> None:
    """Every record that Apache Kafka has stored of groups is read, and written back to its bytes."""
    pair.tell(load()[story])
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
    assert seen >= KINDS[story]
