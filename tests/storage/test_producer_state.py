"""Idempotent producers (KIP-98, KIP-360): sequences, epochs, duplicates, transactions."""

from __future__ import annotations

import pytest

from odradek.protocol.errors import ErrorCode
from odradek.storage.errors import (
    InvalidProducerEpoch,
    InvalidTransactionState,
    OutOfOrderSequence,
    StorageError,
    TransactionCoordinatorFenced,
)
from odradek.storage.log import Log, LogConfig
from odradek.storage.memory_file_system import MemoryFileSystem
from tests.storage.logs import (
    NOW_MS,
    append,
    batch,
    fill,
    marker,
    new_log,
    send,
)


@pytest.fixture
def log() -> Log:
    """An empty log."""
    return new_log(MemoryFileSystem(), LogConfig())


def test_the_last_five_batches_are_answered_again(log: Log) -> None:
    """A retry of one of them gets the first offsets, and nothing is written; an older one is out of order."""
    for number in range(7):
        send(log, 2 * number, 2)
    for number in range(2, 7):
        assert send(log, 2 * number, 2) == (2 * number, True)
    assert log.log_end_offset == 14
    with pytest.raises(OutOfOrderSequence) as caught:
        send(log, 2, 2)
    assert caught.value.error_code is ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER


def test_a_duplicate_has_the_same_first_and_last_sequence(log: Log) -> None:
    """Part of a batch is no duplicate of it."""
    send(log, 0, 4)
    with pytest.raises(OutOfOrderSequence):
        send(log, 0, 2)


def test_sequences_have_no_gaps(log: Log) -> None:
    """What is missing in between must come first."""
    send(log, 0, 3)
    with pytest.raises(OutOfOrderSequence):
        send(log, 4)
    assert send(log, 3) == (3, False)


def test_an_unknown_producer_may_begin_with_any_sequence(log: Log) -> None:
    """Its records may have been deleted since it was known (KIP-360)."""
    assert send(log, 41) == (0, False)
    with pytest.raises(OutOfOrderSequence):
        send(log, 43)


def test_a_new_epoch_begins_with_zero(log: Log) -> None:
    """And makes the older epoch invalid; duplicates of the older epoch are unknown then."""
    send(log, 0)
    with pytest.raises(OutOfOrderSequence):
        send(log, 1, epoch=1)
    assert send(log, 0, epoch=1) == (1, False)
    with pytest.raises(InvalidProducerEpoch) as caught:
        send(log, 1, epoch=0)
    assert caught.value.error_code is ErrorCode.INVALID_PRODUCER_EPOCH
    with pytest.raises(InvalidProducerEpoch):
        send(log, 0, epoch=0)


def test_sequences_wrap_around(log: Log) -> None:
    """After 2^31 - 1 comes 0, also within a batch, and duplicates are known across."""
    send(log, 2**31 - 2, 4)
    assert send(log, 2, 1) == (4, False)
    assert send(log, 2**31 - 2, 4) == (0, True)
    send(log, 3, 1)
    other = 9
    send(log, 2**31 - 1, 1, producer_id=other)
    assert send(log, 0, 1, producer_id=other) == (7, False)


def test_producers_do_not_know_of_each_other(log: Log) -> None:
    """Sequences are a producer's own."""
    send(log, 0, producer_id=1)
    send(log, 0, producer_id=2)
    assert send(log, 1, producer_id=1) == (2, False)


def test_batches_of_one_append_follow_each_other(log: Log) -> None:
    """Several batches of a producer in one append are checked one after the other, and all or none is
    taken.
    """
    one, two = batch(b"a", producer_id=7, sequence=0), batch(b"b", producer_id=7, sequence=1)
    append(log, one, two)
    bad = batch(b"d", producer_id=7, sequence=4)
    with pytest.raises(OutOfOrderSequence):
        append(log, batch(b"c", producer_id=7, sequence=2), bad)
    assert send(log, 2) == (2, False)


def test_idle_producers_are_forgotten(log: Log) -> None:
    """After producer.id.expiration.ms without a batch; one with an open transaction stays."""
    send(log, 0, producer_id=1)
    append(log, batch(b"t", producer_id=2, transactional=True))
    expiration = log.config.producer_id_expiration_ms
    assert log.expire_producers(NOW_MS) == 0
    assert log.expire_producers(NOW_MS + expiration - 1) == 0
    assert log.expire_producers(NOW_MS + expiration) == 1
    assert list(log.producers.entries) == [2]


def test_a_producer_that_writes_is_not_forgotten(log: Log) -> None:
    """However old the timestamps are that its records carry: it is not idle."""
    long_after = NOW_MS + 10 * log.config.producer_id_expiration_ms
    send(log, 0)
    assert log.expire_producers(long_after) == 0
    send(log, 1)
    assert log.expire_producers(long_after + log.config.producer_id_expiration_ms) == 0
    assert send(log, 1) == (1, True)


def test_open_transactions_hold_the_last_stable_offset(log: Log) -> None:
    """It is the first offset of the oldest one; markers end them."""
    fill(log, 2)
    append(log, batch(b"a", producer_id=1, transactional=True))
    append(log, batch(b"b", producer_id=2, transactional=True))
    append(log, batch(b"c", producer_id=1, sequence=1, transactional=True))
    assert log.last_stable_offset == 2
    append(log, marker(1, 0, commit=True))
    assert log.last_stable_offset == 3
    append(log, marker(2, 0, commit=False))
    assert log.last_stable_offset == log.log_end_offset == 7


def test_a_plain_batch_is_refused_within_a_transaction(log: Log) -> None:
    """As Kafka does, with INVALID_TXN_STATE."""
    append(log, batch(b"a", producer_id=1, transactional=True))
    with pytest.raises(InvalidTransactionState):
        append(log, batch(b"b", producer_id=1, sequence=1))


def test_markers_of_a_replaced_coordinator_are_refused(log: Log) -> None:
    """A coordinator epoch never goes back."""
    append(log, marker(1, 0, commit=True, coordinator_epoch=5))
    with pytest.raises(TransactionCoordinatorFenced):
        append(log, marker(1, 0, commit=True, coordinator_epoch=4))


def test_coordinators_write_without_sequences(log: Log) -> None:
    """Offset commits of transactions carry a producer id and the sequence -1: only the epoch is checked."""
    for _ in range(2):
        append(log, batch(b"a", producer_id=1, sequence=-1, epoch=3))
    with pytest.raises(InvalidProducerEpoch):
        append(log, batch(b"a", producer_id=1, sequence=-1, epoch=2))


def test_all_errors_name_a_code_for_the_client() -> None:
    """Handlers answer with `error_code` whatever the storage raises."""
    assert all(isinstance(kind.error_code, ErrorCode) for kind in StorageError.__subclasses__())
