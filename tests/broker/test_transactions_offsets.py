"""Offsets that groups commit within transactions (KIP-98, KIP-447), through the handlers.

The error codes at each version are those that Apache Kafka 4.4 gave to the same requests.
"""

from __future__ import annotations

from typing import Any

import pytest

from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode as E
from odradek.protocol.messages import (
    delete_topics,
    init_producer_id,
    offset_commit,
    offset_delete,
    streams_group_heartbeat,
    txn_offset_commit,
)

from .group_desk import Desk as GroupDesk
from .transaction_desk import Desk, following


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_offsets_count_when_they_are_committed(desk: Desk) -> None:
    """Until then they are unstable for whoever wants to know, and not there for others (KIP-447)."""
    one = desk.producer("a")
    assert desk.commit_offset(one, "g", 7) == E.NONE
    assert desk.offset("g") == (-1, E.NONE)
    assert desk.offset("g", stable=True) == (-1, E.UNSTABLE_OFFSET_COMMIT)
    one = following(one, desk.end(one, commit=True))
    assert desk.offset("g", stable=True) == (7, E.NONE)
    desk.commit_offset(one, "g", 8)
    desk.harness.restart(clean=False)
    assert desk.offset("g", stable=True) == (-1, E.UNSTABLE_OFFSET_COMMIT)
    desk.end(one, commit=False)
    assert desk.offset("g", stable=True) == (7, E.NONE)


def test_offsets_of_an_open_transaction_do_not_expire() -> None:
    """Neither the group goes nor the offset that it would change, however old it is."""
    desk = Desk(transaction_max_timeout_ms=2_000_000_000)
    one = desk.producer("a", timeout_ms=2_000_000_000)
    desk.commit_offset(one, "new", 7)
    node = desk.harness.node
    desk.harness.advance(8 * 24 * 3_600_000)
    node.groups.expire_offsets()
    one = following(one, desk.end(one, commit=True))
    assert desk.offset("new") == (7, E.NONE)
    desk.commit_offset(one, "new", 8)
    desk.harness.advance(8 * 24 * 3_600_000)
    node.groups.expire_offsets()
    assert desk.offset("new") == (7, E.NONE)


def test_a_group_with_an_open_transaction_stays_when_its_other_offsets_expire() -> None:
    """The transaction may be about to commit an offset in another partition."""
    desk = Desk(transaction_max_timeout_ms=2_000_000_000)
    one = desk.producer("a", timeout_ms=2_000_000_000)
    row = offset_commit.REQUEST_PARTITION(partition_index=1, committed_offset=3, committed_metadata="")
    topics = [offset_commit.REQUEST_TOPIC(name="orders", partitions=[row])]
    desk.ask(
        ApiKey.OFFSET_COMMIT, 8, group_id="g", generation_id_or_member_epoch=-1, member_id="", topics=topics
    )
    desk.commit_offset(one, "g", 7)
    desk.harness.advance(8 * 24 * 3_600_000)
    desk.harness.node.groups.expire_offsets()
    assert [group.group_id for group in desk.ask(ApiKey.LIST_GROUPS, 4).groups] == ["g"]
    desk.end(one, commit=True)
    assert desk.offset("g") == (7, E.NONE)
    assert [group.group_id for group in desk.ask(ApiKey.LIST_GROUPS, 4).groups] == ["g"]


def test_offsets_of_an_open_transaction_go_with_their_topic(desk: Desk) -> None:
    """A new topic of that name begins without them, though the transaction is committed later."""
    one = desk.producer("a")
    desk.commit_offset(one, "g", 7)
    gone = delete_topics.REQUEST_TOPIC(name="orders")
    desk.ask(ApiKey.DELETE_TOPICS, 6, topics=[gone], timeout_ms=1_000)
    desk.harness.create("orders", 2)
    assert desk.offset("g", stable=True) == (-1, E.NONE)
    desk.end(one, commit=True)
    assert desk.offset("g") == (-1, E.NONE)
    desk.harness.restart(clean=False)
    assert desk.offset("g") == (-1, E.NONE)


