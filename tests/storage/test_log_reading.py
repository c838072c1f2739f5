"""Reading a log, by offset and by timestamp, and what is verified on the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from odradek.protocol.errors import ErrorCode
from odradek.storage.errors import LogCorrupted, OffsetOutOfRange
from odradek.storage.file_system import RealFileSystem
from odradek.storage.log import Log, LogConfig
from odradek.storage.memory_file_system import MemoryFileSystem
from tests.storage.logs import (
    SMALL,
    TOPIC_ID,
    append,
    batch,
    fill,
    flip,
    new_log,
    reopen,
    segment_path,
)


def test_a_read_begins_with_the_batch_that_holds_the_offset() -> None:
    """The bytes begin at the batch's beginning, also for an offset in its middle."""
    log = new_log(MemoryFileSystem())
    append(log, batch(b"a"))
    append(log, batch(b"b", b"c", b"d"))
    assert log.read(2, 1000).records.read() == log.read(1, 1000).records.read()
    assert log.read(2, 1000).position == log.segments[0].size - len(log.read(2, 1000).records)


def test_a_read_is_cut_at_max_bytes_but_never_in_the_first_batch() -> None:
    """As in Kafka: bytes may end in mid-batch; the first batch is whole, or left out where that is not
    wanted.
    """
    log = new_log(MemoryFileSystem())
    fill(log, 5)
    size = len(log.read(4, 1).records)
    assert size == log.segments[0].size // 5
    assert len(log.read(0, 2 * size + 7).records) == 2 * size + 7
    assert len(log.read(0, size - 1).records) == size
    assert len(log.read(0, size - 1, min_one=False).records) == 0


def test_a_read_stops_at_the_upper_offset() -> None:
    """What lies at or beyond the last stable offset is left out."""
    log = new_log(MemoryFileSystem())
    fill(log, 30)
    for upper in (1, 5, 13, 29):
        data = log.read(upper - 1, 100_000, upper_offset=upper).records.read()
        assert int.from_bytes(data[:8], "big") == upper - 1
        assert len(data) == 12 + int.from_bytes(data[8:12], "big")
        assert len(log.read(upper, 1000, upper_offset=upper).records) == 0


def test_a_piece_is_cut_where_its_segment_ends() -> None:
    """Unless it goes on up to where the reader may read; at the end of all there is no piece to be cut."""
    log = new_log(MemoryFileSystem())
    fill(log, 30)
    base = log.segments[1].base_offset
    piece = log.read(0, 1)
    assert [log.is_cut(piece, end) for end in (1, base - 1, base, 30)] == [False, False, True, True]
    assert not log.is_cut(log.read(30, 1), 30)
    assert not log.is_cut(log.read(5, 1, upper_offset=2), 2)


def test_a_segment_of_which_compaction_has_left_nothing_cuts_no_piece() -> None:
    """Reading goes on in the next one, which is where it may end, with something or with nothing."""
    file_system, config = MemoryFileSystem(), SMALL._replace(compacted=True)
    log = new_log(file_system, config)
    fill(log, 30)
    bases = [segment.base_offset for segment in log.segments[1:3]]
    size = log.segments[0].size // bases[0]
    log.close()
    file_system.open(segment_path(0)).truncate(size)
    for suffix in (".index", ".timeindex"):
        file_system.remove(segment_path(0, suffix))
    log = reopen(file_system, config, clean=True, recovery_point=30)
    for upper, count in ((bases[0], 0), (bases[0] + 1, 1)):
        piece = log.read(1, size, upper_offset=upper)
        assert (len(piece.records), log.is_cut(piece, upper)) == (count * size, False)
    assert log.is_cut(log.read(1, size, upper_offset=bases[1]), bases[1])
    assert log.is_cut(log.read(0, size, upper_offset=bases[0]), bases[0])


def test_reading_at_the_end_gives_nothing_and_beyond_it_an_error() -> None:
    """The log end offset is the one that a waiting consumer asks for; others are out of range, with Kafka's
    code.
    """
    log = new_log(MemoryFileSystem())
    fill(log, 3)
    assert len(log.read(3, 100).records) == 0
    for offset in (-1, 4):
        with pytest.raises(OffsetOutOfRange) as caught:
            log.read(offset, 100)
        assert caught.value.error_code is ErrorCode.OFFSET_OUT_OF_RANGE


