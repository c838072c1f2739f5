"""The driver of the group state machines: event -> machine -> records appended -> replayed -> reply.

A group lives in the partition of `__consumer_offsets` that its id hashes to, and each partition has one
`Shard`, the pure state of its groups and committed offsets. The driver hands a request to the shard, appends
the records that come out, replays them into the shard, and gives the replies once the partition says that
what they rest on may be acknowledged. Deadlines wait in the broker's timers.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..protocol.errors import ErrorCode, ProtocolError
from ..protocol.record_errors import CorruptRecord
from ..storage.errors import StorageError
from .context import Pending, RequestContext
from .groups.events import Effects, Failure, GroupConfig, Instant
from .groups.placement import partition_for
from .groups.records import decode, encode
from .groups.shard import Shard
from .internal_topics import OFFSETS_TOPIC
from .partition import Partition, PartitionOffline
from .timers import Timer, Timers

if TYPE_CHECKING:
    from .clock import Clock
    from .config import BrokerConfig
    from .topics import Topic, Topics

log = logging.getLogger(__name__)

# One request to a shard: fills the effects, and replies to the token with what `finish` is to get.
Event = Callable[[Shard, Any, Instant, Effects], None]

# What goes wrong while appending, as clients of a coordinator are told it.
_TOLD_AS = {
    ErrorCode.KAFKA_STORAGE_ERROR: ErrorCode.NOT_COORDINATOR,
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION: ErrorCode.COORDINATOR_NOT_AVAILABLE,
    ErrorCode.RECORD_LIST_TOO_LARGE: ErrorCode.UNKNOWN_SERVER_ERROR,
    ErrorCode.MESSAGE_TOO_LARGE: ErrorCode.UNKNOWN_SERVER_ERROR,
}


class GroupCoordinator:
    """All groups of the broker. `open_node` makes it, `load`s it once the topics are there, and `close`s it.

    `random_uuid` gives 16 random bytes for new member ids.
    """

    def __init__(
        self,
        config: BrokerConfig,
        topics: Topics,
        timers: Timers,
        clock: Clock,
        random_uuid: Callable[[], bytes],
    ) -> None:
        self._topics = topics
        self._timers = timers
        self._clock = clock
        self._random_uuid = random_uuid
        self._group_config = _group_config(config)
        self._check_interval_ms: int = config["offsets.retention.check.interval.ms"]
        self._homes: list[Home] = []
        self._retention: Timer | None = None

    def load(self) -> None:
        """Replay every partition of `__consumer_offsets`, and give the members found there a fresh session.

        A partition that is offline leaves its groups unavailable: their requests are answered
        NOT_COORDINATOR.
        """
        topic = self._topics.get(OFFSETS_TOPIC)
        partitions = [] if topic is None else topic.partitions
        self._homes = [
            Home(self._new_shard(), partition, self._timers, self._now) for partition in partitions
        ]
        for home in self._homes:
            home.load()
        self._topics.on_deleted.append(self._on_deleted)
        self._retention = self._timers.at(self._now().monotonic_ms + self._check_interval_ms, self._retain)

    def close(self) -> None:
        """Answer everything that is parked with NOT_COORDINATOR, as a broker that hands its groups over."""
        if self._retention is not None:
            self._retention.cancel()
        for home in self._homes:
            home.shut()

    def shard_of(self, group_id: str) -> int:
        """The index of the shard, and of the partition of `__consumer_offsets`, that holds the group."""
        return partition_for(group_id, len(self._homes)) if self._homes else 0

    def ask(
        self, context: RequestContext, group_id: str, event: Event, finish: Callable[[Any], Any]
    ) -> Any | Pending:
        """Hand one event to a group's shard; `finish` makes the response of the reply or of a Failure.

        Returns the response when the reply is there at once, else a Pending.
        """
        return self.ask_each(context, [(group_id, event)], lambda replies: finish(replies[0]))

    def ask_each(
        self,
        context: RequestContext,
        events: Sequence[tuple[str, Event]],
        finish: Callable[[list[Any]], Any],
    ) -> Any | Pending:
        """Hand each event to its group's shard; `finish` makes the response of all replies, in the same
        order.
        """
        gathering = Gathering(len(events), finish)
        now = Instant(context.now_ms, context.monotonic_ms)
        for position, (group_id, event) in enumerate(events):
            if self._homes:
                self._homes[self.shard_of(group_id)].submit((gathering, position), event, now, group_id)
            else:
                gathering.receive(position, Failure(ErrorCode.COORDINATOR_NOT_AVAILABLE))
        return gathering.answer()

    def ask_all(
        self, context: RequestContext, event: Event, finish: Callable[[list[Any]], Any]
    ) -> Any | Pending:
        """Hand one event to every shard; `finish` makes the response of all replies."""
        gathering = Gathering(len(self._homes), finish)
        now = Instant(context.now_ms, context.monotonic_ms)
        for position, home in enumerate(self._homes):
            home.submit((gathering, position), event, now)
        return gathering.answer()

    def drop_partitions(self, topic: str, partitions: Iterable[int]) -> None:
        """Write tombstones for every group's committed offsets in partitions that are gone."""
        gone = set(partitions)
        for home in self._homes:
            home.submit(
                None, lambda shard, _, __, effects: shard.drop_partitions(topic, gone, effects), self._now()
            )

    def expire_offsets(self) -> None:
        """Remove the offsets and the empty groups whose retention is over, now."""
        for home in self._homes:
            home.submit(None, lambda shard, _, now, effects: shard.expire_offsets(now, effects), self._now())

    def _retain(self) -> None:
        self.expire_offsets()
        self._retention = self._timers.at(self._now().monotonic_ms + self._check_interval_ms, self._retain)

    def _on_deleted(self, topic: Topic) -> None:
        self.drop_partitions(topic.name, range(len(topic.partitions)))

    def _now(self) -> Instant:
        return Instant(self._clock.wall_ms(), self._clock.monotonic_ms())

    def _new_shard(self) -> Shard:
        return Shard(self._group_config, self._new_member_id)

    def _new_member_id(self, prefix: str) -> str:
        digits = self._random_uuid().hex()
        return "-".join((prefix, digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


class Gathering:
    """The replies to one request, which may come from several shards at different times."""

    __slots__ = ("_finish", "_missing", "_pending", "_replies", "_response")

    def __init__(self, parts: int, finish: Callable[[list[Any]], Any]) -> None:
        self._finish = finish
        self._missing = parts
        self._replies: list[Any] = [None] * parts
        self._pending: Pending | None = None
        self._response: Any = finish([]) if parts == 0 else None

    def receive(self, position: int, reply: Any) -> None:
        """One reply is there; with the last one, the response is."""
        self._replies[position] = reply
        self._missing -= 1
        if self._missing == 0:
            self._response = self._finish(self._replies)
            if self._pending is not None:
                self._pending.complete(self._response)

    def answer(self) -> Any | Pending:
        """The response if it is complete, else a Pending for it. To be called once, after all events."""
        if self._missing:
            self._pending = Pending()
            return self._pending
        return self._response


class Home:
    """One shard and the partition it lives in.

    `end_offset` is the end of what the shard has replayed: no reply leaves before that is committed, since
    any reply may rest on any of it. When a sync fails, the shard knows of records that may not exist after a
    restart: it closes, and its groups answer NOT_COORDINATOR from then on.
    """

    def __init__(
        self, shard: Shard, partition: Partition, timers: Timers, now: Callable[[], Instant]
    ) -> None:
        self.shard = shard
        self._partition = partition
        self._timers = timers
        self._now = now
        self._alarms: dict[str, Timer] = {}
        self._is_open = partition.offline is None
        self._end_offset = 0

    def load(self) -> None:
        """Replay the partition. Records that cannot be read are passed over with a line in the log."""
        if not self._is_open:
            return
        now, effects = self._now(), Effects()
        try:
            self._replay(now)
        except (PartitionOffline, StorageError, CorruptRecord) as error:
            log.error("%s cannot be loaded, and its groups are closed: %s", self._partition, error)
            self.shard.groups.clear()
            self._is_open = False
            return
        self.shard.on_loaded(now, effects)
        self._carry_out(effects, now)
        for group_id in self.shard.groups:
            self._arm(group_id)

    def _replay(self, now: Instant) -> None:
        for header, records in self._partition.replay():
            self._end_offset = header.last_offset + 1
            # Markers, and commits that are part of a transaction, have no meaning without their transaction.
            if header.is_control or header.is_transactional:
                continue
            for record in records:
                try:
                    known = decode(record.key, record.value)
                except ProtocolError as malformed:
                    log.warning("%s at offset %d: %s", self._partition, record.offset, malformed)
                else:
                    if known is not None:
                        self.shard.replay(known, now)

    def submit(self, token: Any, event: Event, now: Instant, group_id: str | None = None) -> None:
        """Run one event, and see to the deadlines of its group."""
        if not self._is_open:
            if token is not None:
                _give(token, Failure(ErrorCode.NOT_COORDINATOR))
            return
        effects = Effects()
        event(self.shard, token, now, effects)
        self._carry_out(effects, now)
        if group_id is not None:
            self._arm(group_id)

    def shut(self) -> None:
        """Answer everything that is parked, and take no more."""
        if self._partition.offline is not None:
            log.error("%s has failed: its groups are closed until the broker restarts.", self._partition)
        self._is_open = False
        effects = Effects()
        self.shard.unload(self._now(), effects)
        for alarm in self._alarms.values():
            alarm.cancel()
        self._alarms.clear()
        for token, reply in effects.replies:
            _give(token, reply)

    def _carry_out(self, effects: Effects, now: Instant) -> None:
        replies = effects.replies
        if effects.records:
            error = self._append(effects, now)
            if error is not ErrorCode.NONE:
                undone = Effects()
                if effects.undo is not None:
                    effects.undo(error, now, undone)
                replies = [*((token, Failure(error)) for token, _ in replies), *undone.replies]
        if replies:
            self._partition.when_committed(self._end_offset, lambda error: self._release(replies, error))
        if self._is_open and self._partition.offline is not None:
            self.shut()

    def _append(self, effects: Effects, now: Instant) -> ErrorCode:
        try:
            result = self._partition.append_records(
                [encode(record) for record in effects.records], now.wall_ms
            )
        except PartitionOffline:
            return ErrorCode.NOT_COORDINATOR
        except StorageError as error:
            return _TOLD_AS.get(error.error_code, error.error_code)
        self._end_offset = result.last_offset + 1
        for record in effects.records:
            self.shard.replay(record, now)
        return ErrorCode.NONE

    def _release(self, replies: Sequence[tuple[Any, Any]], error: ErrorCode) -> None:
        if error is not ErrorCode.NONE:
            replies = [(token, Failure(_TOLD_AS.get(error, error))) for token, _ in replies]
        for token, reply in replies:
            _give(token, reply)
        if error is not ErrorCode.NONE and self._is_open:
            self.shut()

    def _arm(self, group_id: str) -> None:
        """Have the group woken at its next deadline. An alarm that is too early finds out when it rings."""
        group = self.shard.groups.get(group_id)
        alarm = self._alarms.get(group_id)
        if group is None:
            if alarm is not None:
                alarm.cancel()
                del self._alarms[group_id]
        elif group.wake_ms != float("inf") and (alarm is None or group.wake_ms < alarm.deadline_ms):
            if alarm is not None:
                alarm.cancel()
            self._alarms[group_id] = self._timers.at(group.wake_ms, lambda: self._ring(group_id))

    def _ring(self, group_id: str) -> None:
        del self._alarms[group_id]
        while self._is_open:
            now = self._now()
            group = self.shard.groups.get(group_id)
            if group is None or group.wake_ms > now.monotonic_ms:
                break
            effects = Effects()
            self.shard.expire(group_id, now, effects)
            self._carry_out(effects, now)
        self._arm(group_id)


def _give(token: tuple[Gathering, int], reply: Any) -> None:
    gathering, position = token
    gathering.receive(position, reply)


def _group_config(config: BrokerConfig) -> GroupConfig:
    return GroupConfig(
        max_size=config["group.max.size"],
        min_session_timeout_ms=config["group.min.session.timeout.ms"],
        max_session_timeout_ms=config["group.max.session.timeout.ms"],
        initial_rebalance_delay_ms=config["group.initial.rebalance.delay.ms"],
        offset_metadata_max_bytes=config["offset.metadata.max.bytes"],
        offsets_retention_ms=config["offsets.retention.minutes"] * 60_000,
    )
