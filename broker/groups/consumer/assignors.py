"""Server-side assignors (KIP-848): `uniform`, which spreads evenly and is sticky, and `range`, which gives
each member the same partitions of every topic.

Apache Kafka's give racks no weight, so these do not either. Given the same group they come to the same result
as Kafka's, member for member: see `java_order`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from ..java_order import (
    hash_map_order,
    int_set_order,
    uuid_map_order,
    uuid_set_order,
)
from .records import Assignment


class MemberSpec(NamedTuple):
    """What an assignor knows of a member. `topic_ids` exist; `assigned` is what it was to have before.

    The order of the topics decides where Kafka's hash tables have two in one bucket: it is that of their
    names in a HashSet.
    """

    instance_id: str | None
    topic_ids: tuple[bytes, ...]
    assigned: Assignment


class Problem(NamedTuple):
    """What is to be assigned: partition counts of all topics that members want; and who wants them.

    `is_homogeneous` says that all want the same. It is taken on trust, as Kafka's assignors do, though it may
    come from before a member joined that wants nothing. `targeted` are the (topic id, partition) that some
    member was to have before.
    """

    members: Mapping[str, MemberSpec]
    partition_counts: Mapping[bytes, int]
    is_homogeneous: bool
    targeted: frozenset[tuple[bytes, int]]

    @property
    def member_ids(self) -> list[str]:
        """The members in the order in which they are served."""
        return hash_map_order(self.members)


Assigned = dict[str, dict[bytes, set[int]]]


def assign(name: str, problem: Problem) -> dict[str, Assignment]:
    """A target assignment by the assignor of that name; KeyError for one that does not exist.

    Every partition of a topic that somebody wants is somebody's.
    """
    assigned = ASSIGNORS[name](problem) if problem.members else {}
    return {
        member_id: {topic_id: frozenset(p) for topic_id, p in topics.items() if p}
        for member_id, topics in assigned.items()
    }


def assign_range(problem: Problem) -> Assigned:
    """Each topic in ranges of consecutive partitions, to its members in the order of their ids. Static
    members come first, by instance id, so that a restart does not move ranges.
    """
    ordered = sorted(problem.members.items(), key=_range_order)
    wanting: dict[bytes, list[str]] = {}
    first = problem.members[problem.member_ids[0]]
    for member_id, spec in ordered:
        for topic_id in (first if problem.is_homogeneous else spec).topic_ids:
            wanting.setdefault(topic_id, []).append(member_id)
    assigned: Assigned = {member_id: {} for member_id in problem.members}
    for topic_id, member_ids in wanting.items():
        share, extra = divmod(problem.partition_counts[topic_id], len(member_ids))
        start = 0
        for position, member_id in enumerate(member_ids):
            end = start + share + (position < extra)
            assigned[member_id][topic_id] = set(range(start, end))
            start = end
    return assigned


def _range_order(item: tuple[str, MemberSpec]) -> tuple[bool, bytes]:
    member_id, spec = item
    name = member_id if spec.instance_id is None else spec.instance_id
    return spec.instance_id is None, name.encode("utf-16-be", "surrogatepass")


def assign_uniform(problem: Problem) -> Assigned:
    """As many partitions for each member as for the others, moving as few as possible."""
    if problem.is_homogeneous:
        return _Even(problem).assign()
    from .uneven_assignment import Uneven

    return Uneven(problem).assign()


class _Even:
    """All members want the same topics: everybody gets the same number, or one more."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.member_ids = problem.member_ids
        self.topic_ids = problem.members[self.member_ids[0]].topic_ids
        self.wanted = frozenset(self.topic_ids)
        total = sum(problem.partition_counts[topic_id] for topic_id in self.topic_ids)
        self.share, self.extra = divmod(total, len(self.member_ids))
        self.free = [
            (topic_id, partition)
            for topic_id in uuid_set_order(self.topic_ids)
            for partition in range(problem.partition_counts[topic_id])
            if (topic_id, partition) not in problem.targeted
        ]

    def assign(self) -> Assigned:
        """Take from who has too much, then give to who has too little."""
        if not self.topic_ids:
            return {}
        assigned: Assigned = {}
        wanting: list[tuple[str, int]] = []
        for position, member_id in enumerate(self.member_ids):
            assigned[member_id], room = self._keep(member_id)
            room = self._take_extra(room, len(self.member_ids) - position)
            if room > 0:
                wanting.append((member_id, room))
        free = iter(self.free)
        for member_id, room in wanting:
            for _, (topic_id, partition) in zip(range(room), free, strict=False):
                assigned[member_id].setdefault(topic_id, set()).add(partition)
        return assigned

    def _keep(self, member_id: str) -> tuple[dict[bytes, set[int]], int]:
        """What a member keeps, and for how many more it has room, counting one extra while there are any."""
        room = self.share + (self.extra > 0)
        kept: dict[bytes, set[int]] = {}
        old, wanted = self.problem.members[member_id].assigned, self.wanted
        for topic_id in uuid_map_order(old):
            if topic_id not in wanted:
                continue
            partitions = int_set_order(old[topic_id])
            kept[topic_id] = set(partitions[:room])
            self.free += ((topic_id, partition) for partition in partitions[room:])
            room = max(room - len(partitions), 0)
        return kept, room

    def _take_extra(self, room: int, members_left: int) -> int:
        """The room left when the member takes one of the extras, or leaves them to those that come after."""
        if not self.extra:
            return room
        if room > 0 and members_left > self.extra:
            return room - 1
        self.extra -= 1
        return room


ASSIGNORS: dict[str, Callable[[Problem], Assigned]] = {"uniform": assign_uniform, "range": assign_range}
