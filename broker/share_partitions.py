"""Partitions as share groups read them, while somebody does: the driver around the machines of `share/`.

A share partition is loaded from the share coordinator's log at the first fetch, and forgotten when the last
member of its group has closed its session and nothing of it is under way any more. What its machine wants
stored goes to the share coordinator; when that is durable, the states hold, whoever waits for records is
woken, and the member is answered. What the group has given up goes to its dead letter queue then, and after
that it is done with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import inf
from typing import TYPE_CHECKING, Any, Protocol

from ..protocol.errors import ErrorCode
from ..storage.errors import StorageError
from .effects import Failure
from .internal_topics import SHARE_STATE_TOPIC
from .partition import Partition, PartitionOffline
from .share.events import Acknowledgement, Change, DeadLetter, ShareError
from .share.sessions import SessionKey, ShareSessions
from .share.share_partition import SharePartition
from .share.state_records import NO_OFFSET, SharePartitionKey, ShareSnapshot
from .share.state_shard import StateWrite
from .timers import Timer, Timers

if TYPE_CHECKING:
    from .clock import Clock
    from .config.broker_config import BrokerConfig
    from .dead_letters import DeadLetters
    from .share_coordinator import ShareCoordinator
    from .share_groups import ShareGroupSettings
    from .topics import Topic, Topics

Done = Callable[[ShareError | None], None]

# What goes wrong with stored state, as members are told it.
_TOLD_AS = {
    ErrorCode.NOT_COORDINATOR: ErrorCode.COORDINATOR_NOT_AVAILABLE,
    ErrorCode.COORDINATOR_NOT_AVAILABLE: ErrorCode.COORDINATOR_NOT_AVAILABLE,
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ErrorCode.FENCED_LEADER_EPOCH: ErrorCode.NOT_LEADER_OR_FOLLOWER,
    ErrorCode.FENCED_STATE_EPOCH: ErrorCode.NOT_LEADER_OR_FOLLOWER,
}

# After these the state here may be another than what is stored: it is to be loaded anew.
_STALE = (ErrorCode.NOT_LEADER_OR_FOLLOWER, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)


class Waiter(Protocol):
    """Something that waits until a share partition has records to give: a parked share fetch."""

    def on_free(self) -> None:
        """There may be some now."""


class Held:
    """One share partition. `machine` is None until it is loaded; `problem` is set when that failed, or when
    the share partition has been forgotten. `under_way` is how many changes are being stored, and how many
    times letters are being written to the dead letter queue.
    """

    __slots__ = ("alarm", "key", "machine", "partition", "problem", "state_epoch", "under_way", "waiters")

    def __init__(self, key: SharePartitionKey, partition: Partition) -> None:
        self.key = key
        self.partition = partition
        self.machine: SharePartition | None = None
        self.problem: ShareError | None = None
        self.state_epoch = 0
        self.alarm: Timer | None = None
        self.waiters: dict[Waiter, None] = {}
        self.under_way = 0

    def wake(self) -> None:
        """Records have become free, or there is a problem."""
        for waiter in list(self.waiters):
            waiter.on_free()


class SharePartitions:
    """All share partitions that are in use, and the sessions of those who use them."""

    def __init__(
        self,
        config: BrokerConfig,
        topics: Topics,
        states: ShareCoordinator,
        settings: ShareGroupSettings,
        dead_letters: DeadLetters,
        timers: Timers,
        clock: Clock,
    ) -> None:
        self.settings = settings
        self.sessions = ShareSessions(config["group.share.max.share.sessions"])
        self._topics = topics
        self._states = states
        self._dead_letters = dead_letters
        self._timers = timers
        self._clock = clock
        self._held: dict[SharePartitionKey, Held] = {}
        topics.on_deleted.append(self._on_deleted)

    def get(self, group_id: str, topic_id: bytes, index: int) -> Held | None:
        """A share partition, if it is in use."""
        return self._held.get(SharePartitionKey(group_id, topic_id, index))

    def hold(self, group_id: str, topic_id: bytes, partition: Partition) -> Held:
        """A share partition, which is loaded if it has not been."""
        key = SharePartitionKey(group_id, topic_id, partition.index)
        held = self._held.get(key)
        if held is None:
            held = self._held[key] = Held(key, partition)
            self._load(held)
        return held

    # Sessions

    def close_session(self, key: SessionKey) -> None:
        """A member's session ends: what it has acquired is free again."""
        session = self.sessions.remove(key)
        if session is None:
            return
        for topic_id, index in session.partitions:
            held = self.get(key.group_id, topic_id, index)
            if held is not None and held.machine is not None:
                self._store(held, held.machine.release(key.member_id), lambda _: None)
        for held in [held for held in self._held.values() if held.key.group_id == key.group_id]:
            self._forget_unused(held)

    def disconnected(self, connection_id: int) -> None:
        """A connection has gone, and with it the sessions that were opened on it."""
        for key in self.sessions.of_connection(connection_id):
            self.close_session(key)

    # Records

    def acknowledge(self, held: Held, member_id: str, said: Iterable[Acknowledgement], done: Done) -> None:
        """A member says what became of its records; `done` is told when that is stored, or refused."""
        assert held.machine is not None
        try:
            change = held.machine.acknowledge(member_id, said, self._clock.monotonic_ms())
        except ShareError as refused:
            done(refused)
        else:
            self._store(held, change, done)
        self._arm(held)

    def acquired(self, held: Held) -> None:
        """Somebody has got records: their locks have deadlines."""
        self._arm(held)

    def _store(self, held: Held, change: Change | None, done: Done) -> None:
        if change is None:
            done(None)
            return
        write = StateWrite(
            held.state_epoch,
            held.partition.leader_epoch,
            change.start_offset,
            change.delivery_complete_count,
            change.batches,
        )

        def stored(reply: Any) -> None:
            problem = _problem(reply) if isinstance(reply, Failure) else None
            letters: Sequence[DeadLetter] = ()
            if held.machine is not None:
                letters = held.machine.settle(change, problem is None, self._clock.monotonic_ms())
            if problem is not None and problem.error in _STALE:
                self._forget(held, problem)
            done(problem)
            self._send(held, letters)
            self._ended(held)
            held.wake()

        held.under_way += 1
        self._states.call(
            str(held.key),
            lambda shard, token, now, effects: shard.write(held.key, write, token, now, effects),
            stored,
        )

    def _send(self, held: Held, letters: Sequence[DeadLetter]) -> None:
        """Write letters to the dead letter queue; what has been there is done with. A share partition that
        has been forgotten meanwhile finds in its stored state what is left to do.
        """

        def bury() -> None:
            if held.machine is not None and held.problem is None:
                self._store(held, held.machine.bury(letters), lambda _: None)
            self._ended(held)

        if letters and held.problem is None:
            held.under_way += 1
            self._dead_letters.write(held.key.group_id, held.partition, letters, bury)

    def _arm(self, held: Held) -> None:
        """Have the locks looked at when the next one runs out. An alarm that is too early finds out."""
        wake_ms = inf if held.machine is None or held.problem is not None else held.machine.wake_ms
        if wake_ms != inf and (held.alarm is None or wake_ms < held.alarm.deadline_ms):
            if held.alarm is not None:
                held.alarm.cancel()
            held.alarm = self._timers.at(wake_ms, lambda: self._ring(held))

    def _ring(self, held: Held) -> None:
        held.alarm = None
        if held.machine is None or held.problem is not None:
            return
        change = held.machine.expire(self._clock.monotonic_ms())
        self._store(held, change, lambda _: None)
        self._arm(held)

    # Coming and going

    def _load(self, held: Held) -> None:
        def loaded(reply: Any) -> None:
            try:
                if isinstance(reply, Failure):
                    raise _problem(reply)
                held.machine = self._machine(held, reply)
                held.state_epoch = reply.state_epoch
                self._send(held, held.machine.left_letters())
            except ShareError as problem:
                self._forget(held, problem)
            held.wake()

        key, leader_epoch = held.key, held.partition.leader_epoch
        self._states.ensure_topic()
        self._states.call(
            str(key),
            lambda shard, token, now, effects: shard.read(key, leader_epoch, token, now, effects),
            loaded,
        )

    def _machine(self, held: Held, stored: ShareSnapshot) -> SharePartition:
        group_id, start_offset = held.key.group_id, stored.start_offset
        if start_offset == NO_OFFSET:
            start_offset = self._first_offset(group_id, held.partition)
        return SharePartition(start_offset, stored.batches, lambda: self.settings.of_deliveries(group_id))

    def _first_offset(self, group_id: str, partition: Partition) -> int:
        """Where a group begins that has not read the partition yet. Raises ShareError."""
        reset = self.settings.offset_reset(group_id)
        try:
            if reset == "latest":
                return partition.high_watermark
            if reset == "earliest":
                return partition.log.log_start_offset
            found = partition.log.find_by_timestamp(self._clock.wall_ms() - int(reset))
        except (StorageError, PartitionOffline) as failure:
            raise ShareError(failure.error_code, failure.error_code.message) from failure
        return partition.high_watermark if found is None else found.offset

    def _ended(self, held: Held) -> None:
        """Something is no longer under way."""
        held.under_way -= 1
        self._forget_unused(held)

    def _forget_unused(self, held: Held) -> None:
        """Unless somebody of the group has a session, or there is something under way."""
        is_used = held.under_way or self.sessions.has_group(held.key.group_id)
        if held.problem is None and not is_used:
            self._forget(held, ShareError(ErrorCode.NOT_LEADER_OR_FOLLOWER))

    def _forget(self, held: Held, problem: ShareError) -> None:
        held.problem = problem
        if self._held.get(held.key) is held:
            del self._held[held.key]
        if held.alarm is not None:
            held.alarm.cancel()
            held.alarm = None
        held.wake()

    def _on_deleted(self, topic: Topic) -> None:
        if topic.name == SHARE_STATE_TOPIC:
            for held in list(self._held.values()):
                self._forget(held, ShareError(ErrorCode.NOT_LEADER_OR_FOLLOWER))
        for held in [held for held in self._held.values() if held.key.topic_id == topic.topic_id]:
            self._forget(held, _gone())


def _gone() -> ShareError:
    error = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    return ShareError(error, error.message)


def _problem(failure: Failure) -> ShareError:
    error = _TOLD_AS.get(failure.error, ErrorCode.UNKNOWN_SERVER_ERROR)
    return ShareError(error, failure.message)
