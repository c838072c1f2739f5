"""A world of consumers around one shard: clients that keep the protocol's rules, and everything that goes wrong.

Time is virtual. A history is a function of its seed: requests and answers take random times, connections break,
clients crash, leave, come back and forget to sync, appends fail, the coordinator restarts (losing what was not synced
yet), and time jumps. Then the trouble ends, and the world has a bounded time to come to rest.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from typing import Any

from odradek.broker.groups.events import (
    CommitPartition,
    CommitRequest,
    Effects,
    Failure,
    GroupConfig,
    Instant,
    JoinRequest,
    LeavingMember,
    SyncRequest,
)
from odradek.broker.groups.records import Record, decode, encode
from odradek.broker.groups.shard import Shard
from odradek.protocol.errors import ErrorCode

GROUP = "flights"
TOPIC = "departures"
PARTITIONS = 6
SESSION_MS = 10_000
REBALANCE_MS = 15_000
HEARTBEAT_MS = 3_000
REST_MS = 8 * (SESSION_MS + REBALANCE_MS)
SUBSCRIPTION = b"\x00\x00" + b"\x00\x00\x00\x01" + b"\x00\x0adepartures" + b"\xff\xff\xff\xff"


class Violation(AssertionError):
    """Something happened that must never happen."""


class Token:
    """A request on its way: who waits for it, on which of its connections."""

    def __init__(self, client: Client, answer: Callable[[Any], None]) -> None:
        self.client = client
        self.connection = client.connection
        self.answer = answer


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
    """One history. `run` plays it and raises Violation; `log` is what was appended to the offsets partition."""

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
        self.durable = 0
        self.ids = 0
        self.shard = self.new_shard()
        self.alarm_ms = float("inf")
        self.clients: list[Client] = []
        self.owners: dict[tuple[int, int], str] = {}
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
        stored = {g.group_id: g.stored for g in self.shard.groups.values() if g.stored is not None}
        return stored, dict(self.shard.offsets.items())

    def restart(self) -> None:
        """The coordinator dies and loads its log again; what was not durable may be lost, and all connections are."""
        before = self.hard_state()
        keep = self.rng.randint(self.durable, len(self.log))
        whole = keep == len(self.log)
        del self.log[keep:]
        self.durable = keep
        self.shard = self.new_shard()
        for record in self.log:
            self.shard.replay(record, self.instant())
        if whole and self.hard_state() != before:
            raise Violation(f"a restart changed the state: {before} -> {self.hard_state()}")
        for group in self.shard.groups.values():
            if group.stored is not None and set(group.members) != {m.member_id for m in group.stored.members}:
                raise Violation("a member lost its place in a restart")
        self.submit(lambda effects: self.shard.on_loaded(self.instant(), effects))
        for client in self.clients:
            client.break_connection()

    # The story

    def run(self) -> World:
        """Play the history: trouble first, then rest. Raises Violation."""
        rng, trouble = self.rng, self.trouble
        for number in range(rng.randrange(1, 5)):
            client = Client(self, f"c{number}", f"i{number}" if rng.random() < 0.3 else None)
            self.clients.append(client)
            self.at(rng.random() * 5_000, client.join)
        span_ms = 120_000.0
        for _ in range(trouble.lives):
            self.at(rng.random() * span_ms, self.turn_of_life)
        for _ in range(trouble.restarts):
            self.at(rng.random() * span_ms, self.restart)
        for _ in range(trouble.jumps):
            self.at(rng.random() * span_ms, self.jump)
        self.play(span_ms)
        self.quiet = True
        self.play(self.now_ms + REST_MS)
        self.check_rest()
        self.restart()
        return self

    def jump(self) -> None:
        """Nobody runs for a while: a suspended machine."""
        self.now_ms += self.rng.choice((5_000, 20_000, 400_000))

    def turn_of_life(self) -> None:
        """Something happens to somebody: a new client, an end, a crash, a restart of a static member."""
        rng = self.rng
        client = rng.choice(self.clients)
        kind = rng.randrange(5)
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
        elif kind == 3 and not self.trouble.calm:
            client.forgets_sync = True
        elif client.owned and rng.random() < 0.3:
            client.seek_back()

    def check_rest(self) -> None:
        """Whoever lives is in the one generation, and every partition has exactly one owner."""
        living = [client for client in self.clients if client.alive]
        group = self.shard.groups.get(GROUP)
        if not living:
            if group is not None and group.members:
                raise Violation(f"members stay although everybody has gone: {list(group.members)}")
            return
        if group is None or group.state.value != "Stable":
            raise Violation(f"no rest: {group and group.state} with {len(living)} clients")
        owned = sorted(p for client in living for p in client.owned)
        if owned != list(range(PARTITIONS)):
            raise Violation(f"at rest the partitions owned are {owned}")
        if {client.member_id for client in living} != set(group.members):
            raise Violation("at rest the members are not those who live")
        if any(client.generation_id != group.generation_id for client in living):
            raise Violation("at rest a member is in another generation")

    def take(self, client: Client, generation_id: int, partitions: list[int]) -> None:
        """A client has been told that partitions are its own; nobody else may be told so in this generation."""
        identity = client.instance_id or client.member_id
        for partition in partitions:
            owner = self.owners.setdefault((generation_id, partition), identity)
            if owner != identity:
                raise Violation(
                    f"partition {partition} of generation {generation_id}: {owner} and {identity}"
                )


class Client:
    """A consumer that follows the protocol, on a connection that may break."""

    def __init__(self, world: World, name: str, instance_id: str | None) -> None:
        self.world = world
        self.name = name
        self.instance_id = instance_id
        self.alive = True
        self.connection = 0
        self.member_id = ""
        self.generation_id = -1
        self.owned: list[int] = []
        self.positions: dict[int, int] = {}
        self.forgets_sync = False
        self.last_arrival_ms = 0.0
        self.beats = 0
        self.rewound: set[int] = set()

    # The network

    def send(self, event: Callable[[Token, Instant, Effects], None], answer: Callable[[Any], None]) -> None:
        """Send a request; `answer` is called with the reply, unless the connection breaks first."""
        world, token = self.world, Token(self, answer)
        if not world.quiet and world.rng.random() < world.trouble.break_connection:
            world.at(world.rng.random() * 50, self.break_connection)
        # A connection keeps the order of its requests.
        self.last_arrival_ms = max(self.last_arrival_ms, world.now_ms + world.rng.random() * 40)

        def arrive() -> None:
            if token.connection == self.connection:
                world.submit(lambda effects: event(token, world.instant(), effects))

        world.at(self.last_arrival_ms - world.now_ms, arrive)

    def receive(self, token: Token, reply: Any) -> None:
        """A reply leaves the coordinator."""

        def arrive() -> None:
            if self.alive and token.connection == self.connection:
                token.answer(reply)

        self.world.at(self.world.rng.random() * 40, arrive)

    def break_connection(self) -> None:
        """All that is in flight is lost; the client connects again and starts over from what it knows."""
        self.connection += 1
        if self.alive:
            self.world.at(100, self.beat if self.owned else self.join)

    def crash(self) -> None:
        """Gone without a word."""
        self.alive = False
        self.owned = []
        self.connection += 1

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
        if not self.alive:
            return
        request = JoinRequest(
            GROUP, self.member_id, self.instance_id, self.name, "/10.0.0.1", SESSION_MS, REBALANCE_MS,
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
            self.forgets_sync = False
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
        self.send(lambda t, now, e: self.world.shard.sync(request, t, now, e), self.synced)

    def synced(self, reply: Any) -> None:
        """The answer to a sync."""
        if reply.error is not ErrorCode.NONE:
            self.recover(reply.error)
            return
        self.owned = list(reply.assignment)
        self.rewound.clear()
        self.world.take(self, self.generation_id, self.owned)
        offsets = self.world.shard.offsets
        for partition in self.owned:
            committed = offsets.get(GROUP, TOPIC, partition)
            self.positions[partition] = 0 if committed is None else committed.offset
        self.beat_later()

    def beat_later(self) -> None:
        """The next heartbeat in a while, unless something else makes one due before."""
        self.beats += 1
        number = self.beats
        self.world.at(HEARTBEAT_MS, lambda: self.beat() if self.beats == number else None)

    def beat(self) -> None:
        """Heartbeat, and commit what was read meanwhile."""
        if not self.alive or self.generation_id < 0:
            return
        self.beats += 1
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
        if error is ErrorCode.NONE:
            if self.owned and self.world.rng.random() < 0.5:
                self.commit()
            self.beat_later()
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
            world.shard.commit(request, token, now, effects)
            asked = partition in self.rewound
            if effects.records and before is not None and offset < before.offset and not asked:
                raise Violation(f"partition {partition} goes back from {before.offset} to {offset}")

        self.send(apply, lambda _: None if then is None else then())

    def seek_back(self) -> None:
        """An operator resets a consumer."""
        self.commit(back=2)

    def recover(self, error: ErrorCode) -> None:
        """What a client does about an error."""
        world = self.world
        if error is ErrorCode.FENCED_INSTANCE_ID:
            self.crash()
        elif error is ErrorCode.GROUP_MAX_SIZE_REACHED:
            self.crash()
        elif error in (ErrorCode.UNKNOWN_MEMBER_ID, ErrorCode.ILLEGAL_GENERATION):
            if error is ErrorCode.UNKNOWN_MEMBER_ID:
                if world.trouble.calm:
                    raise Violation(f"{self.name} was put out although it kept the rules")
                self.member_id = ""
            self.join()
        elif error is ErrorCode.NOT_COORDINATOR:
            self.owned = []
            world.at(100, self.join)
        else:
            self.owned = []
            world.at(20, self.join)
