"""Thousands of histories of transactional producers around a broker, and faults that they must find.

`ODRADEK_SEED=n pytest tests/simulation/test_transactions.py` plays from the seed that a failure has named.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

import pytest

from odradek.broker import admission, markers
from odradek.broker.groups.offset_store import Offsets
from odradek.broker.handlers import produce, txn_offset_commit
from odradek.broker.transactions import ending
from odradek.broker.transactions.machine import Transaction
from odradek.broker.transactions.shard import TransactionShard
from odradek.storage.log import Log
from odradek.storage.log_reading import ReadableLog
from odradek.storage.producer_state import NO_OFFSET, ProducerEntry
from odradek.storage.transaction_index import TransactionIndex

from .histories import play
from .transaction_world import World

HISTORIES = 250
MANY_HISTORIES = 5_000
MUTANT_HISTORIES = 400


def test_every_transaction_ends_and_is_seen_as_a_whole_or_not_at_all() -> None:
    """Whatever is lost, killed, late or replaced: readers of committed records see what producers were
    told.
    """
    play(lambda seed: World(seed).run(), HISTORIES)


@pytest.mark.long
def test_thousands_of_histories() -> None:
    """The same, for longer."""
    play(lambda seed: World(seed).run(), MANY_HISTORIES)


def test_a_history_is_a_function_of_its_seed() -> None:
    """The same seed gives the same answers, one by one."""
    for seed in range(3):
        assert World(seed).run().log == World(seed).run().log


@pytest.mark.parametrize("seed", [22])
def test_histories_that_once_failed(seed: int) -> None:
    """A second crash before the next checkpoint took aborted transactions out of the index."""
    World(seed).run()


Patch = Callable[[pytest.MonkeyPatch], None]


def _replace(owner: Any, name: str, make: Callable[[Any], Any]) -> Patch:
    """A mutant: `owner.name` is what `make` makes of the right one."""

    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(owner, name, make(getattr(owner, name)))

    return patch


def _keep_epoch(right: Any) -> Any:
    def fence(machine: Transaction, *rest: Any) -> Any:
        return right(machine, *rest)._replace(producer_epoch=machine.stored.producer_epoch)

    return fence


def _same_epoch_at_end(right: Any) -> Any:
    def end(machine: Transaction, *rest: Any) -> Any:
        record = right(machine, *rest)
        return record and record._replace(producer_epoch=machine.stored.producer_epoch)

    return end


def _forget_partitions(right: Any) -> Any:
    def add(self: Any, producer: Any, partitions: Any, *rest: Any) -> None:
        machine = self.transactions.get(producer.transactional_id)
        if machine is not None:
            machine.stored = machine.stored._replace(partitions=())
        right(self, producer, partitions, *rest)

    return add


def _one_marker_less(right: Any) -> Any:
    def write(partition: Any, marker: Any, groups: Any, now_ms: int, on_durable: Any) -> None:
        if partition.topic == "b":
            on_durable(0)
        else:
            right(partition, marker, groups, now_ms, on_durable)

    return write


def _always(committed: bool) -> Callable[[Any], Any]:
    def make(right: Any) -> Any:
        def write(partition: Any, marker: Any, *rest: Any) -> None:
            right(partition, marker._replace(committed=committed), *rest)

        return write

    return make


def _index_from_nowhere(right: Any) -> Any:
    def recover(self: Any, offset: int) -> None:
        right(self, 0)
        del offset

    return recover


def _transaction_goes_on(right: Any) -> Any:
    def end_transaction(self: ProducerEntry, epoch: int, marker: Any) -> None:
        first = self.current_txn_first_offset
        right(self, epoch, marker)
        if not marker.committed and first != NO_OFFSET:
            self.current_txn_first_offset = first

    return end_transaction


def _any_epoch(right: Any) -> Any:
    def owned(self: Any, producer: Any) -> Any:
        machine = self.transactions.get(producer.transactional_id)
        if machine is not None:
            producer = producer._replace(producer_epoch=machine.stored.producer_epoch)
        return right(self, producer)

    return owned


def _any_epoch_ends(right: Any) -> Any:
    def end(machine: Transaction, producer: Any, *rest: Any) -> Any:
        return right(machine, producer._replace(producer_epoch=machine.stored.producer_epoch), *rest)

    return end


def _settle_all(right: Any) -> Any:
    def replay_marker(self: Offsets, producer_id: int, committed: bool) -> None:
        del committed
        right(self, producer_id, True)

    return replay_marker


def _commit_at_once(right: Any) -> Any:
    def replay(self: Offsets, record: Any, record_offset: int = -1, producer_id: int = -1) -> None:
        del producer_id
        right(self, record, record_offset)

    return replay


def _nothing(_: Any) -> Any:
    return lambda *_, **__: None


def _admitted(_: Any) -> Any:
    return lambda *_: admission.ADMITTED


def _sleep(_: Any) -> Any:
    def expire(self: TransactionShard, transactional_id: str, *_: Any) -> None:
        self.transactions[transactional_id].wake_ms = inf

    return expire


def _not_aborted(_: Any) -> Any:
    return lambda *_: []


MUTANTS: dict[str, Patch] = {
    "a fenced producer keeps its epoch": _replace(ending, "fence", _keep_epoch),
    "transactions share an epoch": _replace(ending, "end_with_next_epoch", _same_epoch_at_end),
    "a decided transaction is not finished after a crash": _replace(TransactionShard, "on_loaded", _nothing),
    "added partitions push others out": _replace(TransactionShard, "add", _forget_partitions),
    "a partition gets no marker": _replace(markers, "write_marker", _one_marker_less),
    "every marker commits": _replace(markers, "write_marker", _always(True)),
    "every marker aborts": _replace(markers, "write_marker", _always(False)),
    "time never runs out": _replace(TransactionShard, "expire", _sleep),
    "anybody may add": _replace(TransactionShard, "_owned", _any_epoch),
    "anybody may end": _replace(ending, "end", _any_epoch_ends),
    "partitions add themselves nowhere": _replace(produce, "admit", _admitted),
    "offsets add themselves nowhere": _replace(txn_offset_commit, "admit", _admitted),
    "aborted offsets count": _replace(Offsets, "replay_marker", _settle_all),
    "offsets do not wait": _replace(Offsets, "replay", _commit_at_once),
    "readers are told of no abort": _replace(ReadableLog, "aborted_transactions", _not_aborted),
    "there is no stable end": lambda patch: patch.setattr(
        Log, "last_stable_offset", property(lambda log: log.log_end_offset)
    ),
    "the index is lost in a crash": _replace(TransactionIndex, "recover", _index_from_nowhere),
    "an aborted transaction stays open": _replace(ProducerEntry, "end_transaction", _transaction_goes_on),
}


def _fails(seed: int) -> bool:
    try:
        World(seed).run()
    except Exception:  # a violation, or whatever the fault breaks
        return True
    return False


@pytest.mark.parametrize("name", MUTANTS)
def test_a_fault_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The histories can fail: each of these faults in the broker is a violation within a few of them."""
    from odradek.broker import transaction_coordinator

    MUTANTS[name](monkeypatch)
    monkeypatch.setattr(transaction_coordinator, "write_marker", markers.write_marker)
    assert any(_fails(seed) for seed in range(MUTANT_HISTORIES))
