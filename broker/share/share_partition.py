"""A partition as one share group reads it (KIP-932): which records are in flight, and who has them.

Everything from `start_offset` to the last batch in flight is known here; what comes after has not been read
yet. `acquire` gives records to a member for a while, `acknowledge` and `release` end that, `expire` does when
time is up. Each returns the Change to be stored, if there is one; `settle` says how that went, and gives back
what is for the dead letter queue now; `bury` ends what has been there. The module knows of no clock and no
log: `now_ms` is the monotonic clock, and what was read is told as RecordBatches.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from math import inf

from . import acknowledging, acquiring
from .events import Acknowledgement, Acquired, Acquisition, Change, DeadLetter, DeliveryConfig, RecordBatch
from .in_flight import Batch, Delivery, stored_as
from .state_batches import StateBatch, combine
from .states import Cause, RecordState


class SharePartition:
    """The machine. `config` gives the settings that hold now; `batches` lie in order, not overlapping."""

    def __init__(
        self, start_offset: int, stored: Sequence[StateBatch], config: Callable[[], DeliveryConfig]
    ) -> None:
        self.start_offset = start_offset
        self.batches: list[Batch] = []
        self.config = config
        end = start_offset
        for batch in combine(stored, start_offset):
            if batch.first_offset > end:  # what was acquired and not yet stored when the broker stopped
                self._append(StateBatch(end, batch.first_offset - 1, RecordState.AVAILABLE, 0))
            self._append(batch)
            end = batch.last_offset + 1
        self.advance()

    def _append(self, stored: StateBatch) -> None:
        delivery = Delivery(RecordState(stored.delivery_state), stored.delivery_count)
        self.batches.append(Batch(stored.first_offset, stored.last_offset, delivery))

    # Questions

    @property
    def end_offset(self) -> int:
        """The offset after the last one in flight."""
        return self.batches[-1].last_offset + 1 if self.batches else self.start_offset

    @property
    def in_flight_count(self) -> int:
        """How many offsets lie between the start and the end."""
        return self.end_offset - self.start_offset

    @property
    def next_fetch_offset(self) -> int:
        """Where to read for the next member: the first record that is free, else after all of them."""
        free = (first for first, _, delivery in self.all_deliveries() if delivery.is_free)
        return next(free, self.end_offset)

    @property
    def can_acquire(self) -> bool:
        """Whether there is something free, or room for more in flight."""
        limit = self.config().partition_max_record_locks
        return self.next_fetch_offset < self.end_offset or self.in_flight_count < limit

    @property
    def delivery_complete_count(self) -> int:
        """How many of the records in flight are done with, or about to be."""
        return sum(
            last - max(first, self.start_offset) + 1
            for first, last, delivery in self.all_deliveries()
            if delivery.state.is_terminal and last >= self.start_offset
        )

    @property
    def wake_ms(self) -> float:
        """When the next lock runs out."""
        return min((delivery.lock_deadline_ms for *_, delivery in self.all_deliveries()), default=inf)

    def all_deliveries(self) -> Iterator[tuple[int, int, Delivery]]:
        """(first offset, last offset, state) of everything in flight."""
        for batch in self.batches:
            yield from batch.deliveries()

    def floor(self, offset: int) -> int:
        """The position of the last batch that does not begin after an offset, or -1."""
        return bisect_right(self.batches, offset, key=lambda batch: batch.first_offset) - 1

    # Events

    def acquire(
        self, wanted: Acquisition, fetch_offset: int, read: Sequence[RecordBatch], now_ms: float
    ) -> list[Acquired]:
        """Give a member some of the records that were read from `fetch_offset` on."""
        return acquiring.acquire(self, wanted, fetch_offset, read, now_ms)

    def acknowledge(self, member_id: str, said: Iterable[Acknowledgement], now_ms: float) -> Change | None:
        """What a member says of its records. Raises ShareError, and then nothing has changed but renewed
        locks.
        """
        pending = acknowledging.acknowledge(self, member_id, said, now_ms)
        return self._change(pending)

    def release(self, member_id: str) -> Change | None:
        """A member is gone: what it had is free again."""
        return self._change(acknowledging.release(self, member_id))

    def expire(self, now_ms: float) -> Change | None:
        """Locks that have run out are gone. The states hold at once, stored or not."""
        config = self.config()
        unlocked: list[tuple[int, int, Delivery]] = []
        for batch in self.batches:
            if batch.spans(self.start_offset):
                batch.part()
            for first, last, delivery in batch.deliveries():
                if delivery.lock_deadline_ms <= now_ms and delivery.before is None:
                    if last < self.start_offset:
                        delivery.archive()
                    else:
                        delivery.unlock(config)
                    unlocked.append((first, last, delivery))
        return self._change(unlocked, is_pending=False)

    def settle(self, change: Change, stored: bool, now_ms: float) -> Sequence[DeadLetter]:
        """A change is stored, or could not be. What is to be written to the dead letter queue now."""
        config = self.config()
        for delivery in change.pending:
            delivery.settle(stored, config, now_ms)
        self.advance()
        return change.letters if stored or not change.pending else ()

    def left_letters(self) -> Sequence[DeadLetter]:
        """What was on its way to the dead letter queue when the broker stopped. Why, is not stored."""
        limit = self.config().delivery_count_limit
        for *_, delivery in self.all_deliveries():
            delivery.cause = Cause.DELIVERED_TOO_OFTEN if delivery.count >= limit else Cause.REJECTED
        return _letters(self.all_deliveries())

    def bury(self, letters: Sequence[DeadLetter]) -> Change:
        """The dead letter queue is done with records, whether it has them or not. That holds at once."""
        for each in letters:
            self.archive(each.first_offset, each.last_offset + 1, RecordState.ARCHIVING)
        done = tuple(
            StateBatch(each.first_offset, each.last_offset, RecordState.ARCHIVED, each.delivery_count)
            for each in letters
        )
        return Change(self.start_offset, self.delivery_complete_count, done)

    def move_start(self, log_start_offset: int) -> None:
        """The log begins here now: what is before is not delivered any more."""
        if log_start_offset <= self.start_offset:
            return
        self.start_offset = log_start_offset
        self.batches = [batch for batch in self.batches if batch.last_offset >= log_start_offset]
        if self.batches:
            self.archive(self.batches[0].first_offset, log_start_offset, RecordState.AVAILABLE)

    # For the modules that carry out the events

    def archive(self, first_offset: int, end_offset: int, state: RecordState) -> None:
        """Do not deliver any more the records of a range that are in a state, and not about to leave it."""

        def counts(delivery: Delivery) -> bool:
            return delivery.state is state and delivery.before is None

        for batch in self.batches:
            if batch.first_offset >= end_offset or batch.last_offset < first_offset:
                continue
            whole = batch.whole
            if whole is not None and counts(whole):
                if batch.lies_within(first_offset, end_offset - 1):
                    whole.archive()
                    continue
                batch.part()
            if batch.whole is None:
                for _, delivery in batch.between(first_offset, end_offset - 1):
                    if counts(delivery):
                        delivery.archive()

    def advance(self) -> None:
        """Forget the batches at the start that are done with, and begin after the last such record."""
        done = 0
        for batch in self.batches:
            if not all(delivery.is_done for *_, delivery in batch.deliveries()):
                break
            done += 1
        if done:
            end = self.end_offset
            del self.batches[:done]
            self.start_offset = max(self.start_offset, self.batches[0].first_offset if self.batches else end)
        if self.batches and self.batches[0].whole is None:
            for offset, _, delivery in self.batches[0].deliveries():
                if not delivery.is_done:
                    self.start_offset = max(self.start_offset, offset)
                    break

    def _change(
        self, changed: Sequence[tuple[int, int, Delivery]], *, is_pending: bool = True
    ) -> Change | None:
        if not changed:
            return None
        return Change(
            self.start_offset,
            self.delivery_complete_count,
            tuple(stored_as(first, last, delivery) for first, last, delivery in changed),
            tuple(delivery for *_, delivery in changed) if is_pending else (),
            _letters(changed),
        )


def _letters(changed: Iterable[tuple[int, int, Delivery]]) -> tuple[DeadLetter, ...]:
    """What of it is on its way to the dead letter queue; neighbours that are alike go together."""
    letters: list[DeadLetter] = []
    for first, last, delivery in changed:
        if delivery.state is not RecordState.ARCHIVING:
            continue
        letter = DeadLetter(first, last, delivery.count, delivery.cause)
        before = letters[-1] if letters else None
        if before is not None and before.last_offset + 1 == first and before[2:] == letter[2:]:
            letters[-1] = before._replace(last_offset=last)
        else:
            letters.append(letter)
    return tuple(letters)
