"""What a log knows of producers after restarts, rolls, deletions, truncations and losses of power."""

from __future__ import annotations

import struct
from random import Random

import pytest

from odradek.protocol.checksum import crc32c
from odradek.storage.errors import (
    InvalidProducerEpoch,
    OutOfOrderSequence,
)
from odradek.storage.faulty_file_system import Crash, FaultyFileSystem
from odradek.storage.file_system import parent_directory
from odradek.storage.log import Log, LogConfig
from odradek.storage.memory_file_system import MemoryFileSystem
from odradek.storage.producer_snapshot import SnapshotCorrupted, from_snapshot, to_snapshot
from tests.storage.logs import (
    DIRECTORY,
    NOW_MS,
    SMALL,
    append,
    batch,
    fill,
    new_log,
    reopen,
    segment_path,
    send,
    sync,
)


@pytest.mark.parametrize("clean", [True, False])
def test_a_restart_changes_nothing_for_producers(clean: bool) -> None:
    """The last five batches, epochs and open transactions are known after a clean stop and after a crash."""
    file_system = MemoryFileSystem()
    log = new_log(file_system)
    for number in range(12):
        send(log, number)
        if number == 8:
            sync(log, checkpoint=True)
    append(log, batch(b"t", producer_id=8, epoch=2, transactional=True))
    log.close(clean=clean)
    log = reopen(file_system, clean=clean, recovery_point=log.recovery_point)
    for number in range(7, 12):
        assert send(log, number) == (number, True)
    with pytest.raises(OutOfOrderSequence):
        send(log, 6)
    with pytest.raises(InvalidProducerEpoch):
        send(log, 0, epoch=1, producer_id=8)
    assert log.last_stable_offset == 12
    assert send(log, 12) == (13, False)


@pytest.mark.parametrize("clean", [True, False])
def test_a_restart_knows_producers_of_old_timestamps(clean: bool) -> None:
    """A batch repeated after a restart is a duplicate, though its records are years older than the clock."""
    file_system = MemoryFileSystem()
    log = new_log(file_system)
    send(log, 0)
    log.close(clean=clean)
    much_later = NOW_MS + 1000 * SMALL.producer_id_expiration_ms
    log = Log.open(file_system, DIRECTORY, SMALL, clean=clean, now_ms=much_later)
    assert send(log, 0) == (0, True)


def test_producers_outlive_the_deletion_of_their_records() -> None:
    """When old segments go, what they told of producers stays, over a crash as well."""
    file_system = MemoryFileSystem()
    log = new_log(file_system)
    send(log, 0, 3)
    fill(log, 40)
    assert log.advance_log_start_offset(40) > 0
    log.close(clean=False)
    log = reopen(file_system, log_start_offset=40)
    assert send(log, 0, 3) == (0, True)
    assert send(log, 3) == (43, False)


def durable_log() -> tuple[FaultyFileSystem, Log]:
    """An empty log whose directory will outlive a loss of power."""
    file_system = FaultyFileSystem()
    log = new_log(file_system)
    for directory in (parent_directory(parent_directory(DIRECTORY)), parent_directory(DIRECTORY)):
        file_system.sync_directory(directory)
    return file_system, log


@pytest.mark.parametrize("seed", range(20))
def test_a_roll_during_a_checkpoint_leaves_its_snapshot_durable(seed: int) -> None:
    """The log is rolled where the checkpoint ends, between its sync and the word of it: old segments go then,
    and a loss of power must not take what they told of producers.
    """
    file_system, log = durable_log()
    send(log, 0, 3)
    ticket = log.begin_sync(checkpoint=True)
    assert ticket is not None
    assert ticket.run() is None
    log.roll()
    log.finish_sync(ticket, None)
    fill(log, 1)
    assert log.advance_log_start_offset(4) == 1
    log = reopen(file_system.power_loss(Random(seed)), recovery_point=3)
    assert send(log, 0, 3) == (0, True)


@pytest.mark.parametrize("seed", range(20))
def test_a_roll_after_a_restart_leaves_the_checkpoint_s_snapshot_alone(seed: int) -> None:
    """All records are deleted, and the process is killed; its successor rolls where the checkpoint was, and
    power is lost.
    """
    file_system, log = durable_log()
    send(log, 0, 3)
    sync(log, checkpoint=True)
    killed = file_system.process_kill()
    reopen(killed, recovery_point=3, log_start_offset=3).roll()
    log = reopen(killed.power_loss(Random(seed)), recovery_point=3, log_start_offset=3)
    assert send(log, 0, 3) == (0, True)


@pytest.mark.parametrize("seed", range(40))
def test_a_deletion_of_segments_that_power_loss_undoes_in_part_keeps_producers(seed: int) -> None:
    """Records that were never synced are deleted with synced ones before them. What comes back of the former
    may end anywhere: the producer of the latter is known there, too.
    """
    file_system, log = durable_log()
    send(log, 0, 3)
    sync(log, checkpoint=True)
    log.roll()
    fill(log, 20)
    assert log.advance_log_start_offset(log.log_end_offset) > 1
    log = reopen(file_system.power_loss(Random(seed)), recovery_point=3)
    assert send(log, 0, 3) == (0, True)


