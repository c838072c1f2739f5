"""A world of consumers around one consumer group: the world of `classic_group_model`, with clients of both
protocols, subscriptions that change, and topics that come, grow and go.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

from odradek.broker.groups.classic.group import ClassicGroup
from odradek.broker.groups.consumer.group import ConsumerGroup
from odradek.broker.groups.consumer.settings import ConsumerGroupConfig, ConsumerSettings
from odradek.broker.groups.records import encode
from odradek.broker.groups.regex import matching
from odradek.broker.groups.shard import Shard
from odradek.broker.groups.topics_image import TopicInfo

from .classic_group_client import GROUP, Violation
from .classic_group_model import World
from .consumer_group_client import SESSION_MS, ClassicConsumer, ConsumerClient, Make, Owned

SPAN_MS = 60_000.0
REST_MS = 400_000.0
STEP_MS = 3_000.0
LASTS_MS = 12_000.0
REGEX_REFRESH_MS = 20_000


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


class ConsumerWorld(World):
    """One history of a consumer group. `fail_append` sets which part of all appends fails."""

    clients: list[Any]

    def __init__(self, seed: int, fail_append: float | None = None) -> None:
        self.topics = SimulatedTopics()
        self.topics.put("departures", 6)
        early = random.Random(seed ^ 0x848)
        self.consumer_config = ConsumerGroupConfig(
            session_timeout_ms=SESSION_MS,
            assignment_interval_ms=early.choice((0, 0, 1_000)),
            regex_refresh_interval_ms=REGEX_REFRESH_MS,
            max_size=early.choice((100, 100, 3)),
            can_upgrade=early.random() < 0.9,
            can_downgrade=early.random() < 0.9,
        )
        self.with_classic = early.random() < 0.4
        self.positions: dict[Any, int] = {}
        self.tried: dict[tuple[bytes, int], list[int]] = {}
        self.confirmed: dict[tuple[bytes, int], int] = {}
        self.names_by_id = {self.topics.ids["departures"]: "departures"}
        self.first_counts = {self.topics.ids["departures"]: 6}
        super().__init__(seed)
        self.trouble.lives += 3
        if self.trouble.fail_append and early.random() < 0.5:
            self.trouble.fail_append = 0.3
        if fail_append is not None:
            self.trouble.fail_append = fail_append

    @property
    def is_calm(self) -> bool:
        """Nothing goes wrong in this history, so that nobody may be put out. A group that changes its
        protocol, or has two members of one instance id, puts members out without anything going wrong.
        """
        return self.trouble.calm and not self.with_classic

    def new_shard(self) -> Shard:
        """A shard that names members after a counter."""

        def new_member_id(prefix: str = "consumer") -> str:
            self.ids += 1
            return f"{prefix}-{self.ids}"

        settings = ConsumerSettings(self.consumer_config, self.topics, new_member_id)
        return Shard(self.config, new_member_id, settings)

    # Topics

    def name_of(self, topic_id: bytes) -> str:
        """The name that a topic has or had."""
        return self.names_by_id[topic_id]

    def subscription(self) -> tuple[frozenset[str], str]:
        """What somebody may want: names, or a regular expression."""
        kind = self.rng.randrange(6)
        if kind == 0:
            return frozenset(), "dep.*|arr.*"
        if kind == 1:
            return frozenset({"departures", "arrivals"}), ""
        return (frozenset({"arrivals"}), "depart.*") if kind == 2 else (frozenset({"departures"}), "")

    def matching(self, names: frozenset[str], regex: str) -> set[str]:
        """The topics that a subscription means."""
        resolved = matching([regex], self.topics.names())[regex] if regex else ()
        return {name for name in (*names, *resolved) if name in self.topics.counts}

    def change_topics(self) -> None:
        """A topic comes, grows or goes."""
        kind = self.rng.randrange(3)
        name = "departures" if kind == 0 else "arrivals"
        if kind == 2 and "arrivals" in self.topics.counts:
            self.topics.remove("arrivals")
        else:
            self.topics.put(name, self.topics.counts.get(name, 0) + self.rng.randrange(1, 4))
            self.names_by_id[self.topics.ids[name]] = name
            self.first_counts.setdefault(self.topics.ids[name], self.topics.counts[name])
        self.shard.refresh_topics([name])

    # The coordinator

    def submit(self, event: Any) -> None:
        """Run one event, and look at who owns what afterwards."""
        super().submit(event)
        group = self.shard.groups.get(GROUP)
        if not isinstance(group, ConsumerGroup):
            return
        owners: dict[tuple[bytes, int], str] = {}
        for member in group.members.values():
            for epochs in (member.assigned, member.pending_revocation):
                for topic_id, partitions in epochs.items():
                    for partition in partitions:
                        other = owners.setdefault((topic_id, partition), member.member_id)
                        if other != member.member_id:
                            raise Violation(f"{other} and {member.member_id} both own partition {partition}")
        if owners.keys() != group.owner_epochs.keys():
            raise Violation("the group does not know which partitions are owned")

    def hard_state(self) -> Any:
        """All that a restart must bring back."""
        return super().hard_state(), _consumer_states(self.shard)

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
        if _consumer_states(compacted) != _consumer_states(self.shard):
            raise Violation("compaction changed the state")

    # The clients

    def gain(self, client: Any, partitions: Owned) -> None:
        """A client takes partitions. Nobody else who is a member may still work on them."""
        group = self.shard.groups.get(GROUP)
        members = {} if group is None else group.members
        for place in partitions:
            for other in self.clients:
                if other is client or place not in other.has:
                    continue
                if client.member_id in members and self.is_current(other):
                    raise Violation(f"{client.name} and {other.name} work on {place[1]}")
                if self.may_trust(other):
                    raise Violation(f"{client.name} takes {place[1]} from {other.name}, which does not know")
            committed = self.shard.offsets.get(GROUP, self.name_of(place[0]), place[1])
            offset = -1 if committed is None else committed.offset
            if offset < self.confirmed.get(place, -1) and self.topics.by_id(place[0]) is not None:
                raise Violation(f"an acknowledged commit of partition {place[1]} is lost")
            self.positions[client.name, place] = max(offset, 0)

    def may_trust(self, client: Any) -> bool:
        """Whether a client may rely on what it has: it was answered a moment ago, gives up what it is to, and
        neither did the coordinator lose anything, nor did time jump. (A classic member may take over an
        instance id without asking.)
        """
        if self.trouble.jumps or self.trouble.restarts or self.with_classic:
            return False
        return client.alive and not client.holds and self.now_ms < client.trusted_until_ms

    def is_current(self, client: Any) -> bool:
        """Whether the coordinator takes the client for the member that it thinks it is: not when it was put
        out and somebody else, or it itself, came back under its name.
        """
        group = self.shard.groups.get(GROUP)
        if isinstance(group, ConsumerGroup):
            member = group.members.get(client.member_id)
            epoch = getattr(client, "epoch", client.generation_id)
            return member is not None and member.member_epoch == epoch
        return False

    def run(self) -> ConsumerWorld:
        """Play the history: trouble first, then rest. Raises Violation."""
        rng, trouble = self.rng, self.trouble
        for _ in range(rng.randrange(1, 5)):
            self.newcomer(rng.random() * 5_000, f"i{len(self.clients)}" if rng.random() < 0.3 else None)
        for _ in range(trouble.lives):
            self.at(rng.random() * SPAN_MS, self.turn_of_life)
        for _ in range(trouble.restarts):
            self.at(rng.random() * SPAN_MS, self.restart)
        for _ in range(trouble.jumps):
            self.at(rng.random() * SPAN_MS, self.jump)
        for _ in range(rng.randrange(3)):
            self.at(rng.random() * SPAN_MS, self.change_topics)
        if rng.random() < 0.5:
            self.at(SPAN_MS - rng.random() * 8_000, self.change_topics)
        if self.with_classic and rng.random() < 0.3:
            self.at(SPAN_MS - rng.random() * 8_000, self.go_back)
        self.play(SPAN_MS)
        self.quiet = True
        self.rest()
        self.restart()
        return self

    def newcomer(self, delay_ms: float, instance_id: str | None) -> None:
        """Somebody comes."""
        make: Make = ConsumerClient
        if self.with_classic and self.rng.random() < 0.5:
            make = ClassicConsumer
        client = make(self, f"c{len(self.clients)}", instance_id)
        self.clients.append(client)
        client.later(delay_ms, client.join)

    def turn_of_life(self) -> None:
        """Something happens to somebody."""
        rng = self.rng
        client = rng.choice(self.clients)
        kind = rng.randrange(6)
        if kind == 0 or not client.alive:
            same = client.instance_id if rng.random() < 0.7 and not self.trouble.calm else None
            # Two processes of one instance, one of each protocol, could turn the group to and fro for ever.
            if same is not None and client.alive and (rng.random() < 0.7 or self.with_classic):
                client.crash()
            self.newcomer(0, same)
        elif kind == 1:
            client.leave()
        elif kind == 2:
            client.crash()
        elif kind == 3 and not self.trouble.calm:
            client.stalls = True
            client.holds |= rng.random() < 0.5
        elif isinstance(client, ConsumerClient):
            client.resubscribe()

    def go_back(self) -> None:
        """Whoever speaks the consumer protocol leaves, so that the group is a classic one again."""
        for client in self.clients:
            if client.alive and isinstance(client, ConsumerClient):
                client.leave()

    def rest(self) -> None:
        """Rest must come before the limit, and last. What topics have gone, expressions notice in time."""
        self.play(max(self.now_ms, *(client.last_arrival_ms for client in self.clients)) + REGEX_REFRESH_MS)
        limit_ms = self.now_ms + REST_MS
        while self.unrest() and self.now_ms < limit_ms:
            self.play(self.now_ms + STEP_MS)
        self.play(self.now_ms + LASTS_MS)
        unrest = self.unrest()
        if unrest:
            raise Violation(unrest)

    def unrest(self) -> str:
        """What keeps the world from rest: whoever lives is to have its part, and all is to be had."""
        group = self.shard.groups.get(GROUP)
        living = [client for client in self.clients if client.alive]
        if group is None or not living:
            return "" if group is None or group.is_empty else "somebody is still a member"
        if {c.member_id for c in living} != set(group.members):
            return f"the members are {set(group.members)}, which are not those who live"
        if group.state_name != "Stable":
            return f"the group is {group.state_name}"
        wanted = {
            (self.topics.ids[t], p) for c in living for t in c.topics for p in range(self.topics.counts[t])
        }
        had: list[tuple[bytes, int]] = [place for client in living for place in client.has]
        if len(had) != len(set(had)):
            return "a partition is had twice"
        if isinstance(group, ConsumerGroup) and set(had) != wanted:
            return f"{len(had)} of {len(wanted)} partitions are had"
        if isinstance(group, ClassicGroup):
            # Its leader looks at the topics when the group rebalances, and may not know of new partitions.
            known = {place for place in wanted if place[1] < self.first_counts.get(place[0], 1)}
            if not known <= set(had):
                return f"{len(known - set(had))} of {len(known)} partitions are nobody's"
        return ""


def _consumer_states(shard: Shard) -> Any:
    groups = [group for group in shard.groups.values() if isinstance(group, ConsumerGroup)]
    return [
        (
            group.group_id,
            group.epoch,
            group.metadata_hash,
            group.target_epoch,
            group.target_timestamp_ms,
            group.members,
            group.target,
            group.regexes,
            group.static_members,
            group.owner_epochs,
            group.target_owners,
            +group.subscriptions.by_name,
            +group.subscriptions.by_regex,
            +group.server_assignors,
            group.classic_members,
        )
        for group in groups
    ]
