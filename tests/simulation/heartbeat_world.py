"""Worlds around one group whose members send heartbeats with an epoch (KIP-848, KIP-932, KIP-1071), with
topics that come, grow and go.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any, Self

from odradek.broker.groups.records import encode
from odradek.broker.groups.shard import Shard
from odradek.broker.groups.topics_image import TopicInfo

from .client import GROUP, Violation
from .world import SPAN_MS, World

REST_MS = 400_000.0
STEP_MS = 3_000.0
LASTS_MS = 12_000.0


class SimulatedTopics:
    """Topics by name, with a version for every change."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.ids: dict[str, bytes] = {}
        self.version = 0
        self.newest_topic_version = 0

    def put(self, name: str, partitions: int) -> None:
        """Make a topic, or make it larger."""
        self.version += 1
        if name not in self.ids:
            self.ids[name] = self.version.to_bytes(16, "big")
            self.newest_topic_version = self.version
        self.counts[name] = partitions

    def remove(self, name: str) -> None:
        """Delete a topic."""
        self.version += 1
        del self.counts[name], self.ids[name]

    def get(self, name: str) -> TopicInfo | None:
        """The topic of that name."""
        return TopicInfo(name, self.ids[name], self.counts[name]) if name in self.ids else None

    def by_id(self, topic_id: bytes) -> TopicInfo | None:
        """The topic of that id."""
        return next((self.get(name) for name, known in self.ids.items() if known == topic_id), None)

    def names(self) -> Iterable[str]:
        """The names of all topics."""
        return list(self.counts)


class HeartbeatWorld(World):
    """One history. `run` plays it and raises Violation. `fail_append` sets what part of all appends fails."""

    changes_of_topics = 3  # at most
    settle_ms = STEP_MS  # after so long everybody has noticed what happened last

    def __init__(self, seed: int, topics: SimulatedTopics, fail_append: float | None = None) -> None:
        self.topics = topics
        super().__init__(seed)
        self.trouble.lives += 3
        if fail_append is not None:
            self.trouble.fail_append = fail_append

    # For those who know the kind of group

    @abstractmethod
    def new_client(self, name: str, instance_id: str | None) -> Any:
        """Somebody who is to come."""

    @abstractmethod
    def change_topics(self) -> None:
        """A topic comes, grows or goes."""

    @abstractmethod
    def states(self, shard: Shard) -> Any:
        """All of the groups of this kind that is hard."""

    @abstractmethod
    def lacks(self, living: list[Any], group: Any) -> str:
        """What a stable group of these members lacks; nothing where the world is as it should be."""

    def settle(self) -> None:
        """What an operator sees to when the trouble is over."""

    # What is so

    @property
    def is_calm(self) -> bool:
        """Nothing goes wrong in this history, so that nobody may be put out."""
        return self.trouble.calm

    def put(self, name: str, partitions: int) -> None:
        """Make or enlarge a topic."""
        self.topics.put(name, partitions)
        self.shard.refresh_topics([name])

    def hard_state(self) -> Any:
        """All that a restart must bring back."""
        return super().hard_state(), self.states(self.shard)

    def check_members(self) -> None:
        """A compacted log says the same as the whole one."""
        super().check_members()
        last: dict[bytes, Any] = {}
        for record in self.log:
            key = encode(record)[0]
            last.pop(key, None)
            last[key] = record
        compacted = self.new_shard()
        for record in last.values():
            compacted.replay(record, self.instant())
        if self.states(compacted) != self.states(self.shard):
            raise Violation("compaction changed the state")

    # The story

    def run(self) -> Self:
        """Play the history: trouble first, then rest. Raises Violation."""
        rng = self.rng
        for _ in range(rng.randrange(1, 5)):
            self.newcomer(rng.random() * 5_000, f"i{len(self.clients)}" if rng.random() < 0.3 else None)
        self.bring_trouble()
        for _ in range(rng.randrange(self.changes_of_topics + 1)):
            self.at(rng.random() * SPAN_MS, self.change_topics)
        if rng.random() < 0.5:
            self.at(SPAN_MS - rng.random() * 8_000, self.change_topics)
        self.play(SPAN_MS)
        self.quiet = True
        self.settle()
        self.rest()
        self.restart()
        return self

    def newcomer(self, delay_ms: float, instance_id: str | None) -> None:
        """Somebody comes."""
        client = self.new_client(f"c{len(self.clients)}", instance_id)
        self.clients.append(client)
        client.later(delay_ms, client.join)

    def turn_of_life(self) -> None:
        """Something happens to somebody."""
        rng = self.rng
        client = rng.choice(self.clients)
        kind = rng.randrange(6)
        if kind == 0 or not client.alive:
            same = client.instance_id if rng.random() < 0.7 and not self.trouble.calm else None
            if same is not None and client.alive and (rng.random() < 0.7 or self.instances_are_single):
                client.crash()
            self.newcomer(0, same)
        elif kind == 1:
            client.leave()
        elif kind == 2:
            client.crash()
        elif kind == 3 and not self.trouble.calm:
            self.distract(client)
        else:
            client.change_mind()

    @property
    def instances_are_single(self) -> bool:
        """Whether nobody starts a second process of an instance id."""
        return False

    def distract(self, client: Any) -> None:
        """Somebody does not keep up."""
        client.stalls = True

    def rest(self) -> None:
        """Rest must come before the limit, and last."""
        self.play(max(self.now_ms, *(client.last_arrival_ms for client in self.clients)) + self.settle_ms)
        limit_ms = self.now_ms + REST_MS
        while self.unrest() and self.now_ms < limit_ms:
            self.play(self.now_ms + STEP_MS)
        self.play(self.now_ms + LASTS_MS)
        unrest = self.unrest()
        if unrest:
            raise Violation(unrest)

    def unrest(self) -> str:
        """What keeps the world from rest: those who live are the members, and each has its part."""
        group = self.shard.groups.get(GROUP)
        living = [client for client in self.clients if client.alive]
        if group is None or not living:
            return "" if group is None or group.is_empty else "somebody is still a member"
        if {client.member_id for client in living} != set(group.members):
            return f"the members are {set(group.members)}, which are not those who live"
        if group.state_name != "Stable":
            return f"the group is {group.state_name}"
        return self.lacks(living, group)


