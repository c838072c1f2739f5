"""Transactions through the handlers: what producers, readers and administrators are told.

The error codes at each version are those that Apache Kafka 4.4 gave to the same requests.
"""

from __future__ import annotations

import pytest

from odradek.broker.transaction_coordinator import TransactionCoordinator
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode as E
from odradek.protocol.messages import add_partitions_to_txn, describe_producers

from .transaction_desk import Desk, Producer, following


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_transaction_is_seen_when_it_is_committed(desk: Desk) -> None:
    """Not before, and as a whole; its producer goes on with the next epoch (KIP-890)."""
    one = desk.producer("a")
    assert desk.write(one, b"x").error_code == E.NONE
    assert desk.write(one, b"y", partition=1).error_code == E.NONE
    assert (desk.committed(), desk.committed(1), desk.stable_end()) == ([], [], 0)
    answer = desk.end(one, commit=True)
    assert (answer.error_code, answer.producer_id, answer.producer_epoch) == (0, one[1], 1)
    assert (desk.committed(), desk.committed(1), desk.stable_end()) == ([b"x"], [b"y"], 2)
    assert desk.state("a") == "CompleteCommit"


def test_a_transaction_that_is_aborted_is_never_seen(desk: Desk) -> None:
    """Readers are told which records to leave out; other producers' records show."""
    one, other = desk.producer("a"), desk.producer("b")
    desk.write(one, b"no")
    desk.write(other, b"yes")
    assert desk.end(one, commit=False).error_code == E.NONE
    assert desk.committed() == []
    desk.end(other, commit=True)
    assert desk.committed() == [b"yes"]


def test_the_first_version_keeps_its_epoch(desk: Desk) -> None:
    """AddPartitionsToTxn, Produce 11, EndTxn 4 (KIP-98): one epoch, and sequences that go on."""
    one = desk.producer("a")
    for number in range(3):
        assert desk.add(one) == [E.NONE]
        assert desk.write(one, b"%d" % number, sequence=number, version=11).error_code == E.NONE
        assert desk.end(one, commit=number != 1, version=4).error_code == E.NONE
    assert desk.committed() == [b"0", b"2"]
    assert [row.producer_epoch for row in desk.producers()] == [0]


@pytest.mark.parametrize(
    ("version", "error"), [(3, E.INVALID_TXN_STATE), (10, E.INVALID_TXN_STATE), (11, E.TRANSACTION_ABORTABLE)]
)
def test_a_partition_has_to_be_added_first(desk: Desk, version: int, error: E) -> None:
    """Up to Produce 11 writing does not add: otherwise nobody would end it (KIP-890)."""
    one = desk.producer("a")
    assert desk.write(one, b"x", version=version).error_code == error
    assert (desk.state("a"), desk.stable_end()) == ("Empty", 0)


def test_verification_can_be_switched_off() -> None:
    """transaction.partition.verification.enable=false takes a batch of a partition that was not added."""
    desk = Desk(transaction_partition_verification_enable="false")
    assert desk.write(desk.producer("a"), b"x", version=11).error_code == E.NONE


@pytest.mark.parametrize("timeout_ms", [0, -1, 900_001])
def test_a_timeout_has_bounds(desk: Desk, timeout_ms: int) -> None:
    """transaction.max.timeout.ms, and nothing below one millisecond."""
    assert desk.init("a", timeout_ms=timeout_ms).error_code == E.INVALID_TRANSACTION_TIMEOUT


def test_a_new_owner_fences_the_old_one(desk: Desk) -> None:
    """The open transaction is aborted, and every request of the old epoch is refused."""
    old = desk.producer("a")
    desk.write(old, b"x")
    assert desk.init("a").error_code == E.CONCURRENT_TRANSACTIONS
    assert desk.state("a") == "CompleteAbort"
    new = desk.producer("a")
    assert new[2] == 2
    assert desk.write(old, b"y", sequence=1).error_code == E.INVALID_PRODUCER_EPOCH
    assert desk.add(old, version=1) == [E.INVALID_PRODUCER_EPOCH]
    assert desk.add(old, version=2) == [E.PRODUCER_FENCED]
    assert desk.end(old, commit=True, version=1).error_code == E.INVALID_PRODUCER_EPOCH
    assert desk.end(old, commit=True, version=4).error_code == E.PRODUCER_FENCED
    assert desk.end(old, commit=True).error_code == E.PRODUCER_FENCED
    assert desk.commit_offset(old, "g", 1) == E.INVALID_PRODUCER_EPOCH
    assert desk.write(new, b"z").error_code == E.NONE
    desk.end(new, commit=True)
    assert desk.committed() == [b"z"]


