"""How a member gets records: those in flight that are free again, and then new ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from .events import Acquired, Acquisition, RecordBatch
from .in_flight import Batch, Delivery
from .states import RecordState

if TYPE_CHECKING:
    from .share_partition import SharePartition

# From half of the allowed deliveries on, and not before this many, records are given out in ever smaller
# lots, and for the last time alone: what cannot be processed is not to take its neighbours with it.
_LEAST_SUSPICIOUS_COUNT = 2


def acquire(
    partition: SharePartition,
    wanted: Acquisition,
    fetch_offset: int,
    read: Sequence[RecordBatch],
    now_ms: float,
) -> list[Acquired]:
    """Give a member some of the records that were read from `fetch_offset` on."""
    if wanted.max_records <= 0 or not read or read[-1].last_offset < partition.start_offset:
        return []
    last_offset, most = _limits(partition, wanted, fetch_offset, read[-1].last_offset)
    if most <= 0:
        return []
    partition.archive(fetch_offset, read[0].base_offset, RecordState.AVAILABLE)
    found = _Acquiring(partition, wanted, read, last_offset, most, now_ms).run()
    return _without_aborted(partition, found, read)


def _limits(
    partition: SharePartition, wanted: Acquisition, fetch_offset: int, last_offset: int
) -> tuple[int, int]:
    """Up to where, and how many. A full partition gives only what is in flight already."""
    room = partition.config().partition_max_record_locks - partition.in_flight_count
    if room > 0:
        return last_offset, min(wanted.max_records, room)
    in_flight = partition.end_offset - fetch_offset
    return min(last_offset, partition.end_offset - 1), min(wanted.max_records, in_flight)


class _Acquiring:
    """One acquisition on its way."""

    def __init__(
        self,
        partition: SharePartition,
        wanted: Acquisition,
        read: Sequence[RecordBatch],
        last_offset: int,
        most: int,
        now_ms: float,
    ) -> None:
        self.partition, self.wanted, self.read = partition, wanted, read
        self.first_offset, self.last_offset, self.most = read[0].base_offset, last_offset, most
        config = partition.config()
        self.limit = config.delivery_count_limit
        self.suspicious = max(_LEAST_SUSPICIOUS_COUNT, -(-self.limit // 2))
        self.deadline_ms = now_ms + config.record_lock_duration_ms
        self.found: list[Acquired] = []
        self.count = 0

    def run(self) -> list[Acquired]:
        """Everything that the member gets."""
        known = [
            batch
            for batch in self.partition.batches
            if batch.last_offset >= self.first_offset and batch.first_offset <= self.last_offset
        ]
        for batch in known:
            if self.count >= self.most or not self._take(batch):
                return self.found
        next_offset = max(self.partition.start_offset, self.first_offset)
        if known:
            next_offset = known[-1].last_offset + 1
        if self.count < self.most and next_offset <= self.last_offset:
            self._take_new(next_offset)
        return self.found

    # What is in flight

    def _take(self, batch: Batch) -> bool:
        """Acquire what is free in a batch; whether the member may get more."""
        room = self.most - self.count
        is_suspicious = self._is_suspicious(batch)
        if is_suspicious and self.count:
            return False
        too_large = self.wanted.is_record_limit and batch.last_offset - batch.first_offset + 1 > room
        if batch.whole is not None:
            if not batch.whole.is_free:
                return True
            if batch.lies_within(self.first_offset, self.last_offset) and not (too_large or is_suspicious):
                batch.whole.acquire(self.wanted.member_id, self.deadline_ms)
                self._add(Acquired(batch.first_offset, batch.last_offset, batch.whole.count))
                return True
            batch.part()
        before = self.count
        self._take_some(batch, room)
        return not (is_suspicious and self.count > before)

    def _is_suspicious(self, batch: Batch) -> bool:
        """Whether something that is free in the batch has been delivered often."""
        if batch.whole is not None:
            return batch.whole.is_free and batch.whole.count >= self.suspicious
        counts = (d.count for _, d in batch.between(self.first_offset, self.last_offset) if d.is_free)
        return max(counts, default=0) >= self.suspicious

    def _take_some(self, batch: Batch, room: int) -> None:
        taken: list[Acquired] = []
        most = room if self.wanted.is_record_limit else batch.last_offset - batch.first_offset + 1
        is_throttled = False
        for offset, delivery in batch.between(self.first_offset, self.last_offset):
            if not delivery.is_free:
                continue
            is_last_delivery = self.limit > _LEAST_SUSPICIOUS_COUNT and delivery.count == self.limit - 1
            if is_last_delivery and taken:
                break
            if delivery.count >= self.suspicious and not is_throttled:
                is_throttled = True
                most = min(most, max(1, len(batch.each) >> (delivery.count - self.suspicious + 1)))
            delivery.acquire(self.wanted.member_id, self.deadline_ms)
            taken.append(Acquired(offset, offset, delivery.count))
            if is_last_delivery or len(taken) >= most:
                break
        for each in _joined(taken):
            self._add(each)

    # What is new

    def _take_new(self, first_offset: int) -> None:
        last_offset, room = self.last_offset, self.most - self.count
        if room < last_offset - first_offset + 1:
            last_offset = self._end_of_batch_at(first_offset + room - 1)
        if not self.partition.batches:
            self.partition.start_offset = first_offset
        if self.wanted.is_record_limit and last_offset - first_offset + 1 > room:
            batch = self._hold(first_offset, last_offset)
            batch.part()
            batch.each[room:] = [Delivery(RecordState.AVAILABLE, 0) for _ in batch.each[room:]]
            self._add(Acquired(first_offset, first_offset + room - 1, 1))
            return
        for first, last in self._ranges(first_offset, last_offset):
            self._hold(first, last)
            self._add(Acquired(first, last, 1))

    def _hold(self, first_offset: int, last_offset: int) -> Batch:
        delivery = Delivery(RecordState.ACQUIRED, 1, self.wanted.member_id, self.deadline_ms)
        batch = Batch(first_offset, last_offset, delivery)
        self.partition.batches.append(batch)
        return batch

    def _end_of_batch_at(self, offset: int) -> int:
        """The last offset of the record batch that an offset is in: the log is not cut within one."""
        return next((b.last_offset for b in self.read if b.base_offset <= offset <= b.last_offset), offset)

    def _ranges(self, first_offset: int, last_offset: int) -> Iterator[tuple[int, int]]:
        """Whole record batches, together at least as many records as suit the member."""
        size = self.wanted.batch_size
        if not self.wanted.is_record_limit and last_offset - first_offset + 1 > size:
            for batch in self.read:
                if first_offset + size <= batch.base_offset <= last_offset:
                    yield first_offset, batch.base_offset - 1
                    first_offset = batch.base_offset
        yield first_offset, last_offset

    def _add(self, acquired: Acquired) -> None:
        self.found.append(acquired)
        self.count += acquired.record_count


def _joined(found: Iterable[Acquired]) -> list[Acquired]:
    """Neighbours of one delivery count together."""
    joined: list[Acquired] = []
    for each in found:
        last = joined[-1] if joined else None
        if (
            last is not None
            and last.last_offset + 1 == each.first_offset
            and last.delivery_count == each.delivery_count
        ):
            joined[-1] = last._replace(last_offset=each.last_offset)
        else:
            joined.append(each)
    return joined


def _without_aborted(
    partition: SharePartition, found: list[Acquired], read: Sequence[RecordBatch]
) -> list[Acquired]:
    """Records of aborted transactions are done with as soon as they are met (`read_committed`)."""
    for gone in (batch for batch in read if batch.is_aborted):
        left: list[Acquired] = []
        for each in found:
            if each.last_offset < gone.base_offset or each.first_offset > gone.last_offset:
                left.append(each)
                continue
            partition.archive(gone.base_offset, gone.last_offset + 1, RecordState.ACQUIRED)
            if each.first_offset < gone.base_offset:
                left.append(each._replace(last_offset=gone.base_offset - 1))
            if each.last_offset > gone.last_offset:
                left.append(each._replace(first_offset=gone.last_offset + 1))
        found = left
    return found
