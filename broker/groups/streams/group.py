"""A streams group (KIP-1071): its state, and how records rebuild it.

`replay` alone changes what must outlive the broker: epochs, topology, members, targets, assignments. Soft are
the deadlines, the topology held against the topics, what members report of their state's offsets, the
epoch of the endpoints, and a wish to shut the application down.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..events import Instant
from .deadlines import Deadlines
from .member import MemberState, StreamsMember
from .records import (
    Kind,
    StreamsCurrent,
    StreamsGroupEpoch,
    StreamsMemberMetadata,
    StreamsRecord,
    StreamsTarget,
    StreamsTargetEpoch,
    StreamsTombstone,
    StreamsTopology,
)
from .settings import StreamsGroupConfig
from .tasks import HeldTasks, Task, TaskSets
from .topic_configuration import ConfiguredTopology
from .topology import InternalTopic, Topology

NO_EPOCH = -1
# A group begins with an epoch, and with a target for it in which nobody has anything.
FIRST_EPOCH = 1
NO_TASKS = TaskSets()
_ERRORS_SHOWN = 3


class TaskOffsets:
    """How far a member's states are, and how far their changelogs reach, by task."""

    def __init__(
        self, offsets: Mapping[Task, int] | None = None, end_offsets: Mapping[Task, int] | None = None
    ) -> None:
        self.offsets = offsets or {}
        self.end_offsets = end_offsets or {}


