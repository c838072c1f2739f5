"""The coordinator's driver: what is written, when it is answered, and what comes of a failed write."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from odradek.broker.groups.classic.transitions import (
    TRANSITIONS,
    GroupState,
    Trigger,
    diagram,
    follow,
)
from odradek.broker.groups.placement import java_hash, partition_for
from odradek.broker.groups.records import (
    GroupMetadata,
    GroupTombstone,
    OffsetCommit,
    OffsetTombstone,
    Record,
    StoredMember,
    decode,
    encode,
)
from odradek.broker.partition import Partition
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages import group_records
from odradek.protocol.messages.offset_commit import REQUEST_PARTITION, REQUEST_TOPIC
from odradek.storage.errors import StorageFailed

from .group_desk import SUBSCRIPTION, Desk, Waiting, answered

MEMBER = StoredMember("m-1", "shelf", "c", "/10.0.0.1", 60_000, 45_000, b"topics", b"partitions")


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A broker in memory."""
    desk = Desk()
    yield desk
    desk.node.close()


@pytest.fixture
def durable() -> Iterator[Desk]:
    """A broker in memory that acknowledges nothing before it is synced."""
    desk = Desk(log_flush_interval_messages=1)
    yield desk
    desk.node.close()


def log_of(desk: Desk, group_id: str = "g") -> list[Record | None]:
    """What the group's partition of `__consumer_offsets` holds."""
    index = desk.node.groups.shard_of(group_id)
    partition = desk.node.topics.partition("__consumer_offsets", index)
    return [decode(row.key, row.value) for _, rows in partition.replay() for row in rows]


@pytest.mark.parametrize(
    ("group_id", "code"),
    [
        ("", 0),
        ("a", 97),
        ("my-group", -1906497762),
        ("polygenelubricants", -(2**31)),
        ("größe", 98762257),
        ("\N{GRINNING FACE}", 1772899),
    ],
)
def test_groups_are_placed_by_javas_hash(group_id: str, code: int) -> None:
    """String.hashCode over UTF-16 units, made positive; the smallest number counts as 0."""
    assert java_hash(group_id) == code
    assert partition_for(group_id, 50) == (0 if code == -(2**31) else abs(code) % 50)


@pytest.mark.parametrize(
    "record",
    [
        GroupMetadata("g", "consumer", 7, "range", "m-1", 1_700_000_000_000, (MEMBER,)),
        GroupMetadata("g", "", 0, None, None, -1, ()),
        GroupTombstone("g"),
        OffsetCommit("g", "orders", 3, 42, 5, "note", 1_700_000_000_000),
        OffsetCommit("g", "orders", 3, 42, -1, "", 1_700_000_000_000, -1, b"0123456789abcdef"),
        OffsetCommit("g", "orders", 3, 42, -1, "", 1_700_000_000_000, 1_700_000_600_000),
        OffsetTombstone("g", "orders", 3),
    ],
)
def test_records_survive_their_bytes(record: Record) -> None:
    """What is written is what is read."""
    assert decode(*encode(record)) == record


def test_old_and_unknown_records_can_be_read() -> None:
    """Group metadata of version 0 has one timeout for both, and keys of unknown kinds are passed over."""
    key, _ = encode(GroupTombstone("g"))
    old = group_records.GROUP_METADATA_VALUE(
        protocol_type="consumer",
        generation=1,
        protocol="range",
        leader="m",
        members=[
            group_records.MEMBER(member_id="m", client_id="c", client_host="/h", session_timeout=10_000)
        ],
    )
    record = decode(key, group_records.write_versioned(group_records.GROUP_METADATA_VALUE, old, 0))
    assert isinstance(record, GroupMetadata)
    assert (record.members[0].rebalance_timeout_ms, record.state_timestamp_ms) == (10_000, -1)
    assert decode(b"\x00\x63something", b"") is None
    assert decode(None, b"x") is None


def test_a_group_leaves_these_records(desk: Desk) -> None:
    """Its creation, each assignment, each commit, and its end, in Kafka's formats."""
    begun_ms = desk.clock.wall_ms()
    joined = desk.stable()
    desk.commit(5, generation_id_or_member_epoch=1, member_id=joined.member_id, metadata="x")
    desk.ask("leave_group", 2, group_id="g", member_id=joined.member_id)
    now_ms = desk.clock.wall_ms()
    topic_id = desk.node.topics.get("orders").topic_id
    member = StoredMember(
        joined.member_id, None, "tester", "/127.0.0.1", 20_000, 10_000, SUBSCRIPTION, b"all"
    )
    assert log_of(desk) == [
        GroupMetadata("g", "", 0, None, None, begun_ms, ()),
        GroupMetadata("g", "consumer", 1, "range", joined.member_id, now_ms, (member,)),
        OffsetCommit("g", "orders", 0, 5, -1, "x", now_ms, -1, topic_id),
        GroupMetadata("g", "consumer", 2, None, None, now_ms, ()),
    ]


# Durability


def test_nothing_is_answered_before_it_is_durable(durable: Desk) -> None:
    """With flush.messages=1 a commit waits for the sync, and so does whoever reads what was committed."""
    commit = durable.ask("offset_commit", 9, group_id="g", topics=orders(durable, 7))
    read = durable.ask("describe_groups", 5, groups=["g"])
    assert isinstance(commit, Waiting)
    assert isinstance(read, Waiting)
    assert not commit.is_done
    durable.node.syncs.run_all()
    assert commit.response.topics[0].partitions[0].error_code == ErrorCode.NONE
    assert read.response.groups[0].group_state == "Empty"
    assert durable.committed() == 7


