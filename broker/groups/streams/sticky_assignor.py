"""Kafka's assignor of tasks, `sticky`: tasks stay where they are, or go where their state is, as far as no
member gets more than its share.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ..java_order import hash_map_computed_order, hash_map_order
from .java_queue import JavaPriorityQueue
from .tasks import NONE, Task, Tasks, TaskSets


class MemberSpec(NamedTuple):
    """A member before the assignment: where it runs, what it has, and how far the state is that it has."""

    process_id: str
    active: Tasks = NONE
    standby: Tasks = NONE
    offsets: Mapping[Task, int] = {}


class SubtopologySpec(NamedTuple):
    """A subtopology: its number of tasks, and whether they have state, which standbys would replicate."""

    subtopology_id: str
    task_count: int
    is_stateful: bool


class Problem(NamedTuple):
    """What is to be assigned to whom; subtopologies in the order of their ids."""

    members: Mapping[str, MemberSpec]
    subtopologies: tuple[SubtopologySpec, ...]
    standby_replicas: int = 0


def assign(problem: Problem) -> dict[str, TaskSets]:
    """The tasks of each member."""
    return _Assignment(problem).run()


class _Process:
    """The members of a process, and what they have got. `load` is tasks per member."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.tasks: set[Task] = set()
        self._least_loaded: JavaPriorityQueue[str] | None = None

    @property
    def load(self) -> float:
        return sum(self.counts.values()) / len(self.counts)

    def add(self, member_id: str, task: Task) -> int:
        """Give a member a task; how many it has then."""
        self._least_loaded = None
        return self._add(member_id, task)

    def _add(self, member_id: str, task: Task) -> int:
        self.tasks.add(task)
        self.counts[member_id] += 1
        return self.counts[member_id]

    def least_loaded(self, task: Task) -> tuple[str, int]:
        """Give the task to the member with the fewest; who that is, and how many it has then."""
        if self._least_loaded is None:
            members = hash_map_order(self.counts)
            self._least_loaded = JavaPriorityQueue(lambda name: self.counts[name], members)
        member_id = self._least_loaded.poll()
        count = self._add(member_id, task)
        self._least_loaded.add(member_id)
        return member_id, count


