"""Groups that move between the classic protocol and that of KIP-848 while they run, through the handlers."""

from __future__ import annotations

from typing import Any

import pytest

from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages import consumer_protocol

from .group_desk import Desk, Waiting

OLD_SUBSCRIPTION = consumer_protocol.write(
    consumer_protocol.SUBSCRIPTION, consumer_protocol.SUBSCRIPTION(topics=["orders"]), 1
)


def beat(desk: Desk, member_id: str = "m1", epoch: int = 0, **fields: Any) -> Any:
    """A ConsumerGroupHeartbeat of the group `g`; one that joins wants `orders`."""
    if epoch == 0:
        joins = {"rebalance_timeout_ms": 30_000, "subscribed_topic_names": ["orders"], "topic_partitions": []}
        fields = {**joins, **fields}
    who: dict[str, Any] = {"group_id": "g", "member_id": member_id, "member_epoch": epoch}
    return desk.harness.consumer_beat(**who, **fields)


def described(desk: Desk) -> Any:
    """The group `g` as ConsumerGroupDescribe shows it."""
    return desk.ask("consumer_group_describe", 1, group_ids=["g"]).groups[0]


def assignment(partitions: list[int]) -> bytes:
    """Partitions of `orders` as a leader assigns them."""
    topic = consumer_protocol.TOPIC_PARTITION(topic="orders", partitions=partitions)
    value = consumer_protocol.ASSIGNMENT(assigned_partitions=[topic])
    return consumer_protocol.write(consumer_protocol.ASSIGNMENT, value, 1)


def partitions_in(data: bytes) -> list[int]:
    """What a SyncGroup gave."""
    topics = consumer_protocol.read(consumer_protocol.ASSIGNMENT, data).assigned_partitions
    return [partition for topic in topics for partition in topic.partitions]


def classic(desk: Desk, **fields: Any) -> Any:
    """A JoinGroup of a consumer, with the id that it is told to have; the answer, or a parked join."""
    fields = {"protocols": [("range", OLD_SUBSCRIPTION)], "session_timeout_ms": 30_000, **fields}
    return desk.enter(**fields)


def classic_group(desk: Desk) -> Any:
    """A classic group `g` with one member that has all of `orders`; the answer to its join."""
    waiting = classic(desk)
    desk.gather()
    joined = waiting.response if isinstance(waiting, Waiting) else waiting
    desk.sync(joined, {joined.member_id: assignment([0, 1, 2])})
    return joined


def test_a_classic_group_takes_in_a_member_of_the_new_protocol() -> None:
    """It becomes a consumer group at the generation it had, whose classic member is to give up some."""
    desk = Desk()
    joined = classic_group(desk)
    beat(desk)
    group = described(desk)
    assert [member.member_type for member in group.members] == [0, 1]
    assert group.group_epoch == joined.generation_id + 1
    assert desk.beat(joined) == ErrorCode.REBALANCE_IN_PROGRESS
    again = classic(desk, member_id=joined.member_id)
    kept = partitions_in(desk.sync(again).assignment)
    gained = beat(desk, epoch=group.group_epoch).assignment.topic_partitions[0].partitions
    assert sorted([*kept, *gained]) == [0, 1, 2]


@pytest.mark.parametrize("clean", [True, False])
def test_a_mixed_group_survives_a_restart(clean: bool) -> None:
    """Members of both protocols keep their place."""
    desk = Desk()
    joined = classic_group(desk)
    beat(desk)
    before = described(desk)
    desk.restart(clean=clean)
    assert described(desk) == before
    assert desk.beat(joined) == ErrorCode.REBALANCE_IN_PROGRESS


def test_the_last_member_of_the_new_protocol_leaves_a_classic_group_behind() -> None:
    """Which rebalances at once, and keeps its offsets."""
    desk = Desk()
    joined = classic_group(desk)
    desk.commit(7, member_id=joined.member_id, generation_id_or_member_epoch=joined.generation_id)
    beat(desk)
    beat(desk, epoch=-1)
    desk.gather()
    assert described(desk).error_code == ErrorCode.GROUP_ID_NOT_FOUND
    assert desk.state() == "PreparingRebalance"
    waiting = classic(desk, member_id=joined.member_id)
    again = waiting.response if isinstance(waiting, Waiting) else waiting
    desk.sync(again, {again.member_id: assignment([0, 1, 2])})
    assert (desk.state(), desk.committed()) == ("Stable", 7)


