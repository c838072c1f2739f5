"""Check everything that must hold of a log on disk, and of a data folder. Nothing is changed.

    for problem in check_directory(file_system, "data"):
        print(problem)

What a crash may leave is no problem: without the mark of a clean stop, the checks of indexes, leader epochs
and snapshots are those that recovery relies on, and what is torn beyond the recovery point will be cut.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from ..protocol.record_batch import CorruptRecord, parse_header, records
from .batch_scan import Batch, walk_whole
from .checkpoint import (
    CLEAN_SHUTDOWN,
    CLEANER_OFFSETS,
    LOG_START_OFFSETS,
    META_PROPERTIES,
    RECOVERY_POINTS,
    TopicPartition,
    read_meta_properties,
    read_offsets,
    read_topic_id,
)
from .errors import CheckpointCorrupted, LogCorrupted
from .file_system import FileSystem
from .index_file import IndexFile
from .leader_epoch import FILE_NAME as LEADER_EPOCHS
from .leader_epoch import LeaderEpochs
from .log_directory import partition_of
from .producer_snapshot import SnapshotCorrupted, from_snapshot
from .segment import LOG_SUFFIX, MAX_RELATIVE_OFFSET, SUFFIXES, Segment
from .snapshots import SUFFIX as SNAPSHOT_SUFFIX

_MAX_INFLATED = 1 << 30


class Problem(NamedTuple):
    """What is wrong in the file `path` at byte `position` (None: with all of it)."""

    path: str
    position: int | None
    reason: str

    def __str__(self) -> str:
        place = self.path if self.position is None else f"{self.path} at byte {self.position}"
        return f"{place}: {self.reason}"


def check_directory(file_system: FileSystem, path: str, *, records_too: bool = True) -> list[Problem]:
    """Check a data folder with all its logs. `records_too`: the records within the batches as well."""
    problems: list[Problem] = []
    clean = file_system.exists(f"{path}/{CLEAN_SHUTDOWN}")
    try:
        read_meta_properties(file_system, f"{path}/{META_PROPERTIES}")
    except CheckpointCorrupted as error:
        problems.append(Problem(f"{path}/{META_PROPERTIES}", None, str(error)))
    offsets: dict[str, dict[TopicPartition, int]] = {}
    for name in (RECOVERY_POINTS, LOG_START_OFFSETS, CLEANER_OFFSETS):
        try:
            offsets[name] = read_offsets(file_system, f"{path}/{name}")
        except CheckpointCorrupted as error:
            offsets[name] = {}
            problems.append(Problem(f"{path}/{name}", None, str(error)))
    for name in file_system.list(path):
        key = partition_of(name)
        if key is not None and file_system.is_directory(f"{path}/{name}"):
            problems += check_log(
                file_system,
                f"{path}/{name}",
                clean=clean,
                recovery_point=offsets[RECOVERY_POINTS].get(key, 0),
                log_start_offset=offsets[LOG_START_OFFSETS].get(key, 0),
                gaps=key in offsets[CLEANER_OFFSETS],
                records_too=records_too,
            )
    return problems


def check_log(
    file_system: FileSystem,
    directory: str,
    *,
    clean: bool = True,
    recovery_point: int = 0,
    log_start_offset: int = 0,
    gaps: bool = False,
    records_too: bool = True,
) -> list[Problem]:
    """Check one log's directory. `gaps`: compaction may have removed batches."""
    check = _LogCheck(file_system, directory, clean, recovery_point, gaps, records_too)
    check.run(log_start_offset)
    return check.problems


