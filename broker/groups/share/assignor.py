"""The `simple` assignor of share groups (KIP-932): every partition is read by about as many members, and
every member reads about as many partitions, with as little change as possible.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..consumer.records import Assignment
from ..java_order import hash_map_order

TopicPartition = tuple[bytes, int]


class ShareMemberSpec(NamedTuple):
    """What the assignor knows of a member: the ids of the topics it wants, and what it was to read before."""

    topic_ids: frozenset[bytes]
    assigned: Assignment


def assign(
    members: Mapping[str, ShareMemberSpec], partitions: Mapping[bytes, frozenset[int]]
) -> dict[str, Assignment]:
    """What each member is to read of the partitions that may be read, by topic id."""
    order = hash_map_order(members)
    wanted = {topic_id for spec in members.values() for topic_id in spec.topic_ids}
    lots: list[set[bytes]] = [{topic_id} for topic_id in sorted(wanted)]
    if all(spec.topic_ids == wanted for spec in members.values()):
        lots = [wanted]
    assigned: dict[str, dict[bytes, frozenset[int]]] = {member_id: {} for member_id in order}
    for lot in lots:
        places = [(t, p) for t in sorted(lot) for p in sorted(partitions.get(t, ()))]
        wanting = [member_id for member_id in order if lot <= members[member_id].topic_ids]
        before = {member_id: members[member_id].assigned for member_id in wanting}
        for member_id, mine in _Lot(places, wanting, before).shares().items():
            for topic_id in sorted({t for t, _ in mine}):
                assigned[member_id][topic_id] = frozenset(p for t, p in mine if t == topic_id)
    return {member_id: assigned[member_id] for member_id in members}


class _Lot:
    """Partitions for members who all want them: `sharing` members for each partition, and of the places that
    this makes, as many for each member as for the others, or one more.
    """

    def __init__(
        self, places: Sequence[TopicPartition], members: Sequence[str], before: Mapping[str, Assignment]
    ) -> None:
        self.places, self.members = places, members
        count = len(members)
        self.sharing = -(-count // len(places)) if places else 0
        total = self.sharing * len(places)
        self.room = {
            member_id: -(-total * (at + 1) // count) + (-total * at // count)
            for at, member_id in enumerate(members)
        }
        self.readers: dict[TopicPartition, list[str]] = {place: [] for place in places}
        for member_id in members:
            for topic_id, partitions in before[member_id].items():
                for partition in sorted(partitions):
                    if (topic_id, partition) in self.readers:
                        self.readers[topic_id, partition].append(member_id)

    def shares(self) -> dict[str, list[TopicPartition]]:
        """What each member gets."""
        self._take_back()
        self._give()
        return {
            member_id: [place for place in self.places if member_id in self.readers[place]]
            for member_id in self.members
        }

    def _take_back(self) -> None:
        """Nobody keeps more than its room, and no partition more readers than it should have."""
        for place in self.places:
            kept: list[str] = []
            for member_id in self.readers[place]:
                if len(kept) < self.sharing and self.room[member_id] > 0:
                    kept.append(member_id)
                    self.room[member_id] -= 1
            self.readers[place] = kept

    def _give(self) -> None:
        """Partitions that lack readers go round among the members that have room."""
        waiting = [member_id for member_id in self.members if self.room[member_id] > 0]
        at = 0
        for place in self.places:
            readers = self.readers[place]
            passed = 0
            while len(readers) < self.sharing and passed < len(waiting):
                at %= len(waiting)
                member_id = waiting[at]
                if member_id in readers:
                    at, passed = at + 1, passed + 1
                    continue
                readers.append(member_id)
                self.room[member_id] -= 1
                passed = 0
                if self.room[member_id]:
                    at += 1
                else:
                    del waiting[at]
