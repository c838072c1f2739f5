"""The uniform assignor for members that want different topics.

First everybody keeps what it had and still wants. What is free goes topic by topic to the subscribers with
the fewest partitions, where the topics with the most partitions for each subscriber come first. Then
partitions move from the subscribers of a topic that have the most to those that have the fewest, until a
round through all topics changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..java_order import uuid_set_order
from .assignors import Assigned, Problem

MAX_ROUNDS = 16
_NOBODY = -1


class Uneven:
    """One such assignment. Members go by their position in the order of service."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.member_ids = problem.member_ids
        self.subscribers: dict[bytes, list[int]] = {}
        for position, member_id in enumerate(self.member_ids):
            for topic_id in problem.members[member_id].topic_ids:
                self.subscribers.setdefault(topic_id, []).append(position)
        self.owners = {
            topic_id: [_NOBODY] * problem.partition_counts[topic_id] for topic_id in self.subscribers
        }
        self.loads = [0] * len(self.member_ids)

    def assign(self) -> Assigned:
        """Keep, give, balance."""
        if not self.subscribers:
            return {}
        self._keep()
        self._give()
        self._balance()
        assigned: Assigned = {member_id: {} for member_id in self.member_ids}
        for topic_id, owners in self.owners.items():
            for partition, owner in enumerate(owners):
                assigned[self.member_ids[owner]].setdefault(topic_id, set()).add(partition)
        return assigned

    def _keep(self) -> None:
        for position, member_id in enumerate(self.member_ids):
            spec = self.problem.members[member_id]
            for topic_id in spec.assigned.keys() & set(spec.topic_ids):
                for partition in spec.assigned[topic_id]:
                    self._move(topic_id, partition, position)

    def _move(self, topic_id: bytes, partition: int, to: int) -> None:
        owners = self.owners[topic_id]
        if owners[partition] != _NOBODY:
            self.loads[owners[partition]] -= 1
        owners[partition] = to
        self.loads[to] += 1

    def _give(self) -> None:
        for topic_id in self._sorted(self.subscribers):
            free = [partition for partition, owner in enumerate(self.owners[topic_id]) if owner == _NOBODY]
            balancer = _Balancer(self.subscribers[topic_id], self.loads)
            for partition in free:
                self._move(topic_id, partition, balancer.next_least_loaded())

    def _sorted(self, topic_ids: Iterable[bytes]) -> list[bytes]:
        """Most partitions for each subscriber first, then fewest subscribers, then by id."""

        def order(topic_id: bytes) -> tuple[float, int, tuple[int, int]]:
            subscribers = len(self.subscribers[topic_id])
            halves = tuple(int.from_bytes(half, "big", signed=True) for half in (topic_id[:8], topic_id[8:]))
            return -len(self.owners[topic_id]) / subscribers, subscribers, (halves[0], halves[1])

        return sorted(topic_ids, key=order)

    def _balance(self) -> None:
        shared = [
            topic_id for topic_id in uuid_set_order(self.subscribers) if len(self.subscribers[topic_id]) > 1
        ]
        ordered = self._sorted(shared)
        last_change: int | None = None
        for _ in range(MAX_ROUNDS):
            for position, topic_id in enumerate(ordered):
                if position == last_change:
                    return
                if self._balance_topic(topic_id) or last_change is None:
                    last_change = position

    def _balance_topic(self, topic_id: bytes) -> int:
        """Move partitions of one topic from those with the most to those with the fewest; how many moved."""
        balancer = _Balancer(self.subscribers[topic_id], self.loads)
        if balancer.imbalance <= 1:
            return 0
        movable: dict[int, list[int]] = {}
        for partition, owner in enumerate(self.owners[topic_id]):
            movable.setdefault(owner, []).append(partition)
        moved = 0
        while not balancer.is_balanced:
            for giver in balancer.most_loaded():
                if movable.get(giver):
                    break
                balancer.exclude_most_loaded()
            else:
                break
            partition = movable[giver].pop()
            taker = balancer.next_least_loaded()
            if balancer.is_balanced:
                break
            self._move(topic_id, partition, taker)
            moved += 1
        return moved


class _Balancer:
    """Gives out the least loaded of some members, and the most loaded, round by round.

    The members lie sorted by their load at the start. The least loaded range grows upwards and the most
    loaded one downwards, each with the load that its members have by now.
    """

    def __init__(self, members: Iterable[int], loads: list[int]) -> None:
        self._loads = loads
        self._members = ordered = sorted(members, key=lambda member: (loads[member], member))
        self.imbalance = loads[ordered[-1]] - loads[ordered[0]]
        self._low_end, self._low_load, self._next_low = 0, loads[ordered[0]] - 1, 0
        self._high_start = self._high_end = len(ordered)
        self._high_load, self._next_high = loads[ordered[-1]] + 1, len(ordered) - 1

    @property
    def is_balanced(self) -> bool:
        """Whether the two ranges have met."""
        return self._high_load - self._low_load <= 1

    def next_least_loaded(self) -> int:
        """Who is to get the next partition."""
        if self._next_low >= self._low_end:
            self._low_load += 1
            members, loads = self._members, self._loads
            while self._low_end < len(members) and loads[members[self._low_end]] == self._low_load:
                self._low_end += 1
            self._next_low = 0
        self._next_low += 1
        return self._members[self._next_low - 1]

    def most_loaded(self) -> Iterator[int]:
        """Who is to give the next partition, and the next one who might, if that one is excluded."""
        while True:
            if self._next_high < self._high_start:
                self._extend_high()
            if self._next_high < 0:
                return
            self._next_high -= 1
            yield self._members[self._next_high + 1]

    def _extend_high(self) -> None:
        members, loads = self._members, self._loads
        if self._high_end <= self._high_start and self._high_start > 0:
            self._high_load = loads[members[self._high_start - 1]]
        else:
            self._high_load -= 1
        while self._high_start > 0 and loads[members[self._high_start - 1]] == self._high_load:
            self._high_start -= 1
        self._next_high = self._high_end - 1

    def exclude_most_loaded(self) -> None:
        """The one just given out has nothing to give."""
        members, at, last = self._members, self._next_high + 1, self._high_end - 1
        members[at], members[last] = members[last], members[at]
        self._high_end -= 1
