"""Share groups (KIP-932) through the handlers: members, sessions, records in flight, and what is stored."""

from __future__ import annotations

from typing import Any

import pytest

from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages import alter_share_group_offsets as alter
from odradek.protocol.messages import delete_share_group_offsets as delete
from odradek.protocol.messages import describe_share_group_offsets as describe
from odradek.protocol.messages import offset_fetch

from .harness import values
from .share_desk import ACCEPT, REJECT, RELEASE, RENEW, ShareDesk


@pytest.fixture(name="desk")
def _desk() -> ShareDesk:
    """Ten records in partition 0, in one batch, and the member `m` in the group, its session open."""
    desk = ShareDesk()
    desk.produce(*(b"%d" % number for number in range(10)))
    desk.join()
    return desk


def offsets(desk: ShareDesk, group: str = "g") -> list[tuple[int, int, int]]:
    """(partition, start offset, lag) of `orders` as DescribeShareGroupOffsets has them."""
    asked = describe.REQUEST_GROUP(group_id=group, topics=None)
    answer = desk.ask("describe_share_group_offsets", 1, groups=[asked])
    return [
        (row.partition_index, row.start_offset, row.lag)
        for topic in answer.groups[0].topics
        for row in topic.partitions
    ]


def group_state(desk: ShareDesk, group: str = "g") -> Any:
    """The group as ShareGroupDescribe shows it."""
    return desk.ask("share_group_describe", 1, group_ids=[group]).groups[0]


# Members


def test_a_member_gets_its_partitions_once_their_state_is_made() -> None:
    """The first heartbeat has the share coordinator asked; the second brings the assignment."""
    desk = ShareDesk()
    first = desk.beat()
    assert (first.error_code, first.assignment.topic_partitions) == (0, [])
    second = desk.beat(epoch=first.member_epoch)
    assert second.member_epoch == first.member_epoch + 1
    (topic,) = second.assignment.topic_partitions
    assert topic.partitions == [0, 1, 2]
    assert desk.beat(epoch=second.member_epoch).assignment is None


def test_members_share_partitions_evenly() -> None:
    """Three partitions for two members: each is read by somebody, and one by both or one member has two."""
    desk = ShareDesk()
    desk.join("a")
    desk.join("b")
    described = group_state(desk)
    read = [p for m in described.members for t in m.assignment.topic_partitions for p in t.partitions]
    epoch = next(m.member_epoch for m in described.members if m.member_id == "a")
    desk.beat("a", epoch)
    described = group_state(desk)
    read = [p for m in described.members for t in m.assignment.topic_partitions for p in t.partitions]
    assert sorted(set(read)) == [0, 1, 2]
    assert described.group_state == "Stable"


@pytest.mark.parametrize(
    ("member", "epoch", "error"),
    [
        ("m", 7, ErrorCode.FENCED_MEMBER_EPOCH),
        ("n", 1, ErrorCode.UNKNOWN_MEMBER_ID),
        ("n", -1, ErrorCode.UNKNOWN_MEMBER_ID),
        ("m", -2, ErrorCode.INVALID_REQUEST),
        ("", 0, ErrorCode.INVALID_REQUEST),
        ("m" * 37, 0, ErrorCode.INVALID_REQUEST),
    ],
)
def test_wrong_heartbeats_are_refused(desk: ShareDesk, member: str, epoch: int, error: ErrorCode) -> None:
    """Unknown members, wrong epochs, no member id."""
    assert desk.beat(member, epoch).error_code == error


def test_a_member_that_is_silent_is_put_out(desk: ShareDesk) -> None:
    """Its session ends after `share.session.timeout.ms`, and the group is empty."""
    desk.wait(44_000)
    assert group_state(desk).group_state == "Stable"
    desk.wait(2_000)
    assert group_state(desk).group_state == "Empty"


def test_when_the_last_member_leaves_nothing_is_left_to_assign(desk: ShareDesk) -> None:
    """The epoch of the assignment grows with that of the empty group, and a restart knows of it."""
    before = group_state(desk)
    assert desk.beat(epoch=-1).error_code == 0
    for _ in range(2):
        left = group_state(desk)
        assert left.group_state == "Empty"
        assert left.group_epoch == left.assignment_epoch == before.group_epoch + 1
        desk.restart()
    assert desk.beat("n").member_epoch == before.group_epoch + 2


