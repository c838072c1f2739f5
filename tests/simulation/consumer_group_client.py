"""Simulated consumers of a group of KIP-848: one that keeps the rules of the consumer protocol, and one of
the classic protocol that reads and writes real subscriptions and assignments.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from odradek.broker.groups.events import (
    ConsumerHeartbeat,
    Effects,
    Failure,
    Instant,
    JoinRequest,
    SyncRequest,
)
from odradek.broker.groups.membership import JOIN_EPOCH
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages import consumer_protocol

from .classic_group_client import ClassicClient
from .client import GROUP, Token
from .heartbeat_client import FATAL, HEARTBEAT_MS, Announcement, OwningClient

if TYPE_CHECKING:
    from .consumer_group_model import ConsumerWorld

Owned = frozenset[tuple[bytes, int]]


def by_topic(owned: Owned) -> dict[bytes, frozenset[int]]:
    """Partitions by topic id."""
    topic_ids = {topic_id for topic_id, _ in owned}
    return {topic_id: frozenset(p for t, p in owned if t == topic_id) for topic_id in topic_ids}


def places(assignment: Mapping[bytes, frozenset[int]]) -> Owned:
    """The same, the other way."""
    return frozenset((topic_id, p) for topic_id, ps in assignment.items() for p in ps)


class ConsumerClient(OwningClient):
    """A consumer of the consumer protocol."""

    fatal = (*FATAL, ErrorCode.INCONSISTENT_GROUP_PROTOCOL)

    def __init__(self, world: ConsumerWorld, name: str, instance_id: str | None) -> None:
        super().__init__(world, name, instance_id)
        self.world: ConsumerWorld = world
        self.change_mind()
        self.assignor = world.rng.choice((None, None, "range", "uniform"))

    @property
    def topics(self) -> set[str]:
        """The topics that it wants and that exist."""
        return self.world.matching(self.names, self.regex)

    def change_mind(self) -> None:
        """Want something else."""
        self.names, self.regex = self.world.subscription()
        self.is_full = True

    def heartbeat(self, everything: bool) -> ConsumerHeartbeat:
        """The request."""
        return ConsumerHeartbeat(
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
            owned=by_topic(self.has) if everything or self.has != self.sent else None,
        )

    def farewell(self, epoch: int) -> ConsumerHeartbeat:
        """The request with which it leaves."""
        return ConsumerHeartbeat(GROUP, self.member_id, epoch, instance_id=self.instance_id)

    def ask(self, request: ConsumerHeartbeat, token: Token, now: Instant, effects: Effects) -> None:
        """What the coordinator does about a request."""
        self.world.shard.consumer_heartbeat(request, token, now, effects)

    def announcement(self, request: ConsumerHeartbeat) -> Announcement | None:
        """Half of those who join are gathered with others that join."""
        if request.member_epoch != JOIN_EPOCH or self.world.rng.random() < 0.5:
            return None
        return lambda now, effects: self.world.shard.announce_consumer(request, now, effects)

    def told_by(self, reply: Any) -> Owned | None:
        """What a reply says that it is to have, or None."""
        return None if reply.assignment is None else places(reply.assignment)

    def places_of(self, having: Owned) -> Owned:
        """All of them."""
        return having

    def recover(self, error: ErrorCode) -> None:
        """What a consumer does about an error."""
        # A group that is not found while joining is one that may not change its protocol.
        if error is ErrorCode.GROUP_ID_NOT_FOUND and not self.epoch:
            self.crash()
        else:
            super().recover(error)


class ClassicConsumer(ClassicClient):
    """A consumer of the classic protocol that gives up everything before it joins again."""

    def __init__(self, world: ConsumerWorld, name: str, instance_id: str | None) -> None:
        super().__init__(world, name, instance_id)  # type: ignore[arg-type]  # its shard is all that is used
        self.world: ConsumerWorld = world  # type: ignore[assignment]
        self.names, self.regex = frozenset({"departures"}), ""
        subscription = consumer_protocol.SUBSCRIPTION(topics=sorted(self.names))
        self.subscription = consumer_protocol.write(consumer_protocol.SUBSCRIPTION, subscription, 1)
        self.places: Owned = frozenset()
        self.holds = False

    @property
    def epoch(self) -> int:
        """Its generation, as the group takes it."""
        return self.generation_id

    @property
    def topics(self) -> set[str]:
        """The topics that it wants and that exist."""
        return self.world.matching(self.names, self.regex)

    def break_connection(self) -> None:
        """All that is in flight is lost; the client starts over from what it knows."""
        super().break_connection()
        if self.alive:
            self.later(100, self.beat if self.places else self.join)

    def crash(self) -> None:
        """Gone without a word."""
        super().crash()
        self.places = frozenset()

    def leave(self) -> None:
        """Leave with a LeaveGroup."""
        super().leave()
        self.places = frozenset()

    def join(self) -> None:
        """Give up everything and enter the group."""
        self.owned, self.places, self.generation_id = [], frozenset(), -1
        self.has_forgotten_sync = False
        self.steps += 1
        request = JoinRequest(
            GROUP, self.member_id, self.instance_id, self.name, "/::1", self.session_ms, self.rebalance_ms,
            "consumer", (("range", self.subscription), ("roundrobin", self.subscription)),
        )  # fmt: skip
        self.send(lambda t, now, e: self.world.shard.join(request, t, now, e), self.joined)

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
        self.places = frozenset()
        if reply.assignment:
            value = consumer_protocol.read(consumer_protocol.ASSIGNMENT, reply.assignment)
            for topic in value.assigned_partitions:
                self.places |= {(self.world.topics.ids[topic.topic], p) for p in topic.partitions}
        self.world.gain(self, self.places)
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
        self.places = frozenset()
        if error in ConsumerClient.fatal:
            self.crash()
        elif error is ErrorCode.UNKNOWN_MEMBER_ID:
            self.member_id = ""
            self.later(20, self.join)
        else:
            self.later(100, self.join)

    def change_mind(self) -> None:
        """It never wants anything else."""
