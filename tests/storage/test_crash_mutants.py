"""The crash test can fail: each of these mistakes, made in one place of the storage room, is caught by it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from odradek.storage import batch_scan
from odradek.storage.checkpoint import CLEAN_SHUTDOWN
from odradek.storage.faulty_file_system import FaultyFileSystem, _FaultyFile
from odradek.storage.file_system import File
from odradek.storage.index_file import IndexFile
from odradek.storage.log import Log
from odradek.storage.log_directory import LogDirectory
from odradek.storage.log_syncing import SyncedLog
from odradek.storage.producer_state import ProducerState
from odradek.storage.recovery import Loader
from odradek.storage.segment import Segment
from odradek.storage.snapshots import SnapshotFiles
from odradek.storage.sync import SyncTicket
from tests.storage.crash_runner import Failed, run

Mutation = Callable[[pytest.MonkeyPatch], None]
OUTCOMES = 4000  # within which a mistake has to show


def sync_no_directories(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are synced, and the names of new ones are not."""
    original = SyncTicket.run

    def run(self: SyncTicket) -> OSError | None:
        self.directories = ()
        return original(self)

    monkeypatch.setattr(SyncTicket, "run", run)


def keep_the_clean_mark_while_loading(monkeypatch: pytest.MonkeyPatch) -> None:
    """The start does not take away the mark of the last stop: a crash during it looks like a clean stop."""
    original = FaultyFileSystem.remove

    def remove(self: FaultyFileSystem, path: str) -> None:
        if not path.endswith(CLEAN_SHUTDOWN):
            original(self, path)

    monkeypatch.setattr(FaultyFileSystem, "remove", remove)


def leave_the_removal_of_the_clean_mark_unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mark comes back when the power is lost."""
    original = FaultyFileSystem.sync_directory

    def sync_directory(self: FaultyFileSystem, path: str) -> None:
        if self.trace[-1] != f"remove {path}/{CLEAN_SHUTDOWN}":
            original(self, path)

    monkeypatch.setattr(FaultyFileSystem, "sync_directory", sync_directory)


def move_the_recovery_point_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was appended while the ticket ran counts as checkpointed."""
    original = SyncedLog.finish_sync

    def finish_sync(self: SyncedLog, ticket: SyncTicket, error: OSError | None) -> None:
        original(self, ticket, error)
        if ticket.checkpoint:
            self.recovery_point = self.log_end_offset

    monkeypatch.setattr(SyncedLog, "finish_sync", finish_sync)


def move_the_synced_offset_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was appended while the ticket ran is acknowledged."""
    original = SyncedLog.finish_sync

    def finish_sync(self: SyncedLog, ticket: SyncTicket, error: OSError | None) -> None:
        original(self, ticket, error)
        self.synced_offset = self.log_end_offset

    monkeypatch.setattr(SyncedLog, "finish_sync", finish_sync)


def write_the_checkpoint_before_the_sync(monkeypatch: pytest.MonkeyPatch) -> None:
    """The checkpoint names an offset below which not everything is on the disk yet."""
    original = SyncedLog.begin_sync

    def begin_sync(self: SyncedLog, checkpoint: bool = False) -> SyncTicket | None:
        ticket = original(self, checkpoint)
        if ticket is not None and checkpoint and self.on_lower_recovery_point is not None:
            self.recovery_point = ticket.end_offset
            self.on_lower_recovery_point()
        return ticket

    monkeypatch.setattr(SyncedLog, "begin_sync", begin_sync)


def forget_to_sync_the_snapshot_of_deleted_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """The batches are deleted, and what they told of producers is in a snapshot that was only written."""

    def write_synced(self: SnapshotFiles, offset: int, state: ProducerState) -> None:
        self.write(offset, state)
        self.noted(offset, synced=True)

    monkeypatch.setattr(SnapshotFiles, "write_synced", write_synced)
    monkeypatch.setattr(SnapshotFiles, "unsynced", property(lambda _: []))
    original = SnapshotFiles.write

    def write(self: SnapshotFiles, offset: int, state: ProducerState) -> None:
        original(self, offset, state)
        self.noted(offset, synced=True)

    monkeypatch.setattr(SnapshotFiles, "write", write)


def rename_without_syncing_the_contents(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small files are replaced by ones that may be on the disk by name only."""
    original = _FaultyFile.sync

    def sync(self: _FaultyFile) -> None:
        if not self.path.endswith(".tmp"):
            original(self)

    monkeypatch.setattr(_FaultyFile, "sync", sync)


