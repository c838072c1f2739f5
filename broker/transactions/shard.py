"""The pure state of one partition of `__transaction_state`: its transactional ids.

Every event is a method that fills Effects; the driver appends `effects.records`, hands each to `replay`,
gives the orders to write markers to whoever writes them, and then the replies. Nothing here knows of time,
chance, or files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from ...protocol.errors import ErrorCode
from ..effects import Effects, Failure, Instant
from . import ending, initializing
from .events import (
    InitRequest,
    Producer,
    ProducerReply,
    TransactionConfig,
    TransactionError,
    WriteMarkers,
)
from .machine import Transaction
from .records import (
    VERSION_WITH_EPOCHS,
    Record,
    TopicPartition,
    TransactionRecord,
    TransactionTombstone,
)
from .transitions import DEAD, ONGOING, PREPARE_COMMIT, RESTING, check


class TransactionShard:
    """The transactional ids of one partition. `new_producer_id` makes a producer id that nobody has; it
    raises TransactionError when there is none.
    """

    def __init__(self, config: TransactionConfig, new_producer_id: Callable[[], int]) -> None:
        self.config = config
        self._new_producer_id = new_producer_id
        self.transactions: dict[str, Transaction] = {}

    @property
    def machines(self) -> Mapping[str, Transaction]:
        """The transactional ids."""
        return self.transactions

    # Hard state

    def replay(self, record: Record, now: Instant, offset: int = -1, producer_id: int = -1) -> None:  # noqa: ARG002
        """Take over one record of the log, when loading and when running alike."""
        transactional_id = record.transactional_id
        if isinstance(record, TransactionTombstone):
            self.transactions.pop(transactional_id, None)
        elif transactional_id in self.transactions:
            self.transactions[transactional_id].replay(record, now)
        else:
            self.transactions[transactional_id] = Transaction(record, now)

    def replay_marker(self, producer_id: int, committed: bool) -> None:
        """`__transaction_state` itself is in no transaction."""

    def on_loaded(self, now: Instant, effects: Effects) -> None:
        """Everything is replayed: what was decided and not finished is finished now."""
        for machine in self.transactions.values():
            if machine.is_ending:
                self._order_markers(machine, now, effects)

    def unload(self, now: Instant, effects: Effects) -> None:  # noqa: ARG002
        """The coordinator goes away. Nobody waits for it."""
        self.transactions.clear()

    # Requests

    def init_producer_id(self, request: InitRequest, token: Any, now: Instant, effects: Effects) -> None:
        """InitProducerId: answered with a ProducerReply.

        A transaction that is open is aborted, and the producer is told to come back.
        """
        machine = self.transactions.get(request.transactional_id)
        try:
            if not request.transactional_id:
                raise TransactionError(ErrorCode.INVALID_REQUEST)
            if not 0 < request.timeout_ms <= self.config.max_timeout_ms:
                raise TransactionError(ErrorCode.INVALID_TRANSACTION_TIMEOUT)
            if machine is None:
                record = initializing.first(request, self._new_producer_id, now)
            else:
                record = self._next_owner(machine, request, now, effects)
        except TransactionError as refused:
            effects.reply(token, ProducerReply(refused.error))
            return
        effects.records.append(record)
        effects.reply(token, ProducerReply(ErrorCode.NONE, record.producer_id, record.producer_epoch))

    def _next_owner(
        self, machine: Transaction, request: InitRequest, now: Instant, effects: Effects
    ) -> TransactionRecord:
        if machine.is_ending:
            raise TransactionError(ErrorCode.CONCURRENT_TRANSACTIONS)
        initializing.check_owner(machine, request)
        if machine.stored.state is ONGOING:
            self._decide(machine, ending.fence(machine, self._new_producer_id, now), effects)
        if machine.stored.state not in RESTING:
            raise TransactionError(ErrorCode.CONCURRENT_TRANSACTIONS)
        record = initializing.following(machine, request, self._new_producer_id, now)
        check(machine.stored.state, record.state)
        return record

    def add(
        self,
        producer: Producer,
        partitions: Iterable[TopicPartition],
        client_version: int,
        token: Any,
        now: Instant,
        effects: Effects,
    ) -> None:
        """Partitions become part of the transaction, which begins with the first: answered with an error
        code.
        """
        try:
            machine = self._owned(producer, adds=True)
        except TransactionError as refused:
            effects.reply(token, refused.error)
            return
        stored = machine.stored
        added = dict.fromkeys((*stored.partitions, *partitions))
        if stored.state is not ONGOING or len(added) > len(stored.partitions):
            check(stored.state, ONGOING)
            started_ms = stored.start_ms if stored.state is ONGOING else now.wall_ms
            effects.records.append(
                machine.then(
                    state=ONGOING,
                    partitions=tuple(added),
                    start_ms=started_ms,
                    update_ms=now.wall_ms,
                    client_version=client_version,
                )
            )
        effects.reply(token, ErrorCode.NONE)

    def verify(
        self, producer: Producer, partitions: Iterable[TopicPartition], token: Any, effects: Effects
    ) -> None:
        """Whether partitions are part of the producer's transaction (KIP-890): answered with a dict of an
        error code for each, TRANSACTION_ABORTABLE if it is not, or a Failure.
        """
        try:
            stored = self._owned(producer, adds=False).stored
        except TransactionError as refused:
            effects.reply(token, Failure(refused.error))
            return
        known = stored.partitions
        effects.reply(
            token,
            {
                each: ErrorCode.NONE if each in known else ErrorCode.TRANSACTION_ABORTABLE
                for each in partitions
            },
        )

    def _owned(self, producer: Producer, *, adds: bool) -> Transaction:
        """The machine of the producer that owns it now, and that is not being ended. Raises
        TransactionError.

        Whoever adds something may know already the producer id that follows the markers: it is told first to
        come back when they are written.
        """
        if not producer.transactional_id:
            raise TransactionError(ErrorCode.INVALID_REQUEST)
        machine = self.transactions.get(producer.transactional_id)
        if adds and machine is not None and machine.is_ending:
            raise TransactionError(ErrorCode.CONCURRENT_TRANSACTIONS)
        if machine is None or machine.stored.producer_id != producer.producer_id:
            raise TransactionError(ErrorCode.INVALID_PRODUCER_ID_MAPPING)
        if machine.stored.producer_epoch != producer.producer_epoch:
            raise TransactionError(ErrorCode.PRODUCER_FENCED)
        if machine.is_ending:
            raise TransactionError(ErrorCode.CONCURRENT_TRANSACTIONS)
        return machine

    def end(
        self,
        producer: Producer,
        committed: bool,
        client_version: int,
        token: Any,
        now: Instant,
        effects: Effects,
    ) -> None:
        """EndTxn: answered with a ProducerReply, as soon as the outcome is decided."""
        try:
            if not producer.transactional_id:
                raise TransactionError(ErrorCode.INVALID_REQUEST)
            machine = self.transactions.get(producer.transactional_id)
            if machine is None:
                raise TransactionError(ErrorCode.INVALID_PRODUCER_ID_MAPPING)
            if client_version >= VERSION_WITH_EPOCHS:
                record = ending.end_with_next_epoch(machine, producer, committed, self._new_producer_id, now)
            else:
                record = ending.end(machine, producer, committed, now)
        except TransactionError as refused:
            effects.reply(token, ProducerReply(refused.error))
            return
        following = machine.stored
        if record is not None:
            self._decide(machine, record, effects)
            following = ending.complete(Transaction(record, now), now)
        effects.reply(token, ProducerReply(ErrorCode.NONE, following.producer_id, following.producer_epoch))

    # The end

    def _decide(self, machine: Transaction, record: TransactionRecord, effects: Effects) -> None:
        """Write down the outcome; the markers follow once that is durable."""
        check(machine.stored.state, record.state)
        effects.records.append(record)
        effects.orders.append(_markers(record))

    def _order_markers(self, machine: Transaction, now: Instant, effects: Effects) -> None:
        machine.wake_ms = now.monotonic_ms + self.config.marker_retry_ms
        effects.orders.append(_markers(machine.stored)._replace(partitions=machine.unmarked))

    def markers_written(
        self, written: WriteMarkers, failed: Sequence[TopicPartition], now: Instant, effects: Effects
    ) -> None:
        """An order was carried out, but for the partitions that could not be written to: these are tried
        again.
        """
        machine = self.transactions.get(written.transactional_id)
        if machine is None or not machine.is_ending or not _is_end_of(machine.stored, written):
            return
        machine.unmarked = tuple(failed)
        if not failed:
            record = ending.complete(machine, now)
            check(machine.stored.state, record.state)
            effects.records.append(record)
        # Should the record fail to be written, all is done again.
        machine.wake_ms = now.monotonic_ms + self.config.marker_retry_ms

    def expire(self, transactional_id: str, now: Instant, effects: Effects) -> None:
        """A deadline has passed, perhaps: abort a transaction whose time is up, write markers again."""
        machine = self.transactions.get(transactional_id)
        if machine is None or machine.wake_ms > now.monotonic_ms:
            return
        if machine.stored.state is ONGOING:
            machine.wake_ms = now.monotonic_ms + self.config.marker_retry_ms
            with suppress(TransactionError):  # there is no new producer id: later
                self._decide(machine, ending.fence(machine, self._new_producer_id, now), effects)
        elif machine.is_ending:
            self._order_markers(machine, now, effects)

    def expire_ids(self, now: Instant, effects: Effects) -> None:
        """Forget the ids that have not been used for `transactional.id.expiration.ms`."""
        for transactional_id, machine in self.transactions.items():
            stored = machine.stored
            idle_ms = now.wall_ms - stored.update_ms
            if stored.state in RESTING and idle_ms >= self.config.id_expiration_ms:
                check(stored.state, DEAD)
                effects.records.append(TransactionTombstone(transactional_id))


def _is_end_of(record: TransactionRecord, written: WriteMarkers) -> bool:
    return _markers(record)._replace(partitions=written.partitions) == written


def _markers(record: TransactionRecord) -> WriteMarkers:
    return WriteMarkers(
        record.transactional_id,
        record.producer_id,
        record.producer_epoch,
        record.state is PREPARE_COMMIT,
        record.ends_with_next_epoch,
        record.partitions,
    )
