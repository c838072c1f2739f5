"""A world of processes with threads around one streams group: the world of `classic_group_model`, with topics
that come, grow and go, and a broker that makes internal topics.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from odradek.broker.groups.events import Effects
from odradek.broker.groups.records import encode
from odradek.broker.groups.shard import Shard
from odradek.broker.groups.streams.events import MakeTopics
from odradek.broker.groups.streams.group import StreamsGroup
from odradek.broker.groups.streams.settings import StreamsGroupConfig, StreamsSettings
from odradek.broker.groups.streams.tasks import Task, Tasks
from odradek.broker.groups.streams.topology import InternalTopic, Subtopology, Topology

from .classic_group_client import GROUP, Violation
from .classic_group_model import World
from .consumer_group_model import SimulatedTopics
from .streams_group_client import SESSION_MS, StreamsClient

SPAN_MS = 60_000.0
REST_MS = 400_000.0
STEP_MS = 3_000.0
LASTS_MS = 12_000.0
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


class StreamsWorld(World):
    """One history of a streams group. `fail_append` sets which part of all appends fails."""

    clients: list[Any]
    topology = TOPOLOGY
    input_of = {"0": "departures", "1": "words", "2": "arrivals"}

    def __init__(self, seed: int, fail_append: float | None = None) -> None:
        self.topics = SimulatedTopics()
        early = random.Random(seed ^ 0x1071)
        for name in ("departures", "arrivals"):
            if early.random() < 0.8:
                self.topics.put(name, 4)
        self.streams_config = StreamsGroupConfig(
            session_timeout_ms=SESSION_MS,
            assignment_interval_ms=early.choice((0, 0, 1_000)),
            initial_rebalance_delay_ms=early.choice((0, 0, 3_000)),
            num_standby_replicas=early.choice((0, 1, 1, 2)),
            max_size=early.choice((100, 100, 3)),
        )
        self.positions: dict[Any, int] = {}
        self.confirmed: dict[Task, int] = {}
        super().__init__(seed)
        self.trouble.lives += 3
        if fail_append is not None:
            self.trouble.fail_append = fail_append

    @property
    def is_calm(self) -> bool:
        """Nothing goes wrong in this history, so that nobody may be put out."""
        return self.trouble.calm

    def new_shard(self) -> Shard:
        """A shard with these settings and topics."""
        settings = StreamsSettings(self.streams_config, self.topics)
        return Shard(self.config, lambda prefix: prefix, None, settings)

    def change_topics(self) -> None:
        """A topic comes, grows or goes."""
        name = self.rng.choice(("arrivals", "arrivals", "words", "counts", "departures"))
        if name in self.topics.counts and (name != "arrivals" or self.rng.random() < 0.3):
            self.topics.remove(name)
        elif name in ("arrivals", "departures"):
            self.put(name, self.topics.counts.get(name, 3) + 1)
        self.shard.refresh_topics([name])

    def put(self, name: str, partitions: int) -> None:
        """Make or enlarge a topic."""
        self.topics.put(name, partitions)
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

    def hard_state(self) -> Any:
        """All that a restart must bring back."""
        return super().hard_state(), _states(self.shard)

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
        if _states(compacted) != _states(self.shard):
            raise Violation("compaction changed the state")

    # The clients

    def gain(self, client: StreamsClient, tasks: Tasks) -> None:
        """A client begins to run tasks. Nobody else who is a member may still run them."""
        group = self.shard.groups.get(GROUP)
        members = {} if group is None else group.members
        for task in tasks:
            for other in self.clients:
                if other is client or task not in other.has.active:
                    continue
                if client.member_id in members and self.is_current(other):
                    raise Violation(f"{client.name} and {other.name} run {task}")
                if self.may_trust(other):
                    raise Violation(f"{client.name} takes {task} from {other.name}, which does not know")
            committed = self.shard.offsets.get(GROUP, self.input_of[task[0]], task[1])
            offset = -1 if committed is None else committed.offset
            if offset < self.confirmed.get(task, -1):
                raise Violation(f"an acknowledged commit of {task} is lost")
            self.positions[client.name, task] = max(offset, 0)

    def may_trust(self, client: StreamsClient) -> bool:
        """Whether a client may rely on what it has: it was answered a moment ago, gives up what it is to, and
        neither did the coordinator lose anything, nor did time jump.
        """
        if self.trouble.jumps or self.trouble.restarts:
            return False
        return client.alive and not client.holds and self.now_ms < client.trusted_until_ms

    def is_current(self, client: StreamsClient) -> bool:
        """Whether the coordinator takes the client for the member that it thinks it is."""
        group = self.shard.groups.get(GROUP)
        member = group.members.get(client.member_id) if isinstance(group, StreamsGroup) else None
        return member is not None and member.member_epoch == client.epoch

    # The story

    def run(self) -> StreamsWorld:
        """Play the history: trouble first, then rest. Raises Violation."""
        rng, trouble = self.rng, self.trouble
        for _ in range(rng.randrange(1, 5)):
            self.newcomer(rng.random() * 5_000, f"i{len(self.clients)}" if rng.random() < 0.3 else None)
        for count, action in (
            (trouble.lives, self.turn_of_life),
            (trouble.restarts, self.restart),
            (trouble.jumps, self.jump),
            (rng.randrange(4), self.change_topics),
        ):
            for _ in range(count):
                self.at(rng.random() * SPAN_MS, action)
        self.play(SPAN_MS)
        self.quiet = True
        for name in ("departures", "arrivals"):
            if name not in self.topics.counts:
                self.put(name, 4)
        # Internal topics do not grow with their inputs: those that do not fit, somebody deletes.
        for name in ("words", "counts"):
            if self.topics.counts.get(name) not in (None, self.topics.counts["departures"]):
                self.topics.remove(name)
                self.shard.refresh_topics([name])
        self.rest()
        self.restart()
        return self

    def newcomer(self, delay_ms: float, instance_id: str | None) -> None:
        """Somebody comes."""
        # Somebody who comes back comes with the folder of state that it had.
        former = [client.process_id for client in self.clients if client.instance_id == instance_id]
        stays = instance_id is not None and former
        process_id = former[0] if stays else f"p{self.rng.randrange(PROCESSES)}"
        client = StreamsClient(self, f"c{len(self.clients)}", instance_id, process_id)
        self.clients.append(client)
        client.later(delay_ms, client.join)

    def turn_of_life(self) -> None:
        """Something happens to somebody."""
        rng = self.rng
        client = rng.choice(self.clients)
        kind = rng.randrange(5)
        if kind == 0 or not client.alive:
            same = client.instance_id if rng.random() < 0.7 and not self.trouble.calm else None
            if same is not None and client.alive and rng.random() < 0.7:
                client.crash()
            self.newcomer(0, same)
        elif kind == 1:
            client.leave()
        elif kind == 2:
            client.crash()
        elif not self.trouble.calm:
            client.stalls = True
            client.holds |= rng.random() < 0.5

    def rest(self) -> None:
        """Rest must come before the limit, and last."""
        self.play(max(self.now_ms, *(client.last_arrival_ms for client in self.clients)) + STEP_MS)
        limit_ms = self.now_ms + REST_MS
        while self.unrest() and self.now_ms < limit_ms:
            self.play(self.now_ms + STEP_MS)
        self.play(self.now_ms + LASTS_MS)
        unrest = self.unrest()
        if unrest:
            raise Violation(unrest)

    def unrest(self) -> str:
        """What keeps the world from rest: every task is to be run once, and to have its replicas."""
        group = self.shard.groups.get(GROUP)
        living = [client for client in self.clients if client.alive]
        if not isinstance(group, StreamsGroup) or not living:
            return "" if group is None or group.is_empty else "somebody is still a member"
        if {c.member_id for c in living} != set(group.members):
            return f"the members are {set(group.members)}, which are not those who live"
        if group.state_name != "Stable":
            return f"the group is {group.state_name}"
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


def _states(shard: Shard) -> Any:
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
