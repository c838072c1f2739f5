"""The coordinator of share groups' states, whose shards live in `__share_group_state` (KIP-932).

That topic is made when a share group first needs it, as Apache Kafka does.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..storage.errors import StorageError
from .coordinator import Coordinator
from .coordinator_home import RecordFormat
from .effects import Effects, Failure, Instant
from .groups.share.state import InitializeState, Partitions
from .internal_topics import SHARE_STATE_TOPIC, make_internal_topic
from .share.state_records import SharePartitionKey
from .timers import Timer, Timers

if TYPE_CHECKING:
    from .clock import Clock
    from .config.broker_config import BrokerConfig
    from .partition import Partition
    from .share.state_shard import StateShard
    from .topics import Topic, Topics

log = logging.getLogger(__name__)

StateEvent = Callable[["StateShard", SharePartitionKey, Any, Instant, Effects], None]
Results = dict[SharePartitionKey, Any]


class ShareCoordinator(Coordinator):
    """The states of all share groups. `open_node` makes it, `load`s it before the groups, and `close`s it
    after them.
    """

    topic_name = SHARE_STATE_TOPIC

    def __init__(self, config: BrokerConfig, topics: Topics, timers: Timers, clock: Clock) -> None:
        super().__init__(topics, timers, clock)
        self._config = config
        self._snapshots: Timer | None = None
        self._prunings: Timer | None = None
        topics.on_deleted.append(self._on_deleted)

    def record_format(self) -> RecordFormat:
        """Snapshots and updates."""
        from .share.state_codec import decode, encode

        return RecordFormat(encode, decode)

    def new_shard(self, index: int) -> StateShard:  # noqa: ARG002
        """The states of one partition."""
        from .share.state_shard import StateConfig, StateShard

        config = StateConfig(
            self._config["share.coordinator.snapshot.update.records.per.snapshot"],
            self._config["share.coordinator.cold.partition.snapshot.interval.ms"],
        )
        return StateShard(config, self._partition_count)

    def carry_out(self, order: Any, now: Instant) -> None:
        """States order nothing."""

    def load(self) -> None:
        """Replay every partition of `__share_group_state`."""
        super().load()
        if self._homes:
            self._snapshot_later()
            self._prune_later()

    def close(self) -> None:
        """Answer NOT_COORDINATOR from now on."""
        for timer in (self._snapshots, self._prunings):
            if timer is not None:
                timer.cancel()
        super().close()

    def ensure_topic(self) -> bool:
        """Make `__share_group_state` unless it is there; whether there is one now."""
        if not self._homes:
            if not make_internal_topic(self.topic_name, self._topics, self._config, self._clock.wall_ms()):
                return False
            self.load()
        return True

    def each(self, keys: list[SharePartitionKey], event: StateEvent, done: Callable[[Results], None]) -> None:
        """Hand an event to the shard of each key, once each; `done` gets all replies, or Failures, by key."""
        results: Results = {}

        def ask(key: SharePartitionKey) -> None:
            def settle(reply: Any) -> None:
                results[key] = reply
                if len(results) == len(keys):
                    done({key: results[key] for key in keys})

            self.call(
                str(key), lambda shard, token, now, effects: event(shard, key, token, now, effects), settle
            )

        self.ensure_topic()
        for key in keys:
            ask(key)
        if not keys:
            done({})

    def initialize(self, order: InitializeState, done: Callable[[Results], None]) -> None:
        """Make the states that a group needs; `done` gets NONE or a Failure for each."""
        epoch, offsets = order.state_epoch, order.offsets
        self.each(
            keys_of(order.group_id, offsets),
            lambda shard, key, token, now, effects: shard.initialize(
                key, epoch, offsets[key.topic_id][key.partition], token, now, effects
            ),
            done,
        )

    def delete(self, group_id: str, partitions: Partitions, done: Callable[[Results], None]) -> None:
        """Delete states; `done` gets NONE or a Failure for each."""
        self.each(
            keys_of(group_id, {topic_id: dict.fromkeys(each, 0) for topic_id, each in partitions.items()}),
            lambda shard, key, token, _, effects: shard.delete(key, token, effects),
            done,
        )

    def _partition_count(self, topic_id: bytes) -> int | None:
        topic = self._topics.by_id(topic_id)
        return None if topic is None else len(topic.partitions)

    def _on_deleted(self, topic: Topic) -> None:
        self.tell_all(lambda shard, _, __, effects: shard.drop_topics({topic.topic_id}, effects))

    def _snapshot_later(self) -> None:
        if self._snapshots is not None:
            self._snapshots.cancel()
        interval_ms = self._config["share.coordinator.cold.partition.snapshot.interval.ms"]
        self._snapshots = self._timers.at(self.now().monotonic_ms + interval_ms, self._snapshot)

    def _snapshot(self) -> None:
        self.tell_all(lambda shard, _, now, effects: shard.snapshot_cold(now, effects))
        self._snapshot_later()

    def _prune_later(self) -> None:
        if self._prunings is not None:
            self._prunings.cancel()
        interval_ms = self._config["share.coordinator.state.topic.prune.interval.ms"]
        self._prunings = self._timers.at(self.now().monotonic_ms + interval_ms, self._prune)

    def _prune(self) -> None:
        for home in self._homes:
            shard: Any = home.shard
            self._prune_partition(home.partition, shard.redundant_offset)
        self._prune_later()

    def _prune_partition(self, partition: Partition, redundant_offset: int) -> None:
        """Delete what is redundant, as Apache Kafka does by DeleteRecords; but no sooner than what makes it
        redundant would outlive a loss of power.
        """
        if partition.offline is not None:
            return
        stored = partition.log
        if stored.log_start_offset < redundant_offset < stored.synced_offset:
            try:
                partition.delete_records(redundant_offset, self.now().wall_ms)
            except StorageError as error:
                log.error("%s cannot be pruned: %s", partition, error)


def keys_of(group_id: str, offsets: Mapping[bytes, Mapping[int, int]]) -> list[SharePartitionKey]:
    """The keys of a group's partitions, by topic id."""
    return [
        SharePartitionKey(group_id, topic_id, partition)
        for topic_id, partitions in offsets.items()
        for partition in partitions
    ]


def failure_of(results: Results) -> Failure | None:
    """The first Failure, if there is one."""
    return next((reply for reply in results.values() if isinstance(reply, Failure)), None)
