"""The data folder: one broker at a time, the mark of a clean stop, checkpoints, and logs made and removed."""

from __future__ import annotations

import errno
from pathlib import Path
from random import Random

import pytest

from odradek.storage.checkpoint import MetaProperties, read_offsets
from odradek.storage.errors import LogCorrupted, StorageFailed
from odradek.storage.faulty_file_system import Fault, FaultyFileSystem
from odradek.storage.file_system import FileSystemLocked, RealFileSystem
from odradek.storage.log_directory import LogDirectory, partition_of
from odradek.storage.memory_file_system import MemoryFileSystem
from tests.storage.logs import SMALL, TOPIC_ID, append, batch, contents, fill, segment_path, sync


def test_a_folder_belongs_to_one_broker_at_a_time(tmp_path: Path) -> None:
    """The second is refused until the first is done."""
    file_system = RealFileSystem()
    first = LogDirectory.open(file_system, str(tmp_path / "data"))
    with pytest.raises(FileSystemLocked):
        LogDirectory.open(file_system, str(tmp_path / "data"))
    first.close()
    LogDirectory.open(file_system, str(tmp_path / "data")).close()


def test_whose_a_folder_is_stays_written_down() -> None:
    """meta.properties is written once and read ever after."""
    file_system = MemoryFileSystem()
    folder = LogDirectory.open(file_system, "data")
    assert folder.meta is None
    folder.identify(MetaProperties("cluster", 1, "directory"))
    folder.close()
    assert LogDirectory.open(file_system, "data").meta == MetaProperties("cluster", 1, "directory")


def test_logs_are_found_again_as_they_were_left() -> None:
    """After a clean stop: offsets, log start, recovery point and topic id."""
    file_system = MemoryFileSystem()
    folder = LogDirectory.open(file_system, "data")
    log = folder.create_log("flights", 0, SMALL, TOPIC_ID)
    fill(log, 20)
    log.advance_log_start_offset(13)
    log.close()
    folder.close()
    folder = LogDirectory.open(file_system, "data")
    assert folder.clean
    assert folder.partitions() == [("flights", 0)]
    log = folder.open_log("flights", 0, SMALL, TOPIC_ID)
    assert (log.log_start_offset, log.log_end_offset, log.recovery_point) == (13, 20, 20)
    assert log.topic_id == TOPIC_ID


def test_the_mark_of_a_clean_stop_is_gone_before_anything_is_written() -> None:
    """A crash during the start finds none, whatever of the start reached the disk."""
    file_system = FaultyFileSystem()
    LogDirectory.open(file_system, "data").close()
    folder = LogDirectory.open(file_system, "data")
    assert folder.clean
    for seed in range(30):
        assert not LogDirectory.open(file_system.power_loss(Random(seed)), "data").clean


def test_there_is_no_mark_unless_all_logs_were_closed_cleanly() -> None:
    """One that was not, or that could not be opened, needs recovery at the next start."""
    file_system = MemoryFileSystem()
    folder = LogDirectory.open(file_system, "data")
    log = folder.create_log("flights", 0, SMALL, TOPIC_ID)
    fill(log, 3)
    sync(log, checkpoint=True)
    folder.close()
    folder = LogDirectory.open(file_system, "data")
    assert not folder.clean
    file_system.open(segment_path(0)).truncate(50)
    with pytest.raises(LogCorrupted):
        folder.open_log("flights", 0, SMALL)
    assert list(folder.damaged) == [("flights", 0)]
    folder.close()
    folder = LogDirectory.open(file_system, "data")
    assert not folder.clean
    with pytest.raises(LogCorrupted):
        folder.open_log("flights", 0, SMALL)


def test_checkpoints_keep_what_they_say_of_logs_that_are_not_open() -> None:
    """Writing them while the folder is being loaded, or without a damaged log, loses nothing."""
    file_system = MemoryFileSystem()
    folder = LogDirectory.open(file_system, "data")
    logs = [folder.create_log("flights", index, SMALL, TOPIC_ID) for index in range(2)]
    for log in logs:
        fill(log, 5)
        sync(log, checkpoint=True)
    folder.write_checkpoints()
    folder.close(clean=False)
    folder = LogDirectory.open(file_system, "data")
    fill(folder.open_log("flights", 0, SMALL), 1)
    folder.write_checkpoints()
    points = read_offsets(file_system, "data/recovery-point-offset-checkpoint")
    assert points == {("flights", 0): 5, ("flights", 1): 5}


def test_a_removed_log_leaves_its_name_free() -> None:
    """A log of the same name can be made at once, and nothing that was said of the old one counts for it."""
    file_system = MemoryFileSystem()
    folder = LogDirectory.open(file_system, "data")
    log = folder.create_log("flights", 0, SMALL, TOPIC_ID)
    fill(log, 30)
    log.advance_log_start_offset(20)
    sync(log, checkpoint=True)
    folder.write_checkpoints()
    folder.remove_log("flights", 0)
    assert folder.partitions() == []
    new = folder.create_log("flights", 0, SMALL, bytes(16))
    append(new, batch(b"new"))
    folder.close(clean=False)
    log = LogDirectory.open(file_system, "data").open_log("flights", 0, SMALL)
    assert (log.log_start_offset, contents(log)) == (0, [(0, b"new")])


class FullDisk(FaultyFileSystem):
    """While it `is_full` no write gets through."""

    is_full = False

    def _begin(self, operation: str, path: str) -> Fault | None:
        fault = super()._begin(operation, path)
        return Fault(errno.ENOSPC) if self.is_full and operation == "write" else fault


