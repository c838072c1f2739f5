"""One partition's log: the directory `<topic>-<n>` with its segments.

    log = Log.create(file_system, "data/flights-0", LogConfig(), topic_id=uuid16)
    result = log.append(buffer, headers, now_ms=now_ms)         # offsets and leader epoch patched in place, one write
    piece = log.read(result.base_offset, max_bytes=1 << 20)     # the file's bytes as they are, a Region
    ticket = log.begin_sync()                                   # group commit:
    error = None if ticket is None else ticket.run()            #   in a thread; touches nothing that the loop changes
    log.finish_sync(ticket, error)                              #   in the loop: synced_offset moves, or the log is offline

Three offsets tell how safe the log's contents are:

- `log_end_offset`: everything below survives the death of the process;
- `synced_offset`: everything below survives a power failure (acknowledge up to here when durability was asked for);
- `recovery_point`: below it the indexes, the producer snapshot and the leader epochs are synced too, so that a start after
  a crash reads the log only from here. It moves when a ticket of `begin_sync(checkpoint=True)` has run, and goes into the
  file `recovery-point-offset-checkpoint` by `LogDirectory.write_checkpoints`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ..protocol.record_batch import BatchHeader
from .errors import (
    InvalidProducerEpoch,
    LogCorrupted,
    OffsetOutOfRange,
    OutOfOrderSequence,
    RecordListTooLarge,
    StorageFailed,
)
from .file_system import FileSystem, Region
from .log_config import LogConfig

__all__ = [
    "AppendResult",
    "InvalidProducerEpoch",
    "Log",
    "LogConfig",
    "LogCorrupted",
    "OffsetOutOfRange",
    "OutOfOrderSequence",
    "RecordListTooLarge",
    "Slice",
    "StorageFailed",
    "SyncTicket",
]


class AppendResult(NamedTuple):
    """Where an append went. For a `duplicate` (KIP-98), where it went the first time."""

    base_offset: int
    last_offset: int
    max_timestamp: int
    log_start_offset: int
    duplicate: bool = False


class Slice(NamedTuple):
    """The result of a read: bytes of one segment, beginning with the batch that holds `offset`.

    As in Kafka the bytes may end in mid-batch (never the first batch, if `min_one` was asked for); clients ignore the
    rest. `records` may be empty (length 0). `position` and `segment_base_offset` say where they lie.
    """

    offset: int
    records: Region
    segment_base_offset: int
    position: int


class TimestampOffset(NamedTuple):
    """A record's timestamp in ms, its offset, and the leader epoch of its batch (-1: unknown)."""

    timestamp: int
    offset: int
    leader_epoch: int


class SyncTicket:
    """The syncs that make everything appended before `begin_sync` durable. `end_offset` is where the log ended then."""

    end_offset: int

    def run(self) -> OSError | None:
        """Do them, in any thread; return the failure, if any. At most one ticket of a log may be under way."""


class Log:
    """One partition's log. Not thread-safe: everything but `SyncTicket.run` belongs to the loop.

    `directory` is its path, `config` may be replaced at any time, `topic_id` has 16 bytes (None: not known),
    `producers` is its `ProducerState`, `leader_epochs` its `LeaderEpochs`, `offline` None or the reason in a sentence: then
    every call but `close` raises StorageFailed.
    """

    directory: str
    config: LogConfig
    topic_id: bytes | None
    log_start_offset: int
    log_end_offset: int
    synced_offset: int
    recovery_point: int
    offline: str | None

    @classmethod
    def create(cls, file_system: FileSystem, directory: str, config: LogConfig, topic_id: bytes | None) -> Log:
        """Make the directory (its parent must exist) with an empty log in it. Nothing is synced before the first
        ticket has run. Raises StorageFailed; FileExistsError if the directory is there already."""

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

        `recovery_point` and `log_start_offset` come from the checkpoints of the data folder; `LogDirectory.open_log`
        supplies them and `clean`. Raises LogCorrupted (the partition has to stay offline), StorageFailed.
        """

    @property
    def size(self) -> int:
        """Bytes in all segments (without indexes)."""

    @property
    def needs_sync(self) -> bool:
        """Whether anything was appended or changed since the last ticket began."""

    @property
    def last_stable_offset(self) -> int:
        """The first offset of the oldest open transaction, or the log end offset (KIP-98)."""

    def append(
        self, buffer: memoryview, headers: Sequence[BatchHeader], *, now_ms: int, leader_epoch: int = 0
    ) -> AppendResult:
        """Append validated v2 batches, which fill the writable `buffer` one after the other.

        Base offsets and leader epoch are patched into `buffer`; `headers` keep what they had. All or nothing: on a failure
        no read will ever see any of it. A batch that repeats one of its producer's last five is not written again:
        the result says `duplicate` and gives the first offsets (and then nothing at all was written).

        Raises OutOfOrderSequence, InvalidProducerEpoch, InvalidTransactionState, RecordListTooLarge, StorageFailed.
        """

    def read(
        self, offset: int, max_bytes: int, *, min_one: bool = True, upper_offset: int | None = None
    ) -> Slice:
        """At most `max_bytes` from the batch that holds `offset`, of one segment; with `min_one` at least that whole batch.

        Batches at or beyond `upper_offset` (high watermark, last stable offset; None: the log end offset) are left
        out. Reading at the end gives an empty slice. What was on disk before this process is checked (CRC) the first
        time it is read; the bytes before the damage are still served.

        Raises OffsetOutOfRange, LogCorrupted (the first batch is damaged; the log stays online), StorageFailed.
        """

    def find_by_timestamp(self, timestamp: int) -> TimestampOffset | None:
        """The first record whose timestamp is `timestamp` or later (KIP-79); None if there is none."""

    def max_timestamp(self) -> TimestampOffset | None:
        """The first record that has the largest timestamp (KIP-734); None for an empty log."""

    def truncate_to(self, offset: int) -> None:
        """Drop everything at `offset` and beyond, durably. A batch that holds `offset` in its middle goes as a whole."""

    def truncate_fully_and_start_at(self, offset: int) -> None:
        """Drop everything, durably; the log continues at `offset`."""

    def advance_log_start_offset(self, offset: int) -> int:
        """Nothing before `offset` shall be read any more (KIP-107): whole segments below it are deleted. Return how many.

        It outlives the process once the data folder's checkpoints have been written. Raises OffsetOutOfRange if it
        lies beyond the log end; an offset that is already reached changes nothing.
        """

    def roll(self) -> None:
        """Begin a new segment at the log end offset, unless the active one is empty."""

    def begin_sync(self, checkpoint: bool = False) -> SyncTicket | None:
        """What has to be synced now, or None if there is nothing. `checkpoint` includes all that moves `recovery_point`."""

    def finish_sync(self, ticket: SyncTicket, error: OSError | None) -> None:
        """Record that `ticket.run()` returned `error`. After a failure the log is offline: no sync is ever retried."""

    def close(self, clean: bool = True) -> None:
        """Give up the files. `clean`: write and sync everything first, so that the next start need not look. Raises
        StorageFailed if that fails (and then the data folder must not get its clean mark). Closing twice is allowed."""

    on_lower_recovery_point: Callable[[], None] | None