@pytest.mark.parametrize("reset", ["latest", "earliest"])
def test_nothing_is_lost_in_partitions_that_come_later(reset: str) -> None:
    """A group that begins with what comes next begins so with a topic. Where the topic grows, it gets what
    was written before any of its members has noticed.
    """
    desk = ShareDesk()
    desk.configure("g", {"share.auto.offset.reset": reset})
    desk.produce(b"old")
    epoch = desk.join()
    topic = desk.node.topics.get("orders")
    count = len(topic.partitions)
    desk.node.topics.add_partitions(topic, count + 1, now_ms=desk.harness.clock.wall_ms())
    desk.produce(b"first", partition=count)
    for _ in range(3):
        epoch = desk.beat(epoch=epoch).member_epoch
    answer = desk.fetch(0, partitions=(0, count))
    found = {
        row.partition_index: [(each.first_offset, each.last_offset) for each in row.acquired_records]
        for of_topic in answer.responses
        for row in of_topic.partitions
    }
    assert found.get(count) == [(0, 0)]
    assert found.get(0, []) == ([] if reset == "latest" else [(0, 0)])


def test_a_full_group_takes_nobody() -> None:
    """`group.share.max.size` members, and one more is refused."""
    desk = ShareDesk(group_share_max_size=1)
    desk.join("a")
    assert desk.beat("b").error_code == ErrorCode.GROUP_MAX_SIZE_REACHED


def test_a_share_group_is_no_group_of_another_kind(desk: ShareDesk) -> None:
    """Classic and consumer requests do not find it, nor does a share heartbeat find a consumer group."""
    assert desk.ask("describe_groups", 6, groups=["g"]).groups[0].error_code == ErrorCode.GROUP_ID_NOT_FOUND
    consumer = desk.harness.consumer_beat(
        group_id="g",
        member_id="c",
        rebalance_timeout_ms=1000,
        subscribed_topic_names=["orders"],
        topic_partitions=[],
    )
    assert consumer.error_code == ErrorCode.GROUP_ID_NOT_FOUND
    (listed,) = desk.ask("list_groups", 5).groups
    assert (listed.group_type, listed.protocol_type, listed.group_state) == ("share", "share", "Stable")


def test_a_share_group_has_no_committed_offsets(desk: ShareDesk) -> None:
    """Who asks for them is told that there are none, not that there is no such group."""
    topic = offset_fetch.REQUEST_GROUP_TOPIC(name="orders", partition_indexes=[0])
    (group,) = desk.ask(
        "offset_fetch", 8, groups=[offset_fetch.REQUEST_GROUP(group_id="g", topics=[topic])]
    ).groups
    assert group.error_code == ErrorCode.NONE
    assert [row.committed_offset for row in group.topics[0].partitions] == [-1]


# Records


def test_records_are_acquired_and_accepted(desk: ShareDesk) -> None:
    """All ten at once; when they are accepted, none come again, and nothing lags."""
    answer = desk.fetch(0)
    (row,) = answer.responses[0].partitions
    assert values(row.records) == [b"%d" % number for number in range(10)]
    assert answer.acquisition_lock_timeout_ms == 30_000
    assert desk.acknowledge(1, (0, 9, [ACCEPT])).error_code == 0
    assert desk.acquired(2) == []
    assert offsets(desk)[0] == (0, 0, 0)


def test_released_records_come_again_with_a_larger_count(desk: ShareDesk) -> None:
    """Released ones are delivered anew, rejected and accepted ones are not."""
    assert desk.acquired(0) == [(0, 9, 1)]
    said = [RELEASE, ACCEPT, REJECT, *[RELEASE] * 2, *[ACCEPT] * 5]
    assert desk.acquired(1, (0, 9, said)) == [(0, 0, 2), (3, 4, 2)]


def test_two_members_never_have_the_same_record(desk: ShareDesk) -> None:
    """What one has acquired, the other does not get."""
    desk.join("n")
    assert desk.acquired(0, max_records=4, share_acquire_mode=1) == [(0, 3, 1)]
    assert desk.acquired(0, member="n", connection_id=2) == [(4, 9, 1)]
    assert desk.acknowledge(1, (0, 3, [ACCEPT]), member="n").error_code == ErrorCode.INVALID_RECORD_STATE


def test_a_lock_runs_out(desk: ShareDesk) -> None:
    """After `share.record.lock.duration.ms` the records are free again, and who had them has no say."""
    desk.configure("g", {"share.record.lock.duration.ms": "15000"})
    assert desk.acquired(0) == [(0, 9, 1)]
    desk.wait(15_000)
    row = desk.acknowledge(1, (0, 9, [ACCEPT]))
    assert row.error_code == ErrorCode.INVALID_RECORD_STATE
    assert desk.acquired(2) == [(0, 9, 2)]


def test_a_lock_is_renewed(desk: ShareDesk) -> None:
    """KIP-1222: a renewed lock lasts from then on; renewing can be forbidden."""
    assert desk.acquired(0) == [(0, 9, 1)]
    desk.wait(20_000)
    assert desk.acknowledge(1, (0, 9, [RENEW]), is_renew_ack=True).error_code == 0
    desk.wait(20_000)
    assert desk.acknowledge(2, (0, 4, [ACCEPT])).error_code == 0
    desk.configure("g", {"share.renew.acknowledge.enable": "false"})
    row = desk.acknowledge(3, (5, 9, [RENEW]), is_renew_ack=True)
    assert row.error_code == ErrorCode.INVALID_RECORD_STATE


