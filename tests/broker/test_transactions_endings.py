"""While a transaction is being ended, and what follows its last epoch (KIP-360, KIP-890, KIP-1228).

The rules are those of Apache Kafka 4.4's coordinator.
"""

from __future__ import annotations

from typing import Any

import pytest

from odradek.broker import markers, transaction_coordinator, transaction_ends
from odradek.broker.context import Pending, RequestContext
from odradek.broker.handlers.produce import handle
from odradek.broker.transaction_coordinator import TransactionCoordinator
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode as E
from odradek.protocol.messages import add_partitions_to_txn, delete_topics, produce, write_txn_markers

from .harness import batch
from .transaction_desk import Desk, Producer, following

LAST_EPOCH = 32_766


@pytest.fixture
def desk() -> Desk:
    """A broker that lets nobody wait for the end of a transaction."""
    return Desk(add_partitions_to_txn_retry_backoff_max_ms=0)


def stored(desk: Desk, transactional_id: str) -> Any:
    """The machine of a transactional id."""
    transactions = desk.harness.node.transactions
    return transactions._homes[transactions.shard_of(transactional_id)].shard.machines[transactional_id]


def with_last_epoch(desk: Desk, **fields: Any) -> Producer:
    """The producer `a`, which has a transaction with `x` open in the last epoch that there is."""
    _, producer_id, _ = desk.producer("a", **fields)
    machine = stored(desk, "a")
    machine.stored = machine.stored._replace(producer_epoch=LAST_EPOCH)
    last = ("a", producer_id, LAST_EPOCH)
    assert desk.write(last, b"x").error_code == E.NONE
    return last


