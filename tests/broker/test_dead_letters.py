"""Dead letter queues of share groups (KIP-1191): what comes there, when, and what the group does meanwhile.

Headers, causes and what is refused are those of Apache Kafka 4.4.
"""

from __future__ import annotations

import logging
from typing import Any

import pytest

from odradek.broker.dead_letters import DeadLetters
from odradek.protocol.compression import Compression
from odradek.protocol.messages import share_fetch
from odradek.protocol.record_batch import Record, batches

from .harness import all_records, batch
from .share_desk import ACCEPT, REJECT, RELEASE, ShareDesk

TOPIC, COPIES = "errors.deadletterqueue.topic.name", "errors.deadletterqueue.copy.record.enable"
CREATES = "errors_deadletterqueue_auto_create_topics_enable"
ENABLE = "errors_deadletterqueue_group_enable"
LOCK_MS = 30_000
REJECTED = b"Offset rejected by client."
TOO_OFTEN = b"Offset delivery count exceeded the threshold."


def opened(group: dict[str, str] | None = None, **settings: object) -> ShareDesk:
    """The group `g` with a queue that is made when it is needed, and ten records acquired by its member."""
    desk = ShareDesk(**{CREATES: "true", **settings})
    desk.configure("g", {TOPIC: "dlq.orders", **(group or {})})
    desk.produce(*(b"%d" % number for number in range(10)), key=b"k")
    desk.join()
    assert desk.acquired(0) == [(0, 9, 1)]
    return desk


def dead(desk: ShareDesk, name: str = "dlq.orders", partition: int = 0) -> list[Record]:
    """What is in a topic; nothing where there is none."""
    if desk.node.topics.get(name) is None:
        return []
    answer = desk.harness.fetch((name, partition, 0), max_wait_ms=0)
    return list(all_records(answer.responses[0].partitions[0].records))


def about(record: Record) -> dict[str, bytes | None]:
    """The headers, by their names."""
    return {name.decode(): value for name, value in record.headers}


def start(desk: ShareDesk) -> int:
    """Where the group's first record that is not done with lies, as the broker has stored it."""
    held = desk.node.share.get("g", desk.topic_id, 0)
    assert held is not None
    offset: int = held.machine.start_offset
    return offset


def test_what_is_rejected_comes_into_the_queue() -> None:
    """One record for each, without key and value, with headers that tell of it; then it is done with."""
    desk = opened()
    assert desk.acknowledge(1, (0, 1, [REJECT]), (2, 9, [ACCEPT])).error_code == 0
    first, second = dead(desk)
    assert (first.key, first.value, first.timestamp) == (None, None, desk.node.clock.wall_ms())
    assert list(about(first).items()) == [
        ("__dlq.errors.topic", b"orders"),
        ("__dlq.errors.partition", b"0"),
        ("__dlq.errors.offset", b"0"),
        ("__dlq.errors.group", b"g"),
        ("__dlq.errors.delivery.count", b"1"),
        ("__dlq.errors.message", REJECTED),
    ]
    assert about(second)["__dlq.errors.offset"] == b"1"
    assert start(desk) == 10


@pytest.mark.parametrize("by", ["release", "time"])
def test_what_is_delivered_too_often_comes_into_the_queue(by: str) -> None:
    """At share.delivery.count.limit, whether the member gives it back or its lock runs out."""
    desk = opened({"share.delivery.count.limit": "2"})
    for epoch in (1, 2):
        assert dead(desk) == []
        if by == "release":
            desk.acknowledge(2 * epoch - 1, (0, 9, [RELEASE]))
        else:
            desk.wait(LOCK_MS + 1)
        if epoch == 1:
            assert desk.acquired(2 if by == "release" else 1) == [(0, 9, 2)]
    assert [about(row)["__dlq.errors.message"] for row in dead(desk)] == [TOO_OFTEN] * 10
    assert about(dead(desk)[0])["__dlq.errors.delivery.count"] == b"2"
    assert start(desk) == 10


def test_a_group_may_want_copies() -> None:
    """Key and value, not the headers; of a record that is gone only that it was there."""
    desk = opened({COPIES: "true"})
    desk.acknowledge(1, (3, 3, [REJECT]))
    (copied,) = dead(desk)
    assert (copied.key, copied.value) == (b"k", b"3")
    desk.node.topics.partition("orders", 0).delete_records(10, 0)
    desk.acknowledge(2, (4, 4, [REJECT]))
    assert (dead(desk)[-1].key, about(dead(desk)[-1])["__dlq.errors.offset"]) == (None, b"4")


