"""A simulated thread of a Kafka Streams program that keeps the rules of the streams protocol (KIP-1071)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odradek.broker.groups.events import CommitPartition, CommitRequest, Effects, Failure, Instant
from odradek.broker.groups.streams.events import StreamsHeartbeat
from odradek.broker.groups.streams.tasks import Tasks, TaskSets
from odradek.protocol.errors import ErrorCode

from .classic_group_client import GROUP, Client, Violation

if TYPE_CHECKING:
    from .streams_group_model import StreamsWorld

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
NOTHING = TaskSets()


class StreamsClient(Client):
    """A member. What it may work on is `has.active`; its process shares a folder of state with others."""

    def __init__(self, world: StreamsWorld, name: str, instance_id: str | None, process_id: str) -> None:
        super().__init__(world, name, instance_id)
        self.world: StreamsWorld = world
        self.member_id = f"{name}-id"
        self.process_id = process_id
        self.epoch = 0
        self.has = self.told = NOTHING
        self.sent: TaskSets | None = None
        self.is_full = True
        self.revokes = False
        self.holds = False
        self.trusted_until_ms = 0.0
        self.rebalance_ms = world.rng.choice(REBALANCES_MS)
        self.statuses: tuple[Any, ...] = ()

    def arrives_late(self) -> bool:
        """Whether a request still reaches the coordinator after its connection broke."""
        return self.world.rng.random() < 0.5

    def crash(self) -> None:
        """Gone without a word."""
        super().crash()
        self.has = NOTHING

    def break_connection(self) -> None:
        """All that is in flight is lost; the next heartbeat says everything anew."""
        self.connection += 1
        self.is_full = True
        if self.alive and not self.revokes:
            self.later(100, self.beat)

    def leave(self) -> None:
        """Leave with a heartbeat, whose answer nobody waits for. A static member may say it will be back."""
        epoch = -2 if self.instance_id is not None and self.world.rng.random() < 0.7 else -1
        request = StreamsHeartbeat(GROUP, self.member_id, epoch, instance_id=self.instance_id)
        self.send(lambda t, now, e: self.world.shard.streams_heartbeat(request, t, now, e), lambda _: None)
        self.alive = False
        self.has = NOTHING

    def join(self) -> None:
        """Enter the group with nothing."""
        self.epoch, self.has, self.told, self.is_full = 0, NOTHING, NOTHING, True
        self.beat()

    # The protocol

    def beat(self) -> None:
        """One heartbeat: everything when it joins or may not have been heard, else what has changed."""
        self.steps += 1
        joins = self.epoch == 0
        everything = joins or self.is_full
        request = StreamsHeartbeat(
            GROUP,
            self.member_id,
            self.epoch,
            client_id=self.name,
            client_host="/::1",
            instance_id=self.instance_id,
            rebalance_timeout_ms=self.rebalance_ms if everything else -1,
            topology=self.world.topology if joins else None,
            owned=self.has if everything or self.has != self.sent else None,
            process_id=self.process_id if everything else None,
            user_endpoint=(self.name, 1) if everything else None,
            client_tags=() if everything else None,
        )
        self.is_full, self.sent = False, self.has
        number, sent_ms = self.steps, self.world.now_ms

        def answer(reply: Any) -> None:
            if number == self.steps:
                self.trusted_until_ms = 0 if isinstance(reply, Failure) else sent_ms + TRUST_MS
                self.answered(reply)

        self.send(lambda t, now, e: self.world.shard.streams_heartbeat(request, t, now, e), answer, True)
        # An answer that does not come in time makes the client ask again.
        self.world.at(HEARTBEAT_MS * 2, lambda: self.ask_again(number))

    def ask_again(self, number: int) -> None:
        """The request timed out."""
        if self.alive and number == self.steps and not self.revokes:
            self.is_full = True
            self.beat()

    def answered(self, reply: Any) -> None:
        """The answer to a heartbeat."""
        if isinstance(reply, Failure):
            self.recover(reply.error)
            return
        self.member_id, self.epoch, self.statuses = reply.member_id, reply.member_epoch, reply.statuses
        if reply.tasks is not None:
            self.told = reply.tasks
        if self.told == self.has:
            if self.has.active and self.world.rng.random() < 0.5:
                self.commit_one(self.has.active)
            self.later(HEARTBEAT_MS, self.beat)
            return
        lost = self.has.active - self.told.active
        if lost and self.holds:
            # Its application does not come back to it, while its heartbeats go on.
            self.later(HEARTBEAT_MS, self.beat)
            return
        self.revokes = bool(lost)
        if lost and self.world.rng.random() < 0.7:
            self.commit_one(lost)
        self.later(self.world.rng.random() * 1_500 if lost else 0.0, self.reconciled)

    def reconciled(self) -> None:
        """What was to be given up has been; the rest is taken, and the coordinator is told."""
        self.revokes = False
        before, self.has = self.has, self.told
        self.world.gain(self, self.has.active - before.active)
        self.beat()

    def commit_one(self, among: Tasks) -> None:
        """Commit the position of a task's input, which has moved on."""
        world = self.world
        if not world.trouble.calm and world.rng.random() < 0.05:
            self.stalls = True
        task = world.rng.choice(sorted(among))
        topic, partition = world.input_of[task[0]], task[1]
        world.positions[self.name, task] = offset = world.positions.get((self.name, task), 0) + 1
        commits = [CommitPartition(topic, partition, offset)]
        request = CommitRequest(GROUP, self.epoch, self.member_id, self.instance_id, commits)

        def apply(token: Any, now: Instant, effects: Effects) -> None:
            before = world.shard.offsets.get(GROUP, topic, partition)
            world.shard.commit(request, token, now, effects)
            if effects.records and before is not None and offset < before.offset:
                raise Violation(f"{topic}-{partition} goes back from {before.offset} to {offset}")

        def answer(reply: Any) -> None:
            if reply == (ErrorCode.NONE,):
                world.confirmed[task] = max(world.confirmed.get(task, -1), offset)

        self.send(apply, answer, True)

    def recover(self, error: ErrorCode) -> None:
        """What a member does about an error."""
        if error in FATAL:
            self.crash()
        elif error is ErrorCode.NOT_COORDINATOR:
            self.is_full = True
            self.later(100, self.beat)
        else:
            if error in (ErrorCode.UNKNOWN_MEMBER_ID, ErrorCode.FENCED_MEMBER_EPOCH) and self.world.is_calm:
                raise Violation(f"{self.name} was put out although it kept the rules: {error.name}")
            self.has, self.holds = NOTHING, False
            self.later(20, self.join)
