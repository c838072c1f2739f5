"""One partition as the broker sees it: its log, its high watermark, and who waits for more.

Two kinds of waiters exist. A *fetch* waits for records below the high watermark; a *commit* waits until records that it
appended may be acknowledged. Both are the same moment: with one replica the high watermark is the log end offset, or,
where `flush.messages=1` asks for durability, the end of what has been synced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from ..protocol.errors import ErrorCode
from ..protocol.record_batch import BatchHeader, Record, batches, build_batch
from ..protocol.record_batch import records as parse_records
from ..storage.log import AppendResult, Log

if TYPE_CHECKING:
    from .sync_queue import SyncQueue
    from .topic_policy import TopicPolicy


class Waiter(Protocol):
    """Something that waits for records of a partition: a parked fetch."""

    def on_change(self, partition: Partition) -> None:
        """The high watermark has advanced, or the partition went offline, or was deleted."""


class PartitionOffline(Exception):
    """The partition's log cannot be used (damage found at start, or a failed write). Answer KAFKA_STORAGE_ERROR."""


class Partition:
    """The leader (there is one replica) of `topic-index`.

    `high_watermark` is the offset below which records may be fetched and are acknowledged. `offline` is None, or the
    reason in a sentence. `deleted` is set once the topic has gone.
    """

    def append(self, buffer: memoryview, headers: Sequence[BatchHeader], now_ms: int) -> AppendResult:
        """Append validated batches (one writable buffer) without waking fetches: call `wake` when all is appended.

        Raises what `Log.append` raises, and PartitionOffline.
        """

    def append_records(
        self, records: Sequence[tuple[bytes | None, bytes | None]], now_ms: int, **batch: int | bool
    ) -> AppendResult:
        """Append one batch of (key, value) records that the broker itself wrote, stamped `now_ms`, and wake fetches.

        For coordinators. `batch` goes to `build_batch` (producer_id, producer_epoch, is_transactional, is_control).
        Raises PartitionOffline; the caller answers COORDINATOR_NOT_AVAILABLE or NOT_COORDINATOR or KAFKA_STORAGE_ERROR.
        """

    def when_committed(self, end_offset: int, callback: Callable[[ErrorCode], None]) -> bool:
        """Call `callback(error)` as soon as everything below `end_offset` may be acknowledged.

        Calls it before returning, and returns True, when that is so already: always, unless the topic is durable
        (`flush.messages=1`). `end_offset` is `AppendResult.last_offset + 1`. The error is NONE, or KAFKA_STORAGE_ERROR
        when the sync failed or the topic was deleted meanwhile.
        """

    def replay(self, start_offset: int = 0) -> Iterator[tuple[BatchHeader, list[Record]]]:
        """Every batch from `start_offset` to the log end, with its records parsed: how coordinators load."""
