"""Appending, rolling, truncating: a log as its users see it."""

from __future__ import annotations

import errno

import pytest

from odradek.protocol.errors import ErrorCode
from odradek.storage.check import check_log
from odradek.storage.errors import OffsetOutOfRange, RecordListTooLarge, StorageFailed
from odradek.storage.faulty_file_system import Fault, FaultyFileSystem
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


def _with_data() -> MemoryFileSystem:
    file_system = MemoryFileSystem()
    file_system.make_directories("data")
    return file_system


def test_segments_roll_before_a_relative_offset_overflows() -> None:
    """Index entries have 31 bits for an offset relative to the segment's first."""
    log = Log.create(_with_data(), DIRECTORY, LogConfig(), TOPIC_ID, start_offset=0)
    append(log, batch(b"a"))
    log.log_end_offset = 2**31  # as after two thousand million records
    append(log, batch(b"b"))
    assert [segment.base_offset for segment in log.segments] == [0, 2**31]


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
