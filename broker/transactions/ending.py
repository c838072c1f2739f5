"""The end of a transaction: EndTxn in both versions of the protocol, timeouts, and what follows the markers.

In the first version (KIP-98) a producer keeps its epoch over all of its transactions. In the second (KIP-890)
every end comes with the next epoch, so that nothing of an old transaction can be taken for a part of a new
one; an end may then be asked for again with the epoch that it began with.
"""

from __future__ import annotations

from collections.abc import Callable

from ...protocol.errors import ErrorCode
from ..effects import Instant
from .events import Producer, TransactionError
from .machine import EXHAUSTED_EPOCH, Transaction
from .records import NO_PRODUCER_ID, VERSION_WITH_EPOCHS, TransactionRecord
from .transitions import (
    COMPLETE_ABORT,
    COMPLETE_COMMIT,
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
    if machine.is_ending:
        raise TransactionError(ErrorCode.CONCURRENT_TRANSACTIONS)
    if stored.state is ONGOING:
        target = PREPARE_COMMIT if committed else PREPARE_ABORT
        return machine.then(state=target, update_ms=now.wall_ms, client_version=0)
    if stored.state is (COMPLETE_COMMIT if committed else COMPLETE_ABORT):
        return None
    raise TransactionError(ErrorCode.INVALID_TXN_STATE)


def end_with_next_epoch(
    machine: Transaction,
    producer: Producer,
    committed: bool,
    new_producer_id: Callable[[], int],
    now: Instant,
) -> TransactionRecord | None:
    """EndTxn from version 5 on: the record that decides, or None where the same was asked for before.

    A producer may abort although it has added nothing: it may not know whether it has. While markers are
    being written nothing else is looked at: whoever asks may know an id already that comes after them.
    Raises TransactionError.
    """
    if machine.is_ending:
        raise TransactionError(ErrorCode.CONCURRENT_TRANSACTIONS)
    stored = machine.stored
    asks_again = producer.producer_epoch + 1 == stored.producer_epoch
    asks_old_id_again = (
        producer.producer_id == stored.previous_producer_id
        and producer.producer_epoch == EXHAUSTED_EPOCH
        and stored.producer_epoch == 0
    )
    if producer.producer_id != stored.producer_id and not asks_old_id_again:
        raise TransactionError(ErrorCode.INVALID_PRODUCER_ID_MAPPING)
    may_ask_again = stored.state in (COMPLETE_COMMIT, COMPLETE_ABORT) and (asks_again or asks_old_id_again)
    if producer.producer_epoch != stored.producer_epoch and not may_ask_again:
        raise TransactionError(ErrorCode.PRODUCER_FENCED)
    if may_ask_again:
        if stored.state is (COMPLETE_COMMIT if committed else COMPLETE_ABORT):
            return None
        raise TransactionError(ErrorCode.INVALID_TXN_STATE)
    if stored.state in RESTING and committed:
        raise TransactionError(ErrorCode.INVALID_TXN_STATE)
    return _decided(machine, committed, new_producer_id, now)


def fence(machine: Transaction, new_producer_id: Callable[[], int], now: Instant) -> TransactionRecord:
    """Abort the transaction and fence its producer: the time is up, or another one has taken its place.

    Raises TransactionError where there is no new producer id and one is needed.
    """
    return _decided(machine, False, new_producer_id, now)


def _decided(
    machine: Transaction, committed: bool, new_producer_id: Callable[[], int], now: Instant
) -> TransactionRecord:
    """The end that comes with the next epoch, or with the next producer id after the last one."""
    stored = machine.stored
    begun = stored.state is ONGOING
    return machine.then(
        state=PREPARE_COMMIT if committed else PREPARE_ABORT,
        partitions=stored.partitions if begun else (),
        producer_epoch=machine.next_epoch,
        last_producer_epoch=stored.producer_epoch,
        next_producer_id=new_producer_id() if machine.is_exhausted else NO_PRODUCER_ID,
        start_ms=stored.start_ms if begun else now.wall_ms,
        update_ms=now.wall_ms,
        client_version=VERSION_WITH_EPOCHS,
    )


def complete(machine: Transaction, now: Instant) -> TransactionRecord:
    """All markers are written. Where the epochs are used up, the next producer id takes over."""
    stored = machine.stored
    done = machine.then(
        state=COMPLETE_COMMIT if stored.state is PREPARE_COMMIT else COMPLETE_ABORT,
        partitions=(),
        update_ms=now.wall_ms,
    )
    if stored.next_producer_id == NO_PRODUCER_ID:
        return done
    return done._replace(
        producer_id=stored.next_producer_id,
        producer_epoch=0,
        next_producer_id=NO_PRODUCER_ID,
    )
