"""ListOffsets through the handler: timestamps, special ones, and the list of version 0."""

from __future__ import annotations

import pytest

from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.list_offsets import REQUEST, REQUEST_PARTITION, REQUEST_TOPIC

from .harness import Harness, batch

NOW = 1_700_000_000_000


def ask(
    broker: Harness, timestamp: int, *, version: int = 11, topic: str = "t", **partition: int
) -> tuple[int, ...]:
    asked = REQUEST_PARTITION(partition_index=0, timestamp=timestamp, **partition)
    value = REQUEST(replica_id=-1, topics=[REQUEST_TOPIC(name=topic, partitions=[asked])])
    row = broker.ask(ApiKey.LIST_OFFSETS, version, value).topics[0].partitions[0]
    if version == 0:
        return row.error_code, *row.old_style_offsets
    return row.error_code, row.offset, row.timestamp


@pytest.fixture
def broker() -> Harness:
    """Three batches, at NOW - 30, NOW - 10 and NOW - 20."""
    broker = Harness()
    broker.create("t")
    for age in (30, 10, 20):
        broker.produce("t", batch(b"a", b"b", timestamp=NOW - age))
    return broker


@pytest.mark.parametrize("version", range(1, 12))
def test_by_timestamp(broker: Harness, version: int) -> None:
    """The first record at or after a time, with its own timestamp; -1 when there is none (KIP-79)."""
    assert ask(broker, NOW - 30, version=version) == (0, 0, NOW - 30)
    assert ask(broker, NOW - 29, version=version) == (0, 2, NOW - 10)
    assert ask(broker, NOW, version=version) == (0, -1, -1)
    assert ask(broker, -1, version=version) == (0, 6, -1)
    assert ask(broker, -2, version=version) == (0, 0, -1)


def test_special_timestamps(broker: Harness) -> None:
    """-3 the largest timestamp, -4 as earliest, -5 and -6 nothing; before their versions they are refused."""
    assert ask(broker, -3) == (0, 2, NOW - 10)
    assert ask(broker, -4) == (0, 0, -1)
    assert ask(broker, -5) == (0, -1, -1)
    assert ask(broker, -6) == (0, -1, -1)
    assert ask(broker, -7)[0] == ErrorCode.UNSUPPORTED_VERSION
    for timestamp, since in ((-3, 7), (-4, 8), (-5, 9), (-6, 11)):
        assert ask(broker, timestamp, version=since)[0] == 0
        assert ask(broker, timestamp, version=since - 1)[0] == ErrorCode.UNSUPPORTED_VERSION


def test_version_0(broker: Harness) -> None:
    """Version 0 lists the log end and the segments' beginnings, newest first."""
    broker.node.topics.get("t").partitions[0].log.roll()  # type: ignore[union-attr]
    broker.produce("t", batch(b"c", timestamp=NOW))
    assert ask(broker, -1, version=0, max_num_offsets=1) == (0, 7)
    assert ask(broker, -1, version=0, max_num_offsets=9) == (0, 7, 6, 0)
    assert ask(broker, -2, version=0, max_num_offsets=9) == (0, 0)


def test_errors(broker: Harness) -> None:
    """Unknown topics, foreign leader epochs, and partitions that are asked for twice."""
    assert ask(broker, -1, topic="nowhere") == (ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, -1, -1)
    assert ask(broker, -1, current_leader_epoch=1)[0] == ErrorCode.UNKNOWN_LEADER_EPOCH
    assert ask(broker, -1, current_leader_epoch=-2)[0] == ErrorCode.FENCED_LEADER_EPOCH
    asked = REQUEST_PARTITION(partition_index=0, timestamp=-1)
    value = REQUEST(replica_id=-1, topics=[REQUEST_TOPIC(name="t", partitions=[asked, asked])])
    rows = broker.ask(ApiKey.LIST_OFFSETS, 5, value).topics[0].partitions
    assert [row.error_code for row in rows] == [ErrorCode.INVALID_REQUEST]
    value = REQUEST(replica_id=-1, isolation_level=2, topics=[REQUEST_TOPIC(name="t", partitions=[asked])])
    rows = broker.ask(ApiKey.LIST_OFFSETS, 5, value).topics[0].partitions
    assert [row.error_code for row in rows] == [ErrorCode.UNKNOWN_SERVER_ERROR]
