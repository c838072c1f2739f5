"""How a member's hold on records ends: by what it says of them, or when it goes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ...protocol.errors import ErrorCode
from .events import Acknowledgement, ShareError
from .in_flight import NOBODY, Batch, Delivery
from .states import OUTCOMES, AcknowledgeType, RecordState

if TYPE_CHECKING:
    from .share_partition import SharePartition

Pending = list[tuple[int, int, Delivery]]


def acknowledge(
    partition: SharePartition, member_id: str, said: Iterable[Acknowledgement], now_ms: float
) -> Pending:
    """The states that are pending from now on. Raises ShareError and takes all of them back."""
    acknowledging = _Acknowledging(partition, member_id, now_ms)
    try:
        for each in said:
            if each.last_offset >= partition.start_offset:
                acknowledging.take(each)
    except ShareError:
        for *_, delivery in acknowledging.pending:
            delivery.settle(False, acknowledging.config, now_ms)
        raise
    return acknowledging.pending


def release(partition: SharePartition, member_id: str) -> Pending:
    """Everything that a member has is free again; the states that are pending from now on."""
    config = partition.config()
    pending: Pending = []
    for batch in partition.batches:
        if (
            batch.whole is not None
            and batch.whole.member_id == member_id
            and batch.spans(partition.start_offset)
        ):
            batch.part()
        for first, last, delivery in batch.deliveries():
            is_own = delivery.state is RecordState.ACQUIRED and delivery.member_id == member_id
            if is_own and delivery.before is None:
                exists = last >= partition.start_offset
                delivery.begin(RecordState.AVAILABLE if exists else RecordState.ARCHIVED, config)
                pending.append((first, last, delivery))
    return pending


def _refused(message: str) -> ShareError:
    return ShareError(ErrorCode.INVALID_RECORD_STATE, message)


class _Acknowledging:
    """What one member says, range by range; `pending` grows."""

    def __init__(self, partition: SharePartition, member_id: str, now_ms: float) -> None:
        self.partition, self.member_id = partition, member_id
        self.config = partition.config()
        self.deadline_ms = now_ms + self.config.record_lock_duration_ms
        self.pending: Pending = []

    def take(self, said: Acknowledgement) -> None:
        """One range. Raises ShareError."""
        start_offset = self.partition.start_offset
        for batch in self._batches(said):
            if batch.whole is not None:
                self._check_whole(batch.whole)
            if (
                batch.whole is not None
                and len(said.types) == 1
                and batch.lies_within(said.first_offset, said.last_offset)
                and not batch.spans(start_offset)
            ):
                self._apply(batch.first_offset, batch.last_offset, batch.whole, said.types[0])
                continue
            batch.part()
            first_offset = max(said.first_offset, start_offset)
            for offset, delivery in batch.between(first_offset, said.last_offset):
                self._check_one(delivery)
                kind = said.types[0] if len(said.types) == 1 else said.types[offset - said.first_offset]
                self._apply(offset, offset, delivery, kind)

    def _batches(self, said: Acknowledgement) -> list[Batch]:
        """The batches in flight that the range touches; it has to be covered by them."""
        batches = self.partition.batches
        first = self.partition.floor(said.first_offset)
        if first < 0:
            if not said.first_offset < self.partition.start_offset <= said.last_offset:
                raise _refused(
                    "Batch record not found. The request batch offsets are not found in the cache."
                )
            first = 0
        found = [batch for batch in batches[first:] if batch.first_offset <= said.last_offset]
        last_offset = found[-1].last_offset if found else -1
        for name, offset in (("first", said.first_offset), ("last", said.last_offset)):
            if offset > last_offset:
                raise ShareError(
                    ErrorCode.INVALID_REQUEST,
                    f"Batch record not found. The {name} offset in request is past acquired records.",
                )
        return found

    def _check_whole(self, delivery: Delivery) -> None:
        if delivery.member_id == NOBODY:
            raise _refused("The batch cannot be acknowledged. The batch is not in the acquired state.")
        if delivery.member_id != self.member_id:
            raise _refused("Member is not the owner of batch record")

    def _check_one(self, delivery: Delivery) -> None:
        if delivery.state is not RecordState.ACQUIRED:
            raise _refused("The offset cannot be acknowledged. The offset is not acquired.")
        if delivery.member_id != self.member_id:
            raise _refused("Member is not the owner of offset")

    def _apply(self, first_offset: int, last_offset: int, delivery: Delivery, kind: int) -> None:
        if kind == AcknowledgeType.RENEW:
            if not self.config.renew_is_enabled:
                raise _refused("Renewing acquisition locks is not enabled for the group.")
            delivery.lock_deadline_ms = self.deadline_ms
            return
        if kind == AcknowledgeType.REJECT:
            delivery.reject(self.config)
        else:
            delivery.begin(OUTCOMES[AcknowledgeType(kind)], self.config)
        self.pending.append((first_offset, last_offset, delivery))
