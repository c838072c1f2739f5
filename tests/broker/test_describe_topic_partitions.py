"""DescribeTopicPartitions through its handler: rows, pages and what is refused, as Apache Kafka has it."""

from __future__ import annotations

from typing import Any

from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.describe_topic_partitions import CURSOR, REQUEST, REQUEST_TOPIC

from .harness import Harness


def ask(broker: Harness, *names: str, limit: int = 2000, cursor: tuple[str, int] | None = None) -> Any:
    """The response about these topics, or about all when there are none."""
    request = REQUEST(topics=[REQUEST_TOPIC(name=name) for name in names], response_partition_limit=limit)
    if cursor is not None:
        request.cursor = CURSOR(topic_name=cursor[0], partition_index=cursor[1])
    return broker.ask(ApiKey.DESCRIBE_TOPIC_PARTITIONS, 0, request)


def pages(answer: Any) -> list[tuple[str, list[int]]]:
    return [(topic.name, [each.partition_index for each in topic.partitions]) for topic in answer.topics]


def cursor_of(answer: Any) -> tuple[str, int] | None:
    cursor = answer.next_cursor
    return None if cursor is None else (cursor.topic_name, cursor.partition_index)


def test_a_topic_is_described() -> None:
    """The only node leads and replicates every partition; no replica is eligible beside it."""
    broker = Harness()
    broker.create("t", 2)
    (topic,) = ask(broker, "t").topics
    found = broker.node.topics.get("t")
    assert found is not None
    assert (topic.error_code, topic.topic_id, topic.is_internal) == (0, found.topic_id, False)
    assert topic.topic_authorized_operations == 3576
    for partition in topic.partitions:
        assert (partition.error_code, partition.leader_id, partition.leader_epoch) == (0, 1, 0)
        assert partition.replica_nodes == partition.isr_nodes == [1]
        assert partition.eligible_leader_replicas == partition.last_known_elr == []
        assert partition.offline_replicas == []


def test_topics_come_sorted_and_once() -> None:
    """Whatever order and however often they are named in; none named means all."""
    broker = Harness()
    for name in ("b", "c", "a"):
        broker.create(name)
    assert pages(ask(broker, "c", "a", "c")) == [("a", [0]), ("c", [0])]
    assert pages(ask(broker)) == [("__consumer_offsets", [0]), ("a", [0]), ("b", [0]), ("c", [0])]


def test_pages_end_where_the_next_begins() -> None:
    """The limit counts partitions; a topic of which none fits is left to the next page."""
    broker = Harness()
    broker.create("a", 3)
    broker.create("b", 2)
    first = ask(broker, limit=3)
    rest = [("__consumer_offsets", [0]), ("a", [0, 1])]
    assert (pages(first), cursor_of(first)) == (rest, ("a", 2))
    second = ask(broker, limit=1, cursor=("a", 2))
    assert (pages(second), cursor_of(second)) == ([("a", [2])], ("b", 0))
    third = ask(broker, "a", "b", limit=-5, cursor=("b", 0))  # at least one
    assert (pages(third), cursor_of(third)) == ([("b", [0])], ("b", 1))
    last = ask(broker, cursor=("b", 1))
    assert (pages(last), cursor_of(last)) == ([("b", [1])], None)
    assert pages(ask(broker, cursor=("b", 9))) == [("b", [])]


def test_the_brokers_limit_bounds_a_page() -> None:
    """max.request.partition.size.limit holds against a client that asks for more."""
    broker = Harness(max_request_partition_size_limit=1)
    broker.create("a", 2)
    assert cursor_of(ask(broker, "a")) == ("a", 1)


def test_missing_topics() -> None:
    """A topic that is not there, and one that can't be, have a row with their error, without partitions."""
    broker = Harness()
    rows = {row.name: row.error_code for row in ask(broker, "no", "a b").topics}
    assert rows == {"no": ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, "a b": ErrorCode.INVALID_TOPIC_EXCEPTION}


def test_invalid_cursors() -> None:
    """A negative partition, or a topic beside those asked for: every topic's row says INVALID_REQUEST."""
    broker = Harness()
    broker.create("a")
    for cursor in (("a", -1), ("b", 0)):
        assert [row.error_code for row in ask(broker, "a", cursor=cursor).topics] == [
            ErrorCode.INVALID_REQUEST
        ]