def test_a_commit_within_a_transaction_is_no_life_sign() -> None:
    """It comes from a producer: a member that sends no heartbeats leaves its group."""
    groups = GroupDesk()
    member = groups.stable()
    desk = Desk(groups.harness)
    one = desk.producer("a")
    who = {"member_id": member.member_id, "generation_id_or_member_epoch": member.generation_id}
    groups.wait(9_000)
    assert desk.commit_offset(one, "g", 7, **who) == E.NONE
    groups.wait(2_000)
    assert groups.state() == "Empty"


def test_offsets_of_an_open_transaction_can_be_deleted(desk: Desk) -> None:
    """OffsetDelete takes the offset that waits for the transaction's end, too (KIP-496)."""
    one = desk.producer("a")
    desk.commit_offset(one, "g", 7)
    rows = [offset_delete.REQUEST_PARTITION(partition_index=0)]
    topics = [offset_delete.REQUEST_TOPIC(name="orders", partitions=rows)]
    answer = desk.ask(ApiKey.OFFSET_DELETE, 0, group_id="g", topics=topics)
    assert answer.topics[0].partitions[0].error_code == E.NONE
    assert desk.offset("g", stable=True) == (-1, E.NONE)
    desk.end(one, commit=True)
    assert desk.offset("g") == (-1, E.NONE)


@pytest.mark.parametrize(
    ("version", "error"),
    [
        (0, E.INVALID_TXN_STATE),
        (3, E.INVALID_TXN_STATE),
        (4, E.TRANSACTION_ABORTABLE),
        (5, E.NONE),
        (6, E.NONE),
    ],
)
def test_a_group_has_to_be_added_first(desk: Desk, version: int, error: E) -> None:
    """By AddOffsetsToTxn, or from version 5 on by the commit itself."""
    one = desk.producer("a")
    assert desk.commit_offset(one, "g", 7, version=version) == error
    add = {"transactional_id": "a", "producer_id": one[1], "producer_epoch": one[2], "group_id": "g"}
    assert desk.ask(ApiKey.ADD_OFFSETS_TO_TXN, 3, **add).error_code == E.NONE
    assert desk.commit_offset(one, "g", 7, version=version) == E.NONE


@pytest.mark.parametrize(("version", "error"), [(5, E.ILLEGAL_GENERATION), (6, E.GROUP_ID_NOT_FOUND)])
def test_who_commits_offsets_is_looked_at(desk: Desk, version: int, error: E) -> None:
    """A generation or a member that the group does not have is refused (KIP-447, KIP-1319)."""
    one = desk.producer("a")
    who: dict[str, Any] = {"generation_id_or_member_epoch": 3, "member_id": "m"}
    assert desk.commit_offset(one, "g", 7, version=version, **who) == error
    assert desk.commit_offset(one, "g", 7, version=version) == E.NONE
    assert desk.commit_offset(one, "g", 7, version=version, **who) == E.UNKNOWN_MEMBER_ID
    assert desk.commit_offset(one, "", 7, version=version) == E.INVALID_GROUP_ID


def test_topics_have_ids_in_place_of_names(desk: Desk) -> None:
    """KIP-1319: an id that no topic has, and a partition that the topic does not have."""
    one = desk.producer("a")
    places = [(desk.topic_id, 0), (desk.topic_id, 9), (b"\7" * 16, 0)]
    topics = [
        txn_offset_commit.TOPIC(
            topic_id=topic_id,
            partitions=[
                txn_offset_commit.PARTITION(partition_index=index, committed_offset=5, committed_metadata="")
            ],
        )
        for topic_id, index in places
    ]
    who = dict(zip(("transactional_id", "producer_id", "producer_epoch"), one, strict=True))
    answer = desk.ask(ApiKey.TXN_OFFSET_COMMIT, 6, group_id="g", topics=topics, **who)
    told = [(topic.topic_id, topic.partitions[0].error_code) for topic in answer.topics]
    errors = (E.NONE, E.UNKNOWN_TOPIC_OR_PARTITION, E.UNKNOWN_TOPIC_ID)
    assert told == [(topic_id, error) for (topic_id, _), error in zip(places, errors, strict=True)]
    desk.end(one, commit=True)
    assert desk.offset("g") == (5, E.NONE)