def test_what_is_rejected_together_comes_together() -> None:
    """One by one or not, in one batch: not every record costs a write."""
    desk = opened()
    desk.acknowledge(1, (0, 9, [REJECT, REJECT, REJECT, ACCEPT, *[REJECT] * 6]))
    answer = desk.harness.fetch(("dlq.orders", 0, 0), max_wait_ms=0)
    data = memoryview(answer.responses[0].partitions[0].records)
    assert [header.record_count for header in batches(data)] == [9]
    assert [about(row)["__dlq.errors.offset"] for row in dead(desk)] == [
        b"%d" % n for n in (0, 1, 2, *range(4, 10))
    ]
    assert start(desk) == 10


def test_partitions_of_the_queue_follow_those_of_the_source() -> None:
    """By their number, modulo how many the queue has."""
    desk = ShareDesk()
    desk.harness.create("dlq.two", 2, errors_deadletterqueue_group_enable="true")
    desk.configure("g", {TOPIC: "dlq.two"})
    for index in range(3):
        desk.produce(b"x", partition=index)
    desk.join()
    desk.fetch(0, partitions=range(3))
    for index in range(3):
        said = share_fetch.ACKNOWLEDGEMENT_BATCH(first_offset=0, last_offset=0, acknowledge_types=[REJECT])
        row = share_fetch.REQUEST_PARTITION(partition_index=index, acknowledgement_batches=[said])
        topics = [share_fetch.REQUEST_TOPIC(topic_id=desk.topic_id, partitions=[row])]
        desk.ask(
            "share_fetch", 2, group_id="g", member_id="m", share_session_epoch=index + 1, topics=topics,
            max_wait_ms=0, max_bytes=1 << 20, max_records=1,
        )  # fmt: skip
    told = [[about(row)["__dlq.errors.partition"] for row in dead(desk, "dlq.two", n)] for n in range(2)]
    assert told == [[b"0", b"2"], [b"1"]]


def test_the_topic_is_made_for_this() -> None:
    """With the broker's number of partitions, for share groups, and with the time of its writing."""
    desk = opened(num_partitions=3)
    desk.acknowledge(1, (0, 0, [REJECT]))
    made = desk.node.topics.get("dlq.orders")
    assert len(made.partitions) == 3
    assert made.config.overrides == {
        "errors.deadletterqueue.group.enable": "true",
        "message.timestamp.type": "CreateTime",
    }


