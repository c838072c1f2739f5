"""Records of __consumer_offsets and __cluster_metadata in their frames."""

from __future__ import annotations

import pytest

from odradek.protocol.errors import ProtocolError
from odradek.protocol.messages import (
    consumer_group_records,
    group_records,
    metadata_records,
    share_group_records,
    streams_group_records,
)


def test_a_group_record_starts_with_its_version() -> None:
    """The bytes of an offset commit, key and value, as Apache Kafka 4.4 lays them out."""
    key = group_records.OFFSET_COMMIT_KEY(group="board", topic="flights", partition=3)
    data = group_records.write_versioned(group_records.OFFSET_COMMIT_KEY, key)
    assert data == b"\0\1" + b"\0\5board" + b"\0\7flights" + b"\0\0\0\3"
    assert group_records.read_key(data) == (group_records.OFFSET_COMMIT_KEY, key)
    value = group_records.OFFSET_COMMIT_VALUE(offset=7, commit_timestamp=9)
    data = group_records.write_versioned(group_records.OFFSET_COMMIT_VALUE, value, 3)
    assert data == b"\0\3" + (7).to_bytes(8) + b"\xff\xff\xff\xff" + b"\0\0" + (9).to_bytes(8)
    assert group_records.read_value(group_records.OFFSET_COMMIT_VALUE, memoryview(data)) == value


def test_the_key_tells_offsets_from_groups() -> None:
    """Key versions 0 and 1 are offsets, 2 is a classic group, 3 to 8 and 16 are consumer groups, 10 to 15
    share groups, 17 to 23 streams groups, and others are left to whoever knows them.
    """
    group = group_records.GROUP_METADATA_KEY(group="board")
    data = group_records.write_versioned(group_records.GROUP_METADATA_KEY, group)
    assert data == b"\0\2\0\5board"
    assert group_records.read_key(data) == (group_records.GROUP_METADATA_KEY, group)
    consumer_group = consumer_group_records.CONSUMER_GROUP_METADATA_KEY
    assert group_records.read_key(b"\0\3\0\5board") == (consumer_group, consumer_group(group_id="board"))
    share_group = share_group_records.SHARE_GROUP_METADATA_KEY
    assert group_records.read_key(b"\0\x0b\0\5board") == (share_group, share_group(group_id="board"))
    streams_group = streams_group_records.STREAMS_GROUP_METADATA_KEY
    assert group_records.read_key(b"\0\x11\0\5board") == (streams_group, streams_group(group_id="board"))
    assert group_records.read_key(b"\0\x7f\0\5board") is None


@pytest.mark.parametrize("data", [b"", b"\0", b"\0\1", b"\0\2\0\5boar", b"\0\2\0\5board!"])
def test_a_malformed_key_is_a_protocol_error(data: bytes) -> None:
    """A key that ends too soon or too late is refused."""
    with pytest.raises(ProtocolError):
        group_records.read_key(data)


@pytest.mark.parametrize("data", [b"", b"\0", b"\0\5" + bytes(30), b"\xff\xff" + bytes(30), b"\0\3"])
def test_a_malformed_value_is_a_protocol_error(data: bytes) -> None:
    """So is a value, also one of a version that does not exist."""
    with pytest.raises(ProtocolError):
        group_records.read_value(group_records.OFFSET_COMMIT_VALUE, data)


def test_a_metadata_record_is_framed() -> None:
    """Frame version, type and version come first, as in Apache Kafka's log; then the flexible record."""
    topic = metadata_records.TOPIC(name="flights", topic_id=bytes(range(16)))
    data = metadata_records.write_record(metadata_records.TOPIC, topic)
    assert data == b"\1\2\0" + b"\x08flights" + bytes(range(16)) + b"\0"
    assert metadata_records.read_record(memoryview(data)) == (metadata_records.TOPIC, topic)


def test_a_metadata_record_may_be_of_an_older_version() -> None:
    """The version in the frame is the one the record is read in."""
    partition = metadata_records.PARTITION(partition_id=1, replicas=[1], isr=[1], leader=1)
    data = metadata_records.write_record(metadata_records.PARTITION, partition, 0)
    assert data[:3] == b"\1\3\0"
    assert metadata_records.read_record(data) == (metadata_records.PARTITION, partition)


@pytest.mark.parametrize(
    "data",
    [b"", b"\1\2", b"\0\2\0" + bytes(18), b"\1\x7f\0", b"\1\2\1" + bytes(18), b"\1\2\0\1", b"\1\x82\0\0"],
)
def test_a_malformed_metadata_record_is_a_protocol_error(data: bytes) -> None:
    """No frame, another frame version, an unknown type or version, a record cut short."""
    with pytest.raises(ProtocolError):
        metadata_records.read_record(data)