class OwningWorld(HeartbeatWorld):
    """A world in which a place (a partition, or a task) is one member's alone."""

    def __init__(self, seed: int, topics: SimulatedTopics, fail_append: float | None = None) -> None:
        self.positions: dict[Any, int] = {}
        self.confirmed: dict[Any, int] = {}
        super().__init__(seed, topics, fail_append)

    @abstractmethod
    def source_of(self, place: Any) -> tuple[str, int, bytes]:
        """Where the offset of a place is committed: the topic, the partition, and the topic's id."""

    def distract(self, client: Any) -> None:
        """Somebody does not keep up, or does not give up what it is to."""
        super().distract(client)
        client.holds |= self.rng.random() < 0.5

    def gain(self, client: Any, places: Iterable[Any]) -> None:
        """A client takes places. Nobody else who is a member may still work on them."""
        group = self.shard.groups.get(GROUP)
        members = {} if group is None else group.members
        for place in places:
            for other in self.clients:
                if other is client or place not in other.places:
                    continue
                if client.member_id in members and self.is_current(other):
                    raise Violation(f"{client.name} and {other.name} work on {place}")
                if self.may_trust(other):
                    raise Violation(f"{client.name} takes {place} from {other.name}, which does not know")
            topic, partition, topic_id = self.source_of(place)
            committed = self.shard.offsets.get(GROUP, topic, partition)
            offset = -1 if committed is None else committed.offset
            if offset < self.confirmed.get(place, -1) and self.topics.by_id(topic_id) is not None:
                raise Violation(f"an acknowledged commit of {place} is lost")
            self.positions[client.name, place] = max(offset, 0)

    def may_trust(self, client: Any) -> bool:
        """Whether a client may rely on what it has: it was answered a moment ago, gives up what it is to, and
        neither did the coordinator lose anything, nor did time jump.
        """
        if self.trouble.jumps or self.trouble.restarts:
            return False
        return client.alive and not client.holds and self.now_ms < client.trusted_until_ms

    def is_current(self, client: Any) -> bool:
        """Whether the coordinator takes the client for the member that it thinks it is: not when it was put
        out and somebody else, or it itself, came back under its name.
        """
        group = self.shard.groups.get(GROUP)
        member: Any = None if group is None else group.members.get(client.member_id)
        return member is not None and getattr(member, "member_epoch", None) == client.epoch
