"""One transactional id: what is stored of it, and when it has to be looked at."""

from __future__ import annotations

from math import inf
from typing import Any

from ..effects import Instant
from .records import TopicPartition, TransactionRecord
from .transitions import COMPLETE_COMMIT, ONGOING, PREPARING

EXHAUSTED_EPOCH = (1 << 15) - 2  # the last epoch that a producer is given; one more is for its last marker


class Transaction:
    """`stored` is the last record, and the whole of the hard state. `unmarked` are the partitions that the
    end has not come into, as far as is known. `wake_ms` is when the transaction's time is up, or when writing
    its markers is to be tried again.
    """

    def __init__(self, record: TransactionRecord, now: Instant) -> None:
        self.stored = record
        self.unmarked = record.partitions
        self.wake_ms = inf
        self.replay(record, now)

    def replay(self, record: TransactionRecord, now: Instant) -> None:
        """Take over a record, and set the deadline that follows from it."""
        self.stored, self.unmarked = record, record.partitions
        if record.state is ONGOING:
            left_ms = record.start_ms + record.timeout_ms - now.wall_ms
            self.wake_ms = now.monotonic_ms + min(max(left_ms, 0), record.timeout_ms)
        else:
            self.wake_ms = inf

    def then(self, **changes: Any) -> TransactionRecord:
        """The record that follows the present one. As with Kafka, each tells the producer id before it."""
        return self.stored._replace(previous_producer_id=self.stored.producer_id, **changes)

    @property
    def next_epoch(self) -> int:
        """The epoch that ends the present one."""
        return min(self.stored.producer_epoch, EXHAUSTED_EPOCH) + 1

    @property
    def is_exhausted(self) -> bool:
        """Whether the producer id has no further epoch."""
        return self.stored.producer_epoch >= EXHAUSTED_EPOCH

    def has_committed(self, producer_epoch: int) -> bool:
        """Whether the last transaction, which was of that epoch, was committed."""
        stored = self.stored
        ended_with = producer_epoch + stored.ends_with_next_epoch
        return stored.state is COMPLETE_COMMIT and stored.producer_epoch == ended_with

    def is_open_in(self, place: TopicPartition, producer_epoch: int) -> bool:
        """Whether this is the transaction of that epoch which is open in a partition, and not a later one."""
        stored = self.stored
        has_next_epoch = self.is_ending and stored.ends_with_next_epoch
        return place in stored.partitions and producer_epoch <= stored.producer_epoch - has_next_epoch

    @property
    def is_ending(self) -> bool:
        """Whether the outcome is decided, and markers are being written."""
        return self.stored.state in PREPARING