def test_regions_outlive_the_segments_deletion(tmp_path: Path) -> None:
    """A response that is being sent may hold bytes of a segment that is deleted meanwhile."""
    file_system = RealFileSystem()
    log = Log.create(file_system, str(tmp_path / "flights-0"), SMALL, TOPIC_ID)
    fill(log, 30)
    region = log.read(0, 100).records
    before = region.read()
    assert log.advance_log_start_offset(29) > 0
    log.close()
    assert region.read() == before


def test_first_records_are_found_by_timestamp() -> None:
    """KIP-79: the first record, in offset order, with the timestamp or a later one, in whatever segment it
    lies.
    """
    log = new_log(MemoryFileSystem())
    for timestamp in (100, 300, 200, 500, 400):
        for _ in range(8):
            append(log, batch(b"a" * 30, b"b" * 30, timestamp=timestamp))
    assert len(log.segments) > 3
    expected = {0: (100, 0), 100: (100, 0), 101: (101, 1), 102: (300, 16), 301: (301, 17), 302: (500, 48)}
    for asked, (timestamp, offset) in expected.items():
        found = log.find_by_timestamp(asked)
        assert found is not None
        assert found[:2] == (timestamp, offset)
    assert log.find_by_timestamp(502) is None
    assert log.max_timestamp() == (501, 49, 0)


def test_timestamps_before_the_log_start_are_not_found() -> None:
    """Records that were deleted, in a segment that is still there, do not count."""
    log = new_log(MemoryFileSystem())
    append(log, batch(b"a", b"b", b"c", timestamp=100))
    log.advance_log_start_offset(2)
    found = log.find_by_timestamp(0)
    assert found is not None
    assert found.offset == 2


def test_an_empty_log_has_no_timestamps() -> None:
    """Nothing is found, and there is no largest timestamp."""
    log = new_log(MemoryFileSystem())
    assert log.find_by_timestamp(0) is None
    assert log.max_timestamp() is None


@pytest.mark.parametrize(
    ("position", "mask"),
    [(70, 1), (7, 4), (0, 64), (14, 1), (11, 1), (23, 1), (24, 128)],
    ids=["record", "base offset", "offset sign", "leader epoch", "length", "offset delta", "high delta"],
)
def test_a_flipped_bit_is_found_by_the_first_read(position: int, mask: int) -> None:
    """Whatever bit of a batch decays on disk: the batch is not served, those before it are, the log stays
    online.
    """
    file_system, config = MemoryFileSystem(), LogConfig(index_interval_bytes=150)
    log = new_log(file_system, config)
    fill(log, 20)
    size = log.size // 20
    log.close()
    flip(file_system, segment_path(0), 10 * size + position, mask)
    log = reopen(file_system, config, clean=True, recovery_point=20)
    assert 9 * size <= len(log.read(0, 1 << 20).records) <= 10 * size
    with pytest.raises(LogCorrupted) as caught:
        log.read(10, 1 << 20)
    assert caught.value.path == segment_path(0)
    assert 9 * size <= caught.value.position <= 11 * size
    assert caught.value.error_code is ErrorCode.KAFKA_STORAGE_ERROR
    assert len(log.read(12, 1 << 20).records) == 8 * size
    append(log, batch(b"on"))


def test_what_was_verified_is_not_read_again() -> None:
    """The second read of a range costs no checksums; a new one only its own."""
    file_system = MemoryFileSystem()
    log = new_log(file_system, LogConfig())
    fill(log, 100)
    size = log.size // 100
    log.close()
    log = reopen(file_system, LogConfig(), clean=True, recovery_point=100)
    log.read(0, 50 * size)
    flip(file_system, segment_path(0), 10 * size + 70)
    assert len(log.read(0, 50 * size).records) == 50 * size
    flip(file_system, segment_path(0), 60 * size + 70)
    assert len(log.read(0, 100 * size).records) == 60 * size
