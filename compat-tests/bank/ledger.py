"""The bank's books: the transfers that were ordered, and what the ledger has to show of them.

An order `id,from,to,amount` lies in the topic `transfers`; a teller makes two entries `id,amount` of it,
keyed by account, in one partition of the topic `ledger`. So every partition of the ledger sums up to zero
whenever no transaction is open in it, and in the end holds each order's two entries once.
"""

from __future__ import annotations

import random
from collections import Counter
from typing import Any, NamedTuple

from probes import Prober

from odradek.protocol.control_records import parse_end_transaction_marker
from odradek.protocol.messages import create_topics, fetch, list_offsets, offset_commit, offset_fetch, produce
from odradek.protocol.record_batch import Record, batches, build_batch, records

ORDERS, LEDGER, GROUP = "transfers", "ledger", "tellers"
ORDER_PARTITIONS, LEDGER_PARTITIONS = 4, 3
_MAX_BATCH_BYTES = 1 << 22


class BooksDiffer(Exception):
    """The ledger shows something else than it has to; the text says what."""


class Entry(NamedTuple):
    """One line of the ledger."""

    partition: int
    offset: int
    account: str
    order: int
    amount: int

    @classmethod
    def of(cls, partition: int, offset: int, key: str, value: str) -> Entry:
        """Read a record."""
        order, amount = value.split(",")
        return cls(partition, offset, key, int(order), int(amount))


class Order(NamedTuple):
    """A transfer of `amount` between two accounts."""

    number: int
    source: str
    target: str
    amount: int

    @property
    def entries(self) -> list[tuple[int, str, int]]:
        """The entries it has to have: partition, account, amount."""
        partition = self.number % LEDGER_PARTITIONS
        return [(partition, self.source, -self.amount), (partition, self.target, self.amount)]

    @property
    def value(self) -> bytes:
        """The record."""
        return f"{self.number},{self.source},{self.target},{self.amount}".encode()


