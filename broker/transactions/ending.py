"""The end of a transaction: EndTxn in both versions of the protocol, timeouts, and what follows the markers.

In the first version (KIP-98) a producer keeps its epoch over all of its transactions. In the second (KIP-890)
every end comes with the next epoch, so that nothing of an old transaction can be taken for a part of a new
one; an end may then be asked for again with the epoch that it began with.
"""

from __future__ import annotations

from collections.abc import Callable

from ...protocol.errors import ErrorCode
from ..effects import Instant
from .events import VERSION_WITH_EPOCHS, Producer, TransactionError
from .machine import EXHAUSTED_EPOCH, Transaction
from .records import NO_PRODUCER_ID, TransactionRecord
from .transitions import (
    COMPLETE_ABORT,
    COMPLETE_COMMIT,
    EMPTY,
    ONGOING,
    PREPARE_ABORT,
    PREPARE_COMMIT,
    RESTING,
)


def end(machine: Transaction, producer: Producer, committed: bool, now: Instant) -> TransactionRecord | None:
    """EndTxn up to version 4: the record that decides, or None where it was ended so already.

    Raises TransactionError.
    """
    stored = machine.stored
    if producer.producer_id != stored.producer_id:
        raise TransactionError(ErrorCode.INVALID_PRODUCER_ID_MAPPING)
    if producer.producer_epoch != stored.producer_epoch:
        raise TransactionError(ErrorCode.PRODUCER_FENCED)
    if stored.state is ONGOING:
        target = PREPARE_COMMIT if committed else PREPARE_ABORT
        return stored._replace(state=target, update_ms=now.wall_ms, client_version=0)
    if stored.state is (COMPLETE_COMMIT if committed else COMPLETE_ABORT):
        return None
    raise TransactionError(_wrong_state(machine, committed))


def end_with_next_epoch(
    machine: Transaction,
    producer: Producer,
    committed: bool,
    new_producer_id: Callable[[], int],
    now: Instant,
) -> TransactionRecord | None:
    """EndTxn from version 5 on: the record that decides, or None where the same was asked for before.

    A producer may abort although it has added nothing: it may not know whether it has. Raises
    TransactionError.
    """
    stored = machine.stored
    speaks_epochs = stored.client_version >= VERSION_WITH_EPOCHS
    asks_again = speaks_epochs and producer.producer_epoch + 1 == stored.producer_epoch
    asks_old_id_again = (
        speaks_epochs
        and producer.producer_id == stored.previous_producer_id
        and producer.producer_epoch == EXHAUSTED_EPOCH
        and stored.producer_epoch == 0
    )
    if producer.producer_id != stored.producer_id and not asks_old_id_again:
        raise TransactionError(ErrorCode.INVALID_PRODUCER_ID_MAPPING)
    if not _is_right_epoch(machine, producer, asks_again, asks_old_id_again):
        raise TransactionError(ErrorCode.PRODUCER_FENCED)
    if machine.is_ending:
        raise TransactionError(_wrong_state(machine, committed))
    if asks_again or asks_old_id_again:
        if stored.state is (COMPLETE_COMMIT if committed else COMPLETE_ABORT):
            return None
        raise TransactionError(ErrorCode.INVALID_TXN_STATE)
    if stored.state in RESTING and committed:
        raise TransactionError(ErrorCode.INVALID_TXN_STATE)
    start_ms = stored.start_ms if stored.state is ONGOING else now.wall_ms
    return stored._replace(
        state=PREPARE_COMMIT if committed else PREPARE_ABORT,
        partitions=stored.partitions if stored.state is ONGOING else (),
        producer_epoch=stored.producer_epoch + 1,
        last_producer_epoch=stored.producer_epoch,
        next_producer_id=new_producer_id() if machine.is_exhausted else NO_PRODUCER_ID,
        start_ms=start_ms,
        update_ms=now.wall_ms,
        client_version=VERSION_WITH_EPOCHS,
    )


def _is_right_epoch(
    machine: Transaction, producer: Producer, asks_again: bool, asks_old_id_again: bool
) -> bool:
    is_current = producer.producer_epoch == machine.stored.producer_epoch
    if machine.stored.client_version < VERSION_WITH_EPOCHS or machine.stored.state in (ONGOING, EMPTY):
        return is_current and not asks_old_id_again
    if machine.is_ending:
        return asks_again
    return is_current or asks_again or asks_old_id_again


def _wrong_state(machine: Transaction, committed: bool) -> ErrorCode:
    """What an end is told that comes while there is nothing to end, or something is being ended."""
    if machine.stored.state is (PREPARE_COMMIT if committed else PREPARE_ABORT):
        return ErrorCode.CONCURRENT_TRANSACTIONS
    return ErrorCode.INVALID_TXN_STATE


def fence(machine: Transaction, now: Instant) -> TransactionRecord:
    """Abort the transaction and fence its producer: the time is up, or another one has taken its place."""
    stored = machine.stored
    return stored._replace(
        state=PREPARE_ABORT,
        producer_epoch=stored.producer_epoch + 1,
        last_producer_epoch=stored.producer_epoch,
        update_ms=now.wall_ms,
        client_version=VERSION_WITH_EPOCHS,
    )


def complete(machine: Transaction, now: Instant) -> TransactionRecord:
    """All markers are written. Where the epochs are used up, the next producer id takes over."""
    stored = machine.stored
    done = stored._replace(
        state=COMPLETE_COMMIT if stored.state is PREPARE_COMMIT else COMPLETE_ABORT,
        partitions=(),
        update_ms=now.wall_ms,
    )
    if stored.next_producer_id == NO_PRODUCER_ID:
        return done
    return done._replace(
        producer_id=stored.next_producer_id,
        producer_epoch=0,
        previous_producer_id=stored.producer_id,
        next_producer_id=NO_PRODUCER_ID,
    )
