"""Find out what a log's directory holds: a look at the sizes after a clean stop, the necessary reading after
a crash.

After a clean stop everything on disk is whole. After a crash, this is what may be relied on: everything below
the recovery point, log, indexes and leader epochs, was synced; beyond it anything can have happened to the
files. So the log is read from the recovery point on, batch by batch with checksums, and cut at the first that
is not whole; index entries and leader epochs beyond the recovery point are made anew; producers' state comes
from the newest snapshot that is whole and does not reach beyond the end, plus the batches behind it. What
contradicts the promise below the recovery point is damage, and raised.

Whatever is cut or removed is synced before anything can be appended: it must not come back after another
crash. So is whatever is kept: it must not go any more.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import NamedTuple

from .batch_scan import Batch, walk, walk_whole
from .checkpoint import PARTITION_METADATA, read_topic_id
from .errors import CheckpointCorrupted, LogCorrupted
from .file_system import FileSystem
from .leader_epoch import FILE_NAME as LEADER_EPOCHS
from .leader_epoch import LeaderEpochs
from .log_config import LogConfig
from .producer_state import ProducerState
from .segment import LOG_SUFFIX, SUFFIXES, Segment
from .snapshots import SUFFIX as SNAPSHOT_SUFFIX
from .snapshots import SnapshotFiles


class LoadedLog(NamedTuple):
    """What a directory holds. `segments` are in order and not empty; `torn` says what was cut off, if
    anything; `changed` that not all of it is known to be synced.
    """

    segments: list[Segment]
    log_start_offset: int
    log_end_offset: int
    recovery_point: int
    producers: ProducerState
    snapshots: SnapshotFiles
    leader_epochs: LeaderEpochs
    topic_id: bytes | None
    torn: LogCorrupted | None
    changed: bool

    @classmethod
    def new(
        cls, file_system: FileSystem, directory: str, segment: Segment, topic_id: bytes | None
    ) -> LoadedLog:
        """A log that was just made, with one empty segment."""
        offset, snapshots = segment.base_offset, SnapshotFiles(file_system, directory)
        producers, epochs = ProducerState(offset), LeaderEpochs()
        return cls([segment], offset, offset, offset, producers, snapshots, epochs, topic_id, None, True)


class Loader:
    """Loads one directory; used once. `gaps` allow offsets to be missing between batches, as compaction
    leaves them.
    """

    def __init__(
        self,
        file_system: FileSystem,
        directory: str,
        config: LogConfig,
        *,
        clean: bool,
        recovery_point: int,
        log_start_offset: int,
        now_ms: int,
    ) -> None:
        self._file_system = file_system
        self._directory = directory
        self._config = config
        self._clean = clean
        self._recovery_point = recovery_point
        self._log_start_offset = log_start_offset
        self._now_ms = now_ms
        self._gaps = config.compacted
        self._segments: list[Segment] = []
        self._snapshots = SnapshotFiles(file_system, directory)
        self._leader_epochs = LeaderEpochs()
        self._torn: LogCorrupted | None = None
        self._changed = False
        self._removed = False

    def load(self) -> LoadedLog:
        """Raises LogCorrupted, CheckpointCorrupted, OSError."""
        try:
            return self._load()
        except BaseException:
            for segment in self._segments:
                segment.close()
            raise

    def _load(self) -> LoadedLog:
        self._list_files()
        self._load_leader_epochs()
        if not self._segments:
            self._begin_anew()
        self._log_start_offset = max(self._log_start_offset, self._segments[0].base_offset)
        end = self._load_clean() if self._clean else self._recover()
        if end < self._recovery_point and self._recovery_point > self._log_start_offset:
            last = self._segments[-1]
            reason = f"the log ends at offset {end}, but everything below {self._recovery_point} was synced"
            raise LogCorrupted(last.path, last.size, reason)
        if end < self._log_start_offset:  # only records that were to be deleted are lost
            self._drop_all(end)
            end = self._log_start_offset
            self._begin_anew()
        # In this order a log that has lost all its records has the same epochs, none, after every start.
        self._leader_epochs.truncate_from_start(self._log_start_offset)
        self._leader_epochs.truncate_from_end(end)
        producers = self._load_producers(end)
        if not self._clean:
            self._sync_recovered()
        if self._removed or not self._clean:
            self._file_system.sync_directory(self._directory)
        return LoadedLog(
            self._segments,
            self._log_start_offset,
            end,
            end if self._clean else self._recovery_point,
            producers,
            self._snapshots,
            self._leader_epochs,
            self._read_topic_id(),
            self._torn,
            self._changed or not self._clean,
        )

    # What is there

    def _list_files(self) -> None:
        names = set(self._file_system.list(self._directory))
        for name in sorted(names):
            path = f"{self._directory}/{name}"
            stem, dot, _ = name.rpartition(".")
            if name.endswith(".swap"):
                raise LogCorrupted(
                    path, 0, "a compaction by another broker was interrupted and has to be finished there"
                )
            if name.endswith((".deleted", ".cleaned", ".tmp")):
                self._remove(path)
            elif not (dot and len(stem) == 20 and stem.isdigit()):
                continue
            elif name.endswith(LOG_SUFFIX):
                size = self._file_system.size(path)
                self._segments.append(
                    Segment(self._file_system, self._directory, int(stem), size, self._now_ms)
                )
            elif name.endswith(SNAPSHOT_SUFFIX):
                self._snapshots.noted(int(stem), synced=self._clean)
            elif name.endswith(SUFFIXES) and stem + LOG_SUFFIX not in names:
                self._remove(path)

    def _remove(self, path: str) -> None:
        self._file_system.remove(path)
        self._removed = True

    def _remove_segment(self, segment: Segment) -> None:
        segment.remove_files()
        self._removed = True

    def _begin_anew(self) -> None:
        """The files of a log that was just made may be lost in a crash; those of one with contents may
        not.
        """
        if self._recovery_point > self._log_start_offset:
            raise LogCorrupted(self._directory, 0, "the segments are missing")
        segment = Segment(self._file_system, self._directory, self._log_start_offset, 0, self._now_ms)
        segment.create()
        self._segments.append(segment)
        self._changed = True

    def _drop_all(self, end: int) -> None:
        """Remove every segment of a log that ends before its start. What they tell of producers must be
        durable before each goes, whenever this is interrupted.
        """
        if self._torn is None:
            path, start = self._segments[0].path, self._log_start_offset
            self._torn = LogCorrupted(
                path, 0, f"the log ends with offset {end - 1}, before its start {start}"
            )
        while self._segments:
            later = self._segments[1:]
            following = later[0].base_offset if later else self._log_start_offset
            state = self._snapshots.state_at(min(following, end), self._segments, self._gaps)
            self._snapshots.write_synced(following, state)
            self._remove_segment(self._segments.pop(0))
            self._file_system.sync_directory(self._directory)

    def _load_leader_epochs(self) -> None:
        path = f"{self._directory}/{LEADER_EPOCHS}"
        try:
            self._leader_epochs = LeaderEpochs.from_bytes(path, self._file_system.read_bytes(path))
        except FileNotFoundError:
            pass
        except CheckpointCorrupted as error:
            if self._recovery_point > self._log_start_offset:
                raise LogCorrupted(path, 0, str(error)) from error

    def _read_topic_id(self) -> bytes | None:
        try:
            return read_topic_id(self._file_system, self._directory)
        except CheckpointCorrupted as error:
            if self._clean or self._recovery_point > self._log_start_offset:
                raise LogCorrupted(f"{self._directory}/{PARTITION_METADATA}", 0, str(error)) from error
            return None  # it was being made

    # The end of the log

    def _load_clean(self) -> int:
        for segment in self._segments:
            if not (segment.offset_index.is_whole() and segment.time_index.is_whole()):
                self._rebuild(segment)
        return self._segments[-1].load_end(self._gaps)

    def _recover(self) -> int:
        """Read from the recovery point on. Segments that begin beyond the end which is found are removed."""
        self._leader_epochs.truncate_from_end(self._recovery_point)
        end = self._segments[0].base_offset
        for number, segment in enumerate(self._segments):
            following = self._segments[number + 1] if number + 1 < len(self._segments) else None
            # Of a segment that ends at the recovery point itself only the batches are surely synced: it may
            # have been rolled since, and its indexes completed.
            if following is not None and following.base_offset < self._recovery_point:
                if not (segment.offset_index.is_whole() and segment.time_index.is_whole()):
                    self._rebuild(segment)
                end = following.base_offset
                continue
            end = self._recover_segment(segment)
            if following is not None:
                if self._torn is None and (
                    end == following.base_offset or (self._gaps and end < following.base_offset)
                ):
                    segment.seal()
                    continue
                self._cut_after(number, end)
                break
        return end

    def _cut_after(self, number: int, end: int) -> None:
        """The log ends within the segment `number`: those behind it do not belong to it any more."""
        for lost in self._segments[number + 1 :]:
            if self._torn is None:
                self._torn = LogCorrupted(lost.path, 0, f"the segment before it ends with offset {end - 1}")
            self._remove_segment(lost)
        del self._segments[number + 1 :]

    def _rebuild(self, segment: Segment) -> None:
        """Make the indexes of a segment that is relied on anew, from all of its batches."""
        first = None if self._gaps else segment.base_offset
        size, segment.size = segment.size, 0
        segment.begin_rewrite()
        for batch, _ in walk_whole(segment.file, 0, size, next_offset=first, gaps=self._gaps):
            self._enter(segment, batch)
        segment.verification.unverified_until = 0
        segment.finish_rewrite()

    def _enter(self, segment: Segment, batch: Batch) -> None:
        segment.add(
            batch.size,
            batch.base_offset,
            batch.last_offset,
            batch.max_timestamp,
            self._config.index_interval_bytes,
        )

    def _recover_segment(self, segment: Segment) -> int:
        """Verify the batches beyond the recovery point and cut where one is not whole. Return the offset
        behind them.
        """
        size = segment.size
        next_offset = self._resume(segment)
        start = segment.size
        gaps, epochs = self._gaps, self._leader_epochs
        expected = None if start == 0 and gaps else next_offset
        segment.verification.unverified_until = start
        try:
            for batch, _ in walk_whole(segment.file, start, size, next_offset=expected, gaps=gaps):
                if batch.leader_epoch > epochs.latest_epoch and batch.base_offset >= self._recovery_point:
                    epochs.assign(batch.leader_epoch, batch.base_offset)
                self._enter(segment, batch)
                next_offset = batch.last_offset + 1
        except LogCorrupted as error:
            if next_offset < self._recovery_point:
                raise
            self._torn = error
            segment.cut(segment.size)
        if segment.is_rewriting:
            segment.finish_rewrite()
        segment.changed = segment.changed or next_offset > self._recovery_point
        # A process that was killed may have cut them, and a loss of power would undo that.
        segment.offset_index.changed = segment.time_index.changed = True
        return next_offset

    def _sync_recovered(self) -> None:
        """What was found beyond the recovery point may be in the page cache only, and is about to be read by
        consumers, and acknowledged to producers who repeat it. The last segment may have been truncated, too,
        by a process that was killed.
        """
        for segment in self._segments:
            if segment.changed or segment is self._segments[-1]:
                segment.file.sync()

    def _resume(self, segment: Segment) -> int:
        """Set the segment's end to where the reading has to begin, its indexes to what holds below. Return
        the offset.
        """
        if self._recovery_point > segment.base_offset:
            position = self._trim_indexes(segment)
            if position is not None:
                try:
                    return self._walk_to_recovery_point(segment, position)
                except LogCorrupted:
                    pass  # the index may have led astray: read all
            segment.begin_rewrite()
        else:
            segment.reset_indexes()
        segment.size = 0
        return segment.base_offset

    def _walk_to_recovery_point(self, segment: Segment, position: int) -> int:
        size, next_offset = segment.size, segment.base_offset
        largest = segment.time_index.last()
        expected = segment.base_offset if position == 0 and not self._gaps else None
        segment.size = position
        try:
            for batch in walk(segment.file, position, size, next_offset=expected, gaps=self._gaps):
                if batch.base_offset >= self._recovery_point:
                    break
                next_offset = batch.last_offset + 1
                if batch.max_timestamp > largest[0]:
                    largest = (batch.max_timestamp, batch.last_offset)
                segment.size = batch.position + batch.size
        except LogCorrupted:
            if next_offset < self._recovery_point:
                raise
        segment.resume(position, largest)
        return next_offset

    def _trim_indexes(self, segment: Segment) -> int | None:
        """Drop index entries from the recovery point on, and what is out of order; return the position of the
        last one that is left (0 if none is), or None if the indexes are not there.
        """
        relative = self._recovery_point - segment.base_offset
        offsets, times = segment.offset_index, segment.time_index
        try:
            entries = offsets.read_all()
            kept = _increasing([entry for entry in entries if entry[0] < relative], segment.size)
            offsets.keep(len(kept))
            stamps = times.read_all()
            times.keep(len(_increasing([entry for entry in stamps if entry[1] < relative], 1 << 62)))
        except FileNotFoundError:
            return None
        return kept[-1][1] if kept else 0

    def _load_producers(self, end: int) -> ProducerState:
        # Whoever stops cleanly leaves a snapshot, unless there is nothing to tell: then the log need not be
        # read.
        if self._clean and not self._snapshots.offsets:
            return ProducerState(end)
        # Transactions that ended beyond the recovery point are indexed again: the log is read from there.
        first = self._segments[0].base_offset
        point = end if self._clean else min(max(self._recovery_point, first), end)
        removed = self._snapshots.remove_above(end)
        if not self._clean:
            removed = self._snapshots.remove_torn_above(point) or removed
            for segment, following in zip_longest(self._segments, self._segments[1:]):
                if following is None or following.base_offset >= point:
                    segment.transaction_index.recover(point)
        self._removed = self._removed or removed
        return self._snapshots.state_at(end, self._segments, self._gaps, index_from=point)


def _increasing(entries: list[tuple[int, int]], limit: int) -> list[tuple[int, int]]:
    """The entries up to the first whose fields do not both increase, or whose second reaches `limit`."""
    last = (-1, -1)
    for number, entry in enumerate(entries):
        if entry[0] <= last[0] or entry[1] <= last[1] or entry[1] >= limit:
            return entries[:number]
        last = entry
    return entries
