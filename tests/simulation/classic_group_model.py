"""A world of consumers around one shard: clients that keep the protocol's rules, and all that goes wrong.

Time is virtual. A history is a function of its seed: requests and answers take random times, connections
break, clients crash, leave, stall, come back and forget to sync, appends fail, the coordinator restarts
(losing what was not synced yet), and time jumps. Then the trouble ends, and the world has a bounded time to
come to rest.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from typing import Any

from odradek.broker.groups.classic.group import ClassicGroup
from odradek.broker.groups.events import Effects, Failure, GroupConfig, Instant
from odradek.broker.groups.records import Record, decode, encode
from odradek.broker.groups.shard import Shard
from odradek.protocol.errors import ErrorCode

from .classic_group_client import (
    GROUP,
    HEARTBEAT_MS,
    LASTS_MS,
    PARTITIONS,
    REST_MS,
    TOPIC,
    Client,
    Violation,
)


class Trouble:
    """How much goes wrong in a history, drawn from its seed. A calm history has delays only."""

    def __init__(self, rng: random.Random) -> None:
        self.calm = rng.random() < 0.3
        rate = 0.0 if self.calm else 1.0
        self.break_connection = rate * rng.choice((0, 0.02, 0.1))
        self.fail_append = rate * rng.choice((0, 0, 0.05))
        self.durable_delay_ms = rng.choice((0, 0, 30))
        self.restarts = 0 if self.calm else rng.randrange(3)
        self.jumps = 0 if self.calm else rng.randrange(2)
        self.lives = rng.randrange(2, 7)


class World:
    """One history. `run` plays it and raises Violation; `log` is what was appended."""

    def __init__(self, seed: int) -> None:
        self.rng = rng = random.Random(seed)
        self.trouble = Trouble(rng)
        self.now_ms = 0.0
        self.queue: list[tuple[float, int, Callable[[], None]]] = []
        self.order = 0
        self.config = GroupConfig(
            initial_rebalance_delay_ms=rng.choice((0, 0, 500)), max_size=rng.choice((100, 100, 3))
        )
        self.log: list[Record] = []
        self.batch_ends = [0]
        self.durable = 0
        self.ids = 0
        self.shard = self.new_shard()
        self.alarm_ms = float("inf")
        self.clients: list[Client] = []
        self.owners: dict[tuple[int, int], str] = {}
        self.sent: dict[int, list[int]] = {partition: [-1] for partition in range(PARTITIONS)}
        self.acknowledged = dict.fromkeys(range(PARTITIONS), 0)
        self.quiet = False

    # Time

    def at(self, delay_ms: float, action: Callable[[], None]) -> None:
        """Do something after a while."""
        self.order += 1
        heapq.heappush(self.queue, (self.now_ms + delay_ms, self.order, action))

    def play(self, until_ms: float) -> None:
        """Let time pass, and everything happen that is due."""
        while self.queue and self.queue[0][0] <= until_ms:
            when, _, action = heapq.heappop(self.queue)
            self.now_ms = max(self.now_ms, when)
            action()
        self.now_ms = max(self.now_ms, until_ms)

    def instant(self) -> Instant:
        """The moment on both clocks."""
        return Instant(1_700_000_000_000 + int(self.now_ms), self.now_ms)

    # The coordinator, as its driver runs it

    def new_shard(self) -> Shard:
        """A shard that names members after a counter."""

        def new_member_id(prefix: str) -> str:
            self.ids += 1
            return f"{prefix}-{self.ids}"

        return Shard(self.config, new_member_id)

    def submit(self, event: Callable[[Effects], None]) -> None:
        """Run one event: append, replay, and answer once everything appended so far is durable."""
        effects = Effects()
        event(effects)
        now = self.instant()
        if effects.records and self.rng.random() < self.trouble.fail_append:
            replies = [(token, Failure(ErrorCode.NOT_COORDINATOR)) for token, _ in effects.replies]
            undone = Effects()
            if effects.undo is not None:
                effects.undo(ErrorCode.NOT_COORDINATOR, now, undone)
            if undone.records:
                raise Violation("cleaning up after a failed append wants to append")
            self.give(replies + undone.replies)
        else:
            for record in effects.records:
                if decode(*encode(record)) != record:
                    raise Violation(f"a record does not survive its bytes: {record}")
                self.log.append(record)
                self.shard.replay(record, now)
            self.batch_ends.append(len(self.log))
            self.give(effects.replies)
        self.arm()

    def give(self, replies: list[tuple[Any, Any]]) -> None:
        """Deliver replies, when what they rest on is durable."""
        end, shard = len(self.log), self.shard
        delay_ms = 0.0 if self.durable >= end else self.trouble.durable_delay_ms

        def durable() -> None:
            if self.shard is shard:
                self.durable = max(self.durable, end)
                for token, value in replies:
                    token.client.receive(token, value)

        if delay_ms:
            self.at(delay_ms, durable)
        else:
            durable()

    def arm(self) -> None:
        """Wake the group at its next deadline."""
        group = self.shard.groups.get(GROUP)
        if group is not None and group.wake_ms < self.alarm_ms:
            self.alarm_ms = max(group.wake_ms, self.now_ms)
            self.at(self.alarm_ms - self.now_ms, self.ring)

    def ring(self) -> None:
        """A deadline of the group may have passed."""
        self.alarm_ms = float("inf")
        for _ in range(100):
            group = self.shard.groups.get(GROUP)
            if group is None or group.wake_ms > self.now_ms:
                break
            self.submit(lambda effects: self.shard.expire(GROUP, self.instant(), effects))
        else:
            raise Violation("the group's deadlines do not end")
        self.arm()

    def hard_state(self) -> Any:
        """All that a restart must bring back."""
        groups = [g for g in self.shard.groups.values() if isinstance(g, ClassicGroup)]
        stored = {g.group_id: g.stored for g in groups if g.stored is not None}
        return stored, dict(self.shard.offsets.items())

    def restart(self) -> None:
        """The coordinator dies and loads its log again; what was not durable may be lost, and all connections
        are.
        """
        before = self.hard_state()
        # The records of one event are one batch, which is there as a whole or not at all.
        keep = self.rng.randint(self.durable, len(self.log))
        keep = max(end for end in self.batch_ends if end <= keep)
        self.batch_ends = [end for end in self.batch_ends if end <= keep]
        whole = keep == len(self.log)
        del self.log[keep:]
        self.durable = keep
        self.shard = self.new_shard()
        for record in self.log:
            self.shard.replay(record, self.instant())
        if whole and self.hard_state() != before:
            raise Violation(f"a restart changed the state: {before} -> {self.hard_state()}")
        self.check_members()
        self.submit(lambda effects: self.shard.on_loaded(self.instant(), effects))
        for client in self.clients:
            client.break_connection()

    def check_members(self) -> None:
        """After a restart, whoever was stored is a member."""
        for group in self.shard.groups.values():
            if not isinstance(group, ClassicGroup) or group.stored is None:
                continue
            if set(group.members) != {m.member_id for m in group.stored.members}:
                raise Violation("a member lost its place in a restart")

    # The story

    def run(self) -> World:
        """Play the history: trouble first, then rest. Raises Violation."""
        rng, trouble = self.rng, self.trouble
        for number in range(rng.randrange(1, 5)):
            client = Client(self, f"c{number}", f"i{number}" if rng.random() < 0.3 else None)
            self.clients.append(client)
            client.later(rng.random() * 5_000, client.join)
        span_ms = 60_000.0
        for _ in range(trouble.lives):
            self.at(rng.random() * span_ms, self.turn_of_life)
        for _ in range(trouble.restarts):
            self.at(rng.random() * span_ms, self.restart)
        for _ in range(trouble.jumps):
            self.at(rng.random() * span_ms, self.jump)
        self.play(span_ms)
        self.quiet = True
        self.come_to_rest(self.now_ms + REST_MS)
        self.restart()
        return self

    def come_to_rest(self, limit_ms: float) -> None:
        """Rest must come before the limit, and last.

        What time has already brought about happens first: a world that has just jumped looks calm until its
        deadlines ring.
        """
        self.play(self.now_ms)
        stalled_until_ms = max(client.last_arrival_ms for client in self.clients)
        if stalled_until_ms > self.now_ms:
            self.play(stalled_until_ms + LASTS_MS)
        while self.unrest() and self.now_ms < limit_ms:
            self.play(self.now_ms + HEARTBEAT_MS)
        self.play(self.now_ms + LASTS_MS)
        unrest = self.unrest()
        if unrest:
            raise Violation(unrest)

    def jump(self) -> None:
        """Nobody runs for a while: a suspended machine."""
        self.now_ms += self.rng.choice((5_000, 20_000, 400_000))

    def turn_of_life(self) -> None:
        """Something happens to somebody: a new client, an end, a crash, a restart of a static member."""
        rng = self.rng
        client = rng.choice(self.clients)
        kind = rng.randrange(6)
        if kind == 0 or not client.alive:
            # The same instance id as somebody who may well be running: an operator's mistake, or a restart.
            same = client.instance_id if rng.random() < 0.5 and not self.trouble.calm else None
            newcomer = Client(self, f"c{len(self.clients)}", same)
            if same is not None and client.alive and rng.random() < 0.7:
                client.crash()
            self.clients.append(newcomer)
            newcomer.join()
        elif kind == 1:
            client.leave()
        elif kind == 2:
            client.crash()
        elif kind <= 4 and not self.trouble.calm:
            client.forgets_sync = rng.random() < 0.3
            client.stalls = not client.forgets_sync
        elif client.owned and rng.random() < 0.3:
            client.seek_back()

    def unrest(self) -> str:
        """What keeps the world from rest: whoever lives is to be in one generation with every partition owned
        once.
        """
        living = [client for client in self.clients if client.alive]
        group = self.shard.groups.get(GROUP)
        members = set() if group is None else set(group.members)
        if {client.member_id for client in living} != members:
            return f"the members are {members}, which are not those who live"
        if not isinstance(group, ClassicGroup) or not living:
            return ""
        owned = sorted(p for client in living for p in client.owned)
        if group.state.value != "Stable" or any(c.generation_id != group.generation_id for c in living):
            return f"{group.state} with {len(living)} clients"
        return "" if owned == list(range(PARTITIONS)) else f"the partitions owned are {owned}"

    def awaits_sync(self, client: Client) -> bool:
        """Whether the group has set a time by which this client is to sync."""
        group = self.shard.groups.get(GROUP)
        return isinstance(group, ClassicGroup) and client.member_id in group.pending_sync

    def read(self, partition: int) -> int:
        """The committed offset, which must be the last one acknowledged, or one sent after it."""
        committed = self.shard.offsets.get(GROUP, TOPIC, partition)
        offset = -1 if committed is None else committed.offset
        if offset not in self.sent[partition][self.acknowledged[partition] :]:
            raise Violation(f"partition {partition} has lost its acknowledged offset and is at {offset}")
        return offset

    def take(self, client: Client, generation_id: int, partitions: list[int]) -> None:
        """A client has been told that partitions are its own; nobody else may be, in this generation."""
        identity = client.instance_id or client.member_id
        for partition in partitions:
            owner = self.owners.setdefault((generation_id, partition), identity)
            if owner != identity:
                raise Violation(
                    f"partition {partition} of generation {generation_id}: {owner} and {identity}"
                )
