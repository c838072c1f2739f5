"""Records between being acquired for the first time and being done with: batches of them, as they were read.

A batch has one delivery state for all its records until they part ways; from then on each has its own. A
state that is on its way to the share coordinator's log is *pending*: it can still be taken back, and nobody
else may change it until it is stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from typing import TYPE_CHECKING

from .state_batches import StateBatch
from .states import Cause, RecordState

if TYPE_CHECKING:
    from .events import DeliveryConfig

NOBODY = ""


class Delivery:
    """The state of one record, or of a batch of them alike.

    `member_id` has acquired it, until `lock_deadline_ms` on the monotonic clock. While `before` is set, the
    state is pending, and `before` is the state and the member to go back to. While it is archiving, `cause`
    says why.
    """

    __slots__ = ("before", "cause", "count", "lock_deadline_ms", "member_id", "state")

    def __init__(
        self, state: RecordState, count: int, member_id: str = NOBODY, lock_deadline_ms: float = inf
    ) -> None:
        self.state = state
        self.count = count
        self.member_id = member_id
        self.lock_deadline_ms = lock_deadline_ms
        self.before: tuple[RecordState, str] | None = None
        self.cause = Cause.DELIVERED_TOO_OFTEN

    def copy(self) -> Delivery:
        """The same, to be changed on its own."""
        copy = Delivery(self.state, self.count, self.member_id, self.lock_deadline_ms)
        copy.cause = self.cause
        return copy

    @property
    def is_free(self) -> bool:
        """Whether a member may acquire it."""
        return self.state is RecordState.AVAILABLE and self.before is None

    @property
    def is_done(self) -> bool:
        """Whether the group is done with it, for good."""
        return self.state.is_terminal and self.before is None

    def acquire(self, member_id: str, lock_deadline_ms: float) -> None:
        """A member gets it, once more."""
        self.state, self.member_id = RecordState.ACQUIRED, member_id
        self.count += 1
        self.lock_deadline_ms = lock_deadline_ms

    def let_go(self, state: RecordState, config: DeliveryConfig) -> None:
        """The member has no say any more. What has been delivered too often does not come back."""
        if state is RecordState.AVAILABLE and self.count >= config.delivery_count_limit:
            state, self.cause = config.given_up, Cause.DELIVERED_TOO_OFTEN
        self.state, self.member_id = state, NOBODY

    def unlock(self, config: DeliveryConfig) -> None:
        """The lock has run out."""
        self.let_go(RecordState.AVAILABLE, config)
        self.lock_deadline_ms = inf

    def archive(self) -> None:
        """Nobody is to get it again."""
        self.state, self.member_id, self.lock_deadline_ms = RecordState.ARCHIVED, NOBODY, inf
        self.before = None

    def begin(self, state: RecordState, config: DeliveryConfig) -> None:
        """`let_go`, pending."""
        self.before = (self.state, self.member_id)
        self.let_go(state, config)

    def reject(self, config: DeliveryConfig) -> None:
        """The member cannot make anything of it: given up, pending."""
        self.begin(config.given_up, config)
        self.cause = Cause.REJECTED

    def settle(self, stored: bool, config: DeliveryConfig, now_ms: float) -> None:
        """The pending state holds, or the one before comes back; its lock may have run out meanwhile, and
        then nobody tells the dead letter queue.
        """
        if self.before is None:
            return
        before, self.before = self.before, None
        if stored:
            self.lock_deadline_ms = inf
            return
        self.state, self.member_id = before
        if self.lock_deadline_ms <= now_ms:
            self.unlock(config._replace(has_dead_letters=False))


class Batch:
    """The records from `first_offset` to `last_offset`: `whole` is their one state, or None, and then `each`
    has one for every offset.
    """

    __slots__ = ("each", "first_offset", "last_offset", "whole")

    def __init__(self, first_offset: int, last_offset: int, whole: Delivery) -> None:
        self.first_offset = first_offset
        self.last_offset = last_offset
        self.whole: Delivery | None = whole
        self.each: list[Delivery] = []

    def part(self) -> None:
        """From now on every record has a state of its own."""
        if self.whole is not None:
            whole, self.whole = self.whole, None
            self.each = [whole.copy() for _ in range(self.first_offset, self.last_offset + 1)]

    def lies_within(self, first_offset: int, last_offset: int) -> bool:
        """Whether all its records do."""
        return first_offset <= self.first_offset and self.last_offset <= last_offset

    def spans(self, offset: int) -> bool:
        """Whether the batch begins before an offset and does not end before it."""
        return self.first_offset < offset <= self.last_offset

    def deliveries(self) -> Iterator[tuple[int, int, Delivery]]:
        """(first offset, last offset, state) of the batch, or of every record in it."""
        if self.whole is not None:
            yield self.first_offset, self.last_offset, self.whole
        else:
            for offset, delivery in enumerate(self.each, self.first_offset):
                yield offset, offset, delivery

    def between(self, first_offset: int, last_offset: int) -> Iterator[tuple[int, Delivery]]:
        """(offset, state) of the records in a range; the batch has parted."""
        first = max(first_offset, self.first_offset)
        last = min(last_offset, self.last_offset)
        for offset in range(first, last + 1):
            yield offset, self.each[offset - self.first_offset]


def stored_as(first_offset: int, last_offset: int, delivery: Delivery) -> StateBatch:
    """A state as the share coordinator keeps it."""
    return StateBatch(first_offset, last_offset, int(delivery.state), delivery.count)
