"""A world of consumers of the classic protocol around one group."""

from __future__ import annotations

from odradek.broker.groups.classic.group import ClassicGroup

from .classic_group_client import (
    HEARTBEAT_MS,
    PARTITIONS,
    REBALANCES_MS,
    SESSIONS_MS,
    TOPIC,
    ClassicClient,
)
from .client import GROUP, Violation
from .world import SPAN_MS, World

REST_MS = 8 * (max(SESSIONS_MS) + max(REBALANCES_MS))
LASTS_MS = 10_000


class ClassicWorld(World):
    """One history. `run` plays it and raises Violation."""

    clients: list[ClassicClient]

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.owners: dict[tuple[int, int], str] = {}
        self.sent: dict[int, list[int]] = {partition: [-1] for partition in range(PARTITIONS)}
        self.acknowledged = dict.fromkeys(range(PARTITIONS), 0)

    def run(self) -> ClassicWorld:
        """Play the history: trouble first, then rest. Raises Violation."""
        rng = self.rng
        for number in range(rng.randrange(1, 5)):
            client = ClassicClient(self, f"c{number}", f"i{number}" if rng.random() < 0.3 else None)
            self.clients.append(client)
            client.later(rng.random() * 5_000, client.join)
        self.bring_trouble()
        self.play(SPAN_MS)
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

    def turn_of_life(self) -> None:
        """Something happens to somebody: a new client, an end, a crash, a restart of a static member."""
        rng = self.rng
        client = rng.choice(self.clients)
        kind = rng.randrange(6)
        if kind == 0 or not client.alive:
            # The same instance id as somebody who may well be running: an operator's mistake, or a restart.
            same = client.instance_id if rng.random() < 0.5 and not self.trouble.calm else None
            newcomer = ClassicClient(self, f"c{len(self.clients)}", same)
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

    def awaits_sync(self, client: ClassicClient) -> bool:
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

    def take(self, client: ClassicClient, generation_id: int, partitions: list[int]) -> None:
        """A client has been told that partitions are its own; nobody else may be, in this generation."""
        identity = client.instance_id or client.member_id
        for partition in partitions:
            owner = self.owners.setdefault((generation_id, partition), identity)
            if owner != identity:
                raise Violation(
                    f"partition {partition} of generation {generation_id}: {owner} and {identity}"
                )
