"""Making a log durable: what has changed since the last sync, and how far the log may be relied on."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

from .checkpoint import PARTITION_METADATA
from .file_system import File, FileSystem
from .leader_epoch import FILE_NAME as LEADER_EPOCHS
from .log_config import LogConfig
from .log_reading import ReadableLog
from .producer_snapshot import to_snapshot
from .recovery import LoadedLog
from .sync import SyncTicket


class SyncedLog(ReadableLog):
    """What `Log` has, so far as it is about syncing, and about deleting, which must not come before it."""

    __slots__ = (
        "_closed",
        "_directories_changed",
        "_epochs_saved",
        "_paths_changed",
        "_ticket",
        "closed_cleanly",
        "on_lower_recovery_point",
        "recovery_point",
        "synced_offset",
    )

    def __init__(self, file_system: FileSystem, directory: str, config: LogConfig, loaded: LoadedLog) -> None:
        super().__init__(file_system, directory, config, loaded)
        self.recovery_point = self.synced_offset = loaded.recovery_point
        self.on_lower_recovery_point: Callable[[], None] | None = None
        self._epochs_saved = -1 if loaded.changed else self.leader_epochs.changed
        self._directories_changed = {directory} if loaded.changed else set()
        self._paths_changed: list[str] = []  # small files that were written and not synced
        if loaded.changed and loaded.topic_id is not None:
            self._paths_changed.append(f"{directory}/{PARTITION_METADATA}")
        self._ticket: SyncTicket | None = None
        self._closed = False
        self.closed_cleanly = False

    def begin_sync(self, checkpoint: bool = False) -> SyncTicket | None:
        """What has to be synced now, or None if there is nothing. `checkpoint` includes all that moves
        `recovery_point`.

        Raises StorageFailed.
        """
        self._check_online()
        if self._ticket is not None:
            raise RuntimeError("a sync of this log is under way already")
        try:
            files = self._take_changed_files(checkpoint)
        except OSError as error:
            raise self._fail("an index cannot be written", error) from error
        contents = self._small_files() if checkpoint else []
        if contents:
            self._directories_changed.add(self.directory)
        paths = self._paths_changed + [self._snapshots.path(offset) for offset in self._snapshots.unsynced]
        behind = self.synced_offset < self.log_end_offset or (
            checkpoint and self.recovery_point < self.log_end_offset
        )
        if not (behind or files or contents or paths or self._directories_changed):
            return None
        self._ticket = SyncTicket(
            self._file_system,
            self.log_end_offset,
            checkpoint,
            files,
            paths,
            contents,
            sorted(self._directories_changed),
        )
        self._paths_changed = []
        self._directories_changed = set()
        return self._ticket

    def _take_changed_files(self, checkpoint: bool) -> list[File]:
        # The segment that ends there may have been rolled since, and its indexes completed.
        first = self._segment_number((self.recovery_point if checkpoint else self.synced_offset) - 1)
        return [file for segment in self._segments[first:] for file in segment.take_changed(checkpoint)]

    def _small_files(self) -> list[tuple[str, bytes]]:
        """The producers' snapshot and the leader epochs as they are now, unless they are on disk so."""
        contents, offset = [], self.log_end_offset
        told = offset > self.log_start_offset or len(self.producers) > 0  # of deleted records, too
        if told and offset not in self._snapshots.synced:
            contents.append((self._snapshots.path(offset), to_snapshot(self.producers)))
        if self.leader_epochs.changed != self._epochs_saved:
            contents.append((f"{self.directory}/{LEADER_EPOCHS}", self.leader_epochs.to_bytes()))
            self._epochs_saved = self.leader_epochs.changed
        return contents

    def finish_sync(self, ticket: SyncTicket, error: OSError | None) -> None:
        """Record that `ticket.run()` returned `error`. After a failure the log is offline: no sync is ever
        retried.
        """
        if self._closed or ticket is not self._ticket:
            return
        self._ticket = None
        if error is not None:
            self._fail("a sync failed", error)
            return
        self.synced_offset = max(self.synced_offset, ticket.end_offset)
        self._note_snapshots(ticket)
        if ticket.checkpoint:
            self.recovery_point = max(self.recovery_point, ticket.end_offset)
        if self.offline is None:
            self._delete_old_segments()

    def _note_snapshots(self, ticket: SyncTicket) -> None:
        snapshots = self._snapshots
        for offset in {*snapshots.offsets, ticket.end_offset}:
            if ticket.covers(snapshots.path(offset)):
                snapshots.noted(offset, synced=True)
        try:
            snapshots.remove_strays(self._base_offsets)
        except OSError:
            pass  # an old snapshot that stays does no harm

    def _abandon_ticket(self) -> None:
        """The log is about to be closed: what a ticket under way may not have synced counts as changed
        again.
        """
        ticket, self._ticket = self._ticket, None
        if ticket is not None:
            ticket.cancel()
            for segment in self._segments[self._segment_number(self.recovery_point - 1) :]:
                segment.mark_changed()
            self._directories_changed.update(ticket.directories)
            self._paths_changed += [path for path in ticket.paths if self._file_system.exists(path)]
            self._epochs_saved = -1

    def close(self, clean: bool = True) -> None:
        """Give up the files. `clean`: write and sync everything first, so that the next start need not look.
        Raises StorageFailed if that fails (and then the data folder must not get its clean mark). Closing
        twice is allowed.
        """
        if self._closed:
            return
        self._abandon_ticket()
        try:
            if clean:
                self._close_cleanly()
                self.closed_cleanly = True
        finally:
            self._closed = True
            self.offline = self.offline or f"{self.directory} is closed"
            for segment in self._segments:
                segment.close()

    def _close_cleanly(self) -> None:
        self._check_online()
        try:
            self._active.seal()
        except OSError as error:
            raise self._fail("an index cannot be written", error) from error
        ticket = self.begin_sync(checkpoint=True)
        if ticket is not None:
            self.finish_sync(ticket, ticket.run())
            self._check_online()

    def _delete_old_segments(self) -> int:
        """Delete the segments below the log start offset; those that a ticket may be syncing wait until it is
        done.
        """
        count = bisect_right(self._base_offsets, self.log_start_offset) - 1
        if count <= 0 or self._ticket is not None:
            return 0
        try:
            for _ in range(count):
                # After a loss of power the log may end anywhere behind this segment, and there the producers
                # have to be known from the snapshot at its end. The segments before it must not come back
                # when it is gone. Older snapshots go once all this is durable, with the next sync.
                self._keep_producers(self._base_offsets[1])
                self._file_system.sync_directory(self.directory)
                self._remove_segment(0)
        except OSError as error:
            raise self._fail("old segments cannot be deleted", error) from error
        return count

    def _snapshot_producers(self, offset: int) -> None:
        """Write what is known at `offset`, the log end, without syncing it, unless it is there already: that
        file may be the one which makes the recovery point good, and a crash may take what is written now. A
        ticket under way may be about to write it, or have done so. Raises OSError.
        """
        by_ticket = self._ticket is not None and self._ticket.covers(self._snapshots.path(offset))
        if offset not in self._snapshots.offsets and not by_ticket:
            self._snapshots.write(offset, self.producers)

    def _keep_producers(self, offset: int) -> None:
        """What the batches below `offset` tell of producers must be in a durable snapshot before they are
        deleted.
        """
        snapshots = self._snapshots
        if offset not in snapshots.synced:
            state = snapshots.state_at(offset, self._segments, self.config.compacted)
            snapshots.write_synced(offset, state)

    def _remove_segment(self, number: int) -> None:
        self._segments[number].remove_files()
        self._directories_changed.add(self.directory)
        del self._segments[number], self._base_offsets[number]