def test_a_group_may_be_kept_from_moving() -> None:
    """With the policy `disabled`, neither protocol gets into a group of the other."""
    desk = Desk(group_consumer_migration_policy="disabled")
    classic_group(desk)
    assert beat(desk).error_code == ErrorCode.GROUP_ID_NOT_FOUND
    other = Desk(group_consumer_migration_policy="disabled")
    beat(other)
    assert classic(other).error_code == ErrorCode.INCONSISTENT_GROUP_PROTOCOL


def test_classic_members_alone_still_share() -> None:
    """When the group may not become a classic one again, those that stay get what the last other one had."""
    desk = Desk(group_consumer_migration_policy="upgrade")
    joined = classic_group(desk)
    beat(desk)
    again = classic(desk, member_id=joined.member_id)
    desk.sync(again)
    beat(desk, epoch=-1)
    assert desk.beat(again) == ErrorCode.REBALANCE_IN_PROGRESS
    alone = classic(desk, member_id=joined.member_id)
    assert partitions_in(desk.sync(alone).assignment) == [0, 1, 2]


def test_a_topic_that_grew_before_the_upgrade_is_shared() -> None:
    """A static member that comes back with the new protocol brings no new subscription; all is shared all the
    same.
    """
    desk = Desk()
    waiting = classic(desk, group_instance_id="i")
    desk.gather()
    joined = waiting.response
    desk.sync(joined, {joined.member_id: assignment([0, 1, 2])}, group_instance_id="i")
    topics = desk.node.topics
    topics.add_partitions(topics.get("orders"), 4, now_ms=desk.clock.wall_ms())
    answer = beat(desk, instance_id="i")
    assert answer.assignment.topic_partitions[0].partitions == [0, 1, 2, 3]


def test_a_protocol_may_be_left_out() -> None:
    """`group.coordinator.rebalance.protocols=classic`."""
    desk = Desk(group_coordinator_rebalance_protocols="classic")
    assert beat(desk).error_code == ErrorCode.UNSUPPORTED_VERSION


def mixed_group(desk: Desk) -> Any:
    """A classic member and a static one of the new protocol that has left for a while, both with their part;
    the last answer to the classic one's join.
    """
    joined = classic_group(desk)
    epoch = beat(desk, instance_id="i").member_epoch
    again = classic(desk, member_id=joined.member_id)
    desk.sync(again)
    beat(desk, epoch=epoch, instance_id="i")
    beat(desk, epoch=-2, instance_id="i")
    return again


def test_a_classic_member_in_the_place_of_a_static_one_ends_the_new_protocol() -> None:
    """It takes over what that one had, and nobody needs to join again; a member that is dead by then is still
    put out.
    """
    desk = Desk()
    other = mixed_group(desk)
    back = classic(desk, group_instance_id="i")
    assert desk.state() == "Stable"
    desk.wait(1)
    assert desk.state() == "Stable"
    synced = desk.sync(back, group_instance_id="i")
    assert len(partitions_in(synced.assignment)) >= 1
    assert desk.beat(other) == ErrorCode.NONE
    for _ in range(4):
        desk.wait(9_000)
        last = desk.beat(back, group_instance_id="i")
    assert last == ErrorCode.REBALANCE_IN_PROGRESS
    assert desk.beat(other) == ErrorCode.UNKNOWN_MEMBER_ID


def test_members_that_have_not_arrived_join_again_after_the_end_of_the_new_protocol() -> None:
    """Else what they wait for would stay nobody's."""
    desk = Desk()
    joined = classic_group(desk)
    beat(desk, instance_id="i")
    beat(desk, epoch=-2, instance_id="i")
    classic(desk, group_instance_id="i")
    desk.gather()
    assert desk.state() == "PreparingRebalance"
    assert desk.beat(joined) in (ErrorCode.REBALANCE_IN_PROGRESS, ErrorCode.ILLEGAL_GENERATION)
