"""The sparse indexes: their files byte for byte, their searches, and files that Apache Kafka preallocated."""

from __future__ import annotations

import struct

import pytest

from odradek.storage.index_file import IndexFile
from odradek.storage.memory_file_system import MemoryFileSystem
from odradek.storage.offset_index import OffsetIndex
from odradek.storage.time_index import TimeIndex

BASE = 1000


def offset_index(file_system: MemoryFileSystem, entries: int) -> OffsetIndex:
    """Entries 1010, 1020, ... at positions 500, 1000, ..., written to the file."""
    index = OffsetIndex(file_system, "index", BASE)
    index.create()
    for number in range(1, entries + 1):
        index.append(BASE + 10 * number, 500 * number)
    index.flush()
    return index


def time_index(file_system: MemoryFileSystem, entries: int) -> TimeIndex:
    """Timestamps 100, 200, ... at offsets 1010, 1020, ..."""
    index = TimeIndex(file_system, "timeindex", BASE)
    index.create()
    for number in range(1, entries + 1):
        index.append(100 * number, BASE + 10 * number)
    index.flush()
    return index


def reopened(file_system: MemoryFileSystem, kind: type[IndexFile]) -> IndexFile:
    """The same index as the next process finds it."""
    return kind(file_system, "index" if kind is OffsetIndex else "timeindex", BASE)


def test_entries_are_those_of_apache_kafka() -> None:
    """Offsets: int32 relative offset, int32 position. Times: int64 timestamp, int32 relative offset.
    Big-endian.
    """
    file_system = MemoryFileSystem()
    offset_index(file_system, 2)
    time_index(file_system, 2)
    assert file_system.read_bytes("index") == struct.pack(">iiii", 10, 500, 20, 1000)
    assert file_system.read_bytes("timeindex") == struct.pack(">qiqi", 100, 10, 200, 20)


@pytest.mark.parametrize("entries", [0, 1, 2, 511, 512, 513, 1500, 5000])
def test_lookup_finds_the_last_entry_at_or_before(entries: int) -> None:
    """By binary search in the file, whatever its number of blocks."""
    index = offset_index(MemoryFileSystem(), entries)
    for number in {0, 1, 2, entries // 2, entries - 1, entries} & set(range(entries + 1)):
        offset = BASE + 10 * number
        assert index.lookup(offset) == 500 * number
        assert index.lookup(offset + 9) == 500 * number
        if number:
            assert index.lookup(offset - 1) == 500 * (number - 1)
    assert index.lookup(BASE + 10**6) == 500 * entries


def test_entries_that_wait_in_memory_are_found_too() -> None:
    """An index is complete before its last entries are written."""
    index = offset_index(MemoryFileSystem(), 3)
    index.append(BASE + 40, 2000)
    index.append(BASE + 50, 2500)
    assert [index.lookup(BASE + offset) for offset in (39, 40, 49, 50)] == [1500, 2000, 2000, 2500]
    assert len(index) == 5
    assert index.last() == (BASE + 50, 2500)


def test_a_position_is_found_too() -> None:
    """The last entry at or before a position: where a walk of the segment's tail may begin."""
    index = offset_index(MemoryFileSystem(), 100)
    assert [index.position_before(position) for position in (-5, 0, 499, 500, 999, 10**6)] == [
        0,
        0,
        0,
        500,
        500,
        50000,
    ]


def test_time_lookup_gives_where_to_begin() -> None:
    """The offset of the last entry that is not younger than the timestamp; the base offset if all are."""
    index = time_index(MemoryFileSystem(), 3)
    assert [index.lookup(timestamp) - BASE for timestamp in (50, 100, 250, 300, 900)] == [0, 10, 20, 30, 30]


def test_timestamps_increase_or_are_left_out() -> None:
    """Only what is younger than everything before gets an entry."""
    index = time_index(MemoryFileSystem(), 2)
    index.append(200, BASE + 30)
    index.append(150, BASE + 40)
    index.append(201, BASE + 50)
    assert index.read_all() == [(100, 10), (200, 20), (201, 50)]


@pytest.mark.parametrize("entries", [0, 1, 2, 3, 700])
@pytest.mark.parametrize("kind", [OffsetIndex, TimeIndex])
def test_preallocated_files_are_read_as_they_are_meant(kind: type[IndexFile], entries: int) -> None:
    """Kafka fills the files of an active segment with zeros up to segment.index.bytes; trimming cuts them."""
    file_system = MemoryFileSystem()
    index = offset_index(file_system, entries) if kind is OffsetIndex else time_index(file_system, entries)
    expected = index.read_all()
    index.file.truncate(8000 * index.entry.size)
    opened = reopened(file_system, kind)
    assert opened.read_all() == expected
    opened.trim()
    assert file_system.size(opened.path) == entries * opened.entry.size


def test_the_timestamp_zero_is_an_entry() -> None:
    """A first entry of zeros only is meant, if the file ends with it or others follow."""
    file_system = MemoryFileSystem()
    index = TimeIndex(file_system, "timeindex", BASE)
    index.create()
    index.append(0, BASE)
    index.flush()
    assert len(reopened(file_system, TimeIndex)) == 1
    index.append(5, BASE + 3)
    index.flush()
    index.file.truncate(1200)
    assert reopened(file_system, TimeIndex).read_all() == [(0, 0), (5, 3)]


@pytest.mark.parametrize("written", [True, False])
def test_truncation_drops_the_offset_and_all_beyond(written: bool) -> None:
    """In the file and in memory."""
    file_system = MemoryFileSystem()
    offsets, times = offset_index(file_system, 2), time_index(file_system, 2)
    offsets.append(BASE + 30, 1500)
    times.append(300, BASE + 30)
    if written:
        offsets.flush()
        times.flush()
    for offset, left in ((BASE + 31, 3), (BASE + 30, 2), (BASE + 11, 1), (BASE + 10, 0)):
        offsets.truncate_to(offset)
        times.truncate_to(offset)
        assert (len(offsets), len(times)) == (left, left)
    offsets.append(BASE + 7, 70)
    offsets.flush()
    assert file_system.read_bytes("index") == struct.pack(">ii", 7, 70)


def test_half_an_entry_shows() -> None:
    """A torn index is told from a whole one, and a missing one is not whole."""
    file_system = MemoryFileSystem()
    index = offset_index(file_system, 3)
    assert index.is_whole()
    index.file.truncate(20)
    assert not index.is_whole()
    assert not OffsetIndex(file_system, "missing", BASE).is_whole()


def test_a_rewrite_replaces_the_file_in_one_step() -> None:
    """Until it is finished the file stays as it was."""
    file_system = MemoryFileSystem()
    index = offset_index(file_system, 600)
    before = file_system.read_bytes("index")
    index.begin_rewrite()
    for number in range(1, 2000):
        index.append(BASE + number, number)
        index.flush()
    assert file_system.read_bytes("index") == before
    index.finish_rewrite()
    assert reopened(file_system, OffsetIndex).read_all() == [(number, number) for number in range(1, 2000)]