def test_the_delivery_count_has_a_limit() -> None:
    """After `share.delivery.count.limit` deliveries a record is archived and not delivered any more."""
    desk = ShareDesk()
    desk.configure("g", {"share.delivery.count.limit": "2"})
    desk.produce(b"poison")
    desk.join()
    assert desk.acquired(0) == [(0, 0, 1)]
    assert desk.acquired(1, (0, 0, [RELEASE])) == [(0, 0, 2)]
    assert desk.acquired(2, (0, 0, [RELEASE])) == []
    assert offsets(desk)[0] == (0, 0, 0)


def test_what_was_delivered_often_comes_alone() -> None:
    """From half of the allowed deliveries on lots become smaller; the last delivery is of one record."""
    desk = ShareDesk()
    desk.produce(*[b"x"] * 8)
    desk.join()
    sizes = []
    said: list[tuple[int, int, list[int]]] = []
    for epoch in range(5):
        acquired = desk.acquired(epoch, *said)
        sizes.append(sum(last - first + 1 for first, last, _ in acquired))
        said = [(first, last, [RELEASE]) for first, last, _ in acquired]
    assert sizes == [8, 8, 8, 4, 1]


def test_new_records_end_a_long_poll(desk: ShareDesk) -> None:
    """A fetch that finds nothing waits until there is something, or its time is up."""
    assert desk.acquired(0) == [(0, 9, 1)]
    waiting = desk.fetch(1, max_wait_ms=500)
    assert not waiting.is_done
    desk.produce(b"new")
    assert waiting.response.responses[0].partitions[0].acquired_records[0].first_offset == 10
    waiting = desk.fetch(2, max_wait_ms=500)
    desk.wait(500)
    assert waiting.response.responses == []


def test_nobody_waits_at_the_end_of_a_segment(desk: ShareDesk) -> None:
    """What lies in the next segment comes with no read of this one."""
    waiting = desk.fetch(0, max_wait_ms=500, min_bytes=10_000)
    assert not waiting.is_done
    desk.node.topics.get("orders").partitions[0].log.roll()
    desk.produce(b"next")
    (row,) = waiting.response.responses[0].partitions
    assert [(each.first_offset, each.last_offset) for each in row.acquired_records] == [(0, 9)]


def test_released_records_end_a_long_poll(desk: ShareDesk) -> None:
    """Another member's fetch is answered as soon as records in flight are free again."""
    desk.join("n")
    assert desk.acquired(0) == [(0, 9, 1)]
    waiting = desk.fetch(0, member="n", connection_id=2, max_wait_ms=60_000)
    desk.acknowledge(1, (0, 9, [RELEASE]))
    (row,) = waiting.response.responses[0].partitions
    assert [(each.first_offset, each.delivery_count) for each in row.acquired_records] == [(0, 2)]


def test_batches_are_cut_where_they_were_written() -> None:
    """`batch_size` and `max_records` do not cut a batch of the log, unless records are counted (KIP-1206)."""
    desk = ShareDesk()
    for first in range(0, 12, 4):
        desk.produce(*(b"%d" % number for number in range(first, first + 4)))
    desk.join()
    assert desk.acquired(0, max_records=5, batch_size=2) == [(0, 3, 1), (4, 7, 1)]
    assert desk.acquired(1, max_records=2, share_acquire_mode=1) == [(8, 9, 1)]
    assert desk.acquired(2, max_records=1) == [(10, 11, 1)]


def test_in_flight_records_have_a_limit() -> None:
    """`share.partition.max.record.locks`: beyond it nothing new is acquired, until some are done with."""
    desk = ShareDesk()
    desk.configure("g", {"share.partition.max.record.locks": "100"})
    for _ in range(12):
        desk.produce(*[b"x"] * 10)
    desk.join()
    assert desk.acquired(0) == [(0, 99, 1)]
    assert desk.acquired(1) == []
    assert desk.acquired(2, (0, 9, [ACCEPT])) == [(100, 109, 1)]


# Sessions


def test_sessions_have_epochs(desk: ShareDesk) -> None:
    """Only the next epoch is taken; 0 opens anew, -1 closes."""
    assert desk.fetch(5).error_code == ErrorCode.SHARE_SESSION_NOT_FOUND
    assert desk.acknowledge(0, (0, 0, [ACCEPT])).error_code == ErrorCode.INVALID_SHARE_SESSION_EPOCH
    assert desk.acquired(0) == [(0, 9, 1)]
    assert desk.fetch(2).error_code == ErrorCode.INVALID_SHARE_SESSION_EPOCH
    assert desk.fetch(0, (0, 0, [ACCEPT])).error_code == ErrorCode.INVALID_REQUEST
    assert desk.fetch(-1, partitions=()).error_code == 0
    assert desk.fetch(1).error_code == ErrorCode.SHARE_SESSION_NOT_FOUND


