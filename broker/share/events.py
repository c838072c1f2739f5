"""What goes into a share partition's machine and what comes out of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ...protocol.errors import ErrorCode
from .in_flight import Delivery
from .state_batches import StateBatch
from .states import Cause, RecordState


class ShareError(Exception):
    """Something that a member asks and does not get, with the error code and perhaps a message for it."""

    def __init__(self, error: ErrorCode, message: str | None = None) -> None:
        super().__init__(message or error.name)
        self.error = error
        self.message = message


class DeliveryConfig(NamedTuple):
    """What holds for the records of a share group: its own settings, or the broker's.

    `has_dead_letters`: what it gives up goes to a dead letter queue.
    """

    delivery_count_limit: int = 5
    record_lock_duration_ms: int = 30_000
    partition_max_record_locks: int = 2_000
    renew_is_enabled: bool = True
    has_dead_letters: bool = False

    @property
    def given_up(self) -> RecordState:
        """What becomes of a record that is not to be delivered any more."""
        return RecordState.ARCHIVING if self.has_dead_letters else RecordState.ARCHIVED


class RecordBatch(NamedTuple):
    """What of a record batch that was read counts here; `is_aborted` if nobody is to see its records."""

    base_offset: int
    last_offset: int
    is_aborted: bool = False


class Acquisition(NamedTuple):
    """What a member wants. `batch_size` is the number of records in a range that suits it best; with
    `is_record_limit` it gets no more than `max_records` (KIP-1206), without whole batches of the log.
    """

    member_id: str
    max_records: int
    batch_size: int
    is_record_limit: bool = False


class Acquired(NamedTuple):
    """A range of records that a member has got, for the `delivery_count`-th time."""

    first_offset: int
    last_offset: int
    delivery_count: int

    @property
    def record_count(self) -> int:
        """How many they are."""
        return self.last_offset - self.first_offset + 1


class Acknowledgement(NamedTuple):
    """What a member says of a range: one type for all its records, or one for each."""

    first_offset: int
    last_offset: int
    types: Sequence[int]


class DeadLetter(NamedTuple):
    """Records for the dead letter queue, from `first_offset` to `last_offset`, that were delivered so many
    times.
    """

    first_offset: int
    last_offset: int
    delivery_count: int
    cause: Cause


class Change(NamedTuple):
    """What is to be stored. `pending` are the states that wait for it, none where it holds already.

    `letters` go to the dead letter queue then: once it is stored, or where it holds already, in any case.
    """

    start_offset: int
    delivery_complete_count: int
    batches: tuple[StateBatch, ...]
    pending: tuple[Delivery, ...] = ()
    letters: tuple[DeadLetter, ...] = ()
