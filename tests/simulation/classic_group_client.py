"""A simulated consumer that keeps the rules of the classic group protocol."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from odradek.broker.groups.events import (
    CommitPartition,
    CommitRequest,
    Effects,
    Failure,
    Instant,
    JoinRequest,
    LeavingMember,
    SyncRequest,
)
from odradek.protocol.errors import ErrorCode

from .client import GROUP, Client, Token, Violation

if TYPE_CHECKING:
    from .classic_group_model import ClassicWorld

TOPIC = "departures"
PARTITIONS = 6
SESSIONS_MS = (6_000, 10_000, 30_000)
REBALANCES_MS = (4_000, 15_000, 30_000)
HEARTBEAT_MS = 3_000
SUBSCRIPTION = b"\x00\x00" + b"\x00\x00\x00\x01" + b"\x00\x0adepartures" + b"\xff\xff\xff\xff"


class ClassicClient(Client):
    """A consumer that follows the protocol."""

    def __init__(self, world: ClassicWorld, name: str, instance_id: str | None) -> None:
        super().__init__(world, name, instance_id)
        self.world: ClassicWorld = world
        self.generation_id = -1
        self.owned: list[int] = []
        self.positions: dict[int, int] = {}
        self.forgets_sync = False
        self.has_forgotten_sync = False
        self.session_ms = world.rng.choice(SESSIONS_MS)
        self.rebalance_ms = world.rng.choice(REBALANCES_MS)
        self.rewound: set[int] = set()

    def break_connection(self) -> None:
        """All that is in flight is lost; the client connects again and starts over from what it knows."""
        super().break_connection()
        if self.alive:
            self.later(100, self.beat if self.owned else self.join)

    def crash(self) -> None:
        """Gone without a word."""
        super().crash()
        self.owned = []

    def leave(self) -> None:
        """Leave with a LeaveGroup, whose answer nobody waits for."""
        member = LeavingMember(self.member_id, self.instance_id)
        if self.member_id:
            shard = self.world.shard
            self.send(lambda t, now, e: shard.leave(GROUP, [member], t, now, e), lambda _: None)
        self.alive = False
        self.owned = []

    # The protocol

    def join(self) -> None:
        """Enter the group, with the member id of last time if there is one."""
        self.owned, self.generation_id = [], -1
        self.has_forgotten_sync = False
        self.steps += 1
        request = JoinRequest(
            GROUP, self.member_id, self.instance_id, self.name, "/::1", self.session_ms, self.rebalance_ms,
            "consumer", (("range", SUBSCRIPTION), ("roundrobin", SUBSCRIPTION)),
        )  # fmt: skip
        self.send(lambda t, now, e: self.world.shard.join(request, t, now, e), self.joined)

    def joined(self, reply: Any) -> None:
        """The answer to a join."""
        if reply.error is ErrorCode.NONE:
            self.member_id, self.generation_id = reply.member_id, reply.generation_id
            self.sync(reply)
        elif reply.error is ErrorCode.MEMBER_ID_REQUIRED:
            self.member_id = reply.member_id
            self.join()
        else:
            self.recover(reply.error)

    def sync(self, reply: Any) -> None:
        """Ask for the assignment; the leader brings one."""
        assignments = {}
        if reply.leader == self.member_id and not reply.skip_assignment:
            ids = [member.member_id for member in reply.members]
            assignments = {m: bytes(range(i, PARTITIONS, len(ids))) for i, m in enumerate(ids)}
        if self.forgets_sync and not self.world.quiet:
            self.forgets_sync, self.has_forgotten_sync = False, True
            self.beat()
            return
        request = SyncRequest(
            GROUP,
            self.generation_id,
            self.member_id,
            self.instance_id,
            "consumer",
            reply.protocol_name,
            assignments,
        )
        self.send(lambda t, now, e: self.world.shard.sync(request, t, now, e), self.synced, True)

    def synced(self, reply: Any) -> None:
        """The answer to a sync."""
        if reply.error is not ErrorCode.NONE:
            self.recover(reply.error)
            return
        self.owned = list(reply.assignment)
        self.rewound.clear()
        self.world.take(self, self.generation_id, self.owned)
        for partition in self.owned:
            self.positions[partition] = max(self.world.read(partition), 0)
        self.later(HEARTBEAT_MS, self.beat)

    def beat(self) -> None:
        """Heartbeat, and commit what was read meanwhile."""
        self.steps += 1
        generation_id, member_id = self.generation_id, self.member_id

        def heartbeat(token: Token, now: Instant, effects: Effects) -> None:
            shard = self.world.shard
            effects.reply(token, shard.heartbeat(GROUP, member_id, self.instance_id, generation_id, now))

        self.send(heartbeat, lambda error: self.beaten(error, generation_id))

    def beaten(self, error: Any, generation_id: int) -> None:
        """The answer to a heartbeat."""
        if generation_id != self.generation_id:
            return
        if isinstance(error, Failure):
            error = error.error
        if error is ErrorCode.NONE and self.has_forgotten_sync and not self.world.awaits_sync(self):
            # A group that has had its sync, or has restarted meanwhile, has no reason to put it out.
            self.join()
        elif error is ErrorCode.NONE:
            if self.owned and self.world.rng.random() < 0.5:
                self.commit()
            self.later(HEARTBEAT_MS, self.beat)
        elif error is ErrorCode.REBALANCE_IN_PROGRESS and self.owned:
            self.commit(then=self.join)
        else:
            self.recover(error)

    def commit(self, then: Callable[[], None] | None = None, back: int = 0) -> None:
        """Commit the position of one partition, which has moved on (or back, when somebody asked for it)."""
        world, partition = self.world, self.world.rng.choice(self.owned)
        self.positions[partition] = max(self.positions[partition] + (1 if not back else -back), 0)
        offset = self.positions[partition]
        if back:
            self.rewound.add(partition)
        request = CommitRequest(
            GROUP,
            self.generation_id,
            self.member_id,
            self.instance_id,
            [CommitPartition(TOPIC, partition, offset)],
        )

        def apply(token: Token, now: Instant, effects: Effects) -> None:
            before = world.shard.offsets.get(GROUP, TOPIC, partition)
            world.sent[partition].append(offset)
            numbers.append(len(world.sent[partition]) - 1)
            world.shard.commit(request, token, now, effects)
            asked = partition in self.rewound
            if effects.records and before is not None and offset < before.offset and not asked:
                raise Violation(f"partition {partition} goes back from {before.offset} to {offset}")

        def answer(reply: Any) -> None:
            if reply == (ErrorCode.NONE,):
                world.acknowledged[partition] = max(world.acknowledged[partition], numbers[0])
            if then is not None:
                then()

        numbers: list[int] = []
        self.send(apply, answer, True)

    def seek_back(self) -> None:
        """An operator resets a consumer."""
        self.commit(back=2)

    def recover(self, error: ErrorCode) -> None:
        """What a client does about an error."""
        world = self.world
        if error in (ErrorCode.FENCED_INSTANCE_ID, ErrorCode.GROUP_MAX_SIZE_REACHED):
            self.crash()
        elif error in (ErrorCode.UNKNOWN_MEMBER_ID, ErrorCode.ILLEGAL_GENERATION):
            if error is ErrorCode.UNKNOWN_MEMBER_ID:
                if world.trouble.calm:
                    raise Violation(f"{self.name} was put out although it kept the rules")
                self.member_id = ""
            self.join()
        elif error is ErrorCode.NOT_COORDINATOR:
            self.owned = []
            self.later(100, self.join)
        else:
            self.owned = []
            self.later(20, self.join)
