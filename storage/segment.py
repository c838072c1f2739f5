"""One segment of a log: `<base offset>.log` with its two indexes.

Positions are bytes from the beginning of the segment's file.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator

from .batch_scan import Batch, walk
from .errors import LogCorrupted
from .file_system import Buffer, File, FileSystem, Region, write_all
from .offset_index import OffsetIndex
from .time_index import NO_TIMESTAMP, TimeIndex
from .transaction_index import TransactionIndex
from .verification import Verification

LOG_SUFFIX = ".log"
INDEX_SUFFIX = ".index"
TIME_INDEX_SUFFIX = ".timeindex"
TRANSACTION_INDEX_SUFFIX = ".txnindex"
SUFFIXES = (LOG_SUFFIX, INDEX_SUFFIX, TIME_INDEX_SUFFIX, TRANSACTION_INDEX_SUFFIX)

MAX_RELATIVE_OFFSET = (1 << 31) - 1

_RECENT = 256  # batches at the end of the active segment whose positions are kept in memory
_INDEX_BUFFER = 4096  # bytes of index entries that wait before they are written


class Segment:
    """`size` is where the segment ends: what lies behind in its file, after a failed append, is never looked
    at.
    """

    __slots__ = (
        "_file",
        "_file_system",
        "_first_timestamp",
        "_indexed_position",
        "_largest",
        "_recent_end",
        "_recent_offsets",
        "_recent_positions",
        "base_offset",
        "changed",
        "created_ms",
        "offset_index",
        "path",
        "size",
        "time_index",
        "transaction_index",
        "verification",
    )

    def __init__(
        self, file_system: FileSystem, directory: str, base_offset: int, size: int, created_ms: int
    ) -> None:
        stem = f"{directory}/{base_offset:020d}"
        self.path = stem + LOG_SUFFIX
        self.base_offset = base_offset
        self.size = size
        self.created_ms = created_ms
        self.changed = False  # since the last sync of its file began
        self.offset_index = OffsetIndex(file_system, stem + INDEX_SUFFIX, base_offset)
        self.time_index = TimeIndex(file_system, stem + TIME_INDEX_SUFFIX, base_offset)
        self.transaction_index = TransactionIndex(file_system, stem + TRANSACTION_INDEX_SUFFIX)
        self._file_system = file_system
        self._file: File | None = None
        self._largest: tuple[int, int] | None = (
            None  # timestamp and the last offset of the first batch that has it
        )
        self._first_timestamp: int | None = None
        self._indexed_position = 0  # of the last index entry
        self.verification = Verification(size)
        self._recent_end = base_offset  # the offset behind the last of them
        self._recent_offsets = array("q")
        self._recent_positions = array("q")

    def create(self) -> None:
        """Make the files of an empty segment, replacing what a failed attempt may have left. Raises
        OSError.
        """
        self._file = self._file_system.open(self.path, create=True)
        if self._file.size():
            self._file.truncate(0)
            self.changed = True
        self.reset_indexes()

    @property
    def file(self) -> File:
        """The segment's file, opened on first use."""
        if self._file is None:
            self._file = self._file_system.open(self.path)
        return self._file

    @property
    def largest(self) -> tuple[int, int]:
        """The largest timestamp in ms (-1: none), and the last offset of the first batch that has it."""
        if self._largest is None:
            self._largest = self.time_index.last()
        return self._largest

    @property
    def first_timestamp(self) -> int:
        """The largest timestamp of the first batch, from which `segment.ms` counts, or -1."""
        if self._first_timestamp is None:
            first = next(walk(self.file, 0, self.size), None)
            if first is None:
                return NO_TIMESTAMP
            self._first_timestamp = first.max_timestamp
        return self._first_timestamp

    # Writing

    def write(self, data: Buffer) -> None:
        """Put `data` behind the end. The end moves when `add` is called. Raises OSError."""
        self.changed = True
        write_all(self.file, self.size, data)

    def add(self, size: int, base_offset: int, last_offset: int, max_timestamp: int, interval: int) -> None:
        """The next `size` bytes are this batch: enter it into the indexes, at least every `interval`
        bytes.
        """
        position = self.size
        if max_timestamp > self.largest[0]:
            self._largest = (max_timestamp, last_offset)
        if position == 0:
            self._first_timestamp = max_timestamp
        elif position - self._indexed_position > interval:
            self._add_index_entries(last_offset, position)
        recent = self._recent_offsets
        if len(recent) == _RECENT:
            del recent[: _RECENT // 2], self._recent_positions[: _RECENT // 2]
        recent.append(base_offset)
        self._recent_end = last_offset + 1
        self._recent_positions.append(position)
        self.size = position + size

    def _add_index_entries(self, last_offset: int, position: int) -> None:
        self.offset_index.append(last_offset, position)
        self.time_index.append(*self.largest)
        self._indexed_position = position
        if self.offset_index.pending_bytes >= _INDEX_BUFFER:
            try:
                self.offset_index.flush()
                self.time_index.flush()
            except OSError:
                pass  # the entries wait in memory; the next sync, roll or close tries again and tells

    def undo_write(self) -> None:
        """Cut off what a failed `write` left behind the end, and make sure that it never comes back. Raises
        OSError.
        """
        self.file.truncate(self.size)
        self.file.sync()

    def is_full(self, index_bytes: int) -> bool:
        """Whether an index has reached `segment.index.bytes`, one time entry kept for the roll as in
        Kafka.
        """
        offsets, times = self.offset_index, self.time_index
        return (
            len(offsets) >= index_bytes // offsets.entry.size
            or len(times) >= index_bytes // times.entry.size - 1
        )

    def seal(self) -> None:
        """Nothing more will be appended for now: complete the indexes. Raises OSError."""
        if self.size:
            self.time_index.append(*self.largest)
        self.offset_index.trim()
        self.time_index.trim()
        self.transaction_index.flush()

    def take_changed(self, indexes: bool) -> list[File]:
        """The files that were changed since they were taken last, to be synced; with `indexes` written out
        and included.

        Raises OSError.
        """
        files = []
        if self.changed:
            self.changed = False
            files.append(self.file)
        if indexes and self._largest is not None and self.size:
            self.time_index.append(*self._largest)
        for index in (self.offset_index, self.time_index) if indexes else ():
            index.flush()
            if index.changed:
                index.changed = False
                files.append(index.file)
        if indexes and self.transaction_index.changed:
            self.transaction_index.flush()
            self.transaction_index.changed = False
            files.append(self.transaction_index.file)
        return files

    def mark_changed(self) -> None:
        """It is not known whether the files are synced."""
        self.changed = self.offset_index.changed = self.time_index.changed = True
        self.transaction_index.mark_changed()

    # Finding

    def locate(self, offset: int, gaps: bool = False) -> tuple[int, int] | None:
        """Position and size of the batch that holds `offset`, or of the first one beyond; None if all end
        before it.

        Raises LogCorrupted, OSError.
        """
        recent = self._recent_offsets
        if recent and offset >= recent[0]:
            if offset >= self._recent_end:
                return None
            slot = bisect_right(recent, offset) - 1
            position = self._recent_positions[slot]
            end = self._recent_positions[slot + 1] if slot + 1 < len(recent) else self.size
            return position, end - position
        batch = self.find(offset, gaps)
        return None if batch is None else (batch.position, batch.size)

    def find(self, offset: int, gaps: bool = False) -> Batch | None:
        """As `locate`, but the batch's header is read."""
        position = self.offset_index.lookup(offset)
        if position > self.size:
            raise LogCorrupted(
                self.offset_index.path, 0, f"position {position} lies beyond the end of the segment"
            )
        first = self.base_offset if position == 0 and not gaps else None
        for batch in walk(self.file, position, self.size, next_offset=first, gaps=gaps):
            if batch.last_offset >= offset:
                if batch.base_offset > offset and not gaps and batch.magic == 2:
                    reason = f"offset {batch.base_offset} where {offset} should be"
                    raise LogCorrupted(self.path, batch.position, reason)
                return batch
        return None

    def find_timestamp(self, timestamp: int, offset: int, gaps: bool = False) -> Iterator[Batch]:
        """The batches, from the one that holds `offset`, in which `timestamp` or a later one occurs. Raises
        as `find`.
        """
        start = self.locate(max(self.time_index.lookup(timestamp), offset), gaps)
        if start is not None:
            for batch in walk(self.file, start[0], self.size, gaps=gaps):
                if batch.max_timestamp >= timestamp:
                    yield batch

    def region(
        self, position: int, end: int, next_offset: int, gaps: bool, epoch_at: Callable[[int], int]
    ) -> Region:
        """The bytes from `position`, where a batch begins, to `end`, or to the first damaged batch before
        that.

        `next_offset` is the offset behind the segment, `epoch_at` tells the leader epoch of an offset (-1:
        not known). Raises LogCorrupted if the batch at `position` is damaged; OSError.
        """
        verification = self.verification
        if position < verification.unverified_until:
            end = verification.check(self.file, position, end, self.size, next_offset, gaps, epoch_at)
        return self.file.region(position, end - position)

    def offset_beyond(self, position: int, next_offset: int) -> int:
        """An offset behind all batches that begin before `position`, as near as the index knows;
        `next_offset` is the offset behind the segment.
        """
        return self.offset_index.offset_after(position) or next_offset

    # Loading and cutting

    def load_end(self, gaps: bool = False) -> int:
        """Read the headers behind the last index entry; return the offset behind the last batch.

        This is how an active segment is opened after a clean stop. Raises LogCorrupted, OSError.
        """
        entry = self.offset_index.last()
        position = entry[1] if entry is not None else 0
        if position >= self.size and entry is not None:
            raise LogCorrupted(self.path, self.size, f"the index goes on to {position}, behind the end")
        self._indexed_position = position
        largest, next_offset = self.time_index.last(), self.base_offset
        first = self.base_offset if position == 0 and not gaps else None
        for batch in walk(self.file, position, self.size, next_offset=first, gaps=gaps):
            next_offset = batch.last_offset + 1
            if batch.max_timestamp > largest[0]:
                largest = (batch.max_timestamp, batch.last_offset)
        self._largest = largest
        return next_offset

    def resume(self, indexed_position: int, largest: tuple[int, int]) -> None:
        """Go on from an index entry at this position, and a largest timestamp with its offset."""
        self._indexed_position = indexed_position
        self._largest = largest

    def truncate(self, offset: int, gaps: bool = False) -> int:
        """Drop the batch that holds `offset` and all behind it. Return where the segment ends then. Raises
        OSError.
        """
        located = self.locate(offset, gaps)
        if located is not None:
            self.cut(located[0])
        self.offset_index.truncate_to(offset)
        self.time_index.truncate_to(offset)
        self.transaction_index.truncate_to(offset)
        return self.load_end(gaps)

    def cut(self, position: int) -> None:
        """The segment ends at `position` now; the indexes are the caller's concern. Raises OSError."""
        self.size = position
        self.verification.truncate(position)
        del self._recent_offsets[:], self._recent_positions[:]
        if position == 0:
            self._first_timestamp = None
        self.changed = True
        self.file.truncate(position)

    def reset_indexes(self) -> None:
        """Begin the indexes anew, as files without entries. Raises OSError."""
        self.offset_index.create()
        self.time_index.create()
        self.transaction_index.reset()
        self._indexed_position = 0
        self._largest = (NO_TIMESTAMP, self.base_offset)

    def begin_rewrite(self) -> None:
        """Make the indexes of a segment that is relied on anew: what is added stays in memory."""
        self.offset_index.begin_rewrite()
        self.time_index.begin_rewrite()
        self._indexed_position = 0
        self._largest = (NO_TIMESTAMP, self.base_offset)

    @property
    def is_rewriting(self) -> bool:
        """Whether `begin_rewrite` was called and `finish_rewrite` not yet."""
        return self.offset_index.rewriting

    def finish_rewrite(self) -> None:
        """Replace the files of the indexes, each in one step, the offset index last: as long as it is missing
        or wrong, another start will do it all again. Raises OSError.
        """
        if self.size:
            self.time_index.append(*self.largest)
        self.time_index.finish_rewrite()
        self.offset_index.finish_rewrite()

    def close(self) -> None:
        """Give up the files."""
        self.offset_index.close()
        self.time_index.close()
        self.transaction_index.close()
        if self._file is not None:
            self._file.close()
            self._file = None

    def remove_files(self) -> None:
        """Remove all files, the log last: indexes without it are removed at the next start. Raises
        OSError.
        """
        self.close()
        stem = self.path.removesuffix(LOG_SUFFIX)
        for suffix in reversed(SUFFIXES):
            try:
                self._file_system.remove(stem + suffix)
            except FileNotFoundError:
                pass
