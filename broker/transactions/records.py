"""The records of transactions, as tuples. Their form in `__transaction_state` is in `codec`."""

from __future__ import annotations

from typing import NamedTuple

from .transitions import TransactionState

NO_PRODUCER_ID = -1
NO_EPOCH = -1
# From EndTxn 5, Produce 12 and TxnOffsetCommit 5 on every transaction has an epoch of its own (KIP-890).
VERSION_WITH_EPOCHS = 2

TopicPartition = tuple[str, int]


class TransactionRecord(NamedTuple):
    """Everything that is known of a transactional id.

    `producer_epoch` is the newest that was given out; `last_producer_epoch` the one before it, if its owner
    may still come back and ask again (KIP-360): as with Kafka it is not stored, so that a restart forgets
    it. `next_producer_id` follows when the epochs of `producer_id` are used up, and `previous_producer_id`
    is that of the record before (KIP-890), mostly the same. `start_ms` is -1 as long as no partition was
    added.
    """

    transactional_id: str
    producer_id: int
    producer_epoch: int
    timeout_ms: int
    state: TransactionState
    partitions: tuple[TopicPartition, ...] = ()
    start_ms: int = -1
    update_ms: int = -1
    client_version: int = 0
    previous_producer_id: int = NO_PRODUCER_ID
    next_producer_id: int = NO_PRODUCER_ID
    last_producer_epoch: int = NO_EPOCH

    @property
    def ends_with_next_epoch(self) -> bool:
        """Whether `producer_epoch`, once the outcome is decided, is the one after the transaction's."""
        return self.client_version >= VERSION_WITH_EPOCHS


class TransactionTombstone(NamedTuple):
    """The transactional id is forgotten."""

    transactional_id: str


Record = TransactionRecord | TransactionTombstone
