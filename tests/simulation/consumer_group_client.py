"""Simulated consumers of a group of KIP-848: one that keeps the rules of the consumer protocol, and one of
the classic protocol that reads and writes real subscriptions and assignments.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from odradek.broker.groups.events import (
    CommitPartition,
    CommitRequest,
    ConsumerHeartbeat,
    Effects,
    Failure,
    Instant,
    JoinRequest,
    SyncRequest,
)
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages import consumer_protocol

from .classic_group_client import GROUP, Client, Violation

if TYPE_CHECKING:
    from .consumer_group_model import ConsumerWorld

HEARTBEAT_MS = 3_000
SESSION_MS = 10_000
REBALANCES_MS = (4_000, 15_000)
# For so long after a heartbeat that was answered a consumer may rely on what it has: less than any timeout.
TRUST_MS = min(REBALANCES_MS) - 100
FATAL = (
    ErrorCode.FENCED_INSTANCE_ID,
    ErrorCode.UNRELEASED_INSTANCE_ID,
    ErrorCode.GROUP_MAX_SIZE_REACHED,
    ErrorCode.INCONSISTENT_GROUP_PROTOCOL,
)
Owned = set[tuple[bytes, int]]


def by_topic(owned: Owned) -> dict[bytes, frozenset[int]]:
    """Partitions by topic id."""
    topic_ids = {topic_id for topic_id, _ in owned}
    return {topic_id: frozenset(p for t, p in owned if t == topic_id) for topic_id in topic_ids}


class ConsumerClient(Client):
    """A consumer of the consumer protocol. What it may work on is in `has`."""

    def __init__(self, world: ConsumerWorld, name: str, instance_id: str | None) -> None:
        super().__init__(world, name, instance_id)
        self.world: ConsumerWorld = world
        self.member_id = f"{name}-id"
        self.epoch = 0
        self.has: Owned = set()
        self.told: Owned = set()
        self.sent: Owned | None = None
        self.is_full = True
        self.revokes = False
        self.holds = False
        self.trusted_until_ms = 0.0
        self.rebalance_ms = world.rng.choice(REBALANCES_MS)
        self.names, self.regex = world.subscription()
        self.assignor = world.rng.choice((None, None, "range", "uniform"))

    @property
    def topics(self) -> set[str]:
        """The topics that it wants and that exist."""
        return self.world.matching(self.names, self.regex)

    def arrives_late(self) -> bool:
        """Whether a request still reaches the coordinator after its connection broke."""
        return self.world.rng.random() < 0.5

    def crash(self) -> None:
        """Gone without a word."""
        super().crash()
        self.has = set()

    def break_connection(self) -> None:
        """All that is in flight is lost; the next heartbeat says everything anew."""
        self.connection += 1
        self.is_full = True
        if self.alive and not self.revokes:
            self.later(100, self.beat)

    def leave(self) -> None:
        """Leave with a heartbeat, whose answer nobody waits for. A static member may say it will be back."""
        epoch = -2 if self.instance_id is not None and self.world.rng.random() < 0.7 else -1
        request = ConsumerHeartbeat(GROUP, self.member_id, epoch, instance_id=self.instance_id)
        self.send(lambda t, now, e: self.world.shard.consumer_heartbeat(request, t, now, e), lambda _: None)
        self.alive = False
        self.has = set()

    def join(self) -> None:
        """Enter the group with nothing."""
        self.epoch, self.has, self.told, self.is_full = 0, set(), set(), True
        self.beat()

    def resubscribe(self) -> None:
        """Want something else."""
        self.names, self.regex = self.world.subscription()
        self.is_full = True

    # The protocol

    def beat(self) -> None:
        """One heartbeat: everything when it joins or may not have been heard, else what has changed."""
        self.steps += 1
        joins = self.epoch == 0
        everything = joins or self.is_full
        owned = by_topic(self.has) if everything or self.has != self.sent else None
        request = ConsumerHeartbeat(
            GROUP,
            self.member_id,
            self.epoch,
            self.name,
            "/::1",
            self.instance_id,
            rebalance_timeout_ms=self.rebalance_ms if everything else -1,
            topic_names=self.names if everything else None,
            topic_regex=self.regex if everything else None,
            server_assignor=self.assignor if everything else None,
            owned=owned,
        )
        self.is_full, self.sent = False, set(self.has)
        number, sent_ms = self.steps, self.world.now_ms

        def answer(reply: Any) -> None:
            if number == self.steps:
                self.trusted_until_ms = 0 if isinstance(reply, Failure) else sent_ms + TRUST_MS
                self.answered(reply)

        def announce(now: Instant, effects: Effects) -> None:
            self.world.shard.announce_consumer(request, now, effects)

        is_announced = joins and self.world.rng.random() < 0.5
        self.send(
            lambda t, now, e: self.world.shard.consumer_heartbeat(request, t, now, e),
            answer,
            may_stall=True,
            before=announce if is_announced else None,
        )
        # An answer that does not come in time makes the client ask again.
        self.world.at(HEARTBEAT_MS * 2, lambda: self.ask_again(number))

    def ask_again(self, number: int) -> None:
        """The request timed out."""
        if self.alive and number == self.steps and not self.revokes:
            self.is_full = True
            self.beat()

    def answered(self, reply: Any) -> None:
        """The answer to a heartbeat."""
        if isinstance(reply, Failure):
            self.recover(reply.error)
            return
        self.member_id, self.epoch = reply.member_id, reply.member_epoch
        if reply.assignment is not None:
            self.told = {(topic_id, p) for topic_id, ps in reply.assignment.items() for p in ps}
        if self.told == self.has:
            if self.has and self.world.rng.random() < 0.5:
                self.commit_one()
            self.later(HEARTBEAT_MS, self.beat)
            return
        lost = self.has - self.told
        if lost and self.holds:
            # Its application does not come back to it, while its heartbeats go on.
            self.later(HEARTBEAT_MS, self.beat)
            return
        self.revokes = bool(lost)
        if lost and self.world.rng.random() < 0.7:
            self.commit_one(lost)
        delay_ms = self.world.rng.random() * 1_500 if lost else 0.0
        self.later(delay_ms, self.reconciled)

    def reconciled(self) -> None:
        """What was to be given up has been; the rest is taken, and the coordinator is told."""
        self.revokes = False
        gained = self.told - self.has
        self.has = set(self.told)
        self.world.gain(self, gained)
        self.beat()

    def commit_one(self, among: Owned | None = None) -> None:
        """Commit the position of a partition, which has moved on."""
        world, owned = self.world, sorted(among or self.has)
        if not world.trouble.calm and world.rng.random() < 0.05:
            self.stalls = True
        topic_id, partition = world.rng.choice(owned)
        place = (topic_id, partition)
        world.positions[self.name, place] = offset = world.positions.get((self.name, place), 0) + 1
        name = world.name_of(topic_id)
        request = CommitRequest(
            GROUP,
            self.epoch,
            self.member_id,
            self.instance_id,
            [CommitPartition(name, partition, offset, topic_id=topic_id)],
        )

        def apply(token: Any, now: Instant, effects: Effects) -> None:
            before = world.shard.offsets.get(GROUP, name, partition)
            world.tried.setdefault(place, []).append(offset)
            world.shard.commit(request, token, now, effects)
            if effects.records and before is not None and offset < before.offset:
                raise Violation(f"{name}-{partition} goes back from {before.offset} to {offset}")

        def answer(reply: Any) -> None:
            if reply == (ErrorCode.NONE,):
                world.confirmed[place] = max(world.confirmed.get(place, -1), offset)

        self.send(apply, answer, True)

    def recover(self, error: ErrorCode) -> None:
        """What a consumer does about an error."""
        # A group that is not found while joining is one that may not change its protocol.
        if error in FATAL or (error is ErrorCode.GROUP_ID_NOT_FOUND and not self.epoch):
            self.crash()
        elif error is ErrorCode.NOT_COORDINATOR:
            self.is_full = True
            self.later(100, self.beat)
        else:
            if error in (ErrorCode.UNKNOWN_MEMBER_ID, ErrorCode.FENCED_MEMBER_EPOCH) and self.world.is_calm:
                raise Violation(f"{self.name} was put out although it kept the rules: {error.name}")
            self.has, self.holds = set(), False
            self.later(20, self.join)


class ClassicConsumer(Client):
    """A consumer of the classic protocol that gives up everything before it joins again."""

    def __init__(self, world: ConsumerWorld, name: str, instance_id: str | None) -> None:
        super().__init__(world, name, instance_id)
        self.world: ConsumerWorld = world
        self.names, self.regex = frozenset({"departures"}), ""
        subscription = consumer_protocol.SUBSCRIPTION(topics=sorted(self.names))
        self.subscription = consumer_protocol.write(consumer_protocol.SUBSCRIPTION, subscription, 1)
        self.has: Owned = set()
        self.holds = False

    @property
    def topics(self) -> set[str]:
        """The topics that it wants and that exist."""
        return self.world.matching(self.names, self.regex)

    def crash(self) -> None:
        """Gone without a word."""
        super().crash()
        self.has = set()

    def leave(self) -> None:
        """Leave with a LeaveGroup."""
        super().leave()
        self.has = set()

    def join(self) -> None:
        """Give up everything and enter the group."""
        self.owned, self.has, self.generation_id = [], set(), -1
        self.has_forgotten_sync = False
        self.steps += 1
        request = JoinRequest(
            GROUP, self.member_id, self.instance_id, self.name, "/::1", self.session_ms, self.rebalance_ms,
            "consumer", (("range", self.subscription), ("roundrobin", self.subscription)),
        )  # fmt: skip
        self.send(lambda t, now, e: self.world.shard.join(request, t, now, e), self.joined)

    def break_connection(self) -> None:
        """All that is in flight is lost; the client starts over from what it knows."""
        self.connection += 1
        if self.alive:
            self.later(100, self.beat if self.has else self.join)

    def sync(self, reply: Any) -> None:
        """Ask for the assignment; the leader brings one."""
        assignments = {}
        if reply.leader == self.member_id and not reply.skip_assignment:
            assignments = self._assign([member.member_id for member in reply.members])
        request = SyncRequest(
            GROUP, reply.generation_id, self.member_id, self.instance_id, "consumer", reply.protocol_name,
            assignments,
        )  # fmt: skip
        self.send(lambda t, now, e: self.world.shard.sync(request, t, now, e), self.synced, True)

    def _assign(self, member_ids: list[str]) -> dict[str, bytes]:
        count = self.world.topics.counts["departures"]
        assignments = {}
        for position, member_id in enumerate(member_ids):
            partitions = list(range(position, count, len(member_ids)))
            topic = consumer_protocol.TOPIC_PARTITION(topic="departures", partitions=partitions)
            value = consumer_protocol.ASSIGNMENT(assigned_partitions=[topic])
            assignments[member_id] = consumer_protocol.write(consumer_protocol.ASSIGNMENT, value, 1)
        return assignments

    def synced(self, reply: Any) -> None:
        """The answer to a sync."""
        if reply.error is not ErrorCode.NONE:
            self.recover(reply.error)
            return
        self.has = set()
        if reply.assignment:
            value = consumer_protocol.read(consumer_protocol.ASSIGNMENT, reply.assignment)
            for topic in value.assigned_partitions:
                self.has |= {(self.world.topics.ids[topic.topic], p) for p in topic.partitions}
        self.world.gain(self, self.has)
        self.later(HEARTBEAT_MS, self.beat)

    def beaten(self, error: Any, generation_id: int) -> None:
        """The answer to a heartbeat."""
        if generation_id != self.generation_id:
            return
        if isinstance(error, Failure):
            error = error.error
        if error is ErrorCode.NONE:
            self.later(HEARTBEAT_MS, self.beat)
        elif error is ErrorCode.REBALANCE_IN_PROGRESS:
            self.join()
        else:
            self.recover(error)

    def recover(self, error: ErrorCode) -> None:
        """What a consumer does about an error."""
        self.has = set()
        if error in FATAL:
            self.crash()
        elif error is ErrorCode.UNKNOWN_MEMBER_ID:
            self.member_id = ""
            self.later(20, self.join)
        else:
            self.later(100, self.join)


Make = Callable[["ConsumerWorld", str, "str | None"], "ConsumerClient | ClassicConsumer"]