def test_the_id_after_the_last_epoch_waits_for_the_markers(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """EndTxn tells a new producer id before the markers are written: who uses it is told to come again."""
    last = with_last_epoch(desk)
    with monkeypatch.context() as patch:
        patch.setattr(TransactionCoordinator, "carry_out", lambda *_: None)
        new = following(last, desk.end(last, commit=True))
        assert new[1] != last[1]
        assert desk.write(new, b"y").error_code == E.CONCURRENT_TRANSACTIONS
        assert desk.add(new) == [E.CONCURRENT_TRANSACTIONS]
        assert desk.commit_offset(new, "g", 1) == E.CONCURRENT_TRANSACTIONS
        assert desk.end(new, commit=True).error_code == E.CONCURRENT_TRANSACTIONS
        named = desk.init("a", producer_id=new[1], producer_epoch=new[2])
        assert named.error_code == E.CONCURRENT_TRANSACTIONS
    desk.harness.restart(clean=False)
    assert desk.write(new, b"y").error_code == E.NONE
    assert desk.end(new, commit=True).error_code == E.NONE
    assert desk.committed() == [b"x", b"y"]


@pytest.mark.parametrize("version", [4, 5])
def test_an_end_that_is_under_way_is_concurrent(
    desk: Desk, version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever outcome is asked for; from version 5 on whoever asks."""
    one = desk.producer("a")
    desk.write(one, b"x")
    monkeypatch.setattr(TransactionCoordinator, "carry_out", lambda *_: None)
    desk.end(one, commit=True, version=version)
    for commit in (True, False):
        assert desk.end(one, commit=commit, version=version).error_code == E.CONCURRENT_TRANSACTIONS
    stranger = ("a", one[1] + 9, 0)
    told = desk.end(stranger, commit=True, version=version).error_code
    assert told == (E.CONCURRENT_TRANSACTIONS if version >= 5 else E.INVALID_PRODUCER_ID_MAPPING)
    assert desk.init("a", producer_id=one[1] + 9, producer_epoch=0).error_code == E.CONCURRENT_TRANSACTIONS


def test_a_partition_is_not_verified_for_a_later_id(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who only asks whether partitions were added is told of its wrong id, markers or not."""
    one = desk.producer("a")
    desk.write(one, b"x")
    monkeypatch.setattr(TransactionCoordinator, "carry_out", lambda *_: None)
    desk.end(one, commit=True)
    for producer_id, error in ((one[1] + 9, E.INVALID_PRODUCER_ID_MAPPING), (one[1], E.PRODUCER_FENCED)):
        asked = add_partitions_to_txn.TRANSACTION(
            transactional_id="a",
            producer_id=producer_id,
            producer_epoch=0,
            verify_only=True,
            topics=[add_partitions_to_txn.TOPIC(name="orders", partitions=[0])],
        )
        answer = desk.ask(ApiKey.ADD_PARTITIONS_TO_TXN, 5, transactions=[asked])
        (row,) = answer.results_by_transaction[0].topic_results[0].results_by_partition
        assert row.partition_error_code == error


@pytest.mark.parametrize("names_itself", [True, False])
def test_a_fence_after_the_last_epoch_gives_a_new_producer_id(desk: Desk, names_itself: bool) -> None:
    """No epoch is above 32767: when the time of a transaction in the last one is up, its producer goes on
    with another id, also when it names the old one.
    """
    last = with_last_epoch(desk, timeout_ms=5_000)
    desk.harness.advance(5_000)
    assert (desk.state("a"), desk.committed()) == ("CompleteAbort", [])
    assert desk.described("a").producer_id != last[1]
    names = {"producer_id": last[1], "producer_epoch": last[2]} if names_itself else {}
    answer = desk.init("a", **names)
    assert (answer.error_code, answer.producer_epoch) == (E.NONE, 0 if names_itself else 1)
    new = following(last, answer)
    assert desk.write(new, b"y").error_code == E.NONE
    assert desk.end(new, commit=True).error_code == E.NONE
    assert desk.committed() == [b"y"]


def test_an_end_of_the_second_version_after_one_of_the_first(desk: Desk) -> None:
    """The epoch before the present one is taken for a repeated end, whatever version the last end had."""
    desk.producer("a")
    one = desk.producer("a")
    desk.add(one)
    desk.end(one, commit=True, version=4)
    earlier = ("a", one[1], one[2] - 1)
    answer = desk.end(earlier, commit=True)
    assert (answer.error_code, answer.producer_id, answer.producer_epoch) == (E.NONE, *one[1:])
    assert desk.end(earlier, commit=False).error_code == E.INVALID_TXN_STATE


def test_a_transaction_begins_with_its_first_batch(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """With several requests under way the first may be refused while markers are written: the second is not
    taken before it, in a partition that does not know the producer (KIP-890).
    """
    one = desk.producer("a")
    desk.write(one, b"x")
    with monkeypatch.context() as patch:
        patch.setattr(TransactionCoordinator, "carry_out", lambda *_: None)
        two = following(one, desk.end(one, commit=True))
        assert desk.write(two, b"first", partition=1).error_code == E.CONCURRENT_TRANSACTIONS
    desk.harness.restart(clean=False)
    late = desk.write(two, b"second", sequence=1, partition=1)
    assert late.error_code == E.OUT_OF_ORDER_SEQUENCE_NUMBER
    assert desk.write(two, b"first", partition=1).error_code == E.NONE
    assert desk.write(two, b"second", sequence=1, partition=1).error_code == E.NONE
    desk.end(two, commit=True)
    assert desk.committed(1) == [b"first", b"second"]


@pytest.mark.parametrize(("transaction_version", "error"), [(1, E.NONE), (2, E.INVALID_PRODUCER_EPOCH)])
def test_a_marker_of_the_second_version_has_a_later_epoch(
    desk: Desk, transaction_version: int, error: E
) -> None:
    """One with the epoch of the open transaction is late, and meant the one before (KIP-1228)."""
    one = desk.producer("a")
    desk.write(one, b"x")
    topic = write_txn_markers.MARKER_TOPIC(name="orders", partition_indexes=[0])

    def told(producer_epoch: int) -> int:
        marker = write_txn_markers.MARKER(
            producer_id=one[1],
            producer_epoch=producer_epoch,
            transaction_result=True,
            transaction_version=transaction_version,
            topics=[topic],
        )
        answer = desk.ask(ApiKey.WRITE_TXN_MARKERS, 2, markers=[marker])
        code: int = answer.markers[0].topics[0].partitions[0].error_code
        return code

    assert told(one[2]) == error
    assert told(one[2] + 1) == E.NONE
    assert told(one[2] + 1) == E.NONE, "the same once more"
    assert desk.committed() == [b"x"]


def test_markers_are_written_again_until_they_are(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A partition that cannot be written to holds the transaction up, and nothing else."""
    one = desk.producer("a")
    desk.write(one, b"x")
    with monkeypatch.context() as patch:
        patch.setattr(
            transaction_coordinator,
            "write_marker",
            lambda *arguments: arguments[-1](E.KAFKA_STORAGE_ERROR),
        )
        desk.end(one, commit=True)
        desk.harness.advance(3_000)
        assert desk.state("a") == "PrepareCommit"
    desk.harness.advance(1_000)
    assert (desk.state("a"), desk.committed()) == ("CompleteCommit", [b"x"])


def test_markers_are_not_written_again_where_they_are(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one partition cannot be written to, the others get no second marker; it alone is described."""
    one = desk.producer("a")
    desk.write(one, b"x")
    desk.write(one, b"y", partition=1)
    real = markers.write_marker

    def write(partition: Any, *arguments: Any) -> None:
        if partition.index:
            arguments[-1](E.KAFKA_STORAGE_ERROR)
        else:
            real(partition, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(transaction_coordinator, "write_marker", write)
        desk.end(one, commit=True)
        desk.harness.advance(3_000)
        described = desk.described("a")
        assert described.transaction_state == "PrepareCommit"
        assert [(topic.topic, topic.partitions) for topic in described.topics] == [("orders", [1])]
    assert [desk.stable_end(index) for index in range(2)] == [2, 0]
    desk.harness.advance(1_000)
    assert desk.state("a") == "CompleteCommit"
    assert [desk.stable_end(index) for index in range(2)] == [2, 2]


WAIT_MS = 100


class Waits:
    """The producer `a` of a broker, with its next transaction, while its last one is being ended."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.desk = Desk(add_partitions_to_txn_retry_backoff_max_ms=WAIT_MS)
        one = self.desk.producer("a")
        self.desk.write(one, b"x")
        self._orders: list[Any] = []
        self._carry_out = TransactionCoordinator.carry_out
        monkeypatch.setattr(
            TransactionCoordinator, "carry_out", lambda _, order, __: self._orders.append(order)
        )
        self.producer = following(one, self.desk.end(one, commit=True))

    def write(self, *values: bytes, sequence: int = 0) -> Any:
        """Begin a Produce: the response or a Pending. The request's memory is used again, as by a
        connection.
        """
        records = batch(
            *values,
            producer_id=self.producer[1],
            producer_epoch=self.producer[2],
            base_sequence=sequence,
            is_transactional=True,
        )
        rows = [produce.REQUEST_PARTITION(index=1, records=records)]
        topics = [produce.REQUEST_TOPIC(name="orders", partition_data=rows)]
        request = produce.REQUEST(transactional_id="a", acks=-1, topic_data=topics)
        frame = bytearray(produce.REQUEST.write(request, 12))
        node, clock = self.desk.harness.node, self.desk.harness.clock
        context = RequestContext(
            node,
            api_key=ApiKey.PRODUCE,
            version=12,
            now_ms=clock.wall_ms(),
            monotonic_ms=clock.monotonic_ms(),
        )
        answer = handle(produce.REQUEST.read(memoryview(frame), 12), context)
        frame[:] = bytes(len(frame))
        return answer

    def write_markers(self) -> None:
        """Let the last transaction end."""
        transactions = self.desk.harness.node.transactions
        while self._orders:
            self._carry_out(transactions, self._orders.pop(0), transactions.now())


def told(answer: Any) -> int:
    """The error code in the response to a Produce."""
    response = answer.response if isinstance(answer, Pending) else answer
    code: int = response.responses[0].partition_responses[0].error_code
    return code


def test_a_transaction_waits_for_the_end_of_the_last_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its records come into the log when the markers are written, in the order in which they were sent."""
    waits = Waits(monkeypatch)
    values = (b"first", b"second")
    written = [waits.write(value, sequence=sequence) for sequence, value in enumerate(values)]
    assert not any(each.done for each in written)
    waits.write_markers()
    assert [told(each) for each in written] == [E.NONE, E.NONE]
    waits.desk.end(waits.producer, commit=True)
    waits.write_markers()
    assert waits.desk.committed(1) == [b"first", b"second"]


def test_a_transaction_does_not_wait_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """After `add.partitions.to.txn.retry.backoff.max.ms` its producer is told to come again."""
    waits = Waits(monkeypatch)
    written = waits.write(b"first")
    waits.desk.harness.advance(WAIT_MS - 1)
    assert not written.done
    waits.desk.harness.advance(1)
    assert told(written) == E.CONCURRENT_TRANSACTIONS
    waits.write_markers()
    assert waits.desk.producers(1) == []


def test_what_waits_for_an_end_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who would make it too much is told at once, and what has gone makes room."""
    waits = Waits(monkeypatch)
    monkeypatch.setattr(transaction_ends, "MOST_WAITING_BYTES", 100)
    first = waits.write(b"first")
    assert not first.done
    assert told(waits.write(b"second")) == E.CONCURRENT_TRANSACTIONS
    first.abandon()
    assert not waits.write(b"third").done
    waits.write_markers()
    assert [row.last_sequence for row in waits.desk.producers(1)] == [0]


def test_transactions_go_on_after_their_topic_was_deleted(desk: Desk) -> None:
    """Nobody knows the ids any more. When somebody next looks for the coordinator, the topic is made anew and
    what was open is aborted.
    """
    one = desk.producer("a")
    desk.add(one)
    desk.write(one, b"lost")
    gone = delete_topics.REQUEST_TOPIC(name="__transaction_state")
    assert desk.ask(ApiKey.DELETE_TOPICS, 6, topics=[gone]).responses[0].error_code == E.NONE
    assert desk.end(one, commit=True).error_code == E.COORDINATOR_NOT_AVAILABLE
    found = desk.ask(ApiKey.FIND_COORDINATOR, 6, key_type=1, coordinator_keys=["a"])
    assert found.coordinators[0].error_code == E.NONE
    assert desk.end(one, commit=True).error_code == E.INVALID_PRODUCER_ID_MAPPING
    assert (desk.stable_end(), desk.committed()) == (2, [])
    for transactional_id in ("a", "b"):
        another = desk.producer(transactional_id)
        assert another[1] != one[1]
        desk.add(another)
        desk.write(another, transactional_id.encode())
        assert desk.end(another, commit=True).error_code == E.NONE
    assert desk.committed() == [b"a", b"b"]
    desk.harness.restart(clean=False)
    assert desk.state("a") == "CompleteCommit"
