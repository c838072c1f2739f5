"""What goes into the transaction machines and what comes out: requests, replies, orders to write markers."""

from __future__ import annotations

from typing import NamedTuple

from ...protocol.errors import ErrorCode
from .records import NO_EPOCH, NO_PRODUCER_ID, TopicPartition


class TransactionConfig(NamedTuple):
    """The broker's settings that the transaction machines obey, with Kafka's defaults; times in ms."""

    max_timeout_ms: int = 900_000
    id_expiration_ms: int = 604_800_000
    marker_retry_ms: int = 1_000


class TransactionError(Exception):
    """A request that is refused, with the error code for the client."""

    def __init__(self, error: ErrorCode) -> None:
        super().__init__(error.name)
        self.error = error


class Producer(NamedTuple):
    """Who asks: a transactional id with the producer id and epoch that its owner believes in."""

    transactional_id: str
    producer_id: int
    producer_epoch: int


class InitRequest(NamedTuple):
    """One InitProducerId. With `producer_id` the producer has one already and wants its next epoch
    (KIP-360).
    """

    transactional_id: str
    timeout_ms: int
    producer_id: int = NO_PRODUCER_ID
    producer_epoch: int = NO_EPOCH


class ProducerReply(NamedTuple):
    """The answer to InitProducerId and EndTxn: with which id and epoch the producer goes on."""

    error: ErrorCode
    producer_id: int = NO_PRODUCER_ID
    producer_epoch: int = NO_EPOCH


class WriteMarkers(NamedTuple):
    """The order to write the end of a transaction into its partitions, and to tell the machine when it is
    done. With `has_next_epoch` the epoch is the one that follows the transaction's.
    """

    transactional_id: str
    producer_id: int
    producer_epoch: int
    committed: bool
    has_next_epoch: bool
    partitions: tuple[TopicPartition, ...]
