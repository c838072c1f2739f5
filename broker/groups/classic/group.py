"""A classic group (the protocol of KIP-62, static members of KIP-345): its state, and how records rebuild it.

What must outlive the broker is `stored`, the last GroupMetadata record, and only `replay` changes that.
Everything else is soft: the rebalance that is going on, parked requests, deadlines. A restart forgets them,
and the members find out by REBALANCE_IN_PROGRESS or ILLEGAL_GENERATION, as they do with Apache Kafka.

The events are in `joining`, `rebalance`, `syncing` and `leaving`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf
from typing import Any

from ....protocol.errors import ErrorCode
from ..events import (
    UNKNOWN_MEMBER_ID,
    Effects,
    GroupConfig,
    GroupError,
    Instant,
    JoinedMember,
    JoinReply,
    JoinRequest,
    SyncReply,
)
from ..records import GroupMetadata, GroupTombstone
from .member import CONSUMER_PROTOCOL_TYPE, Member, subscribed_topics
from .transitions import EMPTY, PREPARING_REBALANCE, GroupState, Trigger, follow


class ClassicGroup:
    """One classic group.

    `generation_id` is the generation that members are to name; it runs ahead of `stored` from the end of the
    join phase until the leader's assignment is stored. `pending_members` have been given an id and are
    awaited (KIP-394); `pending_sync` have joined this generation and not synced. `wake_ms` is the earliest
    moment at which `rebalance.expire` has something to do, or may have. `rebalance_is_due` is set for a group
    that was a consumer group, until its members join again.
    """

    group_type = "classic"

    def __init__(self, group_id: str, config: GroupConfig, created_ms: int) -> None:
        self.group_id = group_id
        self.config = config
        self.stored: GroupMetadata | None = None
        self.state = EMPTY
        self.previous_state = GroupState.DEAD
        self.state_timestamp_ms = created_ms
        self.generation_id = 0
        self.protocol_type: str | None = None
        self.protocol_name: str | None = None
        self.leader_id: str | None = None
        self.subscribed_topics: frozenset[str] | None = None
        self.members: dict[str, Member] = {}
        self.static_members: dict[str, str] = {}
        self.support: dict[str, int] = {}
        self.pending_members: dict[str, float] = {}
        self.pending_sync: set[str] = set()
        self.returning: Member | None = None
        self.join_deadline_ms: float | None = None
        self.sync_deadline_ms: float | None = None
        self.initial_delay_left_ms: float | None = None
        self.new_member_added = False
        self.rebalance_is_due = False
        self.wake_ms = inf

    # Hard state

    def replay(self, record: GroupMetadata) -> None:
        """Take over a stored generation. The one place that changes hard state, when loading and when
        running.

        A record that is older than the rebalance going on (the one that creates the group, written while its
        first member joins) leaves the members as they are.
        """
        self.stored = record
        overtaken = self.state is PREPARING_REBALANCE and record.generation_id <= self.generation_id
        if not overtaken:
            self._settle(record)

    def _settle(self, record: GroupMetadata) -> None:
        self.enter(
            Trigger.STORED_MEMBERS if record.members else Trigger.STORED_EMPTY, record.state_timestamp_ms
        )
        self.generation_id = record.generation_id
        self.protocol_type = record.protocol_type or None
        self.protocol_name = record.protocol_name
        self.leader_id = record.leader
        known, self.members = self.members, {}
        returning, self.returning = self.returning, None
        self.support = {}
        for stored in record.members:
            member = known.get(stored.member_id)
            if member is None and returning is not None and returning.member_id == stored.member_id:
                member = returning
            if member is None:
                member = Member.restored(stored, record.protocol_name)
            member.assignment = stored.assignment
            member.awaiting_join = member.awaiting_sync = None
            self.members[stored.member_id] = member
            self._count(member, 1)
        self.static_members = {
            m.instance_id: m.member_id for m in self.members.values() if m.instance_id is not None
        }
        self.subscribed_topics = subscribed_topics(
            self.protocol_type, self.protocol_name, self.members.values()
        )

    def enter(self, trigger: Trigger, wall_ms: int) -> None:
        """Change the state as the table says."""
        self.previous_state, self.state = self.state, follow(self.state, trigger)
        self.state_timestamp_ms = wall_ms

    # Membership

    def add(self, member: Member, protocol_type: str) -> None:
        """A member that was not there yet. The first one sets the protocol type, and leads."""
        if not self.members:
            self.protocol_type = protocol_type
        self.members[member.member_id] = member
        self._count(member, 1)
        if member.instance_id is not None:
            self.static_members[member.instance_id] = member.member_id
        if self.leader_id is None:
            self.leader_id = member.member_id
        self.pending_members.pop(member.member_id, None)

    def remove(self, member_id: str, effects: Effects) -> None:
        """Forget a member, or one that is awaited. What it has parked is answered with UNKNOWN_MEMBER_ID.

        Apache Kafka leaves a parked SyncGroup of a removed member without any answer; here its client need
        not time out.
        """
        member = self.members.pop(member_id, None)
        if member is not None:
            self._count(member, -1)
            self.answer_join(member, JoinReply(ErrorCode.UNKNOWN_MEMBER_ID, UNKNOWN_MEMBER_ID), effects)
            self.answer_sync(member, SyncReply(ErrorCode.UNKNOWN_MEMBER_ID), effects)
            if member.instance_id is not None:
                del self.static_members[member.instance_id]
        if self.leader_id == member_id:
            self.leader_id = next(iter(self.members), None)
        self.pending_members.pop(member_id, None)
        self.pending_sync.discard(member_id)

    def update(self, member: Member, request: JoinRequest) -> None:
        """A member has joined anew, perhaps with other protocols or timeouts."""
        self._count(member, -1)
        member.protocols = request.protocols
        member.rebalance_timeout_ms = request.rebalance_timeout_ms
        member.session_timeout_ms = request.session_timeout_ms
        self._count(member, 1)

    def replace_static(self, old: Member, new: Member, effects: Effects) -> None:
        """Put `new` into the place of a static member that came back under a new member id, and fence the old
        id.
        """
        self.answer_join(old, JoinReply(ErrorCode.FENCED_INSTANCE_ID, old.member_id), effects)
        self.answer_sync(old, SyncReply(ErrorCode.FENCED_INSTANCE_ID), effects)
        self._count(old, -1)
        self._count(new, 1)
        self.members = {m.member_id: m for m in (new if m is old else m for m in self.members.values())}
        assert new.instance_id is not None
        self.static_members[new.instance_id] = new.member_id
        if self.leader_id == old.member_id:
            self.leader_id = new.member_id

    def _count(self, member: Member, change: int) -> None:
        for name in {name for name, _ in member.protocols}:
            self.support[name] = self.support.get(name, 0) + change

    # Questions

    @property
    def is_empty(self) -> bool:
        """Whether the group has no members, and none that is about to be one."""
        return self.state is EMPTY

    @property
    def state_name(self) -> str:
        """The state as DescribeGroups and ListGroups show it."""
        return self.state.value

    def tombstones(self) -> Iterator[GroupTombstone]:
        """The records that remove the group, without its offsets."""
        yield GroupTombstone(self.group_id)

    @property
    def is_consumer_group(self) -> bool:
        """Whether the members speak the consumer protocol, so that their subscriptions can be read."""
        return self.protocol_type == CONSUMER_PROTOCOL_TYPE

    @property
    def has_all_joined(self) -> bool:
        """Whether every member has parked a join, and nobody who was given a member id is still awaited."""
        return not self.pending_members and all(m.awaiting_join is not None for m in self.members.values())

    @property
    def rebalance_timeout_ms(self) -> int:
        """The longest rebalance timeout of the members, 0 without any."""
        return max((0, *(m.rebalance_timeout_ms for m in self.members.values())))

    def supports(self, protocol_type: str, protocols: Sequence[tuple[str, bytes]]) -> bool:
        """Whether a member with these protocols fits: any in an empty group, else one that all share."""
        if self.state is EMPTY:
            return bool(protocol_type and protocols)
        everyone = len(self.members)
        return self.protocol_type == protocol_type and any(
            self.support.get(n, 0) == everyone for n, _ in protocols
        )

    def is_subscribed_to(self, topic: str) -> bool:
        """Whether a topic is in use by the group. A consumer group whose subscriptions cannot be read uses
        every topic.
        """
        if self.subscribed_topics is None:
            return self.is_consumer_group
        return topic in self.subscribed_topics

    def check_member(self, member_id: str, instance_id: str | None) -> Member:
        """The member that a request names. Raises GroupError UNKNOWN_MEMBER_ID or FENCED_INSTANCE_ID
        (KIP-345).
        """
        if instance_id is not None:
            current = self.static_members.get(instance_id)
            if current is not None and current != member_id:
                raise GroupError(ErrorCode.FENCED_INSTANCE_ID)
            if current is None:
                raise GroupError(ErrorCode.UNKNOWN_MEMBER_ID)
        member = self.members.get(member_id)
        if member is None:
            raise GroupError(ErrorCode.UNKNOWN_MEMBER_ID)
        return member

    def joined_members(self, returning: Member | None = None) -> tuple[JoinedMember, ...]:
        """What the leader is told about the members; `returning` stands in for the one it is about to
        replace.
        """
        return tuple(
            JoinedMember(m.member_id, m.instance_id, m.metadata(self.protocol_name))
            for m in (
                returning if returning is not None and returning.instance_id == m.instance_id else m
                for m in self.members.values()
            )
        )

    # Parked requests and deadlines

    def park_join(self, member: Member, token: Any, effects: Effects) -> None:
        """Keep a join until the rebalance is through. An older one of the same member is to try again."""
        self.answer_join(member, JoinReply(ErrorCode.REBALANCE_IN_PROGRESS, member.member_id), effects)
        member.awaiting_join = token

    def park_sync(self, member: Member, token: Any, effects: Effects) -> None:
        """Keep a sync until the leader has assigned. An older one of the same member is to try again."""
        self.answer_sync(member, SyncReply(ErrorCode.REBALANCE_IN_PROGRESS), effects)
        member.awaiting_sync = token

    @staticmethod
    def answer_join(member: Member, reply: JoinReply, effects: Effects) -> None:
        """Answer the member's parked join, if there is one."""
        if member.awaiting_join is not None:
            effects.reply(member.awaiting_join, reply)
            member.awaiting_join = None

    @staticmethod
    def answer_sync(member: Member, reply: SyncReply, effects: Effects) -> None:
        """Answer the member's parked sync, if there is one."""
        if member.awaiting_sync is not None:
            effects.reply(member.awaiting_sync, reply)
            member.awaiting_sync = None

    def touch(self, member: Member, now: Instant, timeout_ms: int | None = None) -> None:
        """The member has shown life: its session lasts another session timeout (or `timeout_ms`)."""
        timeout = member.session_timeout_ms if timeout_ms is None else timeout_ms
        member.session_deadline_ms = self.wake_at(now.monotonic_ms + timeout)

    def wake_at(self, deadline_ms: float) -> float:
        """Make sure that `wake_ms` is not after a new deadline; returns the deadline."""
        if deadline_ms < self.wake_ms:
            self.wake_ms = deadline_ms
        return deadline_ms
