"""A whole broker in memory with transactional producers around it, their connections, and its deaths.

Every value that is written is unique and names its transaction, so that what a reader of committed records
sees can be held against what the producers were told. A history is a function of its seed.
"""

from __future__ import annotations

import random
from typing import Any

from odradek.broker.context import Pending
from odradek.broker.transactions.machine import Transaction
from odradek.broker.transactions.transitions import RESTING
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.messages import fetch, offset_fetch, request
from odradek.protocol.record_batch import batches, records
from odradek.storage.file_system import File
from odradek.storage.memory_file_system import MemoryFileSystem
from tests.broker.harness import Harness

from .transaction_client import GROUP_OF, TIMEOUT_MS, Client, Violation

PARTITIONS = [("a", 0), ("a", 1), ("b", 0)]
STEPS = 45


class Killed(BaseException):
    """The process has ended between two writes."""


class _File:
    """A file of a process that may end before any write to it."""

    def __init__(self, file: File, file_system: KillableFileSystem) -> None:
        self._file = file
        self._file_system = file_system

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def write_at(self, offset: int, data: Any) -> int:
        self._file_system.count_write()
        return self._file.write_at(offset, data)


class KillableFileSystem(MemoryFileSystem):
    """Files that outlive the process; `writes_left` is how many writes it lives (None: for ever)."""

    def __init__(self) -> None:
        super().__init__()
        self.writes_left: int | None = None

    def open(self, path: str, *, create: bool = False, exclusive: bool = False) -> File:
        return _File(super().open(path, create=create, exclusive=exclusive), self)

    def count_write(self) -> None:
        if self.writes_left is not None:
            self.writes_left -= 1
            if self.writes_left < 0:
                raise Killed