class StreamsGroup:
    """One streams group.

    `epoch` grows with every change that asks for a new assignment; `target_epoch` is the one that `target`
    was computed for. `active_owners` tells the process of whoever has an active task, `standby_owners` and
    `warmup_owners` the processes of those who have a standby and of those who warm up. `configured` is None
    until the topology was held against the topics, and `topics_are_known` says that they have not changed
    since.
    """

    group_type = "streams"
    protocol_type = "streams"

    def __init__(self, group_id: str, config: StreamsGroupConfig) -> None:
        self.group_id = group_id
        self.config = config
        self.epoch = FIRST_EPOCH
        self.metadata_hash = 0
        self.validated_topology_epoch = NO_EPOCH
        self.assignment_configs: tuple[tuple[str, str], ...] = ()
        self.target_epoch = FIRST_EPOCH
        self.target_timestamp_ms = 0
        self.target: dict[str, TaskSets] = {}
        self.topology: Topology | None = None
        self.members: dict[str, StreamsMember] = {}
        self.static_members: dict[str, str] = {}
        self.active_owners: dict[Task, str] = {}
        self.standby_owners: dict[Task, set[str]] = {}
        self.warmup_owners: dict[Task, set[str]] = {}
        self.configured: ConfiguredTopology | None = None
        self.topics_are_known = False
        self.task_offsets: dict[str, TaskOffsets] = {}
        self.endpoint_epoch = 0
        self.shutdown_member_id: str | None = None
        self.creation_errors: dict[str, tuple[str, float]] = {}
        self.deadlines = Deadlines()

    # Hard state

    def replay(self, record: StreamsRecord, now: Instant) -> None:
        """Take over one record of the group's log, when loading and when running alike."""
        if isinstance(record, StreamsCurrent):
            old = self.members.get(record.member_id)
            self._put(old, (old or StreamsMember(record.member_id)).moved_to(record), now)
            self._watch_rebalance(self.members[record.member_id], now)
        elif isinstance(record, StreamsMemberMetadata):
            old = self.members.get(record.member_id)
            self._put(old, (old or StreamsMember(record.member_id)).updated_with(record), now)
        elif isinstance(record, StreamsTarget):
            self.target[record.member_id] = record.tasks
        elif isinstance(record, StreamsTargetEpoch):
            self.target_epoch, self.target_timestamp_ms = record.epoch, record.timestamp_ms
        elif isinstance(record, StreamsGroupEpoch):
            self.epoch, self.metadata_hash = record.epoch, record.metadata_hash
            self.validated_topology_epoch = record.validated_topology_epoch
            self.assignment_configs = record.assignment_configs
        elif isinstance(record, StreamsTopology):
            self.topology = record.topology
        else:
            self._remove(record, now)

    def _remove(self, record: StreamsTombstone, now: Instant) -> None:
        if record.kind is Kind.CURRENT:
            member = self.members.get(record.member_id)
            if member is not None:
                nothing = StreamsCurrent(self.group_id, record.member_id, -1, -1, 1, HeldTasks(), HeldTasks())
                self._put(member, member.moved_to(nothing), now)
                self.deadlines.rebalances.pop(record.member_id, None)
        elif record.kind is Kind.MEMBER:
            self._drop(record.member_id)
        elif record.kind is Kind.TARGET:
            self.target.pop(record.member_id, None)
        elif record.kind is Kind.TARGET_EPOCH:
            self.target_epoch, self.target_timestamp_ms = NO_EPOCH, 0
        elif record.kind is Kind.TOPOLOGY:
            self.topology = None

    def _put(self, old: StreamsMember | None, new: StreamsMember, now: Instant) -> None:
        if old is None:
            if not self.members and self.config.initial_rebalance_delay_ms:
                self.deadlines.delay(now.monotonic_ms + self.config.initial_rebalance_delay_ms)
            self.touch(new, now)
        else:
            self._release(old)
            self._forget_instance(old)
        self.members[new.member_id] = new
        self._own(new)
        if new.instance_id is not None:
            self.static_members[new.instance_id] = new.member_id

    def _drop(self, member_id: str) -> None:
        old = self.members.pop(member_id, None)
        if old is None:
            return
        self._release(old)
        self._forget_instance(old)
        self.task_offsets.pop(member_id, None)
        self.deadlines.forget(member_id)
        if not self.members:
            self.shutdown_member_id = None

    def _forget_instance(self, member: StreamsMember) -> None:
        # An instance id may have gone over to another member id in the same batch of records.
        if self.static_members.get(member.instance_id or "") == member.member_id:
            self.static_members.pop(member.instance_id or "")

    def _own(self, member: StreamsMember) -> None:
        for held in (member.assigned, member.pending_revocation):
            self.active_owners.update(dict.fromkeys(held.active, member.process_id))
            for tasks, owners in ((held.standby, self.standby_owners), (held.warmup, self.warmup_owners)):
                for task in tasks:
                    owners.setdefault(task, set()).add(member.process_id)

    def _release(self, member: StreamsMember) -> None:
        """Nobody owns what the member owned, except what another process has got since."""
        for held in (member.assigned, member.pending_revocation):
            for task in held.active:
                if self.active_owners.get(task) == member.process_id:
                    del self.active_owners[task]
            for tasks, owners in ((held.standby, self.standby_owners), (held.warmup, self.warmup_owners)):
                for task in tasks:
                    owners.get(task, set()).discard(member.process_id)

    def _watch_rebalance(self, member: StreamsMember, now: Instant) -> None:
        if member.state is MemberState.UNREVOKED_TASKS:
            deadline_ms = now.monotonic_ms + member.rebalance_timeout_ms
            self.deadlines.give_up_by(member.member_id, member.member_epoch, deadline_ms)
        else:
            self.deadlines.rebalances.pop(member.member_id, None)

    def on_loaded(self, now: Instant) -> None:
        """Everything is replayed: members keep their place, with a fresh session each, and nothing waits."""
        self.deadlines.initial_rebalance_ms = None
        for member in self.members.values():
            self.touch(member, now)

    # Questions

    @property
    def is_empty(self) -> bool:
        """Whether the group has no members."""
        return not self.members

    @property
    def state_name(self) -> str:
        """The state as ListGroups and StreamsGroupDescribe show it."""
        if not self.members:
            return "Empty"
        if self.topology is None or self.topology.epoch != self.validated_topology_epoch:
            return "NotReady"
        if self.epoch > self.target_epoch:
            return "Assigning"
        is_stable = all(member.is_reconciled_to(self.target_epoch) for member in self.members.values())
        return "Stable" if is_stable else "Reconciling"

    def is_subscribed_to(self, topic: str) -> bool:
        """Whether a topic is an input of the group while it has members."""
        return bool(self.members) and self.topology is not None and topic in self.topology.subtopology_of

    def wants(self, topic: str) -> bool:
        """Whether the topology depends on a topic."""
        return self.topology is not None and topic in self.topology.required_topics

    def static_member(self, instance_id: str | None) -> StreamsMember | None:
        """The member that has an instance id."""
        member_id = None if instance_id is None else self.static_members.get(instance_id)
        return None if member_id is None else self.members[member_id]

    def offsets_of(self, member_id: str) -> TaskOffsets:
        """What a member has reported of its states."""
        return self.task_offsets.get(member_id) or TaskOffsets()

    def tombstones(self) -> Iterator[StreamsTombstone]:
        """The records that remove the group, in an order in which each may be replayed."""
        for member_id in self.members:
            yield StreamsTombstone(self.group_id, Kind.CURRENT, member_id)
        for member_id in self.members:
            yield StreamsTombstone(self.group_id, Kind.TARGET, member_id)
        yield StreamsTombstone(self.group_id, Kind.TARGET_EPOCH)
        for member_id in self.members:
            yield StreamsTombstone(self.group_id, Kind.MEMBER, member_id)
        yield StreamsTombstone(self.group_id, Kind.GROUP_EPOCH)
        yield StreamsTombstone(self.group_id, Kind.TOPOLOGY)

    # Soft state

    @property
    def wake_ms(self) -> float:
        """The earliest moment at which `expire` may have something to do."""
        return self.deadlines.wake_ms

    def touch(self, member: StreamsMember, now: Instant) -> None:
        """The member has shown life: its session lasts another session timeout."""
        self.deadlines.live_until(member.member_id, now.monotonic_ms + self.config.session_timeout_ms)

    def note_failed_topics(self, errors: Mapping[str, str], now: Instant) -> None:
        """Internal topics could not be made: members are told so with their next heartbeats."""
        until_ms = now.monotonic_ms + 2 * self.config.heartbeat_interval_ms
        self.creation_errors.update((name, (error, until_ms)) for name, error in errors.items())

    def failed_topics(self, topics: Iterable[InternalTopic], now: Instant) -> str:
        """What is to be said of those of the topics that could not be made of late; nothing if there are
        none.
        """
        failed = []
        for topic in topics:
            error, until_ms = self.creation_errors.get(topic.name, ("", 0.0))
            if now.monotonic_ms < until_ms:
                failed.append(f"{topic.name} ({error})")
        more = len(failed) - _ERRORS_SHOWN
        shown = ", ".join(failed[:_ERRORS_SHOWN]) + (f" and {more} more" if more > 0 else "")
        return f"; Creation failed: {shown}." if failed else ""

    def forget_topics(self) -> None:
        """Have the next heartbeat look at the topics anew."""
        self.topics_are_known = False