@pytest.mark.parametrize("killed_before", [False, True])
def test_logs_can_be_removed_from_a_full_disk(killed_before: bool) -> None:
    """Which gets room that way. What the checkpoints still say of them counts for no log that is made later,
    by this process or the next.
    """
    disk = FullDisk()
    folder = LogDirectory.open(disk, "data")
    for index in range(3):
        log = folder.create_log("flights", index, SMALL, TOPIC_ID)
        fill(log, 30)
        log.advance_log_start_offset(20)
        sync(log, checkpoint=True)
    folder.write_checkpoints()
    disk.is_full = True
    folder.remove_log("flights", 0)
    stray = folder.set_aside("flights", 1)
    assert folder.partitions() == [("flights", 2)]
    assert [name for name in disk.list("data") if "delete" in name or "stray" in name] == [stray[5:]]
    with pytest.raises(StorageFailed):
        folder.create_log("flights", 0, SMALL, bytes(16))
    assert folder.partitions() == [("flights", 2)]
    disk.is_full = False
    left = disk.process_kill() if killed_before else disk
    if killed_before:
        folder = LogDirectory.open(left, "data")
    for index in range(2):
        append(folder.create_log("flights", index, SMALL, bytes(16)), batch(b"new"))
    folder = LogDirectory.open(left.process_kill(), "data")
    for index in range(2):
        log = folder.open_log("flights", index, SMALL)
        assert (log.log_start_offset, contents(log)) == (0, [(0, b"new")])
    assert folder.open_log("flights", 2, SMALL).log_start_offset == 20


def test_checkpoints_that_could_not_be_written_for_a_removal_are_written_with_the_next() -> None:
    """They say nothing of the removed log then, nor may older ones, which a slow thread has."""
    file_system = FullDisk()
    folder = LogDirectory.open(file_system, "data")
    sync(folder.create_log("flights", 0, SMALL, TOPIC_ID), checkpoint=True)
    folder.write_checkpoints()
    overtaken = folder.checkpoint_ticket()
    file_system.is_full = True
    folder.remove_log("flights", 0)
    file_system.is_full = False
    assert overtaken.run() is None
    append(folder.create_log("flights", 0, SMALL, bytes(16)), batch(b"new"))
    assert read_offsets(file_system, "data/recovery-point-offset-checkpoint") == {}
    before = file_system.calls
    folder.create_log("flights", 1, SMALL, TOPIC_ID)
    assert not any("checkpoint" in call and "leader" not in call for call in file_system.trace[before:])


def test_leftovers_of_deletions_are_removed() -> None:
    """Also those that Apache Kafka left."""
    file_system = MemoryFileSystem()
    name = "data/flights-0.0123456789abcdef0123456789abcdef-delete"
    file_system.make_directories(name)
    file_system.open(f"{name}/{0:020d}.log", create=True)
    LogDirectory.open(file_system, "data")
    assert not file_system.exists(name)


def test_a_directory_of_another_topic_of_that_name_is_removed() -> None:
    """A crash may undo a removal; the topic id tells."""
    file_system = MemoryFileSystem()
    folder = LogDirectory.open(file_system, "data")
    fill(folder.create_log("flights", 0, SMALL, TOPIC_ID), 3)
    folder.close()
    log = LogDirectory.open(file_system, "data").open_log("flights", 0, SMALL, bytes(16))
    assert (log.topic_id, log.log_end_offset) == (bytes(16), 0)


def test_a_lost_directory_is_made_again_if_nothing_in_it_was_synced() -> None:
    """Otherwise its absence is damage."""
    file_system = MemoryFileSystem()
    folder = LogDirectory.open(file_system, "data")
    logs = [folder.create_log("flights", index, SMALL, TOPIC_ID) for index in range(2)]
    fill(logs[1], 3)
    sync(logs[1], checkpoint=True)
    folder.write_checkpoints()
    folder.close(clean=False)
    for index in range(2):
        file_system.remove_tree(f"data/flights-{index}")
    folder = LogDirectory.open(file_system, "data")
    assert folder.open_log("flights", 0, SMALL, TOPIC_ID).log_end_offset == 0
    with pytest.raises(LogCorrupted):
        folder.open_log("flights", 1, SMALL, TOPIC_ID)


def test_a_damaged_checkpoint_means_reading_the_logs() -> None:
    """Without recovery points everything is read, and found."""
    file_system = MemoryFileSystem()
    folder = LogDirectory.open(file_system, "data")
    log = folder.create_log("flights", 0, SMALL, TOPIC_ID)
    fill(log, 30)
    log.close()
    folder.close()
    file_system.open("data/recovery-point-offset-checkpoint").truncate(5)
    folder = LogDirectory.open(file_system, "data")
    assert not folder.clean
    assert not file_system.exists("data/.kafka_cleanshutdown")
    assert folder.open_log("flights", 0, SMALL).log_end_offset == 30


def test_truncation_is_in_the_checkpoint_before_it_happens() -> None:
    """A crash right after it does not find a recovery point beyond the end."""
    file_system = MemoryFileSystem()
    folder = LogDirectory.open(file_system, "data")
    log = folder.create_log("flights", 0, SMALL, TOPIC_ID)
    fill(log, 30)
    sync(log, checkpoint=True)
    folder.write_checkpoints()
    log.truncate_to(7)
    folder.close(clean=False)
    assert LogDirectory.open(file_system, "data").open_log("flights", 0, SMALL).log_end_offset == 7


def test_directory_names_are_topic_and_number() -> None:
    """Topics may have dashes and dots; nothing else is taken for a partition."""
    assert partition_of("a-b.c-12") == ("a-b.c", 12)
    assert partition_of("__cluster_metadata-0") == ("__cluster_metadata", 0)
    for name in (
        "flights",
        "-1",
        "flights-",
        "flights-x",
        "flights-01",
        "flights-0.abc-delete",
        "meta.properties",
    ):
        assert partition_of(name) is None