class World:
    """One history: two transactional ids, each with one producer that counts and those it has replaced."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.file_system = KillableFileSystem()
        self.harness = Harness(self.file_system, transaction_state_log_num_partitions=2)
        for name, count in (("a", 2), ("b", 1)):
            now_ms = self.harness.clock.wall_ms()
            self.harness.node.topics.create(name, count, {"segment.ms": "400"}, now_ms=now_ms)
        self.numbers: dict[str, int] = {}
        self.told: dict[str, str] = {}  # transaction -> "committed", "aborted" or "unknown"
        self.written: dict[str, list[tuple[tuple[str, int], str]]] = {}  # acknowledged, by transaction
        self.offsets: dict[str, list[tuple[str, int]]] = {}  # by group: (transaction, offset) in order
        self.seen: dict[tuple[str, int], list[str]] = {place: [] for place in PARTITIONS}
        self.clients = [Client(self, name) for name in ("x", "y")]
        self.zombies: list[Client] = []
        self.log: list[str] = []

    # What clients use

    def ask(self, api: ApiKey, version: int, value: Any) -> Any | None:
        """The response, or None where the connection was lost: before the request came or after it was
        carried out.
        """
        fate = self.random.random()
        if fate < 0.04:
            return None
        try:
            answer = self.harness.start(api, version, value)
        except Killed:
            self._start_again()
            return None
        if isinstance(answer, Pending):
            raise Violation(f"{api.name} was not answered at once")
        self.log.append(f"{api.name} {answer!r}")
        return None if fate < 0.09 else answer

    def next_number(self, transactional_id: str) -> int:
        """The number of a client's next transaction."""
        self.numbers[transactional_id] = self.numbers.get(transactional_id, 0) + 1
        return self.numbers[transactional_id]

    # A history

    def run(self) -> World:
        for _ in range(STEPS):
            self._step()
        self._come_to_rest()
        self._check()
        return self

    def _step(self) -> None:
        choose = self.random.random()
        if choose < 0.80:
            self.random.choice(self.clients).step()
        elif choose < 0.84 and self.zombies:
            self.random.choice(self.zombies).step()
        elif choose < 0.88:
            self._replace(self.random.randrange(len(self.clients)))
        elif choose < 0.91:
            self._advance(self.random.choice((10, 500, TIMEOUT_MS + 1)))
        elif choose < 0.94:
            self.file_system.writes_left = self.random.randrange(6)
        elif choose < 0.96:
            self._restart(clean=self.random.random() < 0.5)
        else:
            self._look()

    def _replace(self, at: int) -> None:
        """Another instance takes a transactional id over; the old one may still try things."""
        old = self.clients[at]
        self.zombies.append(old)
        self.clients[at] = Client(self, old.transactional_id)

    def _advance(self, milliseconds: int) -> None:
        try:
            self.harness.advance(milliseconds)
        except Killed:
            self._start_again()

    def _restart(self, *, clean: bool) -> None:
        try:
            self.harness.restart(clean=clean)
        except Killed:
            self._start_again()

    def _start_again(self) -> None:
        self.file_system.writes_left = None
        self.harness.restart(clean=False)

    def _come_to_rest(self) -> None:
        """No further trouble: every transaction has to end by itself."""
        self.file_system.writes_left = None
        for _ in range(3):
            self.harness.advance(TIMEOUT_MS + 2_000)

    # What readers see

    def _look(self) -> None:
        """A reader of committed records: what it has seen before must still be there, in the same order."""
        for place in PARTITIONS:
            found = self._committed_values(place)
            if found[: len(self.seen[place])] != self.seen[place]:
                raise Violation(f"{place} showed {self.seen[place]} and now shows {found}")
            self.seen[place] = found

    def _committed_values(self, place: tuple[str, int]) -> list[str]:
        found: list[str] = []
        offset = 0
        while True:
            row = self._fetch(place, offset)
            aborted = sorted((each.first_offset, each.producer_id) for each in row.aborted_transactions or ())
            view, skipped = memoryview(row.records or b""), set()
            if not len(view):
                return found
            for header in batches(view):
                while aborted and aborted[0][0] <= header.last_offset:
                    skipped.add(aborted.pop(0)[1])
                if header.is_control:
                    skipped.discard(header.producer_id)
                elif header.producer_id not in skipped:
                    rows = records(view, header, 1 << 20)
                    found += [(row.value or b"").decode() for row in rows if row.offset >= offset]
                offset = header.last_offset + 1

    def _fetch(self, place: tuple[str, int], offset: int) -> Any:
        name, index = place
        partition = fetch.REQUEST_PARTITION(partition=index, fetch_offset=offset, partition_max_bytes=1 << 20)
        value = fetch.REQUEST(
            max_bytes=1 << 20,
            isolation_level=1,
            topics=[fetch.REQUEST_TOPIC(topic=name, partitions=[partition])],
        )
        writes_left, self.file_system.writes_left = self.file_system.writes_left, None
        answer = self.harness.ask(ApiKey.FETCH, 12, value)
        self.file_system.writes_left = writes_left
        return answer.responses[0].partitions[0]

    # What must hold in the end

    def _check(self) -> None:
        self._look()
        node = self.harness.node
        for place in PARTITIONS:
            partition = node.topics.partition(*place)
            assert partition is not None
            if partition.last_stable_offset != partition.high_watermark:
                raise Violation(f"{place} has a transaction that does not end")
        for home in node.transactions._homes:
            for machine in home.shard.machines.values():
                assert isinstance(machine, Transaction)
                if machine.stored.state not in RESTING:
                    raise Violation(f"{machine.stored} does not end")
        for transaction, rows in self.written.items():
            self._check_transaction(transaction, rows)
        for group in sorted(self.offsets):
            self._check_group(group)

    def _check_transaction(self, transaction: str, rows: list[tuple[tuple[str, int], str]]) -> None:
        shown = {value for place in PARTITIONS for value in self.seen[place] if value.startswith(transaction)}
        for place in PARTITIONS:
            wanted = [value for where, value in rows if where == place and value in shown]
            order = [value for value in self.seen[place] if value.startswith(transaction)]
            if order != wanted:
                raise Violation(f"{transaction} wrote {wanted} to {place}, which shows {order}")
        told = self.told.get(transaction, "aborted")
        all_shown = {value for _, value in rows} == shown
        if told == "unknown":
            told = "committed" if shown else "aborted"
        if (told == "committed" and not all_shown) or (told == "aborted" and shown):
            raise Violation(f"{transaction} is {told}, wrote {rows}, and {sorted(shown)} is shown")

    def _check_group(self, group: str) -> None:
        """The offset of the last committed transaction that had one counts, and no transaction is open."""
        value = request(ApiKey.OFFSET_FETCH)(
            group_id=group,
            require_stable=True,
            topics=[offset_fetch.REQUEST_TOPIC(name="a", partition_indexes=[0])],
        )
        row = self.harness.ask(ApiKey.OFFSET_FETCH, 7, value).topics[0].partitions[0]
        if row.error_code:
            raise Violation(f"the offset of {group} stays unstable: {row}")
        possible = {-1}
        for transaction, offset in self.offsets[group]:
            told = self.told.get(transaction, "aborted")
            rows = self.written.get(transaction, [])
            shown = any(value in self.seen[place] for place, value in rows)
            if told == "committed" or (told == "unknown" and shown):
                possible = {offset}
            elif told == "unknown" and not rows:
                possible.add(offset)
        if row.committed_offset not in possible:
            raise Violation(f"{group} is at {row.committed_offset}, not in {sorted(possible)}")


__all__ = ["GROUP_OF", "World"]