class Books:
    """Orders transfers, and compares the ledger with what was ordered. Speaks with the broker directly."""

    def __init__(self, address: str, chance: random.Random) -> None:
        self._address = address
        self._chance = chance
        self._prober = Prober(address)
        self.orders: list[Order] = []
        self.entries: list[list[Entry]] = [[] for _ in range(LEDGER_PARTITIONS)]
        self._positions = [0] * LEDGER_PARTITIONS
        self._aborting: list[set[int]] = [set() for _ in range(LEDGER_PARTITIONS)]
        self._committed = [0] * ORDER_PARTITIONS
        self.audits = 0

    def open(self) -> None:
        """Make the topics, and commit the begin of the orders, so that there always is an offset."""
        sizes = {ORDERS: ORDER_PARTITIONS, LEDGER: LEDGER_PARTITIONS}
        topics = [
            create_topics.REQUEST_TOPIC(name=name, num_partitions=size, replication_factor=1)
            for name, size in sizes.items()
        ]
        self._ask("create_topics", 5, topics=topics, timeout_ms=30_000)
        rows = [
            offset_commit.REQUEST_PARTITION(partition_index=index, committed_offset=offset)
            for index, offset in enumerate(self._committed)
        ]
        begin = offset_commit.REQUEST_TOPIC(name=ORDERS, partitions=rows)
        answer = self._ask("offset_commit", 7, group_id=GROUP, topics=[begin])
        if any(row.error_code for row in answer.topics[0].partitions):
            raise BooksDiffer(f"the begin cannot be committed: {answer}")

    def reconnect(self) -> None:
        """The broker was away."""
        self._prober.close()
        self._prober = Prober(self._address)

    def close(self) -> None:
        """Hang up."""
        self._prober.close()

    def _ask(self, api: str, version: int, **fields: Any) -> Any:
        """Raises BooksDiffer where the broker does not answer: nothing takes it away meanwhile."""
        answer = self._prober.ask(api, version, **fields)
        if isinstance(answer, str):
            raise BooksDiffer(f"{answer} instead of an answer to {api}")
        return answer

    def order(self, count: int) -> None:
        """Order more transfers."""
        begin = len(self.orders)
        for number in range(begin, begin + count):
            source, target = self._chance.sample(range(100), 2)
            amount = self._chance.randrange(1, 100)
            self.orders.append(Order(number, f"account-{source}", f"account-{target}", amount))
        data = []
        for index in range(ORDER_PARTITIONS):
            mine = [each.value for each in self.orders[begin:] if each.number % ORDER_PARTITIONS == index]
            rows = [Record(offset, -1, None, value) for offset, value in enumerate(mine)]
            if rows:
                data.append(produce.REQUEST_PARTITION(index=index, records=build_batch(rows)))
        topic = produce.REQUEST_TOPIC(name=ORDERS, partition_data=data)
        answer = self._ask("produce", 7, acks=-1, timeout_ms=30_000, topic_data=[topic])
        if any(row.error_code for row in answer.responses[0].partition_responses):
            raise BooksDiffer(f"orders were not taken: {answer}")

    def audit(self) -> bool:
        """Read on in the ledger, committed entries alone; whether no transaction is open in any partition.

        Raises BooksDiffer where a partition without an open transaction does not sum up to zero, and where
        the group's offset for a partition has gone back or is not there.
        """
        self._check_progress()
        rows = [
            fetch.REQUEST_PARTITION(partition=index, fetch_offset=position, partition_max_bytes=1 << 22)
            for index, position in enumerate(self._positions)
        ]
        topic = fetch.REQUEST_TOPIC(topic=LEDGER, partitions=rows)
        answer = self._ask(
            "fetch", 11, max_wait_ms=0, min_bytes=0, isolation_level=1, topics=[topic], rack_id=""
        )
        are_closed = [self._read(row) for row in answer.responses[0].partitions]
        return all(are_closed)

    def _read(self, row: Any) -> bool:
        index, data = row.partition_index, row.records or b""
        if row.error_code:
            raise BooksDiffer(f"partition {index} cannot be read: error {row.error_code}")
        aborted = sorted(
            ((each.first_offset, each.producer_id) for each in row.aborted_transactions or ()), reverse=True
        )
        for header in batches(data):
            if header.last_offset < self._positions[index]:
                continue
            while aborted and aborted[-1][0] <= header.last_offset:
                self._aborting[index].add(aborted.pop()[1])
            found = records(data, header, _MAX_BATCH_BYTES)
            if header.is_control:
                if not parse_end_transaction_marker(found[0])[0]:
                    self._aborting[index].discard(header.producer_id)
            elif not (header.is_transactional and header.producer_id in self._aborting[index]):
                self.entries[index] += [
                    Entry.of(index, each.offset, (each.key or b"").decode(), (each.value or b"").decode())
                    for each in found
                ]
            self._positions[index] = header.last_offset + 1
        is_closed = row.last_stable_offset == row.high_watermark == self._positions[index]
        if is_closed:
            self._check_sum(index)
        return is_closed

    def _check_sum(self, index: int) -> None:
        self.audits += 1
        total = sum(entry.amount for entry in self.entries[index])
        if total:
            raise BooksDiffer(f"partition {index} sums up to {total} while no transaction is open in it")

    @property
    def missing(self) -> int:
        """How many entries are still to come."""
        return 2 * len(self.orders) - sum(map(len, self.entries))

    def check(self) -> None:
        """Every order has its entries once, and there is nothing else. Raises BooksDiffer."""
        wanted = Counter((*entry, order.number) for order in self.orders for entry in order.entries)
        found = Counter(
            (entry.partition, entry.account, entry.amount, entry.order)
            for entries in self.entries
            for entry in entries
        )
        if found != wanted:
            lost, more = wanted - found, found - wanted
            raise BooksDiffer(
                f"{lost.total()} entries are lost, such as {list(lost)[:3]}; "
                f"{more.total()} are there once too often, such as {list(more)[:3]}"
            )
        self._check_sequence()

    def _check_sequence(self) -> None:
        """Orders of one partition are carried out in their sequence."""
        for index, entries in enumerate(self.entries):
            for of in range(ORDER_PARTITIONS):
                numbers = [entry.order for entry in entries if entry.order % ORDER_PARTITIONS == of]
                if numbers != sorted(numbers):
                    raise BooksDiffer(f"orders of partition {of} are out of sequence in partition {index}")

    def check_reader(self, entries: list[Entry]) -> None:
        """A client that reads committed records found what was found here. Raises BooksDiffer."""
        mine = sorted(entry for of_partition in self.entries for entry in of_partition)
        if sorted(entries) != mine:
            different = set(entries) ^ set(mine)
            raise BooksDiffer(f"the reader found {len(entries)} of {len(mine)}; {sorted(different)[:6]}")

    def check_offsets(self) -> None:
        """The group has committed the end of every partition of orders. Raises BooksDiffer."""
        rows = [
            list_offsets.REQUEST_PARTITION(partition_index=index, timestamp=-1)
            for index in range(ORDER_PARTITIONS)
        ]
        asked = list_offsets.REQUEST_TOPIC(name=ORDERS, partitions=rows)
        ends = self._ask("list_offsets", 5, replica_id=-1, isolation_level=1, topics=[asked])
        wanted = [row.offset for row in ends.topics[0].partitions]
        found = self._offsets(stable=True)
        if found != wanted:
            raise BooksDiffer(f"the group has committed {found} where orders end with {wanted}")

    def _check_progress(self) -> None:
        found = self._offsets(stable=False)
        if any(now < before for now, before in zip(found, self._committed, strict=True)):
            raise BooksDiffer(f"the group had committed {self._committed}, and now {found}")
        self._committed = found

    def _offsets(self, *, stable: bool) -> list[int]:
        topic = offset_fetch.REQUEST_TOPIC(name=ORDERS, partition_indexes=list(range(ORDER_PARTITIONS)))
        answer = self._ask("offset_fetch", 7, group_id=GROUP, topics=[topic], require_stable=stable)
        return [row.committed_offset for row in answer.topics[0].partitions]
