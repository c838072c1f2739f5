"""A share group (KIP-932): its members and what they read, and how records rebuild it.

Members of a share group may read the same partitions: there is nothing to hand over, so a member gets its
part of a target assignment at once. Soft are the sessions, and when the share coordinator was last asked to
make a state.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import inf
from typing import NamedTuple

from ..consumer.group import NO_EPOCH
from ..consumer.records import Assignment
from ..events import Instant
from ..membership import JOIN_EPOCH
from .records import (
    ShareCurrent,
    ShareGroupEpoch,
    ShareGroupTombstone,
    ShareKind,
    ShareMemberMetadata,
    ShareRecord,
    ShareStatePartitions,
    ShareTarget,
    ShareTargetEpoch,
)


class ShareMember(NamedTuple):
    """A member. It never changes: a record makes another one of it."""

    member_id: str
    member_epoch: int = JOIN_EPOCH
    previous_member_epoch: int = -1
    rack_id: str | None = None
    client_id: str = ""
    client_host: str = ""
    topic_names: frozenset[str] = frozenset()
    assigned: Assignment = {}

    def metadata_record(self, group_id: str) -> ShareMemberMetadata:
        """What the member says of itself, as its group's log keeps it."""
        topics = tuple(sorted(self.topic_names))
        return ShareMemberMetadata(
            group_id, self.member_id, self.rack_id, self.client_id, self.client_host, topics
        )

    def current_record(self, group_id: str) -> ShareCurrent:
        """What the member reads, as its group's log keeps it."""
        return ShareCurrent(
            group_id, self.member_id, self.member_epoch, self.previous_member_epoch, 0, self.assigned
        )


class ShareGroup:
    """One share group.

    `epoch` grows with every change that asks for a new assignment; `target_epoch` is the one that `target`
    was computed for. `sessions` are deadlines by member id on the monotonic clock, `asked_ms` the wall time
    at which the share coordinator was asked for the state of a topic. `topics_are_known` says that
    `metadata_hash` is up to date. `wake_ms` is the earliest moment at which `expire` may have something to
    do.
    """

    group_type = "share"
    protocol_type = "share"

    def __init__(self, group_id: str, session_timeout_ms: int) -> None:
        self.group_id = group_id
        self.session_timeout_ms = session_timeout_ms
        self.epoch = 1
        self.metadata_hash = 0
        self.target_epoch = NO_EPOCH
        self.target_timestamp_ms = 0
        self.target: dict[str, Assignment] = {}
        self.members: dict[str, ShareMember] = {}
        self.topic_counts: Counter[str] = Counter()
        self.state = ShareStatePartitions(group_id, {}, {}, {})
        self.has_state_record = False
        self.topics_are_known = False
        self.asked_ms: dict[bytes, int] = {}
        self.sessions: dict[str, float] = {}
        self.wake_ms = inf

    # Hard state

    def replay(self, record: ShareRecord, now: Instant) -> None:
        """Take over one record of the group's log, when loading and when running alike."""
        if isinstance(record, ShareMemberMetadata):
            self._put(record, now)
        elif isinstance(record, ShareCurrent):
            member = self.members.get(record.member_id) or ShareMember(record.member_id)
            self.members[record.member_id] = member._replace(
                member_epoch=record.member_epoch,
                previous_member_epoch=record.previous_member_epoch,
                assigned=record.assigned,
            )
        elif isinstance(record, ShareTarget):
            self.target[record.member_id] = record.partitions
        elif isinstance(record, ShareTargetEpoch):
            self.target_epoch, self.target_timestamp_ms = record.epoch, record.timestamp_ms
        elif isinstance(record, ShareGroupEpoch):
            self.epoch, self.metadata_hash = record.epoch, record.metadata_hash
        elif isinstance(record, ShareStatePartitions):
            self._note_state(record, now)
        else:
            self._remove(record)

    def _put(self, record: ShareMemberMetadata, now: Instant) -> None:
        old = self.members.get(record.member_id)
        new = (old or ShareMember(record.member_id))._replace(
            rack_id=record.rack_id,
            client_id=record.client_id,
            client_host=record.client_host,
            topic_names=frozenset(record.subscribed_topic_names),
        )
        self.topic_counts = self.topics_after(old, new)
        self.members[record.member_id] = new
        if record.member_id not in self.sessions:
            self.touch(record.member_id, now)

    def _note_state(self, record: ShareStatePartitions, now: Instant) -> None:
        self.asked_ms = dict.fromkeys(record.initializing, now.wall_ms)
        self.state = record
        self.has_state_record = True

    def _remove(self, record: ShareGroupTombstone) -> None:
        if record.kind is ShareKind.CURRENT and record.name in self.members:
            member = self.members[record.name]
            self.members[record.name] = member._replace(
                member_epoch=NO_EPOCH, previous_member_epoch=NO_EPOCH, assigned={}
            )
        elif record.kind is ShareKind.TARGET:
            self.target.pop(record.name, None)
        elif record.kind is ShareKind.MEMBER and record.name in self.members:
            self.topic_counts = self.topics_after(self.members.pop(record.name), None)
            self.sessions.pop(record.name, None)
        elif record.kind is ShareKind.TARGET_EPOCH:
            self.target_epoch, self.target_timestamp_ms = NO_EPOCH, 0
        elif record.kind is ShareKind.STATE_PARTITIONS:
            self.state = ShareStatePartitions(self.group_id, {}, {}, {})
            self.has_state_record = False

    # Questions

    @property
    def is_empty(self) -> bool:
        """Whether the group has no members."""
        return not self.members

    @property
    def state_name(self) -> str:
        """The state as ListGroups and ShareGroupDescribe show it."""
        return "Stable" if self.members else "Empty"

    def is_subscribed_to(self, topic: str) -> bool:
        """Whether a member wants the topic."""
        return topic in self.topic_counts

    def topics_after(self, old: ShareMember | None, new: ShareMember | None) -> Counter[str]:
        """How many members want each topic when `old` has become `new`."""
        counts = Counter(self.topic_counts)
        counts.subtract(old.topic_names if old is not None else ())
        counts.update(new.topic_names if new is not None else ())
        return +counts

    def tombstones(self) -> Iterator[ShareGroupTombstone]:
        """The records that remove the group."""
        group_id = self.group_id
        for kind in (ShareKind.CURRENT, ShareKind.TARGET):
            for member_id in self.members:
                yield ShareGroupTombstone(group_id, kind, member_id)
        yield ShareGroupTombstone(group_id, ShareKind.TARGET_EPOCH)
        for member_id in self.members:
            yield ShareGroupTombstone(group_id, ShareKind.MEMBER, member_id)
        yield ShareGroupTombstone(group_id, ShareKind.STATE_PARTITIONS)
        yield ShareGroupTombstone(group_id, ShareKind.GROUP_EPOCH)

    def without_topic(self, topic_id: bytes) -> Iterator[ShareStatePartitions]:
        """The record that forgets a topic that is gone, if the group knows of it."""
        state = self.state
        left = ShareStatePartitions(
            self.group_id,
            {t: topic for t, topic in state.initializing.items() if t != topic_id},
            {t: topic for t, topic in state.initialized.items() if t != topic_id},
            {t: name for t, name in state.deleting.items() if t != topic_id},
        )
        if left != state:
            yield left

    # Deadlines

    def touch(self, member_id: str, now: Instant) -> None:
        """The member has shown life: its session lasts another session timeout."""
        deadline_ms = now.monotonic_ms + self.session_timeout_ms
        self.sessions[member_id] = deadline_ms
        self.wake_ms = min(self.wake_ms, deadline_ms)
