"""Simulated members of groups whose members send heartbeats with an epoch (KIP-848, KIP-932, KIP-1071)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from odradek.broker.groups.events import CommitPartition, CommitRequest, Effects, Failure, Instant
from odradek.broker.groups.membership import JOIN_EPOCH, LEAVE_EPOCH, STATIC_LEAVE_EPOCH
from odradek.protocol.errors import ErrorCode

from .client import GROUP, Client, Token, Violation

if TYPE_CHECKING:
    from .heartbeat_world import HeartbeatWorld, OwningWorld

HEARTBEAT_MS = 3_000
SESSION_MS = 10_000
REBALANCES_MS = (4_000, 15_000)
# For so long after a heartbeat that was answered a member may rely on what it has: less than any timeout.
TRUST_MS = min(REBALANCES_MS) - 100
FATAL = (
    ErrorCode.FENCED_INSTANCE_ID,
    ErrorCode.UNRELEASED_INSTANCE_ID,
    ErrorCode.GROUP_MAX_SIZE_REACHED,
)

Announcement = Callable[[Instant, Effects], None]


class HeartbeatClient(Client, ABC):
    """A member that keeps the rules. `has` is what it may work on: `nothing` when it comes or is put out."""

    nothing: Any = frozenset()
    fatal: tuple[ErrorCode, ...] = FATAL

    def __init__(self, world: HeartbeatWorld, name: str, instance_id: str | None) -> None:
        super().__init__(world, name, instance_id)
        self.world: HeartbeatWorld = world
        self.member_id = f"{name}-id"
        self.epoch = JOIN_EPOCH
        self.has: Any = self.nothing
        self.is_full = True
        self.trusted_until_ms = 0.0

    # For those who know the protocol

    @abstractmethod
    def heartbeat(self, everything: bool) -> Any:
        """The request: all there is to say where `everything` is wanted, else what has changed."""

    @abstractmethod
    def farewell(self, epoch: int) -> Any:
        """The request with which it leaves."""

    @abstractmethod
    def ask(self, request: Any, token: Token, now: Instant, effects: Effects) -> None:
        """What the coordinator does about a request."""

    def announcement(self, request: Any) -> Announcement | None:  # noqa: ARG002
        """An event that comes right before a heartbeat, where there is one."""
        return None

    @abstractmethod
    def answered(self, reply: Any) -> None:
        """A heartbeat was carried out."""

    def change_mind(self) -> None:
        """Want something else, where that is possible."""

    # The network

    def arrives_late(self) -> bool:
        """Whether a request still reaches the coordinator after its connection broke."""
        return self.world.rng.random() < 0.5

    def break_connection(self) -> None:
        """All that is in flight is lost; the next heartbeat says everything anew."""
        super().break_connection()
        self.is_full = True
        if self.alive and not self.is_busy:
            self.later(100, self.beat)

    @property
    def is_busy(self) -> bool:
        """Whether it sends no heartbeat before something else is done."""
        return False

    def crash(self) -> None:
        """Gone without a word."""
        super().crash()
        self.has = self.nothing

    # The protocol

    def join(self) -> None:
        """Enter the group with nothing."""
        self.epoch, self.has, self.is_full = JOIN_EPOCH, self.nothing, True
        self.beat()

    def leave(self) -> None:
        """Leave with a heartbeat, whose answer nobody waits for. A static member may say it will be back."""
        comes_back = self.instance_id is not None and self.world.rng.random() < 0.7
        self._ask(self.farewell(STATIC_LEAVE_EPOCH if comes_back else LEAVE_EPOCH), lambda _: None)
        self.alive = False
        self.has = self.nothing

    def beat(self) -> None:
        """One heartbeat: everything when it joins or may not have been heard, else what has changed."""
        self.steps += 1
        request = self.heartbeat(self.is_full or self.epoch == JOIN_EPOCH)
        self.is_full = False
        number, sent_ms = self.steps, self.world.now_ms

        def answer(reply: Any) -> None:
            if number != self.steps:
                return
            if isinstance(reply, Failure):
                self.trusted_until_ms = 0
                self.recover(reply.error)
            else:
                self.trusted_until_ms = sent_ms + TRUST_MS
                self.member_id, self.epoch = reply.member_id, reply.member_epoch
                self.answered(reply)

        self._ask(request, answer, may_stall=True, before=self.announcement(request))
        # An answer that does not come in time makes the client ask again.
        self.world.at(HEARTBEAT_MS * 2, lambda: self.ask_again(number))

    def _ask(
        self,
        request: Any,
        answer: Callable[[Any], None],
        may_stall: bool = False,
        before: Announcement | None = None,
    ) -> None:
        self.send(
            lambda token, now, effects: self.ask(request, token, now, effects), answer, may_stall, before
        )

    def ask_again(self, number: int) -> None:
        """The request timed out."""
        if self.alive and number == self.steps and not self.is_busy:
            self.is_full = True
            self.beat()

    def recover(self, error: ErrorCode) -> None:
        """What a member does about an error."""
        if error in self.fatal:
            self.crash()
        elif error is ErrorCode.NOT_COORDINATOR:
            self.is_full = True
            self.later(100, self.beat)
        else:
            if error in (ErrorCode.UNKNOWN_MEMBER_ID, ErrorCode.FENCED_MEMBER_EPOCH) and self.world.is_calm:
                raise Violation(f"{self.name} was put out although it kept the rules: {error.name}")
            self.has = self.nothing
            self.later(20, self.join)


class OwningClient(HeartbeatClient):
    """A member that has its places (partitions, or tasks) alone. What it was told to have is in `told`; what
    it is to lose it gives up first, unless it `holds` on to it, and commits offsets on the way.
    """

    def __init__(self, world: OwningWorld, name: str, instance_id: str | None) -> None:
        super().__init__(world, name, instance_id)
        self.world: OwningWorld = world
        self.told: Any = self.nothing
        self.sent: Any = None
        self.revokes = False
        self.holds = False
        self.rebalance_ms = world.rng.choice(REBALANCES_MS)

    @abstractmethod
    def told_by(self, reply: Any) -> Any:
        """What a reply says that it is to have, or None."""

    @abstractmethod
    def places_of(self, having: Any) -> frozenset[Any]:
        """The places that nobody else may have, of what a member has."""

    @property
    def places(self) -> frozenset[Any]:
        """The places that it works on."""
        return self.places_of(self.has)

    @property
    def is_busy(self) -> bool:
        return self.revokes

    def join(self) -> None:
        """Enter the group with nothing."""
        self.told, self.holds = self.nothing, False
        super().join()

    def beat(self) -> None:
        """One heartbeat."""
        super().beat()
        self.sent = self.has

    def answered(self, reply: Any) -> None:
        """A heartbeat was carried out."""
        told, random = self.told_by(reply), self.world.rng.random
        self.told = self.told if told is None else told
        if self.told == self.has:
            if self.places and random() < 0.5:
                self.commit_one(self.places)
            self.later(HEARTBEAT_MS, self.beat)
            return
        lost = self.places - self.places_of(self.told)
        if lost and self.holds:
            # Its application does not come back to it, while its heartbeats go on.
            self.later(HEARTBEAT_MS, self.beat)
            return
        self.revokes = bool(lost)
        if lost and random() < 0.7:
            self.commit_one(lost)
        self.later(random() * 1_500 if lost else 0.0, self.reconciled)

    def reconciled(self) -> None:
        """What was to be given up has been; the rest is taken, and the coordinator is told."""
        self.revokes = False
        before, self.has = self.places, self.told
        self.world.gain(self, self.places - before)
        self.beat()

    def commit_one(self, among: frozenset[Any]) -> None:
        """Commit the position of a place, which has moved on."""
        world = self.world
        if not world.trouble.calm and world.rng.random() < 0.05:
            self.stalls = True
        place = world.rng.choice(sorted(among))
        world.positions[self.name, place] = offset = world.positions.get((self.name, place), 0) + 1
        topic, partition, topic_id = world.source_of(place)
        commits = [CommitPartition(topic, partition, offset, topic_id=topic_id)]
        request = CommitRequest(GROUP, self.epoch, self.member_id, self.instance_id, commits)

        def apply(token: Any, now: Instant, effects: Effects) -> None:
            before = world.shard.offsets.get(GROUP, topic, partition)
            world.shard.commit(request, token, now, effects)
            if effects.records and before is not None and offset < before.offset:
                raise Violation(f"{topic}-{partition} goes back from {before.offset} to {offset}")

        def answer(reply: Any) -> None:
            if reply == (ErrorCode.NONE,):
                world.confirmed[place] = max(world.confirmed.get(place, -1), offset)

        self.send(apply, answer, True)
