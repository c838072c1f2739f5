"""The coordinator of groups, whose shards live in `__consumer_offsets`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from .consumer_groups import BrokerTopics, consumer_settings
from .context import Pending, RequestContext
from .coordinator import Coordinator
from .coordinator_home import Event, RecordFormat
from .effects import Instant
from .groups.events import ConsumerHeartbeat, ConsumerHeartbeatReply, Failure, GroupConfig
from .groups.records import decode, encode
from .groups.shard import Shard
from .groups.share.state import InitializeState
from .groups.streams.events import MakeTopics
from .internal_topics import OFFSETS_TOPIC, SHARE_STATE_TOPIC
from .share_coordinator import failure_of
from .streams_groups import make_internal_topics, streams_settings
from .timers import Timer, Timers

if TYPE_CHECKING:
    from .clock import Clock
    from .config.broker_config import BrokerConfig
    from .config.resources import ConfigResources
    from .share_coordinator import Results, ShareCoordinator
    from .share_groups import ShareGroupSettings
    from .topics import Topic, Topics

# Members that are started at once come within milliseconds of each other. Who comes when the others
# have their shares makes another rebalance, of which they learn by a heartbeat, seconds later. (The timers of
# Apache Kafka are slow enough to gather members of the classic protocol where it has no delay.)
GATHERING_MS = 10


class _Join(NamedTuple):
    """The heartbeat of a member that waits to join, the connection it came by, and who gets the reply."""

    heartbeat: ConsumerHeartbeat
    connection_id: int
    done: Callable[[Any], None]


class _Joining(NamedTuple):
    """The members that wait to join a group, and the timer that lets them in."""

    joins: list[_Join]
    admission: Timer


class GroupCoordinator(Coordinator):
    """All groups of the broker. `open_node` makes it, `load`s it once the topics are there, and `close`s it.

    `random_uuid` gives 16 random bytes for new member ids, `config_resources` has what is set for one group.
    `share_states` keeps what share groups have come to.
    """

    topic_name = OFFSETS_TOPIC

    def __init__(
        self,
        config: BrokerConfig,
        topics: Topics,
        timers: Timers,
        clock: Clock,
        random_uuid: Callable[[], bytes],
        config_resources: ConfigResources,
        share_states: ShareCoordinator,
        share_settings: ShareGroupSettings,
    ) -> None:
        super().__init__(topics, timers, clock)
        self._random_uuid = random_uuid
        self._config = config
        self._config_resources = config_resources
        self._share_states = share_states
        self._share_settings = share_settings
        self._group_config = _group_config(config)
        self._check_interval_ms: int = config["offsets.retention.check.interval.ms"]
        self._retention: Timer | None = None
        self._joining: dict[str, _Joining] = {}

    def record_format(self) -> RecordFormat:
        """The records of groups and their offsets."""
        return RecordFormat(encode, decode)

    def new_shard(self, index: int) -> Shard:  # noqa: ARG002
        """The groups of one partition."""
        return Shard(
            self._group_config,
            self._new_member_id,
            self._consumer_settings,
            self._streams_settings,
            self._share_settings.of_members(self._topics_image),
        )

    def carry_out(self, order: MakeTopics | InitializeState, now: Instant) -> None:
        """Make the internal topics of a streams group, or have the states made that a share group needs, and
        tell the group how that went.
        """
        if isinstance(order, InitializeState):
            self._share_states.initialize(order, lambda results: self.note_states(order, results))
            return
        errors = make_internal_topics(self._topics, order.topics, now.wall_ms)
        if errors:
            self.tell(order.group_id, lambda shard, *_: shard.note_failed_topics(order.group_id, errors, now))

    def note_states(self, order: InitializeState, results: Results) -> None:
        """The share coordinator has made the states of a share group, or could not."""
        from .groups.share import requests as share_requests

        partitions = {topic_id: frozenset(each) for topic_id, each in order.offsets.items()}
        failed = failure_of(results) is not None
        note = share_requests.state_not_initialized if failed else share_requests.state_initialized
        self.tell(
            order.group_id, lambda shard, _, __, effects: note(shard, order.group_id, partitions, effects)
        )

    def load(self) -> None:
        """Replay every partition of `__consumer_offsets`, and give the members found there a fresh
        session.
        """
        self._topics_image = image = BrokerTopics(self._topics)
        self._consumer_settings = consumer_settings(
            self._config, image, self._random_uuid, self._config_resources
        )
        self._streams_settings = streams_settings(self._config, image, self._config_resources)
        super().load()
        self._topics.on_changed.append(self._on_changed)
        self._topics.on_deleted.append(self._on_deleted)
        self._retention = self._timers.at(self.now().monotonic_ms + self._check_interval_ms, self._retain)

    def close(self) -> None:
        """Answer everything that is parked with NOT_COORDINATOR, as a broker that hands its groups over."""
        if self._retention is not None:
            self._retention.cancel()
        super().close()
        for group_id in tuple(self._joining):
            self._admit(group_id)

    def join_consumer_group(
        self,
        context: RequestContext,
        heartbeat: ConsumerHeartbeat,
        finish: Callable[[ConsumerHeartbeatReply | Failure], Any],
    ) -> Pending:
        """A member joins a consumer group (KIP-848), answered after GATHERING_MS with what `finish` makes of
        the reply. All who come meanwhile are in the group before any is told its share: then nobody is told
        of one that it has to give up again.
        """
        pending = Pending()
        group_id = heartbeat.group_id
        join = _Join(heartbeat, context.connection_id, lambda reply: pending.complete(finish(reply)))
        joining = self._joining.get(group_id)
        if joining is None:
            deadline_ms = self.now().monotonic_ms + GATHERING_MS
            admission = self._timers.at(deadline_ms, lambda: self._admit(group_id))
            joining = self._joining[group_id] = _Joining([], admission)
        joining.joins.append(join)
        return pending

    def _admit(self, group_id: str) -> None:
        joins, admission = self._joining.pop(group_id)
        admission.cancel()
        if len(joins) > 1:
            for join in joins:
                self.tell(group_id, _announcement(join.heartbeat))
        for join in joins:
            self.call(group_id, consumer_heartbeat(join.heartbeat), join.done)

    def _admit_before(self, context: RequestContext, group_id: str) -> None:
        """Requests of one connection take effect in their order: who asked to join by an earlier one is in
        the group when the next is answered.
        """
        joining = self._joining.get(group_id)
        if joining and any(join.connection_id == context.connection_id for join in joining.joins):
            self._admit(group_id)

    def ask_each(
        self,
        context: RequestContext,
        events: Sequence[tuple[str, Event]],
        finish: Callable[[list[Any]], Any],
    ) -> Any | Pending:
        """Hand each event to the shard of its group, once the members have joined that the connection has
        brought before.
        """
        for group_id, _ in events:
            self._admit_before(context, group_id)
        return super().ask_each(context, events, finish)

    def ask_all(
        self, context: RequestContext, event: Event, finish: Callable[[list[Any]], Any]
    ) -> Any | Pending:
        """Hand one event to every shard, likewise."""
        for group_id in tuple(self._joining):
            self._admit_before(context, group_id)
        return super().ask_all(context, event, finish)

    def expire_offsets(self) -> None:
        """Remove the offsets and the empty groups whose retention is over, now."""
        self.tell_all(lambda shard, _, now, effects: shard.expire_offsets(now, effects))

    def end_transaction(self, index: int, producer_id: int, committed: bool, end_offset: int) -> None:
        """A marker was appended to partition `index` of `__consumer_offsets`: the offsets that the producer
        committed there count from now on, or never will.
        """
        if index < len(self._homes):
            self._homes[index].replay_marker(producer_id, committed, end_offset)

    def partition_of(self, group_id: str) -> tuple[str, int]:
        """The partition of `__consumer_offsets` that a group lives in."""
        return self.topic_name, self.shard_of(group_id)

    def _retain(self) -> None:
        self.expire_offsets()
        self._retention = self._timers.at(self.now().monotonic_ms + self._check_interval_ms, self._retain)

    def _on_changed(self, topic: Topic) -> None:
        self._topics_image.note_change(topic)
        self.tell_all(lambda shard, *_: shard.refresh_topics([topic.name]))

    def _on_deleted(self, topic: Topic) -> None:
        self.tell_all(lambda shard, _, __, effects: shard.drop_offsets(topic.name, topic.topic_id, effects))
        self.tell_all(lambda shard, _, __, effects: shard.drop_topic(topic.topic_id, effects))
        if topic.name == SHARE_STATE_TOPIC:
            self.tell_all(lambda shard, _, __, effects: shard.drop_share_states(effects))

    def _new_member_id(self, prefix: str) -> str:
        digits = self._random_uuid().hex()
        return "-".join((prefix, digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def consumer_heartbeat(heartbeat: ConsumerHeartbeat) -> Event:
    """A ConsumerGroupHeartbeat as an event of the shard of its group."""
    return lambda shard, token, now, effects: shard.consumer_heartbeat(heartbeat, token, now, effects)


def _announcement(heartbeat: ConsumerHeartbeat) -> Event:
    return lambda shard, _, now, effects: shard.announce_consumer(heartbeat, now, effects)


def _group_config(config: BrokerConfig) -> GroupConfig:
    return GroupConfig(
        max_size=config["group.max.size"],
        min_session_timeout_ms=config["group.min.session.timeout.ms"],
        max_session_timeout_ms=config["group.max.session.timeout.ms"],
        initial_rebalance_delay_ms=max(config["group.initial.rebalance.delay.ms"], GATHERING_MS),
        offset_metadata_max_bytes=config["offset.metadata.max.bytes"],
        offsets_retention_ms=config["offsets.retention.minutes"] * 60_000,
    )
