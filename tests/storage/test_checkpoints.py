"""The small text files: byte for byte Apache Kafka's, and damaged ones refused."""

from __future__ import annotations

import pytest

from odradek.storage.checkpoint import (
    MetaProperties,
    format_clean_shutdown,
    format_meta_properties,
    format_offsets,
    format_uuid,
    parse_uuid,
    read_meta_properties,
    read_offsets,
    read_topic_id,
)
from odradek.storage.errors import CheckpointCorrupted
from odradek.storage.file_system import write_atomically
from odradek.storage.leader_epoch import LeaderEpochs
from odradek.storage.memory_file_system import MemoryFileSystem


def with_file(data: bytes, name: str = "file") -> MemoryFileSystem:
    """A file system with one file."""
    file_system = MemoryFileSystem()
    file_system.make_directories("d")
    write_atomically(file_system, name, data)
    return file_system


def test_offset_checkpoints_are_those_of_apache_kafka() -> None:
    """Version, number of entries, and a line for each partition."""
    offsets = {("flights", 0): 17, ("a.b_c-d", 12): 2**40}
    data = format_offsets(offsets)
    assert data == b"0\n2\nflights 0 17\na.b_c-d 12 1099511627776\n"
    assert read_offsets(with_file(data), "file") == offsets


@pytest.mark.parametrize("data", [b"", b"0\n", b"0\n0\n"])
def test_offset_checkpoints_may_be_empty_or_missing(data: bytes) -> None:
    """Kafka makes them empty before it writes them the first time."""
    if data == b"0\n":
        with pytest.raises(CheckpointCorrupted):
            read_offsets(with_file(data), "file")
    else:
        assert read_offsets(with_file(data), "file") == {}
    assert read_offsets(MemoryFileSystem(), "file") == {}


@pytest.mark.parametrize(
    "data",
    [
        b"1\n0\n",
        b"0\n2\nflights 0 17\n",
        b"0\n1\nflights 0\n",
        b"0\n1\nflights zero 17\n",
        b"\xff\xfe",
        b"0\n1\n",
    ],
)
def test_damaged_offset_checkpoints_are_refused(data: bytes) -> None:
    """An unknown version, a wrong count, fields missing, not numbers, not text."""
    with pytest.raises(CheckpointCorrupted):
        read_offsets(with_file(data), "file")


def test_ids_are_written_as_apache_kafka_writes_them() -> None:
    """22 characters of URL-safe base64 without padding."""
    assert format_uuid(b"\xff" * 16) == "_____________________w"
    assert format_uuid(b"\xfb" * 16) == "-_v7-_v7-_v7-_v7-_v7-w"
    for uuid in (bytes(16), bytes(range(16)), b"\xfb\xff" * 8):
        assert parse_uuid(format_uuid(uuid)) == uuid
    for text in ("", "abc", "_" * 21, "_" * 40, "ä" * 22):
        with pytest.raises(ValueError):  # noqa: PT011
            parse_uuid(text)


def test_partition_metadata_names_the_topic() -> None:
    """Kafka's file has no line end; an empty one is what a crash leaves, anything else is damage."""
    text = b"version: 0\ntopic_id: AAECAwQFBgcICQoLDA0ODw"
    assert read_topic_id(with_file(text, "d/partition.metadata"), "d") == bytes(range(16))
    assert read_topic_id(with_file(text + b"\n", "d/partition.metadata"), "d") == bytes(range(16))
    assert read_topic_id(with_file(bytes(43), "d/partition.metadata"), "d") is None
    assert read_topic_id(MemoryFileSystem(), "d") is None
    with pytest.raises(CheckpointCorrupted):
        read_topic_id(with_file(text[:30], "d/partition.metadata"), "d")


def test_meta_properties_are_a_java_properties_file() -> None:
    """Ours is read again, and so is one as Kafka writes it, with comments and escapes."""
    meta = MetaProperties("MkU3OEVBNTcwNTJENDM2Qg", 1, "abc")
    data = format_meta_properties(meta)
    assert data == b"cluster.id=MkU3OEVBNTcwNTJENDM2Qg\ndirectory.id=abc\nnode.id=1\nversion=1\n"
    assert read_meta_properties(with_file(data), "file") == meta
    kafka = b"#\n#Sat Nov 23 10:00:00 UTC 2024\ncluster.id=x\\=y\ndirectory.id=d\nnode.id=3\nversion=1\n"
    assert read_meta_properties(with_file(kafka), "file") == MetaProperties("x=y", 3, "d")
    assert read_meta_properties(MemoryFileSystem(), "file") is None
    with pytest.raises(CheckpointCorrupted):
        read_meta_properties(with_file(b"version=1\n"), "file")


def test_the_mark_of_a_clean_stop_is_kafkas_json() -> None:
    """KIP-966: version and broker epoch."""
    assert format_clean_shutdown() == b'{"version":0,"brokerEpoch":-1}'


def epochs(*entries: tuple[int, int]) -> LeaderEpochs:
    """Epochs that began at these offsets."""
    result = LeaderEpochs()
    for epoch, start in entries:
        result.assign(epoch, start)
    return result


def test_leader_epochs_are_written_as_apache_kafka_writes_them() -> None:
    """A line for each: epoch and start offset."""
    written = epochs((0, 0), (3, 17)).to_bytes()
    assert written == b"0\n2\n0 0\n3 17\n"
    assert LeaderEpochs.from_bytes("file", written).entries == [(0, 0), (3, 17)]
    for data in (b"0\n1\n0 x\n", b"0\n1\n0\n"):
        with pytest.raises(CheckpointCorrupted):
            LeaderEpochs.from_bytes("file", data)


def test_a_later_epoch_drops_what_contradicts_it() -> None:
    """Both numbers increase from entry to entry; a known epoch keeps its first start."""
    found = epochs((1, 10), (2, 20), (3, 30))
    found.assign(3, 40)
    assert found.entries == [(1, 10), (2, 20), (3, 30)]
    found.assign(4, 20)
    assert found.entries == [(1, 10), (4, 20)]
    found.assign(2, 50)
    assert found.entries == [(1, 10), (2, 50)]


def test_epochs_are_truncated_with_the_log() -> None:
    """From the end those that begin there; from the start those that ended, the present one beginning there
    now.
    """
    found = epochs((1, 10), (2, 20), (3, 30))
    found.truncate_from_end(30)
    assert found.entries == [(1, 10), (2, 20)]
    found.truncate_from_start(15)
    assert found.entries == [(1, 15), (2, 20)]
    found.truncate_from_start(20)
    assert found.entries == [(2, 20)]
    found.truncate_from_end(5)
    assert found.entries == []


def test_the_end_of_an_epoch_is_the_start_of_the_next() -> None:
    """OffsetForLeaderEpoch (KIP-101, KIP-279): the largest known epoch up to the one asked for, and where it
    ended.
    """
    found = epochs((2, 10), (4, 20), (5, 30))
    asked = {-1: (-1, -1), 1: (1, 10), 2: (2, 20), 3: (2, 20), 4: (4, 30), 5: (5, 44), 6: (-1, -1)}
    assert {epoch: found.end_offset(epoch, 44) for epoch in asked} == asked
    assert [found.epoch_at(offset) for offset in (5, 10, 19, 20, 99)] == [-1, 2, 2, 4, 5]
    assert LeaderEpochs().end_offset(0, 44) == (-1, -1)