def test_what_a_closed_session_had_is_free(desk: ShareDesk) -> None:
    """Closing by epoch -1, and by a lost connection, releases what the member has acquired."""
    assert desk.acquired(0) == [(0, 9, 1)]
    assert desk.acknowledge(-1, (0, 4, [ACCEPT])).error_code == 0
    assert desk.acquired(0, connection_id=7) == [(5, 9, 2)]
    desk.node.share.disconnected(7)
    assert desk.acquired(0) == [(5, 9, 3)]


def test_sessions_have_a_limit() -> None:
    """Who finds no room is told so when the time of its fetch is up."""
    desk = ShareDesk(group_share_max_share_sessions=1)
    desk.join("a")
    desk.join("b")
    assert desk.fetch(0, member="a").error_code == 0
    waiting = desk.fetch(0, member="b", max_wait_ms=300)
    desk.wait(300)
    assert waiting.response.error_code == ErrorCode.SHARE_SESSION_LIMIT_REACHED


@pytest.mark.parametrize(
    "said",
    [
        (3, 2, [ACCEPT]),
        (0, 1, [ACCEPT, ACCEPT, ACCEPT]),
        (0, 1, []),
        (0, 1, [9]),
        (0, 1, [RENEW]),
    ],
)
def test_malformed_acknowledgements_are_refused(desk: ShareDesk, said: Any) -> None:
    """Ranges backwards, too many types, unknown types, renewing where it was not announced."""
    desk.acquired(0)
    assert desk.acknowledge(1, said).error_code == ErrorCode.INVALID_REQUEST


# What is stored


def test_a_restart_remembers_what_was_stored(desk: ShareDesk) -> None:
    """Accepted records stay so, released ones keep their count; what was in flight is delivered as before."""
    assert desk.acquired(0) == [(0, 9, 1)]
    assert desk.acknowledge(1, (0, 3, [ACCEPT]), (4, 5, [RELEASE])).error_code == 0
    desk.restart(clean=False)
    assert desk.acquired(0) == [(4, 5, 2), (6, 9, 1)]


def test_offsets_of_an_empty_group_can_be_altered(desk: ShareDesk) -> None:
    """AlterShareGroupOffsets on a group with members is refused; afterwards it begins where it was told."""
    assert desk.acquired(0) == [(0, 9, 1)]
    partition = alter.REQUEST_PARTITION(partition_index=0, start_offset=7)
    topics = [alter.REQUEST_TOPIC(topic_name="orders", partitions=[partition])]
    asked: dict[str, Any] = {"group_id": "g", "topics": topics}
    assert desk.ask("alter_share_group_offsets", 0, **asked).error_code == ErrorCode.NON_EMPTY_GROUP
    desk.fetch(-1, partitions=())
    desk.beat(epoch=-1)
    answer = desk.ask("alter_share_group_offsets", 0, **asked)
    assert answer.responses[0].partitions[0].error_code == 0
    assert offsets(desk)[0] == (0, 7, 3)
    desk.join()
    assert desk.acquired(0) == [(7, 9, 1)]


def test_offsets_and_groups_are_deleted(desk: ShareDesk) -> None:
    """DeleteShareGroupOffsets forgets a topic, DeleteGroups everything."""
    topics = [delete.REQUEST_TOPIC(topic_name=name) for name in ("orders", "nowhere")]
    answer = desk.ask("delete_share_group_offsets", 0, group_id="g", topics=topics)
    assert answer.error_code == ErrorCode.NON_EMPTY_GROUP
    desk.beat(epoch=-1)
    answer = desk.ask("delete_share_group_offsets", 0, group_id="g", topics=topics)
    errors = {topic.topic_name: topic.error_code for topic in answer.responses}
    assert errors == {"orders": 0, "nowhere": ErrorCode.UNKNOWN_TOPIC_OR_PARTITION}
    assert offsets(desk) == []
    assert desk.ask("delete_groups", 2, groups_names=["g"]).results[0].error_code == 0
    assert desk.ask("list_groups", 5).groups == []


def test_a_deleted_topic_is_forgotten(desk: ShareDesk) -> None:
    """Its state goes with it, and who waits for its records is told."""
    desk.acquired(0)
    waiting = desk.fetch(1, max_wait_ms=60_000)
    desk.ask("delete_topics", 3, topic_names=["orders"])
    assert waiting.is_done
    assert offsets(desk) == []
