"""One partition as the broker sees it: its log, its high watermark, and who waits for more.

Two kinds of waiters exist. A *fetch* waits for records below the high watermark; a *commit* waits until
records that it appended may be acknowledged. Both are the same moment: with one replica the high watermark
is the log end offset, or, where `flush.messages=1` asks for durability, the end of what has been synced.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from ..protocol.errors import ErrorCode
from ..protocol.record_batch import BatchHeader, Record, batches, build_batch
from ..storage.log import AppendResult, Log, OffsetOutOfRange, StorageFailed
from .replay import replay

if TYPE_CHECKING:
    from ..storage.log import SyncTicket
    from .sync_queue import SyncQueue
    from .topic_policy import TopicPolicy

Committed = Callable[[ErrorCode], None]


class Waiter(Protocol):
    """Something that waits for records of a partition: a parked fetch."""

    def on_change(self, partition: Partition) -> None:
        """The high watermark has advanced, or the partition went offline, or was deleted."""

    def finish(self) -> None:
        """Wait no longer, and make do with what there is."""


class PartitionOffline(Exception):
    """The partition's log cannot be used (damage found at start, or a failed write). Answer
    KAFKA_STORAGE_ERROR.
    """

    error_code = ErrorCode.KAFKA_STORAGE_ERROR


class Partition:
    """The leader (there is one replica) of `topic-index`.

    `high_watermark` is the offset below which records may be fetched and are acknowledged. `deleted` is set
    once the topic has gone. `log` raises PartitionOffline where there is none to use.
    """

    __slots__ = (
        "_commits",
        "_flush_due",
        "_log",
        "_reason",
        "_syncs",
        "deleted",
        "high_watermark",
        "index",
        "leader_epoch",
        "policy",
        "topic",
        "waiters",
    )

    def __init__(
        self,
        topic: str,
        index: int,
        policy: TopicPolicy,
        syncs: SyncQueue,
        log: Log | None,
        *,
        leader_epoch: int = 0,
        reason: str = "",
    ) -> None:
        self.topic = topic
        self.index = index
        self.policy = policy
        self.leader_epoch = leader_epoch
        self.deleted = False
        self.waiters: dict[Waiter, None] = {}
        self.high_watermark = 0 if log is None else log.log_end_offset
        self._log = log
        if log is not None and leader_epoch > log.leader_epochs.latest_epoch:
            log.leader_epochs.assign(leader_epoch, log.log_end_offset)
        self._reason = reason
        self._syncs = syncs
        self._commits: deque[tuple[int, Committed]] = deque()
        self._flush_due = False

    def __repr__(self) -> str:
        return f"<Partition {self.topic}-{self.index} high_watermark={self.high_watermark}>"

    @property
    def offline(self) -> str | None:
        """None, or why the log cannot be used, as a sentence."""
        return self._reason if self._log is None else self._log.offline

    @property
    def log(self) -> Log:
        """The log. Raises PartitionOffline if it could not be opened (a failed write is told by
        `offline`).
        """
        if self._log is None:
            raise PartitionOffline(self._reason)
        return self._log

    @property
    def last_stable_offset(self) -> int:
        """Where reading committed records ends: the high watermark, or the first record of an open
        transaction.
        """
        return min(self.high_watermark, self.log.last_stable_offset)

    def append(self, buffer: memoryview, headers: Sequence[BatchHeader], now_ms: int) -> AppendResult:
        """Append validated batches (one writable buffer) without waking fetches: call `wake` when all is
        appended.

        Raises what `Log.append` raises, and PartitionOffline.
        """
        log = self.log
        result = log.append(buffer, headers, now_ms=now_ms, leader_epoch=self.leader_epoch)
        policy = self.policy
        if policy.flush_messages <= 1:
            self._syncs.request(self)
        else:
            self.high_watermark = log.log_end_offset
            if log.log_end_offset - log.synced_offset >= policy.flush_messages:
                self._syncs.request(self)
            elif not self._flush_due:
                self._flush_due = self._syncs.request_within(self, policy.flush_ms)
        return result

    def append_records(
        self, records: Sequence[tuple[bytes | None, bytes | None]], now_ms: int, **batch: int | bool
    ) -> AppendResult:
        """Append one batch of (key, value) records that the broker itself wrote, stamped `now_ms`, and wake
        fetches.

        For coordinators. `batch` goes to `build_batch` (producer_id, producer_epoch, is_transactional,
        is_control). Raises PartitionOffline and what `Log.append` raises.
        """
        rows = [Record(offset, now_ms, key, value) for offset, (key, value) in enumerate(records)]
        codec = self.policy.produce.compression
        if codec is not None:
            batch["compression"] = codec
        data = memoryview(build_batch(rows, **batch))  # type: ignore[arg-type]
        result = self.append(data, list(batches(data)), now_ms)
        self.wake()
        return result

    def when_committed(self, end_offset: int, callback: Committed) -> bool:
        """Call `callback(error)` as soon as everything below `end_offset` may be acknowledged.

        Calls it before returning, and returns True, when that is so already: always, unless the topic is
        durable (`flush.messages=1`). `end_offset` is `AppendResult.last_offset + 1`. The error is NONE, or
        KAFKA_STORAGE_ERROR when the sync failed or the topic was deleted meanwhile.
        """
        if end_offset <= self.high_watermark:
            callback(ErrorCode.NONE)
            return True
        if self.deleted or self.offline is not None:
            callback(ErrorCode.KAFKA_STORAGE_ERROR)
            return True
        self._commits.append((end_offset, callback))
        return False

    def delete_records(self, before_offset: int, now_ms: int) -> int:
        """Let nothing before an offset be read any more; -1 is the high watermark (KIP-107). Return where
        the log starts now.

        It outlives a crash once the checkpoints have been written. Raises OffsetOutOfRange beyond the high
        watermark, PartitionOffline, StorageFailed.
        """
        log = self.log
        offset = self.high_watermark if before_offset == -1 else before_offset
        if not 0 <= offset <= self.high_watermark:
            raise OffsetOutOfRange(offset, log.log_start_offset, self.high_watermark)
        if offset == log.log_end_offset:  # so that the last segment is one of those that go
            log.roll(now_ms)
        log.advance_log_start_offset(offset)
        self.wake()
        return log.log_start_offset

    def wake(self) -> None:
        """Tell every waiting fetch that something has changed."""
        if self.waiters:
            for waiter in list(self.waiters):
                waiter.on_change(self)

    def dismiss(self) -> None:
        """Let nobody wait for records any longer."""
        for waiter in list(self.waiters):
            waiter.finish()

    def replay(self, start_offset: int = 0) -> Iterator[tuple[BatchHeader, list[Record]]]:
        """Every batch from `start_offset` to the log end, with its records parsed: how coordinators load.

        Raises PartitionOffline, and LogCorrupted or CorruptRecord where the log is damaged.
        """
        return replay(self.log, start_offset)

    @property
    def needs_checkpoint(self) -> bool:
        """Whether a start after a crash would have to read some of the log."""
        log = self._log
        return log is not None and log.offline is None and log.recovery_point < log.log_end_offset

    def begin_sync(self, checkpoint: bool) -> SyncTicket | None:
        """For the sync queue: what has to be synced now."""
        self._flush_due = False
        if self.deleted or self._log is None or self._log.offline is not None:
            return None
        try:
            return self._log.begin_sync(checkpoint)
        except StorageFailed:
            self._fail_commits()
            self.wake()
            return None

    def finish_sync(self, ticket: SyncTicket, error: OSError | None) -> None:
        """For the sync queue: `ticket` has run. Acknowledges what is durable now, or fails all that waits."""
        log = self.log
        log.finish_sync(ticket, error)
        if log.offline is not None or self.deleted:
            self._fail_commits()
        else:
            self.high_watermark = max(self.high_watermark, log.synced_offset)
            self._acknowledge()
        self.wake()

    def apply(self, policy: TopicPolicy) -> None:
        """The topic's configuration has changed. Who need not wait for a sync any more is told."""
        self.policy = policy
        if self._log is not None:
            self._log.config = policy.log
            if self._log.offline is None and not policy.is_durable:
                self.high_watermark = self._log.log_end_offset
                self._acknowledge()
                self.wake()

    def retire(self) -> None:
        """The topic has been deleted: everyone who waits is told."""
        self.deleted = True
        self._fail_commits()
        self.wake()
        self.waiters.clear()

    def close(self, clean: bool = True) -> None:
        """Close the log. Raises StorageFailed when a clean close does not succeed."""
        if self._log is not None:
            self._log.close(clean)

    def _acknowledge(self) -> None:
        """Tell those who wait for what is below the high watermark."""
        commits = self._commits
        while commits and commits[0][0] <= self.high_watermark:
            commits.popleft()[1](ErrorCode.NONE)

    def _fail_commits(self) -> None:
        commits, self._commits = self._commits, deque()
        for _, callback in commits:
            callback(ErrorCode.KAFKA_STORAGE_ERROR)
