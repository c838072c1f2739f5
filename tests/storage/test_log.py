"""Appending, rolling, reading, truncating: a log as its users see it."""

from __future__ import annotations

import errno
from pathlib import Path
from random import Random

import pytest

from odradek.protocol.errors import ErrorCode
from odradek.storage.check import check_log
from odradek.storage.errors import LogCorrupted, OffsetOutOfRange, RecordListTooLarge, StorageFailed
from odradek.storage.faulty_file_system import Fault, FaultyFileSystem
from odradek.storage.file_system import RealFileSystem
from odradek.storage.log import Log, LogConfig
from odradek.storage.memory_file_system import MemoryFileSystem
from tests.storage.logs import (
    DIRECTORY,
    NOW_MS,
    SMALL,
    TOPIC_ID,
    append,
    batch,
    contents,
    fill,
    flip,
    new_log,
    reopen,
    segment_path,
    sync,
)


def test_offsets_follow_one_another() -> None:
    """Each record gets the next offset, over batches and appends; the result names the first and the last."""
    log = new_log(MemoryFileSystem())
    first = append(log, batch(b"a", b"b"), batch(b"c"))
    second = append(log, batch(b"d"))
    assert (first.base_offset, first.last_offset, first.max_timestamp) == (0, 2, NOW_MS + 1)
    assert (second.base_offset, second.last_offset) == (3, 3)
    assert contents(log) == [(0, b"a"), (1, b"b"), (2, b"c"), (3, b"d")]


def test_a_new_log_has_the_files_of_apache_kafka() -> None:
    """The first segment with its indexes, the leader epochs, and the topic id as Kafka writes it."""
    file_system = MemoryFileSystem()
    new_log(file_system)
    assert file_system.list(DIRECTORY) == [
        "00000000000000000000.index",
        "00000000000000000000.log",
        "00000000000000000000.timeindex",
        "leader-epoch-checkpoint",
        "partition.metadata",
    ]
    assert file_system.read_bytes(f"{DIRECTORY}/partition.metadata") == (
        b"version: 0\ntopic_id: AAECAwQFBgcICQoLDA0ODw"
    )


def test_a_log_is_not_made_twice() -> None:
    """A directory that is there already is never taken for a new log."""
    file_system = MemoryFileSystem()
    new_log(file_system)
    with pytest.raises(FileExistsError):
        new_log(file_system)


def test_leader_epoch_and_offset_are_written_into_the_batch() -> None:
    """What the file holds is the producer's batch with base offset and leader epoch filled in, nothing
    else.
    """
    file_system = MemoryFileSystem()
    log = new_log(file_system)
    append(log, batch(b"a"))
    sent = batch(b"b")
    append(log, sent, leader_epoch=7)
    stored = log.read(1, 1000).records.read()
    assert stored == (1).to_bytes(8, "big") + sent[8:12] + (7).to_bytes(4, "big") + sent[16:]
    assert log.leader_epochs.entries == [(0, 0), (7, 1)]


def test_segments_roll_when_the_next_batch_would_not_fit() -> None:
    """No segment grows beyond segment.bytes, and reads go on in the next one."""
    log = new_log(MemoryFileSystem())
    fill(log, 30)
    assert len(log.segments) > 2
    assert all(segment.size <= SMALL.segment_bytes for segment in log.segments)
    assert [offset for offset, _ in contents(log)] == list(range(30))


def test_a_batch_larger_than_a_segment_is_refused() -> None:
    """segment.bytes bounds an append, with Kafka's RECORD_LIST_TOO_LARGE."""
    log = new_log(MemoryFileSystem())
    with pytest.raises(RecordListTooLarge) as caught:
        append(log, batch(b"x" * 1000))
    assert caught.value.error_code is ErrorCode.RECORD_LIST_TOO_LARGE
    assert log.log_end_offset == 0


def test_segments_roll_by_the_age_of_their_first_batch() -> None:
    """segment.ms counts from the first batch's timestamp to that of the batch which arrives."""
    log = new_log(MemoryFileSystem(), LogConfig(segment_ms=1000))
    append(log, batch(timestamp=NOW_MS))
    append(log, batch(timestamp=NOW_MS + 1000))
    assert len(log.segments) == 1
    append(log, batch(timestamp=NOW_MS + 1001))
    assert [segment.base_offset for segment in log.segments] == [0, 2]


def test_segments_roll_by_the_clock_when_batches_have_no_timestamps() -> None:
    """Without timestamps segment.ms counts from the segment's creation."""
    log = new_log(MemoryFileSystem(), LogConfig(segment_ms=1000))
    append(log, batch(timestamp=-1))
    append(log, batch(timestamp=-1), now_ms=NOW_MS + 1001)
    assert len(log.segments) == 2


