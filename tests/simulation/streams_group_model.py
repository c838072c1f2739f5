"""A world of processes with threads around one streams group (KIP-1071), and a broker that makes internal
topics.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from odradek.broker.groups.events import Effects
from odradek.broker.groups.shard import Shard
from odradek.broker.groups.streams.events import MakeTopics
from odradek.broker.groups.streams.group import StreamsGroup
from odradek.broker.groups.streams.settings import StreamsGroupConfig, StreamsSettings
from odradek.broker.groups.streams.tasks import Task
from odradek.broker.groups.streams.topology import InternalTopic, Subtopology, Topology

from .client import GROUP, Violation
from .heartbeat_client import SESSION_MS
from .heartbeat_world import OwningWorld, SimulatedTopics
from .streams_group_client import StreamsClient

PROCESSES = 3


def _subtopology(subtopology_id: str, *sources: str, **fields: Any) -> Subtopology:
    names = ("source_topic_regex", "state_changelog_topics", "repartition_sink_topics")
    empty: dict[str, Any] = dict.fromkeys((*names, "repartition_source_topics", "copartition_groups"), ())
    return Subtopology(subtopology_id=subtopology_id, source_topics=sources, **{**empty, **fields})


# Departures are counted by way of a repartition topic; arrivals have no state, so that they may grow.
TOPOLOGY = Topology(
    0,
    (
        _subtopology("0", "departures", repartition_sink_topics=("words",)),
        _subtopology(
            "1",
            repartition_source_topics=(InternalTopic("words", 0, 0, ()),),
            state_changelog_topics=(InternalTopic("counts", 0, 0, ()),),
        ),
        _subtopology("2", "arrivals"),
    ),
)


class StreamsWorld(OwningWorld):
    """One history of a streams group."""

    topology = TOPOLOGY
    input_of = {"0": "departures", "1": "words", "2": "arrivals"}

    def __init__(self, seed: int, fail_append: float | None = None) -> None:
        topics = SimulatedTopics()
        early = random.Random(seed ^ 0x1071)
        for name in ("departures", "arrivals"):
            if early.random() < 0.8:
                topics.put(name, 4)
        self.streams_config = StreamsGroupConfig(
            session_timeout_ms=SESSION_MS,
            assignment_interval_ms=early.choice((0, 0, 1_000)),
            initial_rebalance_delay_ms=early.choice((0, 0, 3_000)),
            num_standby_replicas=early.choice((0, 1, 1, 2)),
            max_size=early.choice((100, 100, 3)),
        )
        super().__init__(seed, topics, fail_append)

    def new_shard(self) -> Shard:
        """A shard with these settings and topics."""
        settings = StreamsSettings(self.streams_config, self.topics)
        return Shard(self.config, self.new_member_id, None, settings)

    def new_client(self, name: str, instance_id: str | None) -> StreamsClient:
        """Somebody who is to come. Who comes back comes with the folder of state that it had."""
        former = [client.process_id for client in self.clients if client.instance_id == instance_id]
        stays = instance_id is not None and former
        process_id = former[0] if stays else f"p{self.rng.randrange(PROCESSES)}"
        return StreamsClient(self, name, instance_id, process_id)

    def source_of(self, task: Task) -> tuple[str, int, bytes]:
        """Where the offset of a task is committed."""
        topic = self.input_of[task[0]]
        return topic, task[1], self.topics.ids.get(topic, bytes(16))

    def change_topics(self) -> None:
        """A topic comes, grows or goes."""
        name = self.rng.choice(("arrivals", "arrivals", "words", "counts", "departures"))
        if name in self.topics.counts and (name != "arrivals" or self.rng.random() < 0.3):
            self.topics.remove(name)
        elif name in ("arrivals", "departures"):
            self.put(name, self.topics.counts.get(name, 3) + 1)
        self.shard.refresh_topics([name])

    # The coordinator

    def submit(self, event: Callable[[Effects], None]) -> None:
        """Run one event, make the topics that it orders, and look at who has what afterwards."""
        orders: list[MakeTopics] = []

        def with_orders(effects: Effects) -> None:
            event(effects)
            orders.extend(effects.orders)

        batches = len(self.batch_ends)
        super().submit(with_orders)
        for order in orders if len(self.batch_ends) > batches else ():
            for topic in order.topics:
                if topic.name not in self.topics.counts and self.rng.random() < 0.8:
                    self.put(topic.name, topic.partitions)
        group = self.shard.groups.get(GROUP)
        if isinstance(group, StreamsGroup):
            self.check_owners(group)

    def check_owners(self, group: StreamsGroup) -> None:
        """An active task is of one member; in a process the state of a task is of one member."""
        active: dict[Task, str] = {}
        states: dict[tuple[str, Task], str] = {}
        for member in group.members.values():
            for held in (member.assigned, member.pending_revocation):
                for task in held.active:
                    if active.setdefault(task, member.member_id) != member.member_id:
                        raise Violation(f"{active[task]} and {member.member_id} both run {task}")
                for task in (*held.active, *held.standby, *held.warmup):
                    other = states.setdefault((member.process_id, task), member.member_id)
                    if other != member.member_id:
                        raise Violation(f"{other} and {member.member_id} both have the state of {task}")
        if active.keys() != group.active_owners.keys():
            raise Violation("the group does not know which tasks are run")
        replicas = {
            task for m in group.members.values() for task in (*m.assigned.standby, *m.assigned.warmup)
        }
        if not replicas <= {task for task, owners in group.standby_owners.items() if owners}:
            raise Violation("the group does not know where replicas are")

    # What must hold

    def settle(self) -> None:
        """Internal topics do not grow with their inputs: those that do not fit, somebody deletes."""
        for name in ("departures", "arrivals"):
            if name not in self.topics.counts:
                self.put(name, 4)
        for name in ("words", "counts"):
            if self.topics.counts.get(name) not in (None, self.topics.counts["departures"]):
                self.topics.remove(name)
                self.shard.refresh_topics([name])

    def lacks(self, living: list[Any], group: Any) -> str:  # noqa: ARG002
        """Every task is to be run once, and to have its replicas."""
        counts = self.topics.counts
        wanted = sorted((each, p) for each, topic in self.input_of.items() for p in range(counts[topic]))
        if sorted(task for client in living for task in client.has.active) != wanted:
            return "not every task is run once"
        processes = {client.process_id for client in living}
        replicas = min(self.streams_config.num_standby_replicas, len(processes) - 1)
        standbys = sorted(task for client in living for task in client.has.standby)
        if standbys != sorted(("1", p) for p in range(counts["counts"]) for _ in range(replicas)):
            return f"the standbys are {standbys}"
        return ""

    def states(self, shard: Shard) -> Any:
        """All of streams groups that is hard."""
        groups = [group for group in shard.groups.values() if isinstance(group, StreamsGroup)]
        return [
            (
                group.group_id,
                group.epoch,
                group.metadata_hash,
                group.validated_topology_epoch,
                group.assignment_configs,
                group.target_epoch,
                group.target_timestamp_ms,
                group.members,
                group.target,
                group.topology,
                group.static_members,
                group.active_owners,
                {task: owners for task, owners in group.standby_owners.items() if owners},
                {task: owners for task, owners in group.warmup_owners.items() if owners},
            )
            for group in groups
        ]
