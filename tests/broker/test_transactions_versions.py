"""The requests of transactions at every version, right ones and wrong ones; and ends that a crash cuts short.

The error codes are those that Apache Kafka 4.4 gave to the same requests.
"""

from __future__ import annotations

from typing import Any

import pytest

from odradek.broker import markers, transaction_coordinator
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode as E
from odradek.protocol.messages import write_txn_markers

from .transaction_desk import Desk, Producer


@pytest.fixture
def desk() -> Desk:
    return Desk()


def who(producer: Producer) -> dict[str, Any]:
    """The fields that name a producer."""
    return dict(zip(("transactional_id", "producer_id", "producer_epoch"), producer, strict=True))


def add_offsets(desk: Desk, producer: Producer, group: str = "g", version: int = 3) -> int:
    """The error code of AddOffsetsToTxn."""
    code: int = desk.ask(ApiKey.ADD_OFFSETS_TO_TXN, version, group_id=group, **who(producer)).error_code
    return code


@pytest.mark.parametrize("version", range(7))
def test_producers_get_ids_and_epochs(desk: Desk, version: int) -> None:
    """With a transactional id the same id and the next epoch each time; without one a new id each time."""
    first, second = (desk.init("a", version=version) for _ in range(2))
    assert (first.error_code, second.error_code) == (E.NONE, E.NONE)
    assert second.producer_id == first.producer_id
    assert (first.producer_epoch, second.producer_epoch) == (0, 1)
    plain = {"transactional_id": None, "transaction_timeout_ms": 1000}
    ids = [desk.ask(ApiKey.INIT_PRODUCER_ID, version, **plain) for _ in range(2)]
    assert [(row.error_code, row.producer_epoch) for row in ids] == [(E.NONE, 0)] * 2
    assert len({first.producer_id, *(row.producer_id for row in ids)}) == 3
    assert desk.init("", version=version).error_code == E.INVALID_REQUEST


@pytest.mark.parametrize("version", range(3, 7))
@pytest.mark.parametrize("half", [{"producer_id": 5}, {"producer_epoch": 5}])
def test_a_producer_names_itself_wholly(desk: Desk, version: int, half: dict[str, int]) -> None:
    """An id without an epoch, or an epoch without an id, is none (KIP-360)."""
    refused = desk.init("a", version=version, **half)
    assert (refused.error_code, refused.producer_id) == (E.INVALID_REQUEST, -1)


@pytest.mark.parametrize("version", range(5))
def test_offsets_of_a_group_are_added(desk: Desk, version: int) -> None:
    """The partition in which the group lives; for the owner of the transactional id alone."""
    one = desk.producer("a")
    fenced = E.INVALID_PRODUCER_EPOCH if version < 2 else E.PRODUCER_FENCED
    assert add_offsets(desk, ("a", one[1], 5), version=version) == fenced
    assert add_offsets(desk, ("a", one[1] + 1, 0), version=version) == E.INVALID_PRODUCER_ID_MAPPING
    assert add_offsets(desk, ("nobody", one[1], 0), version=version) == E.INVALID_PRODUCER_ID_MAPPING
    assert add_offsets(desk, ("", one[1], 0), version=version) == E.INVALID_REQUEST
    assert desk.state("a") == "Empty"
    assert add_offsets(desk, one, version=version) == E.NONE
    assert desk.state("a") == "Ongoing"
    (topic,) = desk.described("a").topics
    assert (topic.topic, topic.partitions) == ("__consumer_offsets", [0])


@pytest.mark.parametrize("version", range(6))
@pytest.mark.parametrize("commit", [True, False])
def test_transactions_end(desk: Desk, version: int, commit: bool) -> None:
    """By a commit or an abort, with the epoch that it began with, or the next one (KIP-890)."""
    one = desk.producer("a")
    desk.add(one)
    desk.write(one, b"x", version=11)
    ended = desk.end(one, commit=commit, version=version)
    assert ended.error_code == E.NONE
    assert desk.state("a") == ("CompleteCommit" if commit else "CompleteAbort")
    assert desk.committed() == ([b"x"] if commit else [])
    assert [row.producer_epoch for row in desk.producers()] == [1 if version >= 5 else 0]


