"""A world of members around one share group (KIP-932), and a share coordinator that makes the states of
partitions: soon, late, after it was asked twice, or not at all.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

from odradek.broker.groups.consumer.records import Assignment
from odradek.broker.groups.events import Effects
from odradek.broker.groups.shard import Shard
from odradek.broker.groups.share import requests
from odradek.broker.groups.share.group import ShareGroup, ShareMember
from odradek.broker.groups.share.requests import DoomedState
from odradek.broker.groups.share.settings import ShareGroupConfig, ShareSettings
from odradek.broker.groups.share.state import InitializeState

from .client import GROUP, Violation
from .consumer_group_client import Owned, places
from .heartbeat_client import SESSION_MS
from .heartbeat_world import HeartbeatWorld, SimulatedTopics
from .share_group_client import ShareClient

RETRY_MS = 8_000


class ShareGroupWorld(HeartbeatWorld):
    """One history of a share group. `made` are the partitions that the share coordinator has a state of."""

    def __init__(self, seed: int, fail_append: float | None = None) -> None:
        topics = SimulatedTopics()
        early = random.Random(seed ^ 0x932)
        for name in ("departures", "arrivals"):
            if early.random() < 0.8:
                topics.put(name, early.randrange(1, 7))
        self.share_config = ShareGroupConfig(
            session_timeout_ms=SESSION_MS,
            assignment_interval_ms=early.choice((0, 0, 1_000)),
            initialize_retry_interval_ms=RETRY_MS,
            max_size=early.choice((100, 100, 3)),
        )
        self.made: set[tuple[bytes, int]] = set()
        self.seen_epoch = 0
        self.passed_on = 0
        self.last_answer_ms = 0.0
        super().__init__(seed, topics, fail_append)

    def new_shard(self) -> Shard:
        """A shard with these settings and topics."""
        settings = ShareSettings(self.topics, lambda _: self.share_config)
        return Shard(self.config, self.new_member_id, None, None, settings)

    def new_client(self, name: str, instance_id: str | None) -> ShareClient:  # noqa: ARG002
        """Somebody who is to come. Share groups know no instance ids."""
        return ShareClient(self, name, None)

    def subscription(self) -> frozenset[str]:
        """What somebody may want."""
        return frozenset(
            self.rng.choice((("departures",), ("departures",), ("arrivals",), ("departures", "arrivals")))
        )

    def group(self) -> ShareGroup | None:
        """The group, once somebody has joined."""
        group = self.shard.groups.get(GROUP)
        return group if isinstance(group, ShareGroup) else None

    def member(self, member_id: str) -> ShareMember | None:
        """What the coordinator knows of a member."""
        group = self.group()
        return None if group is None else group.members.get(member_id)

    def change_topics(self) -> None:
        """A topic comes, grows or goes."""
        name = self.rng.choice(("departures", "arrivals"))
        if name in self.topics.counts and self.rng.random() < 0.4:
            self.drop(name)
        else:
            self.put(name, self.topics.counts.get(name, 0) + self.rng.randrange(1, 4))

    def drop(self, name: str) -> None:
        """Delete a topic; the coordinators are told until they have heard."""
        topic_id = self.topics.ids[name]
        self.topics.remove(name)
        self.shard.refresh_topics([name])
        self.made = {place for place in self.made if place[0] != topic_id}
        before = len(self.batch_ends)
        while len(self.batch_ends) == before:
            self.submit(lambda effects: self.shard.drop_topic(topic_id, effects))

    # The coordinators

    def submit(self, event: Callable[[Effects], None]) -> None:
        """Run one event, pass on what it orders when that is durable, and look at the group afterwards."""
        orders: list[InitializeState] = []

        def with_orders(effects: Effects) -> None:
            event(effects)
            orders.extend(effects.orders)
            self.check_orders(orders)

        def pass_on() -> None:
            if self.shard is shard:
                for order in orders:
                    self.pass_on(order)

        batches, shard = len(self.batch_ends), self.shard
        super().submit(with_orders)
        if orders and len(self.batch_ends) > batches:
            self.at(self.trouble.durable_delay_ms, pass_on)
        group = self.group()
        if group is not None:
            self.check_group(group)

    def pass_on(self, order: InitializeState) -> None:
        """The share coordinator makes states, or fails, or its answer is lost with one of the two. It takes
        orders one after the other, so that none fails after one for the same states that did not; and tells
        of no failure when it is asked again already.
        """
        partitions = {topic_id: frozenset(offsets) for topic_id, offsets in order.offsets.items()}
        fate, shard = (1.0 if self.quiet else self.rng.random()), self.shard
        self.passed_on += 1
        number = self.passed_on

        def answer() -> None:
            has_some = not self.made.isdisjoint(places(partitions))  # of a time when the answer was lost
            is_made = has_some or fate > 0.2
            if is_made:
                self.made |= {each for each in places(partitions) if self.topics.by_id(each[0]) is not None}
            is_told = has_some or fate > 0.3 or (fate < 0.1 and number == self.passed_on)
            if self.shard is shard and is_told:
                note = requests.state_initialized if is_made else requests.state_not_initialized
                self.submit(lambda effects: note(self.shard, order.group_id, partitions, effects))

        due_ms = self.now_ms + self.rng.random() * (2 * RETRY_MS if fate < 0.4 else 100)
        self.last_answer_ms = max(self.last_answer_ms, due_ms)
        self.on(self.last_answer_ms, answer)

    def check_orders(self, orders: list[InitializeState]) -> None:
        """The share coordinator is asked for what makes sense."""
        for order in orders:
            if not order.offsets or not all(order.offsets.values()):
                raise Violation("the share coordinator is asked to make nothing")
            for topic_id, offsets in order.offsets.items():
                topic = self.topics.by_id(topic_id)
                if topic is None or not offsets.keys() <= set(range(topic.partition_count)):
                    raise Violation("the share coordinator is asked to make the state of what does not exist")

    def check_group(self, group: ShareGroup) -> None:
        """What must be so after every event."""
        members = group.members
        if len(members) > self.share_config.max_size:
            raise Violation(f"{len(members)} members are too many")
        if group.sessions.keys() != members.keys() or not group.target.keys() <= members.keys():
            raise Violation("the group keeps a session or a target of somebody who is not there")
        if group.topic_counts != Counter(name for member in members.values() for name in member.topic_names):
            raise Violation(f"the topics that are wanted are not {group.topic_counts}")
        if group.target_epoch > group.epoch or group.epoch < self.seen_epoch:
            raise Violation(f"epoch {self.seen_epoch} became {group.epoch}, with target {group.target_epoch}")
        self.seen_epoch = group.epoch
        for member in members.values():
            if member.member_epoch > group.target_epoch:
                raise Violation(f"{member.member_id} is ahead of its group")
        state = group.state
        both = _made(state.initialized) & _made(state.initializing)
        if both:
            raise Violation(f"states are made that are there: {sorted(both)}")
        for assignment in group.target.values():
            unmade = {each for each in places(assignment) if self.topics.by_id(each[0])} - self.made
            if unmade:
                raise Violation(f"partitions without a state are to be read: {sorted(unmade)}")

    def restart(self) -> None:
        """The coordinator dies; epochs that were not durable may come again."""
        self.seen_epoch = 0
        super().restart()

    # What must hold

    def states(self, shard: Shard) -> Any:
        """All of share groups that is hard."""
        return [
            (
                group.group_id,
                group.epoch,
                group.metadata_hash,
                group.target_epoch,
                group.target_timestamp_ms,
                group.members,
                group.target,
                group.state,
                group.topic_counts,
            )
            for group in shard.groups.values()
            if isinstance(group, ShareGroup)
        ]

    def rest(self) -> None:
        """Rest lasts: nobody is told anything new. Then everybody leaves, and the group is deleted."""
        super().rest()
        group = self.group()
        if group is None:
            return
        epoch = group.epoch
        self.play(self.now_ms + SESSION_MS)
        if group.epoch != epoch:
            raise Violation(f"epoch {group.epoch} follows {epoch} for no reason")
        for client in self.clients:
            if client.alive:
                client.leave()
        self.play(self.now_ms + 2 * SESSION_MS)
        self.check_deletion(group)

    def lacks(self, living: list[Any], group: ShareGroup) -> str:
        """Everybody reads of what it wants, as much as others, and everything is read."""
        if any(client.epoch != group.epoch for client in living) or group.target_epoch != group.epoch:
            return "not everybody has reached the last epoch"
        readers: Counter[tuple[bytes, int]] = Counter(place for client in living for place in client.has)
        wanted: set[tuple[bytes, int]] = set()
        for client in living:
            its = self.partitions_of(client.names)
            wanted |= its
            if not client.has <= its:
                return f"{client.name} reads {sorted(client.has - its)}, which it does not want"
        if readers.keys() != wanted:
            return f"{sorted(wanted - readers.keys())} are nobody's"
        if wanted and len({client.names for client in living}) == 1:
            # Who has room may find that it reads already what lacks readers: some have less, and nobody more.
            sharing = -(-len(living) // len(wanted))
            load = -(-sharing * len(wanted) // len(living))
            if max(readers.values()) > sharing or max(len(client.has) for client in living) > load:
                return f"somebody reads more than {load}, or partitions have more than {sharing} readers"
        return ""

    def partitions_of(self, names: frozenset[str]) -> Owned:
        """All partitions of those topics that exist."""
        there = names & self.topics.counts.keys()
        return frozenset((self.topics.ids[t], p) for t in there for p in range(self.topics.counts[t]))

    def check_deletion(self, group: ShareGroup) -> None:
        """Whoever deletes the group is told of every state that there is."""
        if not group.is_empty:
            raise Violation("members have left and are there")
        if not group.has_state_record:
            return
        effects = Effects()
        requests.doom_group(self.shard, GROUP, None, effects)
        doomed = effects.replies[0][1]
        if not isinstance(doomed, DoomedState) or not self.made <= places(dict(doomed.partitions)):
            raise Violation(f"the states {sorted(self.made)} are to be deleted, and not {doomed}")


def _made(topics: Any) -> Owned:
    partitions: Assignment = {topic_id: topic.partitions for topic_id, topic in topics.items()}
    return places(partitions)