def test_segments_roll_when_an_index_is_full() -> None:
    """segment.index.bytes bounds the offset index to so many entries, and the time index to one less."""
    log = new_log(MemoryFileSystem(), LogConfig(index_interval_bytes=1, segment_index_bytes=48))
    fill(log, 40)
    assert len(log.segments) > 5
    assert all(len(segment.offset_index) <= 6 for segment in log.segments)
    assert all(len(segment.time_index) <= 4 for segment in log.segments)


def test_segments_roll_before_a_relative_offset_overflows() -> None:
    """Index entries have 31 bits for an offset relative to the segment's first."""
    log = Log.create(_with_data(), DIRECTORY, LogConfig(), TOPIC_ID, start_offset=0)
    append(log, batch(b"a"))
    log.log_end_offset = 2**31  # as after two thousand million records
    append(log, batch(b"b"))
    assert [segment.base_offset for segment in log.segments] == [0, 2**31]


def _with_data() -> MemoryFileSystem:
    file_system = MemoryFileSystem()
    file_system.make_directories("data")
    return file_system


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


def test_log_start_advances_and_whole_segments_go() -> None:
    """DeleteRecords (KIP-107): what is before the start cannot be read, and segments without any other go."""
    file_system = MemoryFileSystem()
    log = new_log(file_system)
    fill(log, 30)
    bases = [segment.base_offset for segment in log.segments]
    offset = bases[2] + 1
    assert log.advance_log_start_offset(offset) == 2
    assert log.advance_log_start_offset(offset - 1) == 0
    assert log.log_start_offset == offset
    assert [row[0] for row in contents(log)] == list(range(offset, 30))
    assert not file_system.exists(segment_path(0))
    with pytest.raises(OffsetOutOfRange):
        log.read(offset - 1, 100)
    with pytest.raises(OffsetOutOfRange):
        log.advance_log_start_offset(31)


def test_truncation_drops_the_tail_and_appending_goes_on() -> None:
    """Also across segments; a batch that holds the offset goes as a whole; indexes and epochs follow."""
    file_system = MemoryFileSystem()
    log = new_log(file_system)
    fill(log, 20)
    append(log, batch(b"a", b"b", b"c"), leader_epoch=3)
    log.truncate_to(21)
    assert log.log_end_offset == 20
    assert log.leader_epochs.entries == [(0, 0)]
    log.truncate_to(4)
    assert (log.log_end_offset, len(log.segments)) == (4, 1)
    fill(log, 9)
    assert [offset for offset, _ in contents(log)] == list(range(13))
    log.close()
    assert check_log(file_system, DIRECTORY) == []


def test_a_truncation_to_the_log_start_keeps_the_offsets() -> None:
    """The log is empty and goes on where it was, whatever a kill in the middle of it leaves."""
    file_system = FaultyFileSystem()
    log = new_log(file_system)
    fill(log, 20)
    start = log.segments[1].base_offset
    log.advance_log_start_offset(start)
    left = [file_system.process_kill()]
    file_system.on_change = lambda: left.append(file_system.process_kill())
    log.truncate_to(start)
    assert (log.log_start_offset, log.log_end_offset, log.size) == (start, start, 0)
    assert len(left) > 5
    for killed in left:
        recovered = reopen(killed)
        assert (recovered.log_start_offset, contents(recovered)[:1]) in (
            (start, []),
            (start, contents(reopen(left[0]))[:1]),
        )


def test_what_was_deleted_cannot_be_truncated() -> None:
    """An offset before the log start is out of range."""
    log = new_log(MemoryFileSystem())
    fill(log, 20)
    log.advance_log_start_offset(9)
    with pytest.raises(OffsetOutOfRange):
        log.truncate_to(8)
    assert len(contents(log)) == 11


def test_a_truncation_lowers_the_recovery_point_first() -> None:
    """The checkpoint is made to agree before anything is cut: a crash in between must not look like
    damage.
    """
    log = new_log(MemoryFileSystem())
    fill(log, 10)
    sync(log, checkpoint=True)
    seen: list[tuple[int, int]] = []
    log.on_lower_recovery_point = lambda: seen.append((log.recovery_point, log.log_end_offset))
    log.truncate_to(6)
    assert seen == [(6, 10)]
    assert (log.recovery_point, log.synced_offset) == (6, 6)


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


@pytest.mark.parametrize("fault", [Fault(errno.ENOSPC), Fault(errno.EIO), Fault(errno.ENOSPC, written=50)])
def test_a_failed_append_leaves_the_log_as_it_was(fault: Fault) -> None:
    """A full disk, also in the middle of a batch: the error is told, and the next append is as if nothing
    had been.
    """
    file_system = FaultyFileSystem()
    log = new_log(file_system)
    fill(log, 3)
    file_system.faults = {file_system.calls + 1: fault}
    with pytest.raises(StorageFailed) as caught:
        append(log, batch(b"lost"))
    assert caught.value.error_code is ErrorCode.KAFKA_STORAGE_ERROR
    assert log.offline is None
    assert log.log_end_offset == 3
    append(log, batch(b"kept"))
    assert contents(log)[3:] == [(3, b"kept")]
    assert file_system.size(segment_path(0)) == log.size


