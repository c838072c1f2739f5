"""The driver of the coordinators' state machines: event -> machine -> records appended -> replayed -> reply.

A coordinator (of groups, of transactions) has an internal topic. What it coordinates lives in the partition
that its id hashes to, and each partition has one *shard*, the pure state of everything in it; its *home*
(`coordinator_home.py`) runs the events. Deadlines wait in the broker's timers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..protocol.errors import ErrorCode
from .context import Pending, RequestContext
from .coordinator_home import Event, Gathering, Home, RecordFormat
from .effects import Failure, Instant
from .groups.placement import partition_for
from .partition import Partition
from .timers import Timers

if TYPE_CHECKING:
    from .clock import Clock
    from .topics import Topic, Topics


class Coordinator(ABC):
    """All shards of one internal topic, `topic_name`. What a kind of coordinator adds is in its subclass."""

    topic_name = ""

    def __init__(self, topics: Topics, timers: Timers, clock: Clock) -> None:
        self._topics = topics
        self._timers = timers
        self._clock = clock
        self._homes: list[Home] = []
        topics.on_deleted.append(self._on_own_topic_deleted)

    @abstractmethod
    def record_format(self) -> RecordFormat:
        """How the records of the shards are written."""

    @abstractmethod
    def new_shard(self, index: int) -> Any:
        """The empty shard of a partition."""

    @abstractmethod
    def carry_out(self, order: Any, now: Instant) -> None:
        """Do what a shard has ordered."""

    def load(self) -> None:
        """Replay every partition of the internal topic, if there is one.

        A partition that is offline leaves what lives there unavailable: requests are answered
        NOT_COORDINATOR.
        """
        topic = self._topics.get(self.topic_name)
        partitions = [] if topic is None else topic.partitions
        self._homes = [Home(self, self.new_shard(at), each) for at, each in enumerate(partitions)]
        for home in self._homes:
            home.load()

    def close(self) -> None:
        """Answer everything that is parked with NOT_COORDINATOR, as a broker that hands over does."""
        for home in self._homes:
            home.shut()

    def _on_own_topic_deleted(self, topic: Topic) -> None:
        """Everything that is coordinated here has gone with the topic. Who next needs one makes another."""
        if topic.name == self.topic_name:
            self.close()
            self._homes = []

    def shard_of(self, key: str) -> int:
        """The index of the shard, and of the partition of the internal topic, that a group or id lives in."""
        return partition_for(key, len(self._homes)) if self._homes else 0

    def ask(
        self, context: RequestContext, key: str, event: Event, finish: Callable[[Any], Any]
    ) -> Any | Pending:
        """Hand one event to the shard of `key`; `finish` makes the response of the reply or of a Failure.

        Returns the response when the reply is there at once, else a Pending.
        """
        return self.ask_each(context, [(key, event)], lambda replies: finish(replies[0]))

    def ask_each(
        self,
        context: RequestContext,
        events: Sequence[tuple[str, Event]],
        finish: Callable[[list[Any]], Any],
    ) -> Any | Pending:
        """Hand each event to the shard of its key; `finish` makes the response of all replies, in the same
        order.
        """
        gathering = Gathering(len(events), finish)
        now = Instant(context.now_ms, context.monotonic_ms)
        for position, (key, event) in enumerate(events):
            if self._homes:
                self._homes[self.shard_of(key)].submit((gathering, position), event, now, key)
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

    def ask_now(self, key: str, event: Event, now: Instant) -> tuple[Any, tuple[Partition, int] | None]:
        """Hand one event to the shard of `key`, and get its reply, or a Failure, before it is durable.

        Whatever rests on the reply has to wait until the partition that comes with it is committed up to the
        offset that comes with it.
        """
        if not self._homes:
            return Failure(ErrorCode.COORDINATOR_NOT_AVAILABLE), None
        return self._homes[self.shard_of(key)].answer(key, event, now)

    def call(self, key: str, event: Event, done: Callable[[Any], None]) -> None:
        """Hand an event of the broker's own to the shard of `key`; `done` gets the reply or a Failure."""
        if self._homes:
            gathering = Gathering(1, lambda replies: done(replies[0]))
            self._homes[self.shard_of(key)].submit((gathering, 0), event, self.now(), key)
        else:
            done(Failure(ErrorCode.COORDINATOR_NOT_AVAILABLE))

    def tell_all(self, event: Event) -> None:
        """Hand an event of the broker's own to every shard."""
        for home in self._homes:
            home.submit(None, event, self.now())

    def tell(self, key: str, event: Event) -> None:
        """Hand an event of the broker's own to the shard of `key`."""
        if self._homes:
            self._homes[self.shard_of(key)].submit(None, event, self.now(), key)

    def now(self) -> Instant:
        """This moment, on both clocks."""
        return Instant(self._clock.wall_ms(), self._clock.monotonic_ms())

    @property
    def timers(self) -> Timers:
        """The broker's timers."""
        return self._timers