def test_an_assignment_waits_for_its_sync(durable: Desk) -> None:
    """Nobody owns a partition by a generation that a power loss could take back."""
    told = durable.join()
    durable.node.syncs.run_all()
    waiting = durable.join(member_id=told.response.member_id)
    durable.gather()
    durable.node.syncs.run_all()
    joined = waiting.response
    leader = durable.sync(joined, {joined.member_id: b"all"})
    again = durable.sync(joined)
    assert not leader.is_done
    assert not answered_yet(again)
    durable.node.syncs.run_all()
    assert leader.response.assignment == again.response.assignment == b"all"


def test_a_failed_sync_closes_the_groups_of_its_partition(
    durable: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits, and every later request, is answered NOT_COORDINATOR until the broker starts again."""
    commit = durable.ask("offset_commit", 9, group_id="g", topics=orders(durable, 7))
    partition = home_of(durable)
    monkeypatch.setattr(Partition, "offline", property(lambda self: "broken" if self is partition else None))
    partition._fail_commits()
    assert commit.response.topics[0].partitions[0].error_code == ErrorCode.NOT_COORDINATOR
    assert durable.join().error_code == ErrorCode.NOT_COORDINATOR
    assert durable.ask("list_groups", 5).groups == []


# Appends that fail


@pytest.fixture
def broken_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """No append succeeds while this context of patches holds."""

    def fail(*_: Any, **__: Any) -> Any:
        raise StorageFailed("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Partition, "append_records", fail)
        yield patch


def test_a_commit_that_cannot_be_written_is_refused(desk: Desk, broken_disk: pytest.MonkeyPatch) -> None:
    """NOT_COORDINATOR, and nothing has changed."""
    assert desk.commit(1) == ErrorCode.NOT_COORDINATOR
    broken_disk.undo()
    assert (desk.committed(), desk.state()) == (-1, "Dead")
    assert desk.commit(1) == ErrorCode.NONE


def test_a_group_that_cannot_be_written_does_not_exist(desk: Desk, broken_disk: pytest.MonkeyPatch) -> None:
    """The first join is refused, parked or not, and the next one begins afresh."""
    assert desk.join().error_code == ErrorCode.NOT_COORDINATOR
    assert answered(desk.join(3)).error_code == ErrorCode.NOT_COORDINATOR
    broken_disk.undo()
    assert desk.state() == "Dead"
    assert desk.stable().generation_id == 1


def test_an_assignment_that_cannot_be_written_starts_over(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every parked sync is refused once, and the group rebalances with the members it has."""
    first, second = desk.enter(), desk.enter()
    desk.gather()
    parked = desk.sync(second.response)
    with monkeypatch.context() as patch:
        patch.setattr(Partition, "append_records", _fail)
        refused = answered(desk.sync(first.response, {}))
    assert refused.error_code == parked.response.error_code == ErrorCode.NOT_COORDINATOR
    assert desk.state() == "PreparingRebalance"
    desk.join(member_id=first.response.member_id)
    again = answered(desk.join(member_id=second.response.member_id))
    assert (again.generation_id, again.error_code) == (2, ErrorCode.NONE)


def test_a_static_return_that_cannot_be_written_changes_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old member id stays the member."""
    old = desk.stable(group_instance_id="shelf")
    with monkeypatch.context() as patch:
        patch.setattr(Partition, "append_records", _fail)
        assert answered(desk.join(group_instance_id="shelf")).error_code == ErrorCode.NOT_COORDINATOR
    assert desk.beat(old, group_instance_id="shelf") == ErrorCode.NONE


def test_an_end_that_cannot_be_written_is_tried_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last member is gone at once, and the group is empty as soon as that can be written."""
    desk.stable()
    with monkeypatch.context() as patch:
        patch.setattr(Partition, "append_records", _fail)
        desk.wait(10_000)
        assert desk.state() == "PreparingRebalance"
    desk.wait(100)
    assert desk.state() == "Empty"


def _fail(*_: Any, **__: Any) -> Any:
    raise StorageFailed("no space left on device")


def test_damaged_records_do_not_keep_the_broker_from_starting(desk: Desk) -> None:
    """A value that is no group is passed over; everything else is loaded."""
    desk.commit(1)
    key, _ = encode(GroupTombstone("g"))
    home_of(desk).append_records([(key, b"\x00\x03garbage"), (b"", None), (None, b"x")], desk.clock.wall_ms())
    desk.restart()
    assert desk.committed() == 1


# The table


def test_every_transition_is_in_the_table() -> None:
    """Each state and trigger leads to one state, and what is not in the table is a bug that shows."""
    assert len({(row.source, row.trigger) for row in TRANSITIONS}) == len(TRANSITIONS)
    assert {row.source for row in TRANSITIONS} | {row.target for row in TRANSITIONS} == set(GroupState)
    with pytest.raises(KeyError):
        follow(GroupState.EMPTY, Trigger.JOINED)
    assert "Stable --> PreparingRebalance" in diagram()


def home_of(desk: Desk, group_id: str = "g") -> Any:
    """The partition of `__consumer_offsets` that holds a group."""
    return desk.node.topics.partition("__consumer_offsets", desk.node.groups.shard_of(group_id))


def answered_yet(answer: Any) -> bool:
    """Whether an answer is there."""
    return not isinstance(answer, Waiting) or answer.is_done


def orders(desk: Desk, offset: int) -> list[Any]:
    """The topics of an OffsetCommit of one partition."""
    rows = [REQUEST_PARTITION(partition_index=0, committed_offset=offset)]
    return [REQUEST_TOPIC(name="orders", topic_id=desk.node.topics.get("orders").topic_id, partitions=rows)]
