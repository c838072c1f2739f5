"""`__share_group_state` (KIP-932): writes that come late, and what goes when later records say the same."""

from __future__ import annotations

from typing import Any

import pytest

from odradek.broker.group_coordinator import GroupCoordinator
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages import delete_topics
from odradek.protocol.messages import initialize_share_group_state as initialize
from odradek.protocol.messages import read_share_group_state as read_state
from odradek.protocol.messages import read_share_group_state_summary as read_summary
from odradek.protocol.messages import write_share_group_state as write_state

from .share_desk import ACCEPT, ShareDesk
from .test_share_groups import offsets

INITIALIZE_RETRY_MS = 30_000  # the default of group.share.initialize.retry.interval.ms


def sync_states(desk: ShareDesk) -> None:
    """Everything in `__share_group_state` is on disk."""
    for partition in desk.node.topics.get("__share_group_state").partitions:
        ticket = partition.log.begin_sync()
        if ticket is not None:
            partition.log.finish_sync(ticket, ticket.run())


def test_the_topic_of_share_groups_has_settings_of_its_own() -> None:
    """Those of share.coordinator.state.topic.*, on the topic itself as with Kafka."""
    desk = ShareDesk(
        share_coordinator_state_topic_segment_bytes=2_000_000, share_coordinator_state_topic_min_isr=1
    )
    desk.join()
    assert desk.node.topics.get("__share_group_state").config.overrides == {
        "cleanup.policy": "delete",
        "compression.type": "producer",
        "min.insync.replicas": "1",
        "retention.ms": "-1",
        "segment.bytes": "2000000",
    }


def test_what_a_snapshot_says_again_is_deleted() -> None:
    """Records before the newest snapshot of every state go when they are pruned, and a restart knows the
    same; but not while a loss of power could take the snapshot.
    """
    interval_ms = 1_000
    desk = ShareDesk(
        share_coordinator_snapshot_update_records_per_snapshot=2,
        share_coordinator_state_topic_prune_interval_ms=interval_ms,
    )
    desk.produce(*(b"%d" % number for number in range(10)))
    desk.join()
    desk.fetch(0)
    for number in range(9):
        desk.acknowledge(number + 1, (number, number, [ACCEPT]))

    def starts() -> list[int]:
        partitions = desk.node.topics.get("__share_group_state").partitions
        return [partition.log.log_start_offset for partition in partitions]

    desk.wait(interval_ms)
    assert starts() == [0, 0]
    sync_states(desk)
    desk.wait(interval_ms)
    redundant = starts()
    assert any(redundant)
    known = offsets(desk)
    desk.restart()
    assert starts() == redundant
    assert offsets(desk) == known


@pytest.mark.parametrize("updates_per_snapshot", [1, 500])
def test_a_write_that_comes_late_takes_nothing_back(updates_per_snapshot: int) -> None:
    """Neither the start offset nor the count of deliveries that are complete after it, in updates and in
    snapshots; what it says of records before the start is of no use.
    """
    desk = ShareDesk(share_coordinator_snapshot_update_records_per_snapshot=updates_per_snapshot)

    def ask(api: str, version: int, topic: Any, row: Any) -> Any:
        answer = desk.ask(
            api, version, group_id="g", topics=[topic(topic_id=desk.topic_id, partitions=[row])]
        )
        (told,) = answer.results[0].partitions
        assert told.error_code == 0, told
        return told

    def write(start_offset: int, complete: int, *batches: tuple[int, int]) -> None:
        states = [
            write_state.STATE_BATCH(first_offset=first, last_offset=last, delivery_state=0, delivery_count=1)
            for first, last in batches
        ]
        row = write_state.REQUEST_PARTITION(
            start_offset=start_offset, delivery_complete_count=complete, state_batches=states
        )
        ask("write_share_group_state", 1, write_state.REQUEST_TOPIC, row)

    def stored() -> tuple[int, int, list[tuple[int, int]]]:
        summary = ask(
            "read_share_group_state_summary", 1, read_summary.REQUEST_TOPIC, read_summary.REQUEST_PARTITION()
        )
        state = ask("read_share_group_state", 0, read_state.REQUEST_TOPIC, read_state.REQUEST_PARTITION())
        batches = [(each.first_offset, each.last_offset) for each in state.state_batches]
        return summary.start_offset, summary.delivery_complete_count, batches

    ask(
        "initialize_share_group_state",
        0,
        initialize.REQUEST_TOPIC,
        initialize.REQUEST_PARTITION(start_offset=0),
    )
    write(10, 3, (10, 19))
    write(5, 7, (5, 9))
    assert stored() == (10, 3, [(10, 19)])
    write(10, 2)
    assert stored() == (10, 3, [(10, 19)])
    write(-1, 9, (30, 39))
    assert stored() == (10, 3, [(10, 19), (30, 39)])
    write(12, 1)
    assert stored() == (12, 1, [(12, 19), (30, 39)])
    desk.restart()
    assert stored() == (12, 1, [(12, 19), (30, 39)])


def test_a_share_group_begins_anew_after_the_states_were_deleted(caplog: pytest.LogCaptureFixture) -> None:
    """`__share_group_state` is made anew, and what a member had acquired goes to whoever asks next. That is
    no failure of a disk.
    """
    desk = ShareDesk()
    desk.produce(b"a", b"b")
    epoch = desk.join()
    assert desk.acquired(0) == [(0, 1, 1)]
    assert desk.acknowledge(1, (0, 0, [ACCEPT])).error_code == 0
    gone = delete_topics.REQUEST_TOPIC(name="__share_group_state")
    assert desk.ask("delete_topics", 6, topics=[gone]).responses[0].error_code == 0
    assert caplog.records == []
    late = desk.acknowledge(2, (1, 1, [ACCEPT]))
    assert late.error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    desk.beat(epoch=epoch)
    assert desk.acquired(3) == [(0, 1, 1)]
    assert desk.acknowledge(4, (0, 1, [ACCEPT, ACCEPT])).error_code == 0
    desk.restart(clean=False)
    assert offsets(desk)[0] == (0, 0, 0)


@pytest.mark.parametrize("interruption", ["a crash", "a delay"])
@pytest.mark.parametrize("is_new", [True, False])
def test_what_interrupts_the_making_of_a_state_moves_no_group(
    monkeypatch: pytest.MonkeyPatch, is_new: bool, interruption: str
) -> None:
    """A broker that has noted which states it is about to make, and has not made them, makes them later: for
    a topic that is new to the group it begins where its settings say, for partitions that have come at their
    start.
    """
    desk = ShareDesk()
    desk.configure("g", {"share.auto.offset.reset": "latest"})
    topic = desk.node.topics.get("orders")
    epoch, partition = 0, 0
    if not is_new:
        epoch, partition = desk.join(), len(topic.partitions)
        desk.node.topics.add_partitions(topic, partition + 1, now_ms=desk.harness.clock.wall_ms())
    desk.produce(b"first", partition=partition)
    monkeypatch.setattr(GroupCoordinator, "carry_out", lambda *_: None)
    epoch = desk.beat(epoch=epoch).member_epoch
    monkeypatch.undo()
    if interruption == "a crash":
        desk.restart(clean=False)
    desk.wait(INITIALIZE_RETRY_MS)
    for _ in range(3):
        epoch = desk.beat(epoch=epoch).member_epoch
    assert desk.acquired(0, partitions=(partition,)) == ([] if is_new else [(0, 0, 1)])
    desk.produce(b"next", partition=partition)
    assert desk.acquired(1, partitions=(partition,)) == [(1, 1, 1)]
