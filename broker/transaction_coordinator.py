"""The coordinator of transactions, whose shards live in `__transaction_state`.

That topic is made when somebody first asks for transactions, as Apache Kafka does. Whatever a crash
interrupts is finished at the next start: an outcome that was decided by writing its markers (again), a
transaction that nobody ends when its time is up.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from ..protocol.errors import ErrorCode
from ..storage.errors import StorageError
from ..storage.producer_state import NO_OFFSET
from .coordinator import Coordinator
from .coordinator_home import RecordFormat
from .effects import Instant
from .internal_topics import TRANSACTIONS_TOPIC, make_internal_topic
from .markers import LARGEST_EPOCH, Marker, write_marker
from .timers import Timer, Timers
from .transaction_ends import TransactionEnds
from .transactions.events import TransactionConfig, TransactionError, WriteMarkers
from .transactions.machine import Transaction

if TYPE_CHECKING:
    from .clock import Clock
    from .config.broker_config import BrokerConfig
    from .group_coordinator import GroupCoordinator
    from .partition import Partition
    from .producer_ids import ProducerIds
    from .topics import Topics
    from .transactions.records import TopicPartition
    from .transactions.shard import TransactionShard

log = logging.getLogger(__name__)

# Nothing is left to be done in a partition that has seen a later epoch of the producer or the coordinator.
_SETTLED = (ErrorCode.NONE, ErrorCode.INVALID_PRODUCER_EPOCH, ErrorCode.TRANSACTION_COORDINATOR_FENCED)


class TransactionCoordinator(Coordinator):
    """All transactional ids of the broker. `open_node` makes it, `load`s it after the groups, `close`s it
    before them.
    """

    topic_name = TRANSACTIONS_TOPIC

    def __init__(
        self,
        config: BrokerConfig,
        topics: Topics,
        timers: Timers,
        clock: Clock,
        producer_ids: ProducerIds,
        groups: GroupCoordinator,
    ) -> None:
        super().__init__(topics, timers, clock)
        self._config = config
        self._producer_ids = producer_ids
        self._groups = groups
        self.ends = TransactionEnds(timers)
        self._expiry: Timer | None = None
        self._check_interval_ms: int = config["transaction.remove.expired.transaction.cleanup.interval.ms"]

    def record_format(self) -> RecordFormat:
        """The records of transactions."""
        from .transactions.codec import decode, encode

        return RecordFormat(encode, decode)

    def new_shard(self, index: int) -> TransactionShard:  # noqa: ARG002
        """The transactional ids of one partition."""
        from .transactions.shard import TransactionShard

        config = TransactionConfig(
            max_timeout_ms=self._config["transaction.max.timeout.ms"],
            id_expiration_ms=self._config["transactional.id.expiration.ms"],
        )
        return TransactionShard(config, self._new_producer_id)

    def load(self) -> None:
        """Replay every partition of `__transaction_state`, finish what was decided, and end what nobody
        knows of.
        """
        super().load()
        self._expire_later()
        if self._homes and all(home.partition.offline is None for home in self._homes):
            self._end_hanging()

    def _end_hanging(self) -> None:
        """End the transactions in partitions that no transactional id has any more.

        A loss of power can leave them, when it takes the coordinator's records and leaves those of producers:
        nobody would ever end them, and readers of committed records would wait for ever. What is aborted ends
        with the next epoch: a batch of it that its producer sends again is refused, and not taken for one
        that is there.
        """
        known: dict[int, Transaction] = {
            transaction.stored.producer_id: transaction
            for home in self._homes
            for transaction in home.shard.machines.values()
            if isinstance(transaction, Transaction)
        }
        for partition in self._topics.partitions():
            if partition.offline is not None or partition.topic == self.topic_name:
                continue
            for producer_id, entry in list(partition.log.producers.entries.items()):
                owner = known.get(producer_id)
                ended = entry.producer_epoch
                if entry.current_txn_first_offset == NO_OFFSET or (
                    owner is not None and owner.is_open_in((partition.topic, partition.index), ended)
                ):
                    continue
                epoch = _coordinator_epoch(partition, producer_id)
                marker = Marker(producer_id, min(ended + 1, LARGEST_EPOCH), False, epoch)
                if owner is not None and owner.has_committed(ended):
                    marker = marker._replace(producer_epoch=owner.stored.producer_epoch, committed=True)
                outcome = "committed" if marker.committed else "aborted"
                log.warning("%s: a transaction of producer %d is %s.", partition, producer_id, outcome)
                write_marker(partition, marker, self._groups, self._clock.wall_ms(), lambda _: None)

    def close(self) -> None:
        """Answer NOT_COORDINATOR from now on."""
        if self._expiry is not None:
            self._expiry.cancel()
        super().close()

    def ensure_topic(self) -> bool:
        """Make `__transaction_state` unless it is there; whether there is one now."""
        if not self._homes:
            if not make_internal_topic(self.topic_name, self._topics, self._config, self._clock.wall_ms()):
                return False
            self.load()
        return True

    def is_ending(self, transactional_id: str) -> bool:
        """Whether an outcome is decided for which not all markers are written."""
        if not self._homes:
            return False
        machine = self._homes[self.shard_of(transactional_id)].shard.machines.get(transactional_id)
        return isinstance(machine, Transaction) and machine.is_ending

    def carry_out(self, order: WriteMarkers, now: Instant) -> None:
        """Write the markers that a shard has ordered, and tell it when all are durable."""
        _MarkerRound(self, order, now).run()

    def partition(self, name: str, index: int) -> Partition | None:
        """The partition that a marker goes to; None once its topic is deleted."""
        return self._topics.partition(name, index)

    @property
    def groups(self) -> GroupCoordinator:
        """Whose offsets may be part of a transaction."""
        return self._groups

    def expire_ids(self) -> None:
        """Forget the transactional ids that have not been used for long, now."""
        self.tell_all(lambda shard, _, now, effects: shard.expire_ids(now, effects))

    def _expire_later(self) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
        self._expiry = self._timers.at(self.now().monotonic_ms + self._check_interval_ms, self._expire)

    def _expire(self) -> None:
        self.expire_ids()
        self._expire_later()

    def _new_producer_id(self) -> int:
        try:
            return self._producer_ids.allocate(self._clock.wall_ms())
        except StorageError as error:
            log.error("There is no new producer id: %s", error)
            raise TransactionError(ErrorCode.COORDINATOR_NOT_AVAILABLE) from error


class _MarkerRound:
    """One attempt to write all markers of a transaction.

    Partitions of topics that are gone need none. For those that cannot be written to the shard orders another
    round, later.
    """

    def __init__(self, coordinator: TransactionCoordinator, order: WriteMarkers, now: Instant) -> None:
        self._coordinator = coordinator
        self._order = order
        self._now = now
        self._missing = len(order.partitions)
        self._failed: list[TopicPartition] = []

    def run(self) -> None:
        order = self._order
        if not order.partitions:
            self._finish()
        for place in order.partitions:
            partition = self._coordinator.partition(*place)
            if partition is None:
                self._settle(place, ErrorCode.NONE)
            else:
                epoch = _coordinator_epoch(partition, order.producer_id)
                marker = Marker(
                    order.producer_id, order.producer_epoch, order.committed, epoch, order.has_next_epoch
                )
                settle = partial(self._settle, place)
                write_marker(partition, marker, self._coordinator.groups, self._now.wall_ms, settle)

    def _settle(self, place: TopicPartition, error: ErrorCode) -> None:
        if error not in _SETTLED:
            self._failed.append(place)
        self._missing -= 1
        if self._missing == 0:
            self._finish()

    def _finish(self) -> None:
        order, failed = self._order, self._failed
        self._coordinator.tell(
            order.transactional_id,
            lambda shard, _, now, effects: shard.markers_written(order, failed, now, effects),
        )
        if not self._coordinator.is_ending(order.transactional_id):
            self._coordinator.ends.note(order.transactional_id)


def _coordinator_epoch(partition: Partition, producer_id: int) -> int:
    """The epoch for a marker of this coordinator, which has no successor: not below one that was seen.

    A log that Apache Kafka wrote, or an administrator's marker, may have brought a higher one.
    """
    if partition.offline is not None:
        return 0
    entry = partition.log.producers.entries.get(producer_id)
    return 0 if entry is None else max(entry.coordinator_epoch, 0)
