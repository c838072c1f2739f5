"""A world around one shard of the group coordinator: clients that keep their protocol's rules, and all that
goes wrong.

Time is virtual. A history is a function of its seed: requests and answers take random times, connections
break, clients crash, leave, stall and come back, appends fail, the coordinator restarts (losing what was not
synced yet), and time jumps. Then the trouble ends, and the world has a bounded time to come to rest.
"""

from __future__ import annotations

import heapq
import random
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from odradek.broker.groups.classic.group import ClassicGroup
from odradek.broker.groups.events import Effects, Failure, GroupConfig, Instant
from odradek.broker.groups.records import Record, decode, encode
from odradek.broker.groups.shard import Shard
from odradek.protocol.errors import ErrorCode

from .client import GROUP, Violation

SPAN_MS = 60_000.0


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


class World(ABC):
    """One history. `log` is what was appended, `clients` are those who live and those who did."""

    clients: list[Any]

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
        self.clients = []
        self.quiet = False

    # Time

    def at(self, delay_ms: float, action: Callable[[], None]) -> None:
        """Do something after a while."""
        self.on(self.now_ms + delay_ms, action)

    def on(self, moment_ms: float, action: Callable[[], None]) -> None:
        """Do something at a moment, after all that is to be done then already."""
        self.order += 1
        heapq.heappush(self.queue, (moment_ms, self.order, action))

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

    def new_member_id(self, prefix: str = "member") -> str:
        """A name that nobody has."""
        self.ids += 1
        return f"{prefix}-{self.ids}"

    def new_shard(self) -> Shard:
        """A shard that knows of nothing yet."""
        return Shard(self.config, self.new_member_id)

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

    def bring_trouble(self) -> None:
        """What is to happen, at random times within the span of a history."""
        for count, action in (
            (self.trouble.lives, self.turn_of_life),
            (self.trouble.restarts, self.restart),
            (self.trouble.jumps, self.jump),
        ):
            for _ in range(count):
                self.at(self.rng.random() * SPAN_MS, action)

    @abstractmethod
    def turn_of_life(self) -> None:
        """Something happens to somebody."""

    def jump(self) -> None:
        """Nobody runs for a while: a suspended machine."""
        self.now_ms += self.rng.choice((5_000, 20_000, 400_000))