class _LogCheck:
    """One pass over one log."""

    def __init__(
        self,
        file_system: FileSystem,
        directory: str,
        clean: bool,
        recovery_point: int,
        gaps: bool,
        records_too: bool,
    ) -> None:
        self.problems: list[Problem] = []
        self._file_system = file_system
        self._directory = directory
        self._clean = clean
        self._recovery_point = recovery_point
        self._gaps = gaps
        self._records_too = records_too
        self._by_last_offset: dict[int, Batch] = {}
        self._epochs = LeaderEpochs()
        self._end = 0

    def _add(self, path: str, position: int | None, reason: str) -> None:
        self.problems.append(Problem(path, position, reason))

    def run(self, log_start_offset: int) -> None:
        names = self._file_system.list(self._directory)
        bases = sorted(int(name[:20]) for name in names if _is_numbered(name, LOG_SUFFIX))
        if not bases:
            if self._clean or self._recovery_point > log_start_offset:
                self._add(self._directory, None, "there is no segment")
            return
        self._check_names(names)
        self._read_epochs()
        for number, base in enumerate(bases):
            if not self._check_segment(base, bases[number + 1] if number + 1 < len(bases) else None):
                return  # what follows a damaged segment has nothing to be compared with
        if self._end < self._recovery_point:
            self._add(
                self._directory,
                None,
                f"the log ends at {self._end}, before its recovery point {self._recovery_point}",
            )
        if self._clean and self._end < log_start_offset:
            self._add(
                self._directory, None, f"the log ends at {self._end}, before its start {log_start_offset}"
            )
        for name in names:
            if _is_numbered(name, SNAPSHOT_SUFFIX):
                self._check_snapshot(f"{self._directory}/{name}", int(name[:20]), bases[0])

    def _check_names(self, names: list[str]) -> None:
        try:
            read_topic_id(self._file_system, self._directory)
        except CheckpointCorrupted as error:
            if self._clean or self._recovery_point > 0:
                self._add(self._directory, None, str(error))
        for name in names if self._clean else ():
            if any(_is_numbered(name, suffix) for suffix in SUFFIXES) and name[:20] + LOG_SUFFIX not in names:
                self._add(f"{self._directory}/{name}", None, "an index without its segment")

    def _read_epochs(self) -> None:
        path = f"{self._directory}/{LEADER_EPOCHS}"
        try:
            self._epochs = LeaderEpochs.from_bytes(path, self._file_system.read_bytes(path))
        except FileNotFoundError:
            pass
        except CheckpointCorrupted as error:
            if self._clean or self._recovery_point > 0:
                self._add(path, None, str(error))

    # Segments

    def _check_segment(self, base: int, following: int | None) -> bool:
        path = f"{self._directory}/{base:020d}{LOG_SUFFIX}"
        size = self._file_system.size(path)
        segment = Segment(self._file_system, self._directory, base, size, 0)
        batches: list[Batch] = []
        self._end = base
        try:
            for batch in self._sound_batches(segment):
                batches.append(batch)
                self._end = batch.last_offset + 1
            if following is not None and (
                self._end > following or (self._end < following and not self._gaps)
            ):
                raise LogCorrupted(
                    path, size, f"the segment ends with offset {self._end - 1}, before {following}"
                )
        except LogCorrupted as error:
            if not self._clean and self._end >= self._recovery_point:
                return False  # torn by a crash: recovery cuts here
            self._add(error.path, error.position, error.reason)
            return False
        finally:
            segment.close()
        self._by_last_offset.update((batch.last_offset, batch) for batch in batches)
        if self._clean or (following is not None and following < self._recovery_point):
            self._check_indexes(segment, batches, sealed=following is not None)
        segment.close()
        return True

    def _sound_batches(self, segment: Segment) -> Iterator[Batch]:
        first = None if self._gaps else segment.base_offset
        for batch, body in walk_whole(segment.file, 0, segment.size, next_offset=first, gaps=self._gaps):
            if batch.last_offset - segment.base_offset > MAX_RELATIVE_OFFSET:
                raise LogCorrupted(
                    segment.path, batch.position, "the offset is too far from the segment's first"
                )
            known = self._epochs.epoch_at(batch.base_offset)
            trusted = self._clean or batch.base_offset < self._recovery_point
            if trusted and batch.magic == 2 and known >= 0 and known != batch.leader_epoch:
                reason = f"leader epoch {batch.leader_epoch}, but {LEADER_EPOCHS} says {known}"
                raise LogCorrupted(segment.path, batch.position, reason)
            if self._records_too and batch.magic == 2:
                _check_records(segment.path, batch, body)
            yield batch

    def _check_indexes(self, segment: Segment, batches: list[Batch], sealed: bool) -> None:
        """`sealed`: the largest timestamp has been entered, as happens when a segment is rolled."""
        by_position = {batch.position: batch for batch in batches}
        for position, (relative, at) in self._entries(segment.offset_index):
            batch = by_position.get(at)
            # Up to Kafka 3 an entry has the last offset of all batches of one append, and where the first
            # began.
            target = self._by_last_offset.get(segment.base_offset + relative)
            if batch is None or target is None or target.position < at:
                reason = f"no batch with offset {segment.base_offset + relative} begins at {at}"
                self._add(segment.offset_index.path, position, reason)
        largest = _running_maxima(batches)
        for position, (timestamp, relative) in self._entries(segment.time_index):
            offset = segment.base_offset + relative
            found = bisect_left(largest, offset, key=lambda pair: pair[0])
            if found == len(largest) or largest[found][1] != timestamp:
                reason = f"the largest timestamp up to offset {offset} is not {timestamp}"
                self._add(segment.time_index.path, position, reason)
        last = segment.time_index.last()[0] if segment.time_index.is_whole() else -1
        if sealed and largest and last < largest[-1][1]:
            self._add(segment.time_index.path, None, f"it ends before the largest timestamp {largest[-1][1]}")

    def _entries(self, index: IndexFile) -> Iterator[tuple[int, tuple[int, int]]]:
        """Position and contents of the entries, as long as they are in order."""
        if not index.is_whole():
            self._add(index.path, None, "it is missing, or ends with half an entry")
            return
        last = (-1, -1)
        for number, entry in enumerate(index.read_all()):
            position = number * index.entry.size
            if entry[0] <= last[0] or entry[1] <= last[1]:
                self._add(index.path, position, f"the entry {entry} does not follow {last}")
                return
            last = entry
            yield position, entry

    # Snapshots

    def _check_snapshot(self, path: str, offset: int, first: int) -> None:
        """Every producer's last batch must be in the log, as far as the log still goes back."""
        try:
            state = from_snapshot(self._file_system.read_bytes(path), offset)
        except SnapshotCorrupted as error:
            if self._clean:
                self._add(path, None, str(error))
            return
        if offset > self._end:
            if self._clean:
                self._add(path, None, f"it is of offset {offset}, but the log ends at {self._end}")
            return
        for producer_id, entry in state.entries.items():
            for kept in entry.batches:
                batch = self._by_last_offset.get(kept.last_offset)
                if kept.last_offset >= offset:
                    self._add(path, None, f"producer {producer_id} has offset {kept.last_offset} already")
                elif (
                    kept.base_offset >= first
                    and not self._gaps
                    and not _is_of(batch, producer_id, entry.producer_epoch)
                ):
                    self._add(
                        path, None, f"producer {producer_id} has no batch that ends with {kept.last_offset}"
                    )


