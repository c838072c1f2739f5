"""One member's steps from the tasks it has to those it is to have (KIP-1071).

An active task goes to its new owner when the old one has said that it has let go of it, or has been put out.
Within a process, the members share the folder of state: nobody may open the state of a task there while
another member of the process has it, in whatever role. A member itself may change the role of a task on
the spot.
"""

from __future__ import annotations

from typing import NamedTuple

from ....protocol.errors import ErrorCode
from ..events import GroupError
from .group import StreamsGroup
from .member import MemberState, StreamsMember
from .tasks import HeldTasks, Task, TaskSets


class Reconciliation(NamedTuple):
    """What a step depends on: the group as it is, the target and its epoch, and what the member says that it
    has (None: as before).
    """

    group: StreamsGroup
    target_epoch: int
    target: TaskSets
    owned: TaskSets | None

    def step(self, member: StreamsMember) -> StreamsMember:
        """The member one step on, or the same one. Raises GroupError FENCED_MEMBER_EPOCH."""
        state = member.state
        if state is MemberState.UNKNOWN:
            if self.owned is None or not self.owned.is_empty:
                raise GroupError(
                    ErrorCode.FENCED_MEMBER_EPOCH,
                    "The streams group member is in a unknown state. "
                    "The member must abandon all its tasks and rejoin.",
                )
            return self._advance(member, self.target_epoch)
        if member.is_reconciled_to(self.target_epoch):
            return member
        if state is MemberState.UNREVOKED_TASKS:
            if self._has_any(member.pending_revocation):
                return member
            return self._advance(member, member.member_epoch + 1)
        return self._advance(member, member.member_epoch)

    def _has_any(self, tasks: HeldTasks) -> bool:
        return self.owned is None or tasks.overlaps(self.owned)

    def _advance(self, member: StreamsMember, member_epoch: int) -> StreamsMember:
        held, target = member.assigned, self.target
        active = {task: epoch for task, epoch in held.active.items() if task in target.active}
        standby, warmup = set(held.standby & target.standby), set(held.warmup & target.warmup)
        new_active = target.active - active.keys()
        new_standby, new_warmup = target.standby - standby, target.warmup - warmup
        active_grants = {task for task in new_active if not self._is_active_taken(member, task)}
        standby_grants = {task for task in new_standby if not self._is_standby_taken(member, task)}
        warmup_grants = {task for task in new_warmup if not self._is_warmup_taken(member, task)}
        asked, granted = (new_active, new_standby, new_warmup), (active_grants, standby_grants, warmup_grants)
        is_incomplete = any(len(got) < len(wanted) for got, wanted in zip(granted, asked, strict=True))
        # What the member has already in another role, it gets in the new one at once.
        to_standby = (held.active.keys() | held.warmup) & standby_grants
        to_warmup = held.standby & warmup_grants
        standby |= to_standby
        warmup |= to_warmup
        # A replica that is to become the active task stays what it is until then.
        promoted = target.active
        revoking = HeldTasks(
            {task: epoch for task, epoch in held.active.items() if task not in active},
            held.standby - target.standby - to_warmup - promoted,
            held.warmup - target.warmup - to_standby - promoted,
        )
        must_revoke = not revoking.is_empty and self._has_any(revoking)
        waiting = promoted if must_revoke else promoted - active_grants
        standby |= held.standby & waiting
        warmup |= held.warmup & waiting
        previous = member.member_epoch
        if must_revoke:
            return member._replace(
                state=MemberState.UNREVOKED_TASKS,
                member_epoch=member_epoch,
                previous_member_epoch=previous,
                assigned=HeldTasks(active, frozenset(standby), frozenset(warmup)),
                pending_revocation=revoking,
            )
        active.update(dict.fromkeys(sorted(active_grants), self.target_epoch))
        return member._replace(
            state=MemberState.UNRELEASED_TASKS if is_incomplete else MemberState.STABLE,
            member_epoch=self.target_epoch,
            previous_member_epoch=previous,
            assigned=HeldTasks(
                active, frozenset(standby | standby_grants), frozenset(warmup | warmup_grants)
            ),
            pending_revocation=HeldTasks(),
        )

    def _is_active_taken(self, member: StreamsMember, task: Task) -> bool:
        """Somebody runs the task, or another member of the process has its state."""
        return (
            task in self.group.active_owners
            or self._is_standby_of_another(member, task)
            or self._is_warmup_of_another(member, task)
        )

    def _is_standby_taken(self, member: StreamsMember, task: Task) -> bool:
        """The process has a standby of the task, or another of its members has its state."""
        group, process_id = self.group, member.process_id
        runs_here = group.active_owners.get(task) == process_id and task not in member.assigned.active
        return (
            runs_here
            or process_id in group.standby_owners.get(task, ())
            or self._is_warmup_of_another(member, task)
        )

    def _is_warmup_taken(self, member: StreamsMember, task: Task) -> bool:
        """The process runs the task or warms it up, or another of its members has its state."""
        group, process_id = self.group, member.process_id
        return (
            group.active_owners.get(task) == process_id
            or process_id in group.warmup_owners.get(task, ())
            or self._is_standby_of_another(member, task)
        )

    def _is_standby_of_another(self, member: StreamsMember, task: Task) -> bool:
        owners = self.group.standby_owners.get(task, ())
        return member.process_id in owners and task not in member.assigned.standby

    def _is_warmup_of_another(self, member: StreamsMember, task: Task) -> bool:
        owners = self.group.warmup_owners.get(task, ())
        return member.process_id in owners and task not in member.assigned.warmup
