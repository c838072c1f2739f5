"""One member's steps from what it owns to what it is to have (KIP-848).

A partition is given to its new owner when the old one has said that it has let go of it, or has been put out.
So a member first gives up what is no longer its own, within its rebalance timeout, and keeps its epoch
until then. Then it enters the epoch of the target assignment and gets what is free; the rest comes as others
release it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from ....protocol.errors import ErrorCode
from ..events import GroupError
from .member import ConsumerMember, MemberState
from .records import Assignment, Epochs

NOT_OWNED = -1


class Reconciliation(NamedTuple):
    """What a step depends on.

    `topic_ids` are the topics the member is subscribed to, `owner_epoch` says at which member epoch somebody
    owns a partition (NOT_OWNED: nobody does), and `owned` is what the member says it owns (None: as before).
    """

    target_epoch: int
    target: Assignment
    subscription_changed: bool
    topic_ids: frozenset[bytes]
    owner_epoch: Callable[[bytes, int], int]
    owned: Assignment | None

    def step(self, member: ConsumerMember) -> ConsumerMember:
        """The member one step on, or the same one. Raises GroupError FENCED_MEMBER_EPOCH."""
        state = member.state
        if state is MemberState.UNKNOWN:
            if self.owned is None or self.owned:
                raise GroupError(
                    ErrorCode.FENCED_MEMBER_EPOCH,
                    "The consumer group member is in a unknown state. "
                    "The member must abandon all its partitions and rejoin.",
                )
            return self._advance(member, self.target_epoch)
        if state is MemberState.STABLE and member.member_epoch == self.target_epoch:
            return self._drop_unsubscribed(member) if self.subscription_changed else member
        if state is MemberState.UNREVOKED_PARTITIONS and self._owns_any(member.pending_revocation):
            return self._drop_unsubscribed(member) if self.subscription_changed else member
        return self._advance(member, member.member_epoch)

    def _owns_any(self, partitions: Epochs) -> bool:
        if self.owned is None:
            return True
        return any(
            not partitions.get(topic_id, {}).keys().isdisjoint(p) for topic_id, p in self.owned.items()
        )

    def _drop_unsubscribed(self, member: ConsumerMember) -> ConsumerMember:
        """Take away at once what the member no longer wants, before there is a new target for it."""
        kept = {topic_id: p for topic_id, p in member.assigned.items() if topic_id in self.topic_ids}
        if len(kept) == len(member.assigned):
            return member
        revoking = dict(member.pending_revocation)
        for topic_id, partitions in member.assigned.items():
            if topic_id not in kept:
                revoking[topic_id] = {**revoking.get(topic_id, {}), **partitions}
        moved = member._replace(previous_member_epoch=member.member_epoch, assigned=kept)
        if self._owns_any(revoking):
            return moved._replace(state=MemberState.UNREVOKED_PARTITIONS, pending_revocation=revoking)
        return moved

    def _advance(self, member: ConsumerMember, member_epoch: int) -> ConsumerMember:
        assigned: dict[bytes, dict[int, int]] = {}
        revoking: dict[bytes, dict[int, int]] = {}
        gained: dict[bytes, set[int]] = {}
        has_unreleased = False
        for topic_id in {**self.target, **member.assigned}:
            has = member.assigned.get(topic_id, {})
            wanted = self.target.get(topic_id, frozenset()) if topic_id in self.topic_ids else frozenset()
            kept = {p: epoch for p, epoch in has.items() if p in wanted}
            missing = wanted - kept.keys()
            free = {p for p in missing if self._is_free(member, topic_id, p)}
            has_unreleased |= len(free) < len(missing)
            _put(assigned, topic_id, kept)
            _put(revoking, topic_id, {p: epoch for p, epoch in has.items() if p not in wanted})
            if free:
                gained[topic_id] = free
        previous = member.member_epoch
        if revoking and self._owns_any(revoking):
            return member._replace(
                state=MemberState.UNREVOKED_PARTITIONS,
                member_epoch=member_epoch,
                previous_member_epoch=previous,
                assigned=assigned,
                pending_revocation=revoking,
            )
        for topic_id, partitions in gained.items():
            assigned.setdefault(topic_id, {}).update(dict.fromkeys(sorted(partitions), self.target_epoch))
        return member._replace(
            state=MemberState.UNRELEASED_PARTITIONS if has_unreleased else MemberState.STABLE,
            member_epoch=self.target_epoch,
            previous_member_epoch=previous,
            assigned=assigned,
            pending_revocation={},
        )

    def _is_free(self, member: ConsumerMember, topic_id: bytes, partition: int) -> bool:
        """Nobody owns the partition, or only the member itself, which was about to give it up."""
        is_own = partition in member.pending_revocation.get(topic_id, {})
        return is_own or self.owner_epoch(topic_id, partition) == NOT_OWNED


def _put(into: dict[bytes, dict[int, int]], topic_id: bytes, partitions: Mapping[int, int]) -> None:
    if partitions:
        into[topic_id] = dict(partitions)
