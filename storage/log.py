"""One partition's log: the directory `<topic>-<n>` with its segments.

    log = Log.create(file_system, "data/flights-0", LogConfig(), topic_id=uuid16)
    result = log.append(buffer, headers, now_ms=now_ms)      # offsets and leader epoch patched in place
    piece = log.read(result.base_offset, max_bytes=1 << 20)  # the file's bytes as they are, a Region
    ticket = log.begin_sync()                                # group commit
    error = None if ticket is None else ticket.run()         # in a thread, beside the loop
    if ticket is not None:
        log.finish_sync(ticket, error)                       # in the loop: synced_offset moves

Three offsets tell how safe the log's contents are:

- `log_end_offset`: everything below survives the death of the process;
- `synced_offset`: everything below survives a power failure (acknowledge up to here when durability was
  asked for);
- `recovery_point`: below it the indexes, the producers' snapshot and the leader epochs are synced too, so
  that a start after a crash reads the log only from here. It moves when a ticket of
  `begin_sync(checkpoint=True)` has run, and goes into the file `recovery-point-offset-checkpoint` by
  `LogDirectory.write_checkpoints`.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple

from ..protocol.record_batch import BatchHeader
from .checkpoint import PARTITION_METADATA, format_partition_metadata
from .duplicates import complete_entries
from .errors import (
    CheckpointCorrupted,
    InvalidProducerEpoch,
    InvalidTransactionState,
    LogCorrupted,
    OffsetOutOfRange,
    OutOfOrderSequence,
    RecordListTooLarge,
    StorageFailed,
    TransactionCoordinatorFenced,
)
from .file_system import FileSystem, parent_directory, write_all
from .leader_epoch import FILE_NAME as LEADER_EPOCHS
from .leader_epoch import LeaderEpochs
from .log_config import LogConfig
from .log_reading import Slice
from .log_syncing import SyncedLog
from .producer_state import Changes
from .recovery import LoadedLog, Loader
from .segment import MAX_RELATIVE_OFFSET, Segment
from .snapshots import read_end_marker
from .sync import SyncTicket
from .timestamps import TimestampOffset

__all__ = [
    "AppendResult",
    "InvalidProducerEpoch",
    "InvalidTransactionState",
    "Log",
    "LogConfig",
    "LogCorrupted",
    "OffsetOutOfRange",
    "OutOfOrderSequence",
    "RecordListTooLarge",
    "Slice",
    "StorageFailed",
    "SyncTicket",
    "TimestampOffset",
    "TransactionCoordinatorFenced",
]

# What the broker fills in: base offset and, behind the length, the leader epoch. The checksum covers neither.
_PATCH = struct.Struct(">qii")


class AppendResult(NamedTuple):
    """Where an append went. For a `duplicate` (KIP-98), where it went the first time."""

    base_offset: int
    last_offset: int
    max_timestamp: int
    log_start_offset: int
    duplicate: bool = False


class Log(SyncedLog):
    """One partition's log. Not thread-safe: everything but `SyncTicket.run` belongs to the loop.

    `directory` is its path, `config` may be replaced at any time, `topic_id` has 16 bytes (None: not known),
    `producers` is its `ProducerState`, `leader_epochs` its `LeaderEpochs`, `offline` None or the reason in a
    sentence: then every call but `close` raises StorageFailed. `torn` says what recovery cut off, if
    anything. `on_lower_recovery_point` is called before the log is truncated below its recovery point, and
    has to make the new one durable.
    """

    __slots__ = ()

    @classmethod
    def create(
        cls,
        file_system: FileSystem,
        directory: str,
        config: LogConfig,
        topic_id: bytes | None,
        *,
        now_ms: int = 0,
        start_offset: int = 0,
    ) -> Log:
        """Make the directory (its parent must exist) with an empty log in it. Nothing is synced before the
        first ticket has run. Raises StorageFailed; FileExistsError if the directory is there already.
        """
        if file_system.exists(directory):
            raise FileExistsError(f"{directory} is there already")
        try:
            file_system.make_directories(directory)
            segment = Segment(file_system, directory, start_offset, 0, now_ms)
            segment.create()
            _write(file_system, f"{directory}/{LEADER_EPOCHS}", LeaderEpochs().to_bytes())
            if topic_id is not None:
                _write(file_system, f"{directory}/{PARTITION_METADATA}", format_partition_metadata(topic_id))
        except OSError as error:
            raise StorageFailed(f"{directory} cannot be made: {error}") from error
        loaded = LoadedLog.new(file_system, directory, segment, topic_id)
        log = cls(file_system, directory, config, loaded)
        log._directories_changed.add(parent_directory(directory))
        return log

    @classmethod
    def open(
        cls,
        file_system: FileSystem,
        directory: str,
        config: LogConfig,
        *,
        clean: bool,
        recovery_point: int = 0,
        log_start_offset: int = 0,
        now_ms: int = 0,
    ) -> Log:
        """Open an existing log; after a crash (`clean` false) recover it from `recovery_point` on.

        `recovery_point` and `log_start_offset` come from the checkpoints of the data folder;
        `LogDirectory.open_log` supplies them and `clean`. Raises LogCorrupted (the partition has to stay
        offline), StorageFailed.
        """
        try:
            loaded = Loader(
                file_system,
                directory,
                config,
                clean=clean,
                recovery_point=recovery_point,
                log_start_offset=log_start_offset,
                now_ms=now_ms,
            ).load()
        except OSError as error:
            if not file_system.exists(directory):
                raise FileNotFoundError(f"{directory} does not exist") from error
            raise StorageFailed(f"{directory} cannot be read: {error}") from error
        except CheckpointCorrupted as error:
            raise LogCorrupted(directory, 0, str(error)) from error
        return cls(file_system, directory, config, loaded)

    def append(
        self,
        buffer: memoryview | bytearray,
        headers: Sequence[BatchHeader],
        *,
        now_ms: int,
        leader_epoch: int = 0,
    ) -> AppendResult:
        """Append validated v2 batches, which fill the writable `buffer` one after the other.

        Base offsets and leader epoch are patched into `buffer`; `headers` keep what they had. All or nothing:
        on a failure no read will ever see any of it. A batch that repeats one of its producer's last five is
        not written again: the result says `duplicate` and gives the first offsets (and then nothing at all
        was written).

        Raises OutOfOrderSequence, InvalidProducerEpoch, InvalidTransactionState, RecordListTooLarge,
        StorageFailed.
        """
        if self.offline is not None:
            raise StorageFailed(self.offline)
        if len(buffer) > self.config.segment_bytes:
            raise RecordListTooLarge(
                f"{len(buffer)} bytes do not fit into a segment of {self.config.segment_bytes}"
            )
        base_offset = end_offset = self.log_end_offset
        largest = -1
        changes: Changes | None = None
        for header in headers:
            if header.producer_id >= 0 and changes is None:
                prepared = self._check_producers(buffer, headers)
                if isinstance(prepared, AppendResult):
                    return prepared
                changes = prepared
            if header.max_timestamp > largest:
                largest = header.max_timestamp
            _PATCH.pack_into(buffer, header.position, end_offset, header.batch_length, leader_epoch)
            end_offset += header.last_offset_delta + 1
        if self._should_roll(len(buffer), end_offset - 1, largest, now_ms):
            self._roll(now_ms)
        self._write(buffer)
        segment, interval, offset = self._active, self.config.index_interval_bytes, base_offset
        for header in headers:
            last = offset + header.last_offset_delta
            segment.add(header.batch_length + 12, offset, last, header.max_timestamp, interval)
            offset = last + 1
        if changes is not None:
            for aborted in self.producers.commit(changes):
                segment.transaction_index.append(aborted)
                self._directories_changed.add(self.directory)  # its file may be a new one
        if leader_epoch != self.leader_epochs.latest_epoch:
            self.leader_epochs.assign(leader_epoch, base_offset)
        self.log_end_offset = self.producers.end_offset = end_offset
        return AppendResult(base_offset, end_offset - 1, largest, self.log_start_offset)

    def _write(self, buffer: memoryview | bytearray) -> None:
        """One write. What a failed one left in the file is removed, or else the log is offline."""
        try:
            self._active.write(buffer)
        except OSError as error:
            try:
                self._active.undo_write()
            except OSError as second:
                raise self._fail(f"an append failed ({error}) and could not be undone", second) from error
            raise StorageFailed(f"an append to {self.directory} failed: {error}") from error

    def _check_producers(
        self, buffer: memoryview | bytearray, headers: Sequence[BatchHeader]
    ) -> Changes | AppendResult:
        """What appending `headers` will change in the producers' state, or where they were appended
        before.
        """
        producers = self.producers
        for attempt in (1, 2):
            duplicate = producers.find_duplicate(headers)
            if duplicate is not None:
                offsets = (
                    duplicate.base_offset,
                    duplicate.last_offset,
                    duplicate.timestamp,
                    self.log_start_offset,
                )
                return AppendResult(*offsets, duplicate=True)
            try:
                return producers.prepare(
                    headers,
                    self.log_end_offset,
                    lambda index: read_end_marker(buffer, headers[index].position),
                )
            except OutOfOrderSequence:
                # A snapshot has only a producer's last batch: the others are looked for when they matter.
                if attempt == 2 or not self._complete_entries(headers):
                    raise
        raise AssertionError("unreachable")

    def _complete_entries(self, headers: Sequence[BatchHeader]) -> bool:
        try:
            return complete_entries(
                self.producers, {header.producer_id for header in headers}, self._segments
            )
        except OSError as error:
            raise StorageFailed(f"{self.directory} cannot be read: {error}") from error

    def _should_roll(self, size: int, last_offset: int, largest_timestamp: int, now_ms: int) -> bool:
        segment, config = self._active, self.config
        if segment.size == 0:
            return False
        if (
            segment.size + size > config.segment_bytes
            or last_offset - segment.base_offset > MAX_RELATIVE_OFFSET
            or segment.is_full(config.segment_index_bytes)
        ):
            return True
        first = segment.first_timestamp
        waited = largest_timestamp - first if first >= 0 else now_ms - segment.created_ms
        return waited > config.segment_ms

    def roll(self, now_ms: int = 0) -> None:
        """Begin a new segment at the log end offset, unless the active one is empty. Raises StorageFailed."""
        self._check_online()
        if self._active.size:
            self._roll(now_ms)

    def _roll(self, now_ms: int) -> None:
        """The new segment's files and the snapshot at its beginning are synced by the next ticket."""
        base_offset = self.log_end_offset
        segment = Segment(self._file_system, self.directory, base_offset, 0, now_ms)
        try:
            self._active.seal()
            self._snapshot_producers(base_offset)
            segment.create()
        except OSError as error:
            self._undo_roll(segment, error)
            raise StorageFailed(f"a new segment in {self.directory} cannot be made: {error}") from error
        self._directories_changed.add(self.directory)
        self._segments.append(segment)
        self._base_offsets.append(base_offset)
        self._active = segment

    def _undo_roll(self, segment: Segment, error: OSError) -> None:
        """An empty segment must not stay in the middle of what is appended later."""
        try:
            segment.remove_files()
        except OSError as second:
            raise self._fail(f"a new segment could neither be made ({error}) nor removed", second) from error

    def truncate_to(self, offset: int) -> None:
        """Drop everything at `offset` and beyond, durably. A batch that holds `offset` in its middle goes as
        a whole.

        No ticket may be under way. Raises OffsetOutOfRange before the log start offset, LogCorrupted,
        StorageFailed.
        """
        self._check_online()
        if offset >= self.log_end_offset:
            return
        if offset < self.log_start_offset:
            raise OffsetOutOfRange(offset, self.log_start_offset, self.log_end_offset)
        self._lower_recovery_point(offset)
        gaps = self.config.compacted
        try:
            for number in range(len(self._segments) - 1, self._segment_number(offset - 1), -1):
                self._remove_segment(number)
            self._active = self._segments[-1]
            end_offset = self._active.truncate(offset, gaps)
            self._snapshots.remove_above(end_offset)
            self._file_system.sync_directory(self.directory)
            self._active.file.sync()
            self.producers = self._snapshots.state_at(end_offset, self._segments, gaps)
        except (OSError, LogCorrupted) as error:
            raise self._fail("a truncation failed", error) from error
        self.leader_epochs.truncate_from_end(end_offset)
        self.log_end_offset = end_offset
        self._lower_recovery_point(end_offset)

    def _lower_recovery_point(self, offset: int) -> None:
        """The checkpoint must not speak of more than there is, whenever a crash comes."""
        if self._ticket is not None:
            raise RuntimeError("a log cannot be truncated while it is synced")
        self.synced_offset = min(self.synced_offset, offset)
        if offset < max(self.recovery_point, self.log_start_offset):
            self.recovery_point = min(self.recovery_point, offset)
            self.log_start_offset = min(self.log_start_offset, offset)
            if self.on_lower_recovery_point is not None:
                self.on_lower_recovery_point()

    def advance_log_start_offset(self, offset: int) -> int:
        """Nothing before `offset` shall be read any more (KIP-107): whole segments below it are deleted.
        Return how many.

        It outlives the process once the data folder's checkpoints have been written. Raises OffsetOutOfRange
        if it lies beyond the log end, StorageFailed; an offset that is already reached changes nothing.
        """
        self._check_online()
        if offset > self.log_end_offset:
            raise OffsetOutOfRange(offset, self.log_start_offset, self.log_end_offset)
        if offset <= self.log_start_offset:
            return 0
        self.log_start_offset = offset
        self.leader_epochs.truncate_from_start(offset)
        return self._delete_old_segments()

    def set_topic_id(self, topic_id: bytes) -> None:
        """Name the topic in `partition.metadata`, where a crash has lost it. Raises StorageFailed."""
        path = f"{self.directory}/{PARTITION_METADATA}"
        try:
            _write(self._file_system, path, format_partition_metadata(topic_id))
        except OSError as error:
            raise StorageFailed(f"{path} cannot be written: {error}") from error
        self.topic_id = topic_id
        self._paths_changed.append(path)
        self._directories_changed.add(self.directory)

    def expire_producers(self, now_ms: int) -> int:
        """Forget producers that have not written for `producer.id.expiration.ms`; return how many."""
        return self.producers.expire(now_ms, self.config.producer_id_expiration_ms)


def _write(file_system: FileSystem, path: str, data: bytes) -> None:
    file = file_system.open(path, create=True)
    try:
        file.truncate(0)
        write_all(file, 0, data)
    finally:
        file.close()
