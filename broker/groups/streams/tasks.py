"""Tasks: what the members of a streams group have, by role."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

# The id of a subtopology, and a partition of its input.
Task = tuple[str, int]
Tasks = frozenset[Task]
NONE: Tasks = frozenset()


class TaskSets(NamedTuple):
    """Tasks that somebody is to have, or says to have: to run, as replicas of state, and warming up."""

    active: Tasks = NONE
    standby: Tasks = NONE
    warmup: Tasks = NONE

    @property
    def is_empty(self) -> bool:
        """Whether there is no task at all."""
        return not (self.active or self.standby or self.warmup)


class HeldTasks(NamedTuple):
    """Tasks that a member has; the active ones with the member epoch since which it has them."""

    active: Mapping[Task, int] = {}
    standby: Tasks = NONE
    warmup: Tasks = NONE

    @property
    def is_empty(self) -> bool:
        """Whether there is no task at all."""
        return not (self.active or self.standby or self.warmup)

    def overlaps(self, tasks: TaskSets) -> bool:
        """Whether a task is in both, in the same role."""
        return not (
            tasks.active.isdisjoint(self.active)
            and tasks.standby.isdisjoint(self.standby)
            and tasks.warmup.isdisjoint(self.warmup)
        )

    def includes(self, tasks: TaskSets) -> bool:
        """Whether all tasks are held, each in its role."""
        return (
            tasks.active <= self.active.keys()
            and tasks.standby <= self.standby
            and tasks.warmup <= self.warmup
        )


def by_subtopology(tasks: Iterable[Task]) -> dict[str, list[int]]:
    """Partitions by subtopology, both in order."""
    found: dict[str, list[int]] = {}
    for subtopology_id, partition in sorted(tasks):
        found.setdefault(subtopology_id, []).append(partition)
    return found