def test_a_producer_may_bump_its_own_epoch(desk: Desk) -> None:
    """It names what it has, and may ask twice; one that was replaced is fenced (KIP-360)."""
    _, producer_id, _ = desk.producer("a")
    bumped = desk.init("a", producer_id=producer_id, producer_epoch=0)
    assert (bumped.error_code, bumped.producer_epoch) == (E.NONE, 1)
    again = desk.init("a", producer_id=producer_id, producer_epoch=0)
    assert (again.error_code, again.producer_epoch) == (E.NONE, 1)
    desk.producer("a")
    assert desk.init("a", producer_id=producer_id, producer_epoch=0).error_code == E.PRODUCER_FENCED
    late = desk.init("a", version=3, producer_id=producer_id, producer_epoch=0)
    assert late.error_code == E.INVALID_PRODUCER_EPOCH


def test_two_phase_commit_is_not_enabled(desk: Desk) -> None:
    """KIP-939, as a broker answers that does not enable it."""
    enabled = desk.init("a", version=6, enable2_pc=True)
    assert enabled.error_code == E.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
    assert desk.init("a", version=6, keep_prepared_txn=True).error_code == E.UNSUPPORTED_VERSION


def test_an_end_may_be_asked_for_twice(desk: Desk) -> None:
    """The answer may have been lost. The other outcome, or the next epoch without a record, is a mistake."""
    one = desk.producer("a")
    desk.write(one, b"x")
    for _ in range(2):
        assert desk.end(one, commit=True).producer_epoch == 1
    assert desk.end(one, commit=False).error_code == E.INVALID_TXN_STATE
    assert desk.end(("a", one[1], 1), commit=True).error_code == E.INVALID_TXN_STATE
    assert desk.end(("a", one[1], 1), commit=False).producer_epoch == 2
    assert desk.end(("a", one[1], 9), commit=False).error_code == E.PRODUCER_FENCED
    assert desk.end(("a", one[1] + 1, 2), commit=False).error_code == E.INVALID_PRODUCER_ID_MAPPING
    assert desk.end(("nobody", one[1], 2), commit=False).error_code == E.INVALID_PRODUCER_ID_MAPPING
    assert desk.end(("", one[1], 2), commit=False).error_code == E.INVALID_REQUEST


def test_used_up_epochs_give_a_new_producer_id(desk: Desk) -> None:
    """After epoch 32766 a producer goes on with another id, and may ask twice for that too (KIP-890)."""
    one = desk.producer("a")
    shard = desk.harness.node.transactions._homes[desk.harness.node.transactions.shard_of("a")].shard
    machine = shard.machines["a"]
    machine.stored = machine.stored._replace(producer_epoch=32_766)  # type: ignore[attr-defined]
    last = ("a", one[1], 32_766)
    assert desk.write(last, b"x").error_code == E.NONE
    for _ in range(2):
        answer = desk.end(last, commit=True)
        assert (answer.error_code, answer.producer_epoch) == (E.NONE, 0)
        assert answer.producer_id != one[1]
    assert desk.committed() == [b"x"]
    next_one = following(last, answer)
    assert desk.write(next_one, b"y").error_code == E.NONE
    assert desk.end(next_one, commit=True).producer_epoch == 1
    assert desk.committed() == [b"x", b"y"]


def test_a_transaction_ends_when_its_time_is_up(desk: Desk) -> None:
    """It is aborted and its epoch is over; a producer of the second version may go on by aborting."""
    one = desk.producer("a", timeout_ms=5_000)
    desk.write(one, b"x")
    desk.harness.advance(4_999)
    assert desk.state("a") == "Ongoing"
    desk.harness.advance(1)
    assert (desk.state("a"), desk.stable_end(), desk.committed()) == ("CompleteAbort", 2, [])
    assert desk.write(one, b"y", sequence=1).error_code == E.INVALID_PRODUCER_EPOCH
    assert desk.end(one, commit=True).error_code == E.INVALID_TXN_STATE
    assert desk.end(one, commit=False).producer_epoch == 1