class _Quota:
    """How many tasks a member may have: what is left divided by those who have not got theirs, rounded up."""

    def __init__(self, tasks: int, members: int) -> None:
        self._tasks, self._members = tasks, members
        self.size = 0
        self._divide()

    def note(self, count: int) -> None:
        """A member has so many tasks now; with its share it is out of the reckoning."""
        if count == self.size:
            self._members -= 1
            self._tasks -= count
            self._divide()

    def _divide(self) -> None:
        self.size = -(-self._tasks // self._members) if self._members else 0


class _Assignment:
    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        members = problem.members
        active = sum(each.task_count for each in problem.subtopologies)
        stateful = sum(each.task_count for each in problem.subtopologies if each.is_stateful)
        self._active_quota = _Quota(active, len(members))
        self._quota = _Quota(active + stateful * problem.standby_replicas, len(members))
        self._active: dict[str, set[Task]] = {member_id: set() for member_id in members}
        self._standby: dict[str, set[Task]] = {member_id: set() for member_id in members}
        self._processes: dict[str, _Process] = {}
        self._former_active: dict[Task, str] = {}
        candidates: dict[Task, list[tuple[bool, int, str]]] = {}
        for member_id in hash_map_order(members):
            spec = members[member_id]
            self._processes.setdefault(spec.process_id, _Process()).counts[member_id] = 0
            self._former_active.update(dict.fromkeys(spec.active, member_id))
            for task in spec.standby | spec.offsets.keys():
                row = (task not in spec.standby, -spec.offsets.get(task, 0), member_id)
                candidates.setdefault(task, []).append(row)
        # Standbys first, then whoever has most of the state; who is the same comes in the order of the ids.
        self._former_standby = {
            task: [member_id for _, _, member_id in sorted(rows, key=lambda row: row[:2])]
            for task, rows in candidates.items()
        }

    def run(self) -> dict[str, TaskSets]:
        self._assign_active()
        if self._problem.standby_replicas:
            self._assign_standby()
        return {
            member_id: TaskSets(frozenset(self._active[member_id]), frozenset(self._standby[member_id]))
            for member_id in self._problem.members
        }

    def _tasks(self, stateful_only: bool) -> list[Task]:
        return [
            (each.subtopology_id, partition)
            for each in self._problem.subtopologies
            if each.is_stateful or not stateful_only
            for partition in range(each.task_count)
        ]

    def _process_of(self, member_id: str) -> _Process:
        return self._processes[self._problem.members[member_id].process_id]

    def _by_load(self) -> JavaPriorityQueue[_Process]:
        members = self._problem.members
        process_ids = (members[member_id].process_id for member_id in hash_map_order(members))
        order = hash_map_computed_order(process_ids, len(members))
        return JavaPriorityQueue(lambda process: process.load, [self._processes[name] for name in order])

    # Active tasks

    def _assign_active(self) -> None:
        tasks = sorted(self._tasks(stateful_only=False), key=lambda task: (task[1], task[0]))
        tasks = [task for task in tasks if not self._keep_active(task, self._former_active.get(task))]
        tasks = [task for task in tasks if not self._keep_active(task, self._least_loaded_standby(task))]
        queue = self._by_load()
        for task in sorted(tasks):
            process = queue.poll()
            member_id, count = process.least_loaded(task)
            self._note_active(member_id, task, count)
            queue.add(process)

    def _keep_active(self, task: Task, member_id: str | None) -> bool:
        if member_id is None or self._process_of(member_id).counts[member_id] >= self._active_quota.size:
            return False
        self._note_active(member_id, task, self._process_of(member_id).add(member_id, task))
        return True

    def _note_active(self, member_id: str, task: Task, count: int) -> None:
        self._active[member_id].add(task)
        self._active_quota.note(count)
        self._quota.note(count)

    def _least_loaded_standby(self, task: Task, *, without_task: bool = False) -> str | None:
        """Of the members that have the task's state the first, or one that has less to do than those before
        it; with `without_task` of those whose process has not got the task.
        """
        found, loads = None, (0.0, 0)
        for member_id in self._former_standby.get(task, ()):
            process = self._process_of(member_id)
            if without_task and task in process.tasks:
                continue
            own = (process.load, process.counts[member_id])
            if found is None or (own[0] < loads[0] and own[1] < loads[1]):
                found, loads = member_id, own
        return found

    # Standby tasks

    def _assign_standby(self) -> None:
        replicas = self._problem.standby_replicas
        left: list[tuple[Task, int]] = []
        tasks = self._tasks(stateful_only=True)
        for task in sorted(tasks, key=lambda task: (task[1], task[0]), reverse=True):
            placed = 0
            while placed < replicas and self._keep_standby(task):
                placed += 1
            if placed < replicas:
                left.append((task, replicas - placed))
        queue = self._by_load()
        for task, missing in sorted(left, reverse=True):
            for _ in range(missing):
                if not self._place_standby(task, queue):
                    break

    def _keep_standby(self, task: Task) -> bool:
        former = self._former_active.get(task)
        if former is not None and task not in self._process_of(former).tasks and self._has_room(former):
            self._add_standby(former, task)
            return True
        replica = self._least_loaded_standby(task, without_task=True)
        if replica is None or not self._has_room(replica):
            return False
        self._add_standby(replica, task)
        return True

    def _has_room(self, member_id: str) -> bool:
        return self._process_of(member_id).counts[member_id] < self._quota.size

    def _add_standby(self, member_id: str, task: Task) -> None:
        self._quota.note(self._process_of(member_id).add(member_id, task))
        self._standby[member_id].add(task)

    def _place_standby(self, task: Task, queue: JavaPriorityQueue[_Process]) -> bool:
        """Give a replica to the process with least to do that has nothing of the task."""
        passed: list[_Process] = []
        found = False
        while queue and not found:
            process = queue.poll()
            passed.append(process)
            if task not in process.tasks:
                member_id, count = process.least_loaded(task)
                self._quota.note(count)
                self._standby[member_id].add(task)
                found = True
        for process in reversed(passed):
            queue.add(process)
        return found
