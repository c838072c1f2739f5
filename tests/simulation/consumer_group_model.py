"""A world of consumers around one consumer group (KIP-848): clients of both protocols, and subscriptions that
change.
"""

from __future__ import annotations

import random
from typing import Any

from odradek.broker.groups.classic.group import ClassicGroup
from odradek.broker.groups.consumer.group import ConsumerGroup
from odradek.broker.groups.consumer.settings import ConsumerGroupConfig, ConsumerSettings
from odradek.broker.groups.regex import matching
from odradek.broker.groups.shard import Shard

from .client import GROUP, Violation
from .consumer_group_client import ClassicConsumer, ConsumerClient
from .heartbeat_client import SESSION_MS
from .heartbeat_world import OwningWorld, SimulatedTopics
from .world import SPAN_MS

REGEX_REFRESH_MS = 20_000


class ConsumerWorld(OwningWorld):
    """One history of a consumer group."""

    changes_of_topics = 2
    settle_ms = REGEX_REFRESH_MS  # what topics have gone, expressions notice in time

    def __init__(self, seed: int, fail_append: float | None = None) -> None:
        topics = SimulatedTopics()
        topics.put("departures", 6)
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
        self.names_by_id = {topics.ids["departures"]: "departures"}
        self.first_counts = {topics.ids["departures"]: 6}
        super().__init__(seed, topics, fail_append)
        if fail_append is None and self.trouble.fail_append and early.random() < 0.5:
            self.trouble.fail_append = 0.3

    @property
    def is_calm(self) -> bool:
        """Nothing goes wrong in this history, so that nobody may be put out. A group that changes its
        protocol, or has two members of one instance id, puts members out without anything going wrong.
        """
        return super().is_calm and not self.with_classic

    @property
    def instances_are_single(self) -> bool:
        """Two processes of one instance, one of each protocol, could turn the group to and fro for ever."""
        return self.with_classic

    def new_shard(self) -> Shard:
        """A shard with these settings and topics."""
        settings = ConsumerSettings(self.consumer_config, self.topics, self.new_member_id)
        return Shard(self.config, self.new_member_id, settings)

    def new_client(self, name: str, instance_id: str | None) -> ConsumerClient | ClassicConsumer:
        """Somebody who is to come."""
        is_classic = self.with_classic and self.rng.random() < 0.5
        return (ClassicConsumer if is_classic else ConsumerClient)(self, name, instance_id)

    def may_trust(self, client: Any) -> bool:
        """A classic member may take over an instance id without asking."""
        return not self.with_classic and super().may_trust(client)

    # Topics

    def source_of(self, place: tuple[bytes, int]) -> tuple[str, int, bytes]:
        """Where the offset of a partition is committed: also of a topic that is gone."""
        return self.names_by_id[place[0]], place[1], place[0]

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

    def bring_trouble(self) -> None:
        """And a group of two protocols may lose one of them in the end."""
        super().bring_trouble()
        if self.with_classic and self.rng.random() < 0.3:
            self.at(SPAN_MS - self.rng.random() * 8_000, self.go_back)

    def go_back(self) -> None:
        """Whoever speaks the consumer protocol leaves, so that the group is a classic one again."""
        for client in self.clients:
            if client.alive and isinstance(client, ConsumerClient):
                client.leave()

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

    # What must hold

    def states(self, shard: Shard) -> Any:
        """All of consumer groups that is hard."""
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

    def lacks(self, living: list[Any], group: Any) -> str:
        """Whoever lives is to have its part, and all is to be had."""
        wanted = {
            (self.topics.ids[t], p) for c in living for t in c.topics for p in range(self.topics.counts[t])
        }
        had: list[tuple[bytes, int]] = [place for client in living for place in client.places]
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