def test_time_goes_on_while_the_broker_is_down(desk: Desk) -> None:
    """The time is counted from the transaction's beginning, restarts or not."""
    one = desk.producer("a", timeout_ms=5_000)
    desk.write(one, b"x")
    desk.harness.clock.advance(3_000)
    desk.harness.restart(clean=False)
    desk.harness.advance(1_999)
    assert desk.state("a") == "Ongoing"
    desk.harness.advance(1)
    assert desk.state("a") == "CompleteAbort"


@pytest.mark.parametrize("commit", [True, False])
@pytest.mark.parametrize("clean", [True, False])
def test_a_decision_outlives_a_crash(
    desk: Desk, commit: bool, clean: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the decision and the markers: the next start writes them."""
    one = desk.producer("a")
    desk.write(one, b"x")
    desk.commit_offset(one, "g", 7)
    with monkeypatch.context() as patch:
        patch.setattr(TransactionCoordinator, "carry_out", lambda *_: None)
        assert desk.end(one, commit=commit).error_code == E.NONE
        assert desk.state("a") == ("PrepareCommit" if commit else "PrepareAbort")
        for asked in (commit, not commit):
            assert desk.end(one, commit=asked).error_code == E.CONCURRENT_TRANSACTIONS
        assert desk.init("a").error_code == E.CONCURRENT_TRANSACTIONS
    desk.harness.restart(clean=clean)
    assert desk.state("a") == ("CompleteCommit" if commit else "CompleteAbort")
    assert desk.committed() == ([b"x"] if commit else [])
    assert desk.offset("g", stable=True) == (7 if commit else -1, E.NONE)


def test_a_transaction_that_nobody_knows_of_is_ended(desk: Desk) -> None:
    """A loss of power took the coordinator's records: what is open in a partition is aborted at the start.
    Its producer, who had no answer, is not told that the batch is there.
    """
    one = desk.producer("a")
    desk.write(one, b"x")
    _lose_transactions(desk, "a", 1)  # InitProducerId is left
    desk.harness.restart(clean=False)
    assert (desk.state("a"), desk.stable_end(), desk.committed()) == ("Empty", 2, [])
    assert desk.write(one, b"x").error_code == E.INVALID_PRODUCER_EPOCH
    one = following(one, desk.end(one, commit=False))
    assert desk.write(one, b"x").error_code == E.NONE
    desk.end(one, commit=True)
    assert desk.committed() == [b"x"]


@pytest.mark.parametrize("markers_wait", [False, True])
def test_markers_that_come_again_do_not_end_the_next_transaction(
    desk: Desk, markers_wait: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A loss of power took the record that all of them are written: the transaction after it, of which only
    its partition knows, is aborted.
    """
    one = desk.producer("a")
    desk.write(one, b"x")
    one = following(one, desk.end(one, commit=True))
    desk.write(one, b"y")
    desk.commit_offset(one, "g", 7)
    _lose_transactions(desk, "a", 3)  # PrepareCommit is left
    with monkeypatch.context() as patch:
        if markers_wait:
            patch.setattr(TransactionCoordinator, "carry_out", lambda *_: None)
        desk.harness.restart(clean=False)
    desk.harness.advance(1_000)
    assert desk.state("a") == "CompleteCommit"
    assert (desk.committed(), desk.offset("g")) == ([b"x"], (-1, E.NONE))
    assert desk.stable_end() == desk.harness.node.topics.partition("orders", 0).high_watermark  # type: ignore[union-attr]
    one = following(one, desk.end(one, commit=False))
    desk.write(one, b"z")
    desk.end(one, commit=True)
    assert desk.committed() == [b"x", b"z"]


def _lose_transactions(desk: Desk, transactional_id: str, end_offset: int) -> None:
    transactions = desk.harness.node.transactions
    home = transactions._homes[transactions.shard_of(transactional_id)]
    home.partition.log.truncate_to(end_offset)


def test_a_deleted_topic_holds_no_transaction_up(desk: Desk) -> None:
    """Its partitions need no marker."""
    one = desk.producer("a")
    desk.write(one, b"x")
    node = desk.harness.node
    topic = node.topics.get("orders")
    assert topic is not None
    node.topics.delete(topic, now_ms=0)
    assert desk.end(one, commit=True).error_code == E.NONE
    assert desk.state("a") == "CompleteCommit"


@pytest.mark.parametrize("version", range(4))
def test_adding_is_all_or_nothing(desk: Desk, version: int) -> None:
    """One partition that does not exist keeps the others out."""
    one = desk.producer("a")
    errors = desk.add(one, ("orders", 0), ("orders", 9), ("nope", 0), version=version)
    unknown = E.UNKNOWN_TOPIC_OR_PARTITION
    assert errors == [E.OPERATION_NOT_ATTEMPTED, unknown, unknown]
    assert desk.add(one, ("__consumer_offsets", 0), version=version) == [E.TOPIC_AUTHORIZATION_FAILED]
    assert desk.state("a") == "Empty"
    assert desk.add(("nobody", 0, 0), version=version) == [E.INVALID_PRODUCER_ID_MAPPING]
    assert desk.add(("", 0, 0), version=version) == [E.INVALID_REQUEST]


@pytest.mark.parametrize("version", [4, 5])
def test_brokers_ask_for_many_at_once(desk: Desk, version: int) -> None:
    """Some are added, some only looked at (KIP-890)."""
    one, other = desk.producer("a"), desk.producer("b")
    topics = [add_partitions_to_txn.TOPIC(name="orders", partitions=[0])]

    def transaction(producer: Producer, verify_only: bool) -> object:
        return add_partitions_to_txn.TRANSACTION(
            transactional_id=producer[0],
            producer_id=producer[1],
            producer_epoch=producer[2],
            verify_only=verify_only,
            topics=topics,
        )

    asked = [transaction(one, False), transaction(other, True)]
    for wanted in ([E.NONE, E.TRANSACTION_ABORTABLE], [E.NONE, E.TRANSACTION_ABORTABLE]):
        answer = desk.ask(ApiKey.ADD_PARTITIONS_TO_TXN, version, transactions=asked)
        assert [
            each.topic_results[0].results_by_partition[0].partition_error_code
            for each in answer.results_by_transaction
        ] == wanted
    answer = desk.ask(ApiKey.ADD_PARTITIONS_TO_TXN, version, transactions=[transaction(one, True)])
    row = answer.results_by_transaction[0].topic_results[0].results_by_partition[0]
    assert row.partition_error_code == E.NONE


def test_transactions_are_described_and_listed(desk: Desk) -> None:
    """KIP-664, KIP-994, KIP-1152: every filter."""
    one = desk.producer("shop-1")
    desk.producer("shop-2")
    desk.write(one, b"x")
    desk.harness.advance(1_000)
    row = desk.described("shop-1")
    assert (row.transaction_state, row.transaction_timeout_ms, row.producer_id) == ("Ongoing", 60_000, one[1])
    assert [(topic.topic, topic.partitions) for topic in row.topics] == [("orders", [0])]
    assert desk.described("nobody").error_code == E.TRANSACTIONAL_ID_NOT_FOUND
    assert desk.described("").error_code == E.INVALID_REQUEST
    assert desk.listed() == ["shop-1", "shop-2"]
    assert desk.listed(state_filters=["Ongoing"]) == ["shop-1"]
    assert desk.listed(producer_id_filters=[one[1]]) == ["shop-1"]
    assert desk.listed(duration_filter=999) == ["shop-1", "shop-2"]
    assert desk.listed(duration_filter=1_000) == ["shop-2"]
    assert desk.listed(transactional_id_pattern="shop-[2-9]") == ["shop-2"]
    assert desk.listed(transactional_id_pattern="shop") == []
    bad = desk.ask(ApiKey.LIST_TRANSACTIONS, 2, transactional_id_pattern="((")
    assert bad.error_code == E.INVALID_REGULAR_EXPRESSION
    unknown = desk.ask(ApiKey.LIST_TRANSACTIONS, 0, state_filters=["ongoing", "Dead"])
    assert (unknown.unknown_state_filters, unknown.transaction_states) == (["ongoing"], [])


def test_the_topic_of_transactions_has_settings_of_its_own() -> None:
    """Those of transaction.state.log.*, on the topic itself as with Kafka."""
    desk = Desk(transaction_state_log_segment_bytes=2_000_000)
    desk.producer("a")
    overrides = desk.harness.node.topics.get("__transaction_state").config.overrides  # type: ignore[union-attr]
    assert (overrides["segment.bytes"], overrides["min.insync.replicas"]) == ("2000000", "1")


def test_what_is_asked_twice_is_told_twice(desk: Desk) -> None:
    """DescribeTransactions answers each id of a request, those it was asked before too."""
    desk.producer("a")
    answer = desk.ask(ApiKey.DESCRIBE_TRANSACTIONS, 0, transactional_ids=["a", "a", "b"])
    assert [row.transactional_id for row in answer.transaction_states] == ["a", "a", "b"]


def test_producers_of_what_cannot_be_a_topic(desk: Desk) -> None:
    """DescribeProducers tells bad names from unknown ones."""
    names = ("", "a b", "nowhere")
    topics = [describe_producers.TOPIC(name=name, partition_indexes=[0]) for name in names]
    answer = desk.ask(ApiKey.DESCRIBE_PRODUCERS, 0, topics=topics)
    assert [topic.partitions[0].error_code for topic in answer.topics] == [
        E.INVALID_TOPIC_EXCEPTION,
        E.INVALID_TOPIC_EXCEPTION,
        E.UNKNOWN_TOPIC_OR_PARTITION,
    ]


def test_an_administrator_ends_a_hanging_transaction(desk: Desk) -> None:
    """DescribeProducers tells of it, WriteTxnMarkers ends it; an older coordinator is refused (KIP-664)."""
    one = desk.producer("a")
    desk.write(one, b"x")
    (row,) = desk.producers()
    assert (row.producer_id, row.producer_epoch, row.current_txn_start_offset) == (one[1], 0, 0)
    assert desk.write_marker(one, commit=False, coordinator_epoch=7) == E.NONE
    (row,) = desk.producers()
    assert (row.coordinator_epoch, row.current_txn_start_offset, desk.stable_end()) == (7, -1, 2)
    assert desk.write_marker(one, commit=False, coordinator_epoch=6) == E.TRANSACTION_COORDINATOR_FENCED


def test_a_high_coordinator_epoch_holds_no_later_transaction_up(desk: Desk) -> None:
    """A marker that an administrator, or a broker before this one, wrote with a higher epoch than ours."""
    one = desk.producer("a")
    desk.write(one, b"x")
    assert desk.write_marker(one, commit=False, coordinator_epoch=5) == E.NONE
    one = following(one, desk.end(one, commit=False))
    desk.write(one, b"y")
    desk.end(one, commit=True)
    assert desk.state("a") == "CompleteCommit"
    assert desk.committed() == [b"y"]
    assert desk.producers()[0].coordinator_epoch == 5


def test_an_id_that_is_not_used_is_forgotten(desk: Desk) -> None:
    """transactional.id.expiration.ms after its last change, unless a transaction is open; for good."""
    desk.producer("idle")
    busy = desk.producer("busy", timeout_ms=900_000)
    desk.harness.advance(604_800_000 - 1_000)
    desk.write(busy, b"x")
    desk.harness.advance(1_000)
    desk.harness.node.transactions.expire_ids()
    assert desk.listed() == ["busy"]
    desk.harness.restart(clean=False)
    assert desk.listed() == ["busy"]


def test_a_durable_broker_waits_for_the_disk() -> None:
    """With log.flush.interval.messages=1 no step of a transaction is acknowledged before it is synced."""
    desk = Desk(log_flush_interval_messages=1)
    waiting = desk.harness.start(
        ApiKey.INIT_PRODUCER_ID,
        5,
        _init_request(),
    )
    assert not waiting.done
    desk.harness.node.syncs.run_all()
    assert waiting.done
    assert waiting.response.error_code == E.NONE


def _init_request() -> object:
    from odradek.protocol.messages.init_producer_id import REQUEST

    return REQUEST(transactional_id="a", transaction_timeout_ms=1_000)


def test_what_is_stored_is_apache_kafkas(desk: Desk) -> None:
    """Key version 0 and value version 1 of TransactionLogKey and TransactionLogValue."""
    one = desk.producer("a")
    desk.write(one, b"x")
    home = desk.harness.node.transactions._homes[desk.harness.node.transactions.shard_of("a")]
    rows = [row for _, batch in home.partition.replay() for row in batch]
    assert [bytes(row.key or b"") for row in rows] == [b"\0\0\0\1a"] * 2
    last = bytes(rows[-1].value or b"")
    began = desk.harness.clock.wall_ms().to_bytes(8, "big")
    assert last == (
        b"\0\1"  # version
        + one[1].to_bytes(8, "big")
        + b"\0\0"  # epoch
        + (60_000).to_bytes(4, "big")
        + b"\1"  # Ongoing
        + b"\2\7orders\2\0\0\0\0\0"  # one topic, partition 0
        + began * 2
        + b"\2\0\10"  # two tags: number 0, eight bytes, the producer id before
        + one[1].to_bytes(8, "big")
        + b"\2\2\0\2"  # and number 2, two bytes, version 2
    )
