"""InitProducerId with a transactional id: the next epoch, or the next producer id (KIP-98, KIP-360)."""

from __future__ import annotations

from collections.abc import Callable

from ...protocol.errors import ErrorCode
from ..effects import Instant
from .events import InitRequest, TransactionError
from .machine import EXHAUSTED_EPOCH, Transaction
from .records import NO_EPOCH, NO_PRODUCER_ID, TransactionRecord
from .transitions import EMPTY


def first(request: InitRequest, new_producer_id: Callable[[], int], now: Instant) -> TransactionRecord:
    """The record of a transactional id that was not known. What the producer believes in does not matter."""
    producer_id = new_producer_id()
    return TransactionRecord(
        request.transactional_id,
        producer_id,
        0,
        request.timeout_ms,
        EMPTY,
        update_ms=now.wall_ms,
        previous_producer_id=producer_id,
    )


def check_owner(machine: Transaction, request: InitRequest) -> None:
    """Raise TransactionError PRODUCER_FENCED unless a producer that names its id may go on with it.

    It may if the id is the present one (its epoch is looked at later), or the one before whose epochs are
    used up: then the answer that told the new id was lost.
    """
    stored = machine.stored
    if request.producer_id in (NO_PRODUCER_ID, stored.producer_id):
        return
    if request.producer_id == stored.previous_producer_id and request.producer_epoch >= EXHAUSTED_EPOCH:
        return
    raise TransactionError(ErrorCode.PRODUCER_FENCED)


def following(
    machine: Transaction, request: InitRequest, new_producer_id: Callable[[], int], now: Instant
) -> TransactionRecord:
    """The record of the producer's next epoch. Raises TransactionError."""
    stored = machine.stored
    names_itself = request.producer_id != NO_PRODUCER_ID
    is_current = not names_itself or request.producer_epoch == stored.producer_epoch
    begun = machine.then(
        state=EMPTY, timeout_ms=request.timeout_ms, partitions=(), start_ms=-1, update_ms=now.wall_ms
    )
    if is_current:
        begun = begun._replace(last_producer_epoch=stored.producer_epoch if names_itself else NO_EPOCH)
        if machine.is_exhausted:
            return begun._replace(producer_id=new_producer_id(), producer_epoch=0)
        return begun._replace(producer_epoch=machine.next_epoch)
    if request.producer_epoch == stored.last_producer_epoch:
        return begun  # asked again: the answer was lost
    raise TransactionError(ErrorCode.PRODUCER_FENCED)