@pytest.mark.parametrize("seed", range(40))
def test_producers_outlive_a_recovery_that_drops_what_was_to_be_deleted(seed: int) -> None:
    """The log start was written down, and a loss of power took the unsynced batches below it. The recovery
    drops what is left, which tells of a producer; it is interrupted by another loss of power.
    """
    file_system, log = durable_log()
    send(log, 0, 3)
    sync(log)
    log.roll()
    fill(log, 5)
    recovering = file_system.power_loss(Random(seed))
    recovering.crash_at = 1 + seed
    try:
        reopen(recovering, log_start_offset=8)
    except Crash:
        pass
    log = reopen(recovering.power_loss(Random(seed)), log_start_offset=8)
    assert send(log, 0, 3) == (0, True)


def segment_files(file_system: MemoryFileSystem, base_offset: int) -> list[str]:
    """The files of a segment, its snapshot included."""
    names = [name for name in file_system.list(DIRECTORY) if name.startswith(f"{base_offset:020d}.")]
    return [f"{DIRECTORY}/{name}" for name in names]


def test_producers_of_deleted_records_are_known_without_any_checkpoint() -> None:
    """A crash may leave of a deletion the newest snapshot, and segments from a little before it on."""
    file_system = MemoryFileSystem()
    log = new_log(file_system)
    send(log, 0, 3)
    fill(log, 40)
    bases = [segment.base_offset for segment in log.segments]
    log.close(clean=False)
    for path in (*segment_files(file_system, bases[0]), segment_path(bases[1], ".snapshot")):
        file_system.remove(path)
    log = reopen(file_system, recovery_point=0)
    assert log.log_start_offset == bases[1]
    assert send(log, 0, 3) == (0, True)


def test_a_truncation_takes_the_producers_back() -> None:
    """To what they were at that offset."""
    log = new_log(MemoryFileSystem())
    for number in range(20):
        send(log, number)
    log.truncate_to(11)
    assert send(log, 11) == (11, False)
    assert send(log, 10) == (10, True)


def test_a_torn_snapshot_gives_way_to_an_older_one() -> None:
    """And the log behind that one is read instead."""
    file_system = MemoryFileSystem()
    log = new_log(file_system)
    for number in range(30):
        send(log, number)
    last = log.segments[-1].base_offset
    path = segment_path(last, ".snapshot")
    log.close(clean=False)
    file = file_system.open(path)
    file.truncate(20)
    log = reopen(file_system)
    assert send(log, 29) == (29, True)
    assert not file_system.exists(path)


def test_snapshots_are_those_of_apache_kafka() -> None:
    """ProducerSnapshot.json version 1: version, CRC-32C of what follows, count, and 46 bytes a producer."""
    file_system = MemoryFileSystem()
    log = new_log(file_system, LogConfig())
    append(log, batch(b"a", b"b", producer_id=7, epoch=3, sequence=5))
    append(log, batch(b"c", producer_id=8, epoch=1, sequence=0, transactional=True))
    log.close()
    data = file_system.read_bytes(segment_path(3, ".snapshot"))
    body = struct.pack(">i", 2)
    body += struct.pack(">qhiqiqiq", 7, 3, 6, 1, 1, NOW_MS + 1, -1, -1)
    body += struct.pack(">qhiqiqiq", 8, 1, 0, 2, 0, NOW_MS, -1, 2)
    assert data == struct.pack(">hI", 1, crc32c(body)) + body


def test_damaged_snapshots_are_refused() -> None:
    """Every prefix, and every flipped bit."""
    log = new_log(MemoryFileSystem())
    send(log, 0)
    data = to_snapshot(log.producers)
    assert from_snapshot(data, 1).entries.keys() == {7}
    for size in range(len(data)):
        with pytest.raises(SnapshotCorrupted):
            from_snapshot(data[:size], 1)
    for bit in range(8 * len(data)):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SnapshotCorrupted):
            from_snapshot(bytes(damaged), 1)


def test_a_log_from_before_snapshots_has_no_producers() -> None:
    """As in Kafka: without any snapshot after a clean stop the log is not read for producers; after a crash
    it is.
    """
    file_system = MemoryFileSystem()
    log = new_log(file_system, LogConfig())
    send(log, 0)
    log.close()
    file_system.remove(segment_path(1, ".snapshot"))
    assert len(reopen(file_system, clean=True).producers) == 0
    assert len(reopen(file_system, clean=False).producers) == 1


def test_older_snapshots_go_when_a_newer_one_is_synced() -> None:
    """Those at the beginnings of segments stay, as in Kafka."""
    file_system = MemoryFileSystem()
    log = new_log(file_system)
    for number in range(20):
        send(log, number)
        sync(log, checkpoint=True)
    bases = {f"{segment.base_offset:020d}.snapshot" for segment in log.segments[1:]}
    found = {name for name in file_system.list(DIRECTORY) if name.endswith(".snapshot")}
    assert found == bases | {f"{20:020d}.snapshot"}


def test_a_clean_stop_keeps_the_producers_of_deleted_records() -> None:
    """Even when no record is left and no segment was rolled."""
    file_system = MemoryFileSystem()
    log = new_log(file_system)
    for number in range(3):
        send(log, number)
    log.advance_log_start_offset(3)
    log.close()
    log = reopen(file_system, clean=True, recovery_point=3, log_start_offset=3)
    assert send(log, 2) == (2, True)
    assert send(log, 3) == (3, False)
