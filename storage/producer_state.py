"""What a log knows of its idempotent producers (KIP-98, KIP-360): epochs, sequences and open transactions.

Of every producer id the last five batches are kept: one that comes again is a duplicate and is answered with
the offsets it got the first time; a new one must continue the sequence. All of this can be read off the log's
batch headers. So that a start need not read the whole log, it is written now and then as a snapshot (see
`producer_snapshot`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol

from .errors import (
    InvalidProducerEpoch,
    InvalidTransactionState,
    OutOfOrderSequence,
    TransactionCoordinatorFenced,
)
from .transaction_index import AbortedTransaction

BATCHES_KEPT = 5
NO_EPOCH = -1
NO_SEQUENCE = -1
NO_OFFSET = -1
_SEQUENCES = 1 << 31  # sequences run from 0 to 2^31 - 1 and then from 0 again


class ProducerBatch(Protocol):
    """What is looked at of a batch: protocol's `BatchHeader` and `batch_scan.Batch` have it."""

    @property
    def producer_id(self) -> int: ...
    @property
    def producer_epoch(self) -> int: ...
    @property
    def base_sequence(self) -> int: ...
    @property
    def last_offset_delta(self) -> int: ...
    @property
    def max_timestamp(self) -> int: ...
    @property
    def is_transactional(self) -> bool: ...
    @property
    def is_control(self) -> bool: ...


class EndMarker(NamedTuple):
    """The record of a control batch that ends a transaction. `timestamp` in ms."""

    committed: bool
    coordinator_epoch: int
    timestamp: int


class AppendedBatch(NamedTuple):
    """One of a producer's last batches. `offset_delta` is its number of offsets less one."""

    last_sequence: int
    last_offset: int
    offset_delta: int
    timestamp: int

    @classmethod
    def of(cls, batch: ProducerBatch, base_offset: int) -> AppendedBatch:
        """What is kept of a batch that lies at `base_offset`."""
        delta, base = batch.last_offset_delta, batch.base_sequence
        last = (base + delta) % _SEQUENCES if base != NO_SEQUENCE else NO_SEQUENCE
        return cls(last, base_offset + delta, delta, batch.max_timestamp)

    @property
    def base_sequence(self) -> int:
        if self.last_sequence == NO_SEQUENCE:
            return NO_SEQUENCE
        return (self.last_sequence - self.offset_delta) % _SEQUENCES

    @property
    def base_offset(self) -> int:
        return self.last_offset - self.offset_delta


class ProducerEntry:
    """One producer id's state. `batches` are its last ones, oldest first, all of the present epoch.

    `complete` tells that `batches` lacks none of the last five: an entry from a snapshot knows only the last
    one. `idle_since_ms` is when `ProducerState.expire` first met the entry as it is, None before.
    """

    __slots__ = (
        "batches",
        "complete",
        "coordinator_epoch",
        "current_txn_first_offset",
        "idle_since_ms",
        "last_timestamp",
        "producer_epoch",
    )

    def __init__(
        self,
        producer_epoch: int = NO_EPOCH,
        coordinator_epoch: int = -1,
        last_timestamp: int = -1,
        current_txn_first_offset: int = NO_OFFSET,
        batches: tuple[AppendedBatch, ...] = (),
        complete: bool = True,
    ) -> None:
        self.producer_epoch = producer_epoch
        self.coordinator_epoch = coordinator_epoch
        self.last_timestamp = last_timestamp
        self.current_txn_first_offset = current_txn_first_offset
        self.batches = batches
        self.complete = complete
        self.idle_since_ms: int | None = None

    @property
    def last_sequence(self) -> int:
        return self.batches[-1].last_sequence if self.batches else NO_SEQUENCE

    def copy(self) -> ProducerEntry:
        """An entry to change while this one stays as it is."""
        return ProducerEntry(
            self.producer_epoch,
            self.coordinator_epoch,
            self.last_timestamp,
            self.current_txn_first_offset,
            self.batches,
            self.complete,
        )

    def find_duplicate(self, batch: ProducerBatch) -> AppendedBatch | None:
        """The kept batch that has the sequences of `batch`, in the same epoch."""
        if batch.producer_epoch == self.producer_epoch:
            base = batch.base_sequence
            last = (base + batch.last_offset_delta) % _SEQUENCES if base != NO_SEQUENCE else NO_SEQUENCE
            for kept in self.batches:
                if kept.last_sequence == last and kept.base_sequence == base:
                    return kept
        return None

    def enter_epoch(self, producer_epoch: int) -> None:
        """Batches of an older epoch do not count any more."""
        if producer_epoch != self.producer_epoch:
            self.producer_epoch = producer_epoch
            self.batches = ()
            self.complete = True

    def add(self, batch: ProducerBatch, base_offset: int) -> None:
        """`batch` was appended at `base_offset`."""
        self.enter_epoch(batch.producer_epoch)
        self.batches = (*self.batches, AppendedBatch.of(batch, base_offset))[-BATCHES_KEPT:]
        self.complete = self.complete or len(self.batches) == BATCHES_KEPT
        self.last_timestamp = batch.max_timestamp
        if batch.is_transactional and self.current_txn_first_offset == NO_OFFSET:
            self.current_txn_first_offset = base_offset

    def end_transaction(self, producer_epoch: int, marker: EndMarker) -> None:
        """A control batch of `producer_epoch` was appended."""
        self.enter_epoch(producer_epoch)
        self.coordinator_epoch = marker.coordinator_epoch
        self.last_timestamp = marker.timestamp
        self.current_txn_first_offset = NO_OFFSET