def test_a_short_write_is_completed() -> None:
    """A write that took only part of the bytes goes on where it stopped."""
    file_system = FaultyFileSystem()
    log = new_log(file_system)
    file_system.faults = {file_system.calls + 1: Fault(None, written=20)}
    append(log, batch(b"whole"))
    assert contents(log) == [(0, b"whole")]


def test_a_failed_append_that_cannot_be_undone_takes_the_log_offline() -> None:
    """Half a batch that cannot be cut off is never served: nothing is, with KAFKA_STORAGE_ERROR."""
    file_system = FaultyFileSystem()
    log = new_log(file_system)
    number = file_system.calls
    file_system.faults = {number + 1: Fault(errno.EIO, written=9), number + 2: Fault(errno.EIO)}
    with pytest.raises(StorageFailed):
        append(log, batch(b"lost"))
    assert log.offline is not None
    for call in (lambda: append(log, batch()), lambda: log.read(0, 1), lambda: log.begin_sync()):
        with pytest.raises(StorageFailed):
            call()
    log.close(clean=False)


def test_a_segment_that_cannot_be_made_leaves_the_log_as_it_was() -> None:
    """Every call of a roll may fail: the append is refused, and later ones succeed; nothing stays behind."""
    for failing in range(1, 9):
        file_system = FaultyFileSystem()
        log = new_log(file_system)
        append(log, batch(b"p", producer_id=7))
        fill(log, 6)
        file_system.faults = {file_system.calls + failing: Fault(errno.ENOSPC)}
        try:
            log.roll()
        except StorageFailed:
            assert log.offline is None
            assert len(log.segments) == 1
        file_system.faults = {}
        fill(log, 6)
        assert [offset for offset, _ in contents(log)] == list(range(13))
        sync(log)
        assert reopen(file_system).log_end_offset == 13


def test_a_ticket_covers_what_was_appended_before_it_began() -> None:
    """Group commit: the synced offset moves to where the log ended when the ticket was made."""
    log = new_log(MemoryFileSystem())
    fill(log, 3)
    ticket = log.begin_sync()
    assert ticket is not None
    fill(log, 2)
    log.finish_sync(ticket, ticket.run())
    assert (log.synced_offset, log.recovery_point) == (3, 0)
    sync(log, checkpoint=True)
    assert (log.synced_offset, log.recovery_point) == (5, 5)
    assert log.begin_sync() is None
    assert log.begin_sync(checkpoint=True) is None


def test_a_failed_sync_takes_the_log_offline() -> None:
    """The pages count as clean afterwards: a second fsync would succeed without having written anything."""
    file_system = FaultyFileSystem()
    log = new_log(file_system)
    sync(log)
    fill(log, 1)
    ticket = log.begin_sync()
    assert ticket is not None
    file_system.faults = {file_system.calls + 1: Fault(errno.EIO)}
    error = ticket.run()
    assert isinstance(error, OSError)
    log.finish_sync(ticket, error)
    assert log.offline is not None
    assert log.synced_offset == 0
    with pytest.raises(StorageFailed):
        log.close()


def test_a_ticket_of_a_closed_log_does_nothing() -> None:
    """A log may be deleted, and one of the same name made, while a ticket waits for its thread."""
    file_system = FaultyFileSystem()
    log = new_log(file_system)
    fill(log, 1)
    ticket = log.begin_sync(checkpoint=True)
    assert ticket is not None
    log.close(clean=False)
    calls = file_system.calls
    assert ticket.run() is None
    assert file_system.calls == calls
    log.finish_sync(ticket, None)


def test_closing_syncs_what_a_cancelled_ticket_would_have() -> None:
    """A ticket that has not run when the log is closed is not forgotten."""
    file_system = FaultyFileSystem()
    log = new_log(file_system)
    fill(log, 5)
    assert log.begin_sync(checkpoint=True) is not None
    log.close()
    file_system.sync_directory(".")
    for seed in range(20):
        lost = file_system.power_loss(Random(seed))
        assert len(contents(reopen(lost, clean=True, recovery_point=5))) == 5


def test_segments_are_not_deleted_while_a_ticket_may_sync_them() -> None:
    """The deletion happens when the ticket is finished."""
    log = new_log(MemoryFileSystem())
    fill(log, 30)
    ticket = log.begin_sync()
    assert ticket is not None
    assert log.advance_log_start_offset(29) == 0
    log.finish_sync(ticket, ticket.run())
    assert log.offline is None
    assert len(log.segments) == 1


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
