"""One member of a consumer group: what its records say of it."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from ..membership import JOIN_EPOCH
from .records import (
    ClassicProtocols,
    ConsumerMemberMetadata,
    CurrentAssignment,
    Epochs,
)


class MemberState(IntEnum):
    """How far a member has come on its way to the target assignment; the numbers are the stored ones."""

    STABLE = 0
    UNREVOKED_PARTITIONS = 1
    UNRELEASED_PARTITIONS = 2
    UNKNOWN = 127

    @classmethod
    def _missing_(cls, _: object) -> MemberState:
        return cls.UNKNOWN


class ConsumerMember(NamedTuple):
    """A member. It never changes: a record makes another one of it.

    `assigned` is what the member may work on, `pending_revocation` what it is to give up, both with the
    member epoch since which it has them. `classic` is set for a member that speaks the classic protocol.
    """

    member_id: str
    member_epoch: int = JOIN_EPOCH
    previous_member_epoch: int = -1
    state: MemberState = MemberState.STABLE
    instance_id: str | None = None
    rack_id: str | None = None
    rebalance_timeout_ms: int = -1
    client_id: str = ""
    client_host: str = ""
    topic_names: frozenset[str] = frozenset()
    topic_regex: str | None = ""
    server_assignor: str | None = None
    assigned: Epochs = {}
    pending_revocation: Epochs = {}
    classic: ClassicProtocols | None = None

    @property
    def uses_classic_protocol(self) -> bool:
        """Whether the member joined with JoinGroup."""
        return self.classic is not None

    @property
    def session_timeout_ms(self) -> int | None:
        """The session timeout that a classic member has set itself; None where the group's holds."""
        return None if self.classic is None else self.classic.session_timeout_ms

    @property
    def classic_protocol(self) -> tuple[str, bytes]:
        """The protocol that a classic member prefers, and its metadata for it."""
        assert self.classic is not None
        return self.classic.protocols[0]

    def is_reconciled_to(self, epoch: int) -> bool:
        """Whether the member has arrived at the target assignment of that epoch."""
        return self.state is MemberState.STABLE and self.member_epoch == epoch

    def assignment_epoch(self, topic_id: bytes, partition: int) -> int | None:
        """Since which member epoch the member has a partition, to be given up or not; None without it."""
        epoch = self.assigned.get(topic_id, {}).get(partition)
        return epoch if epoch is not None else self.pending_revocation.get(topic_id, {}).get(partition)

    # Records

    def updated_with(self, record: ConsumerMemberMetadata) -> ConsumerMember:
        """The member after it said something else of itself."""
        return self._replace(
            instance_id=record.instance_id,
            rack_id=record.rack_id,
            rebalance_timeout_ms=record.rebalance_timeout_ms,
            client_id=record.client_id,
            client_host=record.client_host,
            topic_names=frozenset(record.subscribed_topic_names),
            topic_regex=record.subscribed_topic_regex,
            server_assignor=record.server_assignor,
            classic=record.classic,
        )

    def moved_to(self, record: CurrentAssignment) -> ConsumerMember:
        """The member after a step of its reconciliation."""
        return self._replace(
            member_epoch=record.member_epoch,
            previous_member_epoch=record.previous_member_epoch,
            state=MemberState(record.state),
            assigned=record.assigned,
            pending_revocation=record.pending_revocation,
        )

    def metadata_record(self, group_id: str) -> ConsumerMemberMetadata:
        """What the member says of itself, as its group's log keeps it."""
        return ConsumerMemberMetadata(
            group_id,
            self.member_id,
            self.instance_id,
            self.rack_id,
            self.client_id,
            self.client_host,
            tuple(sorted(self.topic_names)),
            self.topic_regex,
            self.rebalance_timeout_ms,
            self.server_assignor,
            self.classic,
        )

    def current_record(self, group_id: str) -> CurrentAssignment:
        """How far the member has come, as its group's log keeps it."""
        return CurrentAssignment(
            group_id,
            self.member_id,
            self.member_epoch,
            self.previous_member_epoch,
            int(self.state),
            self.assigned,
            self.pending_revocation,
        )