class EndedTransaction(NamedTuple):
    """A transaction with its outcome, from the offset of its first batch to that of its marker."""

    producer_id: int
    first_offset: int
    last_offset: int
    committed: bool


class Changes(NamedTuple):
    """What appending some batches does to producers, and the transactions that it ends, in order."""

    entries: dict[int, ProducerEntry]
    ended: list[EndedTransaction]


class ProducerState:
    """All producers of one log. `end_offset` is the offset up to which the log's batches are accounted
    for.
    """

    __slots__ = ("_open_transactions", "end_offset", "entries")

    def __init__(self, end_offset: int = 0) -> None:
        self.entries: dict[int, ProducerEntry] = {}
        self.end_offset = end_offset
        self._open_transactions: dict[int, int] = {}  # producer id -> first offset

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def first_unstable_offset(self) -> int | None:
        """The first offset of the oldest open transaction, if there is one."""
        return min(self._open_transactions.values()) if self._open_transactions else None

    def find_duplicate(self, batches: Iterable[ProducerBatch]) -> AppendedBatch | None:
        """What was appended when one of these batches came for the first time, if it is among its producer's
        last.
        """
        for batch in batches:
            entry = self.entries.get(batch.producer_id)
            if entry is not None and batch.base_sequence != NO_SEQUENCE:
                duplicate = entry.find_duplicate(batch)
                if duplicate is not None:
                    return duplicate
        return None

    def prepare(
        self,
        batches: Sequence[ProducerBatch],
        base_offset: int,
        end_marker: Callable[[int], EndMarker | None],
    ) -> Changes:
        """Check batches that are to be appended at `base_offset`; return what `commit` takes when they are.

        `end_marker(i)` reads the record of the i-th batch, asked for control batches only. Raises
        OutOfOrderSequence, InvalidProducerEpoch, InvalidTransactionState, TransactionCoordinatorFenced.
        """
        entries: dict[int, ProducerEntry] = {}
        ended: list[EndedTransaction] = []
        for index, batch in enumerate(batches):
            producer_id = batch.producer_id
            if producer_id >= 0:
                entry = entries.get(producer_id)
                if entry is None:
                    known = self.entries.get(producer_id)
                    entry = entries[producer_id] = known.copy() if known is not None else ProducerEntry()
                self._check_epoch(entry, batch)
                if batch.is_control:
                    marker = end_marker(index)
                    if marker is not None:
                        self._check_coordinator(entry, batch, marker)
                        first_offset = entry.current_txn_first_offset
                        if first_offset != NO_OFFSET:
                            last_offset = base_offset + batch.last_offset_delta
                            ended.append(
                                EndedTransaction(producer_id, first_offset, last_offset, marker.committed)
                            )
                        entry.end_transaction(batch.producer_epoch, marker)
                else:
                    self._check_data(entry, batch)
                    entry.add(batch, base_offset)
            base_offset += batch.last_offset_delta + 1
        return Changes(entries, ended)

    @staticmethod
    def _check_epoch(entry: ProducerEntry, batch: ProducerBatch) -> None:
        if batch.producer_epoch < entry.producer_epoch:
            raise InvalidProducerEpoch(
                f"producer {batch.producer_id} has epoch {batch.producer_epoch}, "
                f"but {entry.producer_epoch} was seen"
            )

    @staticmethod
    def _check_coordinator(entry: ProducerEntry, batch: ProducerBatch, marker: EndMarker) -> None:
        if marker.coordinator_epoch < entry.coordinator_epoch:
            raise TransactionCoordinatorFenced(
                f"a marker for producer {batch.producer_id} has coordinator epoch "
                f"{marker.coordinator_epoch}, but {entry.coordinator_epoch} was seen"
            )

    @staticmethod
    def _check_data(entry: ProducerEntry, batch: ProducerBatch) -> None:
        """Coordinators write without sequences. A producer that is not known may begin with any (KIP-360)."""
        base = batch.base_sequence
        if base != NO_SEQUENCE and entry.producer_epoch != NO_EPOCH:
            if batch.producer_epoch != entry.producer_epoch:
                in_order = base == 0
            else:
                last = entry.last_sequence
                in_order = base == (last + 1) % _SEQUENCES if last != NO_SEQUENCE else base == 0
            if not in_order:
                raise OutOfOrderSequence(
                    f"producer {batch.producer_id} sent sequence {base} after {entry.last_sequence} "
                    f"(epochs {batch.producer_epoch} and {entry.producer_epoch})"
                )
        if entry.current_txn_first_offset != NO_OFFSET and not batch.is_transactional:
            raise InvalidTransactionState(f"producer {batch.producer_id} has a transaction open")

    def commit(self, changes: Changes) -> list[AbortedTransaction]:
        """The batches that `prepare` checked are in the log. Return the transactions that were aborted."""
        for producer_id, entry in changes.entries.items():
            self.put(producer_id, entry)
        if not changes.ended:
            return []
        aborted = []
        open_offsets = list(self._open_transactions.values())
        for each in reversed(changes.ended):
            if not each.committed:
                stable = min((*open_offsets, each.last_offset + 1))
                aborted.append(
                    AbortedTransaction(each.producer_id, each.first_offset, each.last_offset, stable)
                )
            open_offsets.append(each.first_offset)
        return aborted[::-1]

    def put(self, producer_id: int, entry: ProducerEntry) -> None:
        """This is what is known of a producer now."""
        self.entries[producer_id] = entry
        if entry.current_txn_first_offset != NO_OFFSET:
            self._open_transactions[producer_id] = entry.current_txn_first_offset
        elif self._open_transactions:
            self._open_transactions.pop(producer_id, None)

    def replay(
        self, batch: ProducerBatch, base_offset: int, end_marker: Callable[[], EndMarker | None]
    ) -> list[AbortedTransaction]:
        """Account for a batch found in the log, which is not checked again. Return what it aborts."""
        producer_id, last_offset = batch.producer_id, base_offset + batch.last_offset_delta
        changes = Changes({}, [])
        if producer_id >= 0:
            entry = self.entries.get(producer_id) or ProducerEntry()
            if batch.is_control:
                marker = end_marker()
                if marker is not None:
                    first_offset = entry.current_txn_first_offset
                    if first_offset != NO_OFFSET:
                        changes.ended.append(
                            EndedTransaction(producer_id, first_offset, last_offset, marker.committed)
                        )
                    entry.end_transaction(batch.producer_epoch, marker)
            else:
                entry.add(batch, base_offset)
            changes.entries[producer_id] = entry
        self.end_offset = last_offset + 1
        return self.commit(changes)

    def expire(self, now_ms: int, expiration_ms: int) -> int:
        """Forget producers without an open transaction that have stayed idle so long; return how many.

        To be called now and then, for an entry is idle from the first call that meets it. Kafka takes the
        timestamp of the last batch instead, and so forgets a producer of old timestamps while it is writing:
        a batch that it repeats after a crash is then in the log twice.
        """
        expired = []
        for producer_id, entry in self.entries.items():
            if entry.idle_since_ms is None:
                entry.idle_since_ms = now_ms
            elif (
                entry.current_txn_first_offset == NO_OFFSET and now_ms - entry.idle_since_ms >= expiration_ms
            ):
                expired.append(producer_id)
        for producer_id in expired:
            del self.entries[producer_id]
        return len(expired)