@pytest.mark.parametrize("version", [1, 2])
def test_markers_from_outside(desk: Desk, version: int) -> None:
    """One answer for each partition, those that are not there too."""
    one = desk.producer("a")
    desk.write(one, b"x")
    topics = [
        write_txn_markers.MARKER_TOPIC(name="orders", partition_indexes=[0, 9]),
        write_txn_markers.MARKER_TOPIC(name="nowhere", partition_indexes=[0]),
    ]
    marker = write_txn_markers.MARKER(
        producer_id=one[1], producer_epoch=one[2], transaction_result=True, topics=topics
    )
    (told,) = desk.ask(ApiKey.WRITE_TXN_MARKERS, version, markers=[marker]).markers
    unknown = E.UNKNOWN_TOPIC_OR_PARTITION
    errors = [(topic.name, [row.error_code for row in topic.partitions]) for topic in told.topics]
    assert errors == [("orders", [E.NONE, unknown]), ("nowhere", [unknown])]
    assert desk.committed() == [b"x"]


def test_one_transaction_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """While one is being ended nothing becomes part of the next one (KIP-98)."""
    desk = Desk(add_partitions_to_txn_retry_backoff_max_ms=0)
    one = desk.producer("a")
    desk.add(one)
    with monkeypatch.context() as patch:
        patch.setattr(transaction_coordinator.TransactionCoordinator, "carry_out", lambda *_: None)
        assert desk.end(one, commit=True, version=4).error_code == E.NONE
        assert desk.add(one, ("orders", 1)) == [E.CONCURRENT_TRANSACTIONS]
        assert add_offsets(desk, one) == E.CONCURRENT_TRANSACTIONS
        assert desk.commit_offset(one, "g", 1) == E.CONCURRENT_TRANSACTIONS
        assert desk.commit_offset(one, "g", 1, version=4) == E.COORDINATOR_NOT_AVAILABLE
        assert desk.write(one, b"x", partition=1).error_code == E.CONCURRENT_TRANSACTIONS
        assert desk.write(one, b"x", partition=1, version=11).error_code == E.NOT_ENOUGH_REPLICAS
    desk.harness.restart(clean=False)
    assert desk.add(one, ("orders", 1)) == [E.NONE]


@pytest.mark.parametrize("commit", [True, False])
@pytest.mark.parametrize("before", range(3))
def test_a_crash_between_the_markers(
    desk: Desk, commit: bool, before: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some partitions have the end and some have not: the next start writes the others."""
    one = desk.producer("a")
    desk.write(one, b"x")
    desk.write(one, b"y", partition=1)
    desk.commit_offset(one, "g", 7)
    written: list[str] = []
    real = markers.write_marker

    def cut_short(partition: Any, *arguments: Any) -> None:
        if len(written) < before:
            written.append(partition.topic)
            real(partition, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(transaction_coordinator, "write_marker", cut_short)
        assert desk.end(one, commit=commit).error_code == E.NONE
        assert (len(written), desk.state("a")) == (before, "PrepareCommit" if commit else "PrepareAbort")
    desk.harness.restart(clean=False)
    assert desk.state("a") == ("CompleteCommit" if commit else "CompleteAbort")
    assert [desk.committed(index) for index in range(2)] == ([[b"x"], [b"y"]] if commit else [[], []])
    assert desk.offset("g", stable=True) == (7 if commit else -1, E.NONE)
    assert [desk.stable_end(index) for index in range(2)] == [
        partition.high_watermark
        for partition in desk.harness.node.topics.get("orders").partitions  # type: ignore[union-attr]
    ]