def leave_a_torn_tail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Recovery knows where the log ends, and the file goes on."""
    original = Segment.cut

    def cut(self: Segment, position: int) -> None:
        truncate, self.file.truncate = self.file.truncate, lambda size: None  # type: ignore[method-assign]  # noqa: ARG005
        original(self, position)
        self.file.truncate = truncate  # type: ignore[method-assign]

    monkeypatch.setattr(Segment, "cut", cut)


def keep_index_entries_behind_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries of batches that are gone stay, and lead into those that take their place."""
    monkeypatch.setattr(IndexFile, "keep", lambda _self, _count: None)


def verify_no_checksums(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch counts as whole by its header."""
    monkeypatch.setattr(batch_scan, "check_crc", lambda _path, _batch, _body: None)


def delete_segments_newest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash on the way leaves the older ones, and a gap behind them."""
    original = SyncedLog._remove_segment

    def remove(self: SyncedLog, number: int) -> None:
        below = [base for base in self._base_offsets[1:] if base <= self.log_start_offset]
        original(self, max(0, len(below) - 1) if number == 0 else number)

    monkeypatch.setattr(SyncedLog, "_remove_segment", remove)


def truncate_before_the_recovery_point_is_lowered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The checkpoint goes on speaking of what is being dropped."""
    original = LogDirectory._keep

    def keep(self: LogDirectory, key: tuple[str, int], log: Log) -> Log:
        original(self, key, log)
        log.on_lower_recovery_point = None
        return log

    monkeypatch.setattr(LogDirectory, "_keep", keep)


def keep_the_checkpoint_of_a_removed_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new log of that name is taken for one of which much was synced."""
    monkeypatch.setattr(LogDirectory, "_forget", lambda _self, _keys: None)


def sync_the_active_segment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was appended before a roll stays in the page cache."""

    def take_changed(self: SyncedLog, checkpoint: bool) -> list[File]:
        return self._active.take_changed(checkpoint)

    monkeypatch.setattr(SyncedLog, "_take_changed_files", take_changed)


def sync_the_last_segment_only_after_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a start has found in the segments before stays in the page cache, and can be lost afterwards."""
    monkeypatch.setattr(Loader, "_sync_recovered", lambda self: self._segments[-1].file.sync())


# With each the seed with which it shows early, and the steps that have to come often for that.
MUTATIONS: dict[Mutation, tuple[str, tuple[str, ...]]] = {
    sync_no_directories: ("3", ()),
    keep_the_clean_mark_while_loading: ("4", ("restart",)),
    leave_the_removal_of_the_clean_mark_unsynced: ("13", ("restart",)),
    move_the_recovery_point_to_the_end: ("5", ()),
    move_the_synced_offset_to_the_end: ("3", ()),
    write_the_checkpoint_before_the_sync: ("6", ()),
    forget_to_sync_the_snapshot_of_deleted_batches: ("2", ("advance_log_start", "roll", "sync")),
    rename_without_syncing_the_contents: ("0", ()),
    leave_a_torn_tail: ("4", ()),
    keep_index_entries_behind_the_end: ("0", ("truncate",)),
    verify_no_checksums: ("1", ()),
    delete_segments_newest_first: ("1", ("advance_log_start", "roll")),
    truncate_before_the_recovery_point_is_lowered: ("1", ("truncate", "checkpoint")),
    keep_the_checkpoint_of_a_removed_log: ("5", ("checkpoint", "delete", "create", "append")),
    sync_the_active_segment_only: ("3", ("roll", "sync")),
    sync_the_last_segment_only_after_a_crash: ("1", ("roll", "be_killed")),
}


@pytest.mark.parametrize(
    ("mutation", "seed", "often"),
    [pytest.param(each, *how, id=each.__name__) for each, how in MUTATIONS.items()],
)
def test_a_mistake_is_caught(
    mutation: Mutation, seed: str, often: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the same runner, and soon. A history changes with the calls that storage makes: there are three."""
    mutation(monkeypatch)
    assert any(fails(history, often) for history in (seed, f"{seed}-again", f"{seed}-once-more"))


def fails(history: str, often: tuple[str, ...]) -> bool:
    """Whether a promise is seen broken."""
    try:
        run(history, OUTCOMES, often)
    except Failed:
        return True
    return False
