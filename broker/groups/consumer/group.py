"""A consumer group (the protocol of KIP-848): its state, and how records rebuild it.

Nearly everything is hard state: `replay` alone changes epochs, members, targets and assignments, and makes
of each record the deadline that follows from it. Soft are the deadlines, and whether the topics have been
looked at since they changed. The events are in `heartbeat`, `leaving` and `classic_members`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from math import inf
from typing import NamedTuple

from ..events import Instant
from ..java_order import copy_capacity, hash_map_computed_order, timeline_map_order
from .member import ConsumerMember, MemberState
from .reconciliation import NOT_OWNED
from .records import (
    Assignment,
    ConsumerGroupEpoch,
    ConsumerMemberMetadata,
    ConsumerRecord,
    ConsumerTombstone,
    CurrentAssignment,
    Epochs,
    Kind,
    PartitionMetadata,
    ResolvedRegex,
    TargetAssignment,
    TargetAssignmentEpoch,
)
from .subscriptions import Subscriptions

NO_EPOCH = -1


class RebalanceDeadline(NamedTuple):
    """By when a member is to have left an epoch."""

    member_epoch: int
    deadline_ms: float


class ConsumerGroup:
    """One consumer group.

    `epoch` grows with every change that asks for a new assignment; `target_epoch` is the one that `target`
    was computed for. `sessions`, `rebalances`, `joins` and `syncs` are deadlines by member id on the
    monotonic clock; the last two are of members that speak the classic protocol. `topics_are_known` says that
    `metadata_hash` is up to date, and `ends_in_rebalance` whether the members of a classic group that comes
    after this one are to join again. `wake_ms` is the earliest moment at which `expire` may have something to
    do.
    """

    group_type = "consumer"
    protocol_type = "consumer"

    def __init__(self, group_id: str, session_timeout_ms: int) -> None:
        self.group_id = group_id
        self.session_timeout_ms = session_timeout_ms
        self.epoch = 1
        self.metadata_hash = 0
        self.target_epoch = NO_EPOCH
        self.target_timestamp_ms = 0
        self.target: dict[str, Assignment] = {}
        self.target_owners: dict[tuple[bytes, int], str] = {}
        self.members: dict[str, ConsumerMember] = {}
        self.static_members: dict[str, str] = {}
        self.subscriptions = Subscriptions.none()
        self.regexes: dict[str, ResolvedRegex] = {}
        self.server_assignors: Counter[str] = Counter()
        self.classic_protocols: Counter[str] = Counter()
        self.classic_members = 0
        self.owner_epochs: dict[tuple[bytes, int], int] = {}
        self.has_partition_metadata = False
        self.topics_are_known = False
        self.ends_in_rebalance = True
        self.sessions: dict[str, float] = {}
        self.rebalances: dict[str, RebalanceDeadline] = {}
        self.joins: dict[str, float] = {}
        self.syncs: dict[str, float] = {}
        self.regex_deadline_ms: float | None = None
        self.wake_ms = inf

    # Hard state

    def replay(self, record: ConsumerRecord, now: Instant) -> None:
        """Take over one record of the group's log, when loading and when running alike."""
        if isinstance(record, CurrentAssignment):
            self._move(record, now)
        elif isinstance(record, ConsumerMemberMetadata):
            old = self.members.get(record.member_id)
            self._put(old, (old or ConsumerMember(record.member_id)).updated_with(record), now)
        elif isinstance(record, TargetAssignment):
            self._retarget(record.member_id, record.partitions)
        elif isinstance(record, TargetAssignmentEpoch):
            self.target_epoch, self.target_timestamp_ms = record.epoch, record.timestamp_ms
        elif isinstance(record, ConsumerGroupEpoch):
            self.epoch, self.metadata_hash = record.epoch, record.metadata_hash
        elif isinstance(record, ResolvedRegex):
            self._resolve(record.regex, record)
        elif isinstance(record, PartitionMetadata):
            self.has_partition_metadata = True
        else:
            self._remove(record, now)

    def _remove(self, record: ConsumerTombstone, now: Instant) -> None:
        if record.kind is Kind.CURRENT:
            if record.name in self.members:
                self._move(CurrentAssignment(self.group_id, record.name, -1, -1, 0, {}, {}), now)
        elif record.kind is Kind.MEMBER:
            old = self.members.pop(record.name, None)
            if old is not None:
                self._count(old, None)
                self._release(old)
                self.forget_deadlines(record.name)
        elif record.kind is Kind.TARGET:
            self._retarget(record.name, {})
            self.target.pop(record.name, None)
        elif record.kind is Kind.TARGET_EPOCH:
            self.target_epoch, self.target_timestamp_ms = NO_EPOCH, 0
        elif record.kind is Kind.REGEX:
            self._resolve(record.name, None)
        elif record.kind is Kind.PARTITION_METADATA:
            self.has_partition_metadata = False

    def _put(self, old: ConsumerMember | None, new: ConsumerMember, now: Instant) -> None:
        self.members[new.member_id] = new
        self._count(old, new)
        if old is None:
            self.touch(new, now)
        if new.topic_regex and new.topic_regex not in self.regexes and self.regex_deadline_ms is None:
            self.regex_deadline_ms = self.wake_at(now.monotonic_ms)

    def _count(self, old: ConsumerMember | None, new: ConsumerMember | None) -> None:
        self.subscriptions.replace(old, new)
        for member, change in ((old, -1), (new, 1)):
            if member is None:
                continue
            _vote(self.server_assignors, member.server_assignor, change)
            if member.classic is not None:
                self.classic_members += change
                for name, _ in member.classic.protocols:
                    self.classic_protocols[name] += change
        # An instance id may have gone over to another member id in the same batch of records.
        if old is not None and self.static_members.get(old.instance_id or "") == old.member_id:
            self.static_members.pop(old.instance_id or "")
        if new is not None and new.instance_id is not None:
            self.static_members[new.instance_id] = new.member_id

    def _move(self, record: CurrentAssignment, now: Instant) -> None:
        old = self.members.get(record.member_id)
        if old is None:
            old = ConsumerMember(record.member_id)
            self._put(None, old, now)
        new = self.members[record.member_id] = old.moved_to(record)
        self._release(old)
        for topic_id, partition in _partitions(new.assigned, new.pending_revocation):
            self.owner_epochs[topic_id, partition] = new.member_epoch
        if new.state is MemberState.UNREVOKED_PARTITIONS and not new.uses_classic_protocol:
            deadline_ms = self.wake_at(now.monotonic_ms + new.rebalance_timeout_ms)
            self.rebalances[new.member_id] = RebalanceDeadline(new.member_epoch, deadline_ms)
        else:
            self.rebalances.pop(new.member_id, None)

    def _release(self, member: ConsumerMember) -> None:
        """Nobody owns what the member owned, except what somebody has got at another epoch since."""
        for owned in _partitions(member.assigned, member.pending_revocation):
            if self.owner_epochs.get(owned) == member.member_epoch:
                del self.owner_epochs[owned]

    def _retarget(self, member_id: str, partitions: Assignment) -> None:
        old = self.target.get(member_id, {})
        for topic_id, indexes in old.items():
            for index in indexes - partitions.get(topic_id, frozenset()):
                if self.target_owners.get((topic_id, index)) == member_id:
                    del self.target_owners[topic_id, index]
        for topic_id, indexes in partitions.items():
            for index in indexes - old.get(topic_id, frozenset()):
                self.target_owners[topic_id, index] = member_id
        self.target[member_id] = partitions

    def _resolve(self, regex: str, record: ResolvedRegex | None) -> None:
        old = self.regexes.pop(regex, None)
        self.subscriptions.resolve(old.topics if old else (), record.topics if record else ())
        if record is not None:
            self.regexes[regex] = record

    # Questions

    @property
    def is_empty(self) -> bool:
        """Whether the group has no members."""
        return not self.members

    @property
    def state_name(self) -> str:
        """The state as ListGroups and ConsumerGroupDescribe show it."""
        if not self.members:
            return "Empty"
        if self.epoch > self.target_epoch:
            return "Assigning"
        is_stable = all(member.is_reconciled_to(self.target_epoch) for member in self.members.values())
        return "Stable" if is_stable else "Reconciling"

    def is_subscribed_to(self, topic: str) -> bool:
        """Whether a topic is in use by the group."""
        return self.subscriptions.wants(topic)

    def owner_epoch(self, topic_id: bytes, partition: int) -> int:
        """At which member epoch somebody owns a partition, or NOT_OWNED."""
        return self.owner_epochs.get((topic_id, partition), NOT_OWNED)

    def static_member(self, instance_id: str | None) -> ConsumerMember | None:
        """The member that has an instance id."""
        member_id = None if instance_id is None else self.static_members.get(instance_id)
        return None if member_id is None else self.members[member_id]

    def target_of(self, member: ConsumerMember) -> Assignment:
        """What a member is to have; a static member inherits it from the one that it replaces."""
        member_id = member.member_id
        if member.instance_id is not None:
            member_id = self.static_members.get(member.instance_id, member_id)
        return self.target.get(member_id, {})

    def assignor(self, default: str) -> str:
        """The assignor that most members prefer; on a tie the one that Kafka's table of them has first."""
        votes = self.server_assignors
        return max(timeline_map_order(votes), key=votes.__getitem__, default=default)

    def assignor_after(self, old: ConsumerMember, new: ConsumerMember, default: str) -> str:
        """The assignor that most members prefer when `old` has become `new`. On a tie it is the first one in
        a copy of that table.
        """
        votes, capacity = Counter(self.server_assignors), copy_capacity(len(self.server_assignors))
        _vote(votes, old.server_assignor, -1)
        kept = timeline_map_order(votes)
        _vote(votes, new.server_assignor, 1)
        added = [name for name in votes if name not in kept]
        order = hash_map_computed_order(added, capacity, kept)
        return max(order, key=votes.__getitem__, default=default)

    def tombstones(self, renamed: Mapping[str, str] | None = None) -> Iterator[ConsumerTombstone]:
        """The records that remove the group, in an order in which each may be replayed. `renamed` maps member
        ids to those that take their place in the records before these.
        """
        group_id = self.group_id
        members = [(renamed or {}).get(member_id, member_id) for member_id in self.members]
        for member_id in members:
            yield ConsumerTombstone(group_id, Kind.CURRENT, member_id)
        for member_id in members:
            yield ConsumerTombstone(group_id, Kind.TARGET, member_id)
        yield ConsumerTombstone(group_id, Kind.TARGET_EPOCH)
        for member_id in members:
            yield ConsumerTombstone(group_id, Kind.MEMBER, member_id)
        for regex in self.regexes:
            yield ConsumerTombstone(group_id, Kind.REGEX, regex)
        yield ConsumerTombstone(group_id, Kind.PARTITION_METADATA)
        yield ConsumerTombstone(group_id, Kind.GROUP_EPOCH)

    # Deadlines

    def touch(self, member: ConsumerMember, now: Instant) -> None:
        """The member has shown life: its session lasts another session timeout."""
        timeout_ms = member.session_timeout_ms or self.session_timeout_ms
        self.sessions[member.member_id] = self.wake_at(now.monotonic_ms + timeout_ms)

    def wake_at(self, deadline_ms: float) -> float:
        """Make sure that `wake_ms` is not after a new deadline; returns the deadline."""
        if deadline_ms < self.wake_ms:
            self.wake_ms = deadline_ms
        return deadline_ms

    def forget_deadlines(self, member_id: str) -> None:
        """The member is gone."""
        for deadlines in (self.sessions, self.rebalances, self.joins, self.syncs):
            deadlines.pop(member_id, None)

    def next_deadline(self) -> float:
        """The earliest of all deadlines."""
        regex = () if self.regex_deadline_ms is None else (self.regex_deadline_ms,)
        plain = (*self.sessions.values(), *self.joins.values(), *self.syncs.values(), *regex)
        rebalances = (deadline.deadline_ms for deadline in self.rebalances.values())
        return min((*plain, *rebalances), default=inf)


def _vote(votes: Counter[str], assignor: str | None, change: int) -> None:
    """One member more or less prefers an assignor; nothing is kept at zero."""
    if assignor is not None:
        votes[assignor] += change
        if not votes[assignor]:
            del votes[assignor]


def _partitions(*owned: Epochs) -> Iterator[tuple[bytes, int]]:
    for epochs in owned:
        for topic_id, partitions in epochs.items():
            for partition in partitions:
                yield topic_id, partition
