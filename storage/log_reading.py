"""Reading a log: by offset, as bytes of its files, and by timestamp."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from .errors import LogCorrupted, OffsetOutOfRange, StorageFailed
from .file_system import FileSystem, Region
from .leader_epoch import LeaderEpochs
from .log_config import LogConfig
from .producer_state import ProducerState
from .recovery import LoadedLog
from .segment import Segment
from .snapshots import SnapshotFiles
from .timestamps import TimestampOffset, find_by_timestamp, max_timestamp
from .transaction_index import AbortedTransaction, TransactionIndexCorrupted


class _Nothing:
    """The region of an empty read."""

    offset = 0

    def __len__(self) -> int:
        return 0

    def fileno(self) -> None:
        return None

    def read(self, offset: int = 0, size: int | None = None) -> bytes:  # noqa: ARG002
        return b""


NOTHING: Region = _Nothing()


class Slice(NamedTuple):
    """The result of a read: bytes of one segment, beginning with the batch that holds `offset`.

    As in Kafka the bytes may end in mid-batch (never the first batch); clients ignore the rest. `records` may
    be empty (length 0). `position` and `segment_base_offset` say where they lie.
    """

    offset: int
    records: Region
    segment_base_offset: int
    position: int


class ReadableLog:
    """What `Log` has, so far as reading needs it."""

    __slots__ = (
        "_active",
        "_base_offsets",
        "_file_system",
        "_segments",
        "_snapshots",
        "config",
        "directory",
        "leader_epochs",
        "log_end_offset",
        "log_start_offset",
        "offline",
        "producers",
        "topic_id",
        "torn",
    )

    def __init__(self, file_system: FileSystem, directory: str, config: LogConfig, loaded: LoadedLog) -> None:
        self._file_system = file_system
        self.directory = directory
        self.config = config
        self._segments = loaded.segments
        self._base_offsets = [segment.base_offset for segment in loaded.segments]
        self._active = loaded.segments[-1]
        self.log_start_offset = loaded.log_start_offset
        self.log_end_offset = loaded.log_end_offset
        self.producers: ProducerState = loaded.producers
        self.leader_epochs: LeaderEpochs = loaded.leader_epochs
        self._snapshots: SnapshotFiles = loaded.snapshots
        self.topic_id = loaded.topic_id
        self.torn = loaded.torn
        self.offline: str | None = None

    @property
    def segments(self) -> Sequence[Segment]:
        """The segments, oldest first; the last one is appended to."""
        return self._segments

    @property
    def size(self) -> int:
        """Bytes in all segments (without indexes)."""
        return sum(segment.size for segment in self._segments)

    @property
    def last_stable_offset(self) -> int:
        """The first offset of the oldest open transaction, or the log end offset (KIP-98)."""
        first = self.producers.first_unstable_offset
        return self.log_end_offset if first is None else max(first, self.log_start_offset)

    def aborted_transactions(self, piece: Slice, upper_offset: int) -> list[AbortedTransaction]:
        """The aborted transactions with records in `piece`, which was read below `upper_offset`; perhaps
        some more that lie behind it.

        Raises LogCorrupted, StorageFailed.
        """
        try:
            return self._aborted_transactions(piece, upper_offset)
        except OSError as error:
            raise StorageFailed(f"{self.directory} cannot be read: {error}") from error

    def _aborted_transactions(self, piece: Slice, upper_offset: int) -> list[AbortedTransaction]:
        number = self._segment_number(piece.segment_base_offset)
        segment = self._segments[number]
        behind = segment.offset_beyond(piece.position + len(piece.records), self._next_offset(segment))
        limit = min(upper_offset, behind)
        found: list[AbortedTransaction] = []
        for each in self._segments[number:]:
            for entry in self._transactions_of(each):
                if entry.last_offset >= piece.offset and entry.first_offset < limit:
                    found.append(entry)
                if entry.last_stable_offset >= limit:
                    return found
        return found

    def _transactions_of(self, segment: Segment) -> list[AbortedTransaction]:
        try:
            return segment.transaction_index.entries
        except TransactionIndexCorrupted:
            segment.transaction_index.reset()  # it is made anew from the log
            end_offset, gaps = self._next_offset(segment), self.config.compacted
            self._snapshots.state_at(end_offset, self._segments, gaps, index_from=segment.base_offset)
            return segment.transaction_index.entries

    def _check_online(self) -> None:
        if self.offline is not None:
            raise StorageFailed(self.offline)

    def _fail(self, doing: str, error: Exception) -> StorageFailed:
        """Take the log offline."""
        self.offline = f"{self.directory} is offline: {doing}: {error}"
        return StorageFailed(self.offline)

    def read(
        self, offset: int, max_bytes: int, *, min_one: bool = True, upper_offset: int | None = None
    ) -> Slice:
        """At most `max_bytes` from the batch that holds `offset`, of one segment; with `min_one` at least
        that whole batch.

        Batches at or beyond `upper_offset` (high watermark, last stable offset; None: the log end offset) are
        left out. Reading at the end gives an empty slice, and so does a first batch that does not fit without
        `min_one`. What was on disk before this process is checked (CRC) the first time it is read; the bytes
        before the damage are still served.

        Raises OffsetOutOfRange, LogCorrupted (the first batch is damaged; the log stays online),
        StorageFailed.
        """
        if self.offline is not None:
            raise StorageFailed(self.offline)
        end_offset = self.log_end_offset
        if not self.log_start_offset <= offset <= end_offset:
            raise OffsetOutOfRange(offset, self.log_start_offset, end_offset)
        limit = end_offset if upper_offset is None else min(upper_offset, end_offset)
        if offset >= limit:
            return Slice(offset, NOTHING, self._active.base_offset, self._active.size)
        try:
            return self._read(offset, max_bytes, min_one, limit)
        except OSError as error:
            raise StorageFailed(f"{self.directory} cannot be read: {error}") from error

    def _read(self, offset: int, max_bytes: int, min_one: bool, limit: int) -> Slice:
        gaps = self.config.compacted
        number = self._segment_number(offset)
        segment, located = self._locate(number, offset, gaps)
        if located is None or segment.base_offset >= limit:
            return Slice(offset, NOTHING, segment.base_offset, segment.size)
        position, size = located
        next_offset = self._next_offset(segment)
        end = segment.size
        if limit < next_offset:
            upper = segment.locate(limit, gaps)
            end = upper[0] if upper is not None else end
        if size > max_bytes:
            if not min_one or end == position:
                return Slice(offset, NOTHING, segment.base_offset, position)
            max_bytes = size
        end = min(end, position + max_bytes)
        records = segment.region(position, end, next_offset, gaps, self.leader_epochs.epoch_at)
        return Slice(offset, records, segment.base_offset, position)

    def is_cut(self, piece: Slice, end_offset: int) -> bool:
        """Whether a segment ends between `piece` and `end_offset`, so that no single read gives what lies
        between them. Where compaction has left nothing of the rest of a segment, reading has gone on in the
        next.
        """
        return piece.segment_base_offset < self._base_offsets[self._segment_number(end_offset)]

    def _segment_number(self, offset: int) -> int:
        if offset >= self._active.base_offset:
            return len(self._segments) - 1
        return max(0, bisect_right(self._base_offsets, offset) - 1)

    def _next_offset(self, segment: Segment) -> int:
        """The offset behind a segment."""
        if segment is self._active:
            return self.log_end_offset
        return self._base_offsets[bisect_right(self._base_offsets, segment.base_offset)]

    def _locate(self, number: int, offset: int, gaps: bool) -> tuple[Segment, tuple[int, int] | None]:
        """The segment, position and size of the batch that holds `offset` (None: the log ends before)."""
        for segment in self._segments[number:]:
            located = segment.locate(offset, gaps)
            if located is not None:
                return segment, located
            if not gaps:
                reason = f"the segment ends before offset {offset}, which it should hold"
                raise LogCorrupted(segment.path, segment.size, reason)
        return self._active, None

    def find_by_timestamp(self, timestamp: int) -> TimestampOffset | None:
        """The first record whose timestamp is `timestamp` or later (KIP-79); None if there is none.

        Raises LogCorrupted, StorageFailed.
        """
        self._check_online()
        segments = self._segments[self._segment_number(self.log_start_offset) :]
        try:
            return find_by_timestamp(segments, timestamp, self.log_start_offset, self.config.compacted)
        except OSError as error:
            raise StorageFailed(f"{self.directory} cannot be read: {error}") from error

    def max_timestamp(self) -> TimestampOffset | None:
        """The first record that has the largest timestamp (KIP-734); None if no record has one.

        Raises LogCorrupted, StorageFailed.
        """
        self._check_online()
        try:
            return max_timestamp(self._segments, self.config.compacted)
        except OSError as error:
            raise StorageFailed(f"{self.directory} cannot be read: {error}") from error