def _is_numbered(name: str, suffix: str) -> bool:
    return name.endswith(suffix) and len(name) == 20 + len(suffix) and name[:20].isdecimal()


def _is_of(batch: Batch | None, producer_id: int, producer_epoch: int) -> bool:
    return batch is not None and batch.producer_id == producer_id and batch.producer_epoch <= producer_epoch


def _running_maxima(batches: list[Batch]) -> list[tuple[int, int]]:
    """Of each batch the last offset, and the largest timestamp up to there."""
    maxima, largest = [], -1
    for batch in batches:
        largest = max(largest, batch.max_timestamp)
        maxima.append((batch.last_offset, largest))
    return maxima


def _check_records(path: str, batch: Batch, body: memoryview) -> None:
    try:
        found = records(body, parse_header(body), _MAX_INFLATED)
    except CorruptRecord as error:
        raise LogCorrupted(path, batch.position, f"the records cannot be read: {error}") from error
    offsets = [record.offset for record in found]
    if len(found) != batch.record_count or any(a >= b for a, b in pairwise(offsets)):
        raise LogCorrupted(path, batch.position, "the records' offsets do not increase")
    if offsets and not batch.base_offset <= offsets[0] <= offsets[-1] <= batch.last_offset:
        raise LogCorrupted(path, batch.position, "the records' offsets are not within those of the batch")
