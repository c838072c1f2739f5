"""One member of a streams group: what its records say of it."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from .records import StreamsCurrent, StreamsMemberMetadata
from .tasks import HeldTasks


class MemberState(IntEnum):
    """How far a member has come on its way to the target assignment; the numbers are the stored ones."""

    STABLE = 1
    UNREVOKED_TASKS = 2
    UNRELEASED_TASKS = 3
    UNKNOWN = 127

    @classmethod
    def _missing_(cls, _: object) -> MemberState:
        return cls.UNKNOWN


class StreamsMember(NamedTuple):
    """A member. It never changes: a record makes another one of it.

    Members with the same `process_id` are threads of one process, which share a folder of state.
    """

    member_id: str
    member_epoch: int = 0
    previous_member_epoch: int = 0
    state: MemberState = MemberState.STABLE
    instance_id: str | None = None
    rack_id: str | None = None
    rebalance_timeout_ms: int = -1
    client_id: str = ""
    client_host: str = ""
    topology_epoch: int = -1
    process_id: str = ""
    user_endpoint: tuple[str, int] | None = None
    client_tags: tuple[tuple[str, str], ...] = ()
    assigned: HeldTasks = HeldTasks()
    pending_revocation: HeldTasks = HeldTasks()

    def is_reconciled_to(self, epoch: int) -> bool:
        """Whether the member has arrived at the target assignment of that epoch."""
        return self.state is MemberState.STABLE and self.member_epoch == epoch

    def updated_with(self, record: StreamsMemberMetadata) -> StreamsMember:
        """The member after it said something else of itself."""
        return self._replace(
            instance_id=record.instance_id,
            rack_id=record.rack_id,
            rebalance_timeout_ms=record.rebalance_timeout_ms,
            client_id=record.client_id,
            client_host=record.client_host,
            topology_epoch=record.topology_epoch,
            process_id=record.process_id,
            user_endpoint=record.user_endpoint,
            client_tags=record.client_tags,
        )

    def moved_to(self, record: StreamsCurrent) -> StreamsMember:
        """The member after a step of its reconciliation."""
        return self._replace(
            member_epoch=record.member_epoch,
            previous_member_epoch=record.previous_member_epoch,
            state=MemberState(record.state),
            assigned=record.assigned,
            pending_revocation=record.pending_revocation,
        )

    def metadata_record(self, group_id: str) -> StreamsMemberMetadata:
        """What the member says of itself, as its group's log keeps it."""
        return StreamsMemberMetadata(
            group_id,
            self.member_id,
            self.instance_id,
            self.rack_id,
            self.client_id,
            self.client_host,
            self.rebalance_timeout_ms,
            self.topology_epoch,
            self.process_id,
            self.user_endpoint,
            self.client_tags,
        )

    def current_record(self, group_id: str) -> StreamsCurrent:
        """How far the member has come, as its group's log keeps it."""
        return StreamsCurrent(
            group_id,
            self.member_id,
            self.member_epoch,
            self.previous_member_epoch,
            int(self.state),
            self.assigned,
            self.pending_revocation,
        )