@pytest.mark.parametrize("version", [3, 4, 5, 6])
@pytest.mark.parametrize("kind", ["consumer", "streams"])
@pytest.mark.parametrize(
    ("who", "error"),
    [
        ({"member_id": "m1", "generation_id_or_member_epoch": 2}, E.NONE),
        ({}, E.NONE),
        ({"member_id": "m1", "generation_id_or_member_epoch": 3}, E.STALE_MEMBER_EPOCH),
        ({"member_id": "m1", "generation_id_or_member_epoch": 1}, E.STALE_MEMBER_EPOCH),
        ({"member_id": "m2", "generation_id_or_member_epoch": 2}, E.UNKNOWN_MEMBER_ID),
    ],
)
def test_members_of_the_new_groups_commit_in_transactions(
    desk: Desk, version: int, kind: str, who: dict[str, Any], error: E
) -> None:
    """At every version that names members, with their epoch as the generation; or nobody in particular. An
    epoch that is none of theirs has an error code of its own from version 6 on (KIP-1319).
    """
    if error is E.STALE_MEMBER_EPOCH and version < 6:
        error = E.ILLEGAL_GENERATION
    joined = _joined(desk, kind)
    assert joined.member_epoch == 2
    producer = desk.producer("t")
    if version < 5:
        desk.ask(
            ApiKey.ADD_OFFSETS_TO_TXN,
            3,
            group_id="g",
            **dict(zip(("transactional_id", "producer_id", "producer_epoch"), producer, strict=True)),
        )
    assert desk.commit_offset(producer, "g", 7, version=version, **who) == error


def _joined(desk: Desk, kind: str) -> Any:
    """The answer to the first heartbeat of member m1 of group g."""
    member: dict[str, Any] = {"group_id": "g", "member_id": "m1", "rebalance_timeout_ms": 30_000}
    if kind == "consumer":
        subscription: dict[str, Any] = {"subscribed_topic_names": ["orders"], "topic_partitions": []}
        return desk.harness.consumer_beat(**member, **subscription)
    subtopology = streams_group_heartbeat.SUBTOPOLOGY(subtopology_id="0", source_topics=["orders"])
    topology = streams_group_heartbeat.TOPOLOGY(epoch=0, subtopologies=[subtopology])
    told: dict[str, Any] = {"active_tasks": [], "standby_tasks": [], "warmup_tasks": [], "topology": topology}
    return desk.ask(ApiKey.STREAMS_GROUP_HEARTBEAT, 1, **member, member_epoch=0, process_id="p", **told)


def test_a_group_whose_part_in_the_transaction_is_not_stored_has_committed_nothing() -> None:
    """The offsets are on the disk, and the record that makes the group part of the transaction is not."""
    desk = Desk(log_flush_interval_messages=1)
    node = desk.harness.node
    init = init_producer_id.REQUEST(transactional_id="a", transaction_timeout_ms=60_000)
    waiting = desk.harness.start(ApiKey.INIT_PRODUCER_ID, 5, init)
    node.syncs.run_all()
    row = txn_offset_commit.PARTITION(partition_index=0, committed_offset=5, committed_metadata="")
    commit = txn_offset_commit.REQUEST(
        transactional_id="a",
        group_id="g",
        producer_id=waiting.response.producer_id,
        producer_epoch=waiting.response.producer_epoch,
        topics=[txn_offset_commit.TOPIC(name="orders", partitions=[row])],
    )
    answer = desk.harness.start(ApiKey.TXN_OFFSET_COMMIT, 5, commit)
    home = node.topics.partition("__transaction_state", node.transactions.shard_of("a"))
    syncing = node.syncs.begin()
    assert syncing is not None
    syncing.run()
    syncing.results = [OSError() if syncable is home else None for syncable, _ in syncing.tickets]
    node.syncs.finish(syncing)
    assert answer.response.topics[0].partitions[0].error_code == E.COORDINATOR_NOT_AVAILABLE