@pytest.mark.parametrize(
    ("queue", "settings", "made"),
    [
        ("dlq.orders", {CREATES: "false"}, {}),
        ("orders.dead", {}, {}),
        ("dlq.orders", {}, {"dlq.orders": "false"}),
        ("dlq.o rders", {}, {}),
        ("dlq.orders", {"errors_deadletterqueue_topic_name_prefix": "dead."}, {"dlq.orders": "true"}),
    ],
    ids=["no topic", "its prefix", "not enabled", "no name", "another prefix"],
)
def test_a_queue_that_cannot_be_written_holds_nobody_up(
    queue: str, settings: dict[str, str], made: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """An error in the log tells of the records, and the group is done with them."""
    desk = opened({TOPIC: queue}, **settings)
    for name, enabled in made.items():
        desk.harness.create(name, errors_deadletterqueue_group_enable=enabled)
    with caplog.at_level(logging.ERROR):
        assert desk.acknowledge(1, (0, 9, [REJECT])).error_code == 0
    assert "orders-0, offsets 0 to 9" in caplog.text
    assert start(desk) == 10
    assert dead(desk, queue) == []


def test_without_a_queue_nothing_is_written() -> None:
    """Rejected records are done with at once."""
    desk = opened({TOPIC: ""})
    desk.acknowledge(1, (0, 9, [REJECT]))
    assert start(desk) == 10
    assert {topic.name for topic in desk.node.topics} == {
        "orders", "__consumer_offsets", "__share_group_state"
    }  # fmt: skip


def test_what_does_not_fit_into_one_batch_comes_in_several() -> None:
    """Each within max.message.bytes of the queue, the broker serving others between; a record that is too
    large by itself is not copied.
    """
    desk = ShareDesk()
    sizes: dict[str, Any] = {ENABLE: "true", "max_message_bytes": 1000}
    desk.harness.create("dlq.small", **sizes)
    desk.configure("g", {TOPIC: "dlq.small", COPIES: "true"})
    desk.produce(*(b"x" * 300 for _ in range(5)), b"y" * 2000, b"z")
    desk.join()
    assert desk.acquired(0) == [(0, 6, 1)]
    desk.acknowledge(1, (0, 6, [REJECT]))
    assert start(desk) == 0
    for _ in range(10):
        desk.wait(2)
    assert [len(row.value or b"") for row in dead(desk, "dlq.small")] == [300, 300, 300, 300, 300, 0, 1]
    assert start(desk) == 7


def test_a_record_that_is_too_large_with_its_headers_is_lost(caplog: pytest.LogCaptureFixture) -> None:
    """The log of the queue refuses it, which is no reason to wait."""
    desk = ShareDesk()
    sizes: dict[str, Any] = {ENABLE: "true", "max_message_bytes": 100}
    desk.harness.create("dlq.tiny", **sizes)
    desk.configure("g", {TOPIC: "dlq.tiny"})
    desk.produce(b"a")
    desk.join()
    assert desk.acquired(0) == [(0, 0, 1)]
    with caplog.at_level(logging.ERROR):
        desk.acknowledge(1, (0, 0, [REJECT]))
    assert "orders-0, offsets 0 to 0" in caplog.text
    assert (start(desk), dead(desk, "dlq.tiny")) == (1, [])


def test_what_is_too_large_does_not_take_others_with_it() -> None:
    """A copy that fits by itself and not with its headers is lost; what comes after it is not."""
    desk = ShareDesk()
    sizes: dict[str, Any] = {ENABLE: "true", "max_message_bytes": 400}
    desk.harness.create("dlq.small", **sizes)
    desk.configure("g", {TOPIC: "dlq.small", COPIES: "true"})
    desk.produce(b"a", b"x" * 300, b"b")
    desk.join()
    assert desk.acquired(0) == [(0, 2, 1)]
    desk.acknowledge(1, (0, 2, [REJECT]))
    for _ in range(3):
        desk.wait(2)
    assert [row.value for row in dead(desk, "dlq.small")] == [b"a", b"b"]
    assert start(desk) == 3


def test_a_broker_that_stops_on_the_way_writes_at_the_next_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """That they are on their way is stored before they are written: who loads the share partition next
    writes them.
    """
    desk = opened()
    with monkeypatch.context() as killed:
        killed.setattr(DeadLetters, "write", lambda *_: None)
        desk.acknowledge(1, (0, 9, [REJECT]))
    assert (start(desk), dead(desk)) == (0, [])
    desk.restart(clean=False)
    desk.join("n")
    assert desk.acquired(0, member="n") == []
    assert [about(row)["__dlq.errors.message"] for row in dead(desk)] == [REJECTED] * 10
    assert start(desk) == 10


def test_the_last_word_of_a_group_comes_into_the_queue() -> None:
    """What the last member rejects as it closes its session does not wait for the next one, who finds it done
    with. The share partition is forgotten after that.
    """
    desk = opened()
    assert desk.acknowledge(-1, (0, 9, [REJECT])).error_code == 0
    assert [about(row)["__dlq.errors.message"] for row in dead(desk)] == [REJECTED] * 10
    assert desk.node.share.get("g", desk.topic_id, 0) is None
    assert desk.acquired(0) == []
    assert start(desk) == 10


def test_a_member_may_come_back_before_the_queue_has_its_last_word() -> None:
    """Letters that need several batches are written once, whoever loads the share partition meanwhile."""
    desk = ShareDesk()
    sizes: dict[str, Any] = {ENABLE: "true", "max_message_bytes": 1000}
    desk.harness.create("dlq.small", **sizes)
    desk.configure("g", {TOPIC: "dlq.small", COPIES: "true"})
    desk.produce(*(b"x" * 300 for _ in range(5)))
    desk.join()
    assert desk.acquired(0) == [(0, 4, 1)]
    desk.acknowledge(-1, (0, 4, [REJECT]))
    assert desk.acquired(0) == []
    for _ in range(10):
        desk.wait(2)
    assert len(dead(desk, "dlq.small")) == 5
    assert start(desk) == 5


def test_compressed_records_are_copied() -> None:
    """Unless they inflate beyond what the queue takes: then only that they were there."""
    desk = ShareDesk(**{CREATES: "true"})
    desk.configure("g", {TOPIC: "dlq.orders", COPIES: "true"})
    for value in (b"small", b"0" * 3_000_000):
        data = batch(value, compression=Compression.GZIP)
        assert desk.harness.produce("orders", data).error_code == 0
    desk.join()
    assert desk.acquired(0)
    desk.acknowledge(1, (0, 1, [REJECT]))
    for _ in range(3):
        desk.wait(2)
    assert [row.value for row in dead(desk)] == [b"small", None]
