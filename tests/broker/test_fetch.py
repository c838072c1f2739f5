"""Fetch through the handler: what is read, how long it waits, sessions (KIP-227), and what older clients
get.
"""

from __future__ import annotations

from typing import Any

import pytest

from odradek.broker.context import Pending
from odradek.broker.partition import Partition
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.message_set import read_message_set
from odradek.protocol.messages import fetch
from odradek.protocol.record_batch import Compression

from .harness import Harness, all_records, batch, decoded, values


def rows(answer: Any, version: int = 12) -> list[Any]:
    """All partitions' rows of a response, or of a Pending that has it."""
    if isinstance(answer, Pending):
        assert answer.done
        answer = decoded(ApiKey.FETCH, version, answer.response)
    return [row for topic in answer.responses for row in topic.partitions]


@pytest.mark.parametrize("version", range(19))
def test_every_version_reads(version: int) -> None:
    """From message sets of magic 0 to topic ids: each version of the API reads what was produced."""
    broker = Harness()
    broker.create("t")
    broker.produce("t", batch(b"a", b"b"))
    row = rows(broker.fetch(("t", 0, 0), version=version))[0]
    assert (row.error_code, row.high_watermark) == (0, 2)
    if version >= 5:
        assert row.log_start_offset == 0
    if version < 4:
        read = [record.value for record in read_message_set(row.records, 1 << 20).records]
    else:
        read = values(row.records)
    assert read == [b"a", b"b"]


def test_a_long_poll_wakes_on_the_append() -> None:
    """A fetch that finds nothing is answered by the append of what it waits for, and not before."""
    broker = Harness()
    broker.create("t", 2)
    waiting = broker.fetch(("t", 0, 0))
    assert isinstance(waiting, Pending)
    broker.produce("t", batch(b"a"), partition=1)
    assert not waiting.done
    broker.produce("t", batch(b"a"))
    assert values(rows(waiting)[0].records) == [b"a"]
    assert broker.timers.next_deadline() != broker.clock.monotonic_ms() + 500
    assert not broker.node.topics.get("t").partitions[0].waiters  # type: ignore[union-attr]


def test_a_long_poll_ends() -> None:
    """With nothing to read the answer comes, empty, when max_wait_ms is over."""
    broker = Harness()
    broker.create("t")
    waiting = broker.fetch(("t", 0, 0))
    broker.advance(499)
    assert not waiting.done
    broker.advance(1)
    assert len(rows(waiting)[0].records) == 0
    assert broker.fetch(("t", 0, 0), max_wait_ms=0).responses


def test_min_bytes() -> None:
    """A fetch waits for min_bytes over all its partitions together."""
    broker = Harness()
    broker.create("t", 2)
    size = len(batch(b"x" * 100))
    waiting = broker.fetch(("t", 0, 0), ("t", 1, 0), min_bytes=2 * size + 1)
    for partition in (0, 1):
        broker.produce("t", batch(b"x" * 100), partition=partition)
        assert not waiting.done
    broker.produce("t", batch(b"y"))
    assert [len(values(row.records)) for row in rows(waiting)] == [2, 1]


def test_a_batch_beyond_the_limit_is_enough() -> None:
    """A batch larger than the partition's limit, which is sent whole, counts up to that limit: a fetch that
    waits for no more is answered at once.
    """
    broker = Harness()
    broker.create("t")
    answered = broker.fetch(("t", 0, 0), min_bytes=100, partition_max_bytes=100)
    waiting = broker.fetch(("t", 0, 0), min_bytes=101, partition_max_bytes=100)
    broker.produce("t", batch(b"x" * 1000))
    assert values(rows(answered)[0].records) == [b"x" * 1000]
    assert not waiting.done


def test_nobody_waits_at_the_end_of_a_segment() -> None:
    """One read gives a piece of one segment: who waits for more than is left of it gets that at once."""
    broker = Harness()
    broker.create("t", internal_segment_bytes=200)
    waiting = broker.fetch(("t", 0, 0), min_bytes=10_000)
    broker.produce("t", batch(b"x" * 100))
    assert not waiting.done
    broker.produce("t", batch(b"y" * 100))
    assert values(rows(waiting)[0].records) == [b"x" * 100]
    assert values(rows(broker.fetch(("t", 0, 0), min_bytes=10_000))[0].records) == [b"x" * 100]
    assert not broker.fetch(("t", 0, 1), min_bytes=10_000).done


@pytest.mark.parametrize("min_bytes", [150, 190])
def test_what_each_partition_has_counts_though_together_they_are_sent_less(min_bytes: int) -> None:
    """Behind the first partition's bytes a batch beyond the second's limit is not sent, and it counts up to
    that limit all the same: with these bytes there is enough to be answered, or there is not.
    """
    broker = Harness()
    broker.create("t", 2)
    small = batch(b"x")
    broker.produce("t", small, partition=0)
    broker.produce("t", batch(b"x" * 1000), partition=1)
    answer = broker.fetch(("t", 0, 0), ("t", 1, 0), min_bytes=min_bytes, partition_max_bytes=100)
    if min_bytes > len(small) + 100:
        assert not answer.done
        broker.produce("t", small, partition=0)  # counts up to the limit
        assert [len(row.records) for row in rows(answer)] == [100, 0]
    else:
        assert [len(row.records) for row in rows(answer)] == [len(small), 0]


def test_a_batch_that_an_old_client_cannot_get_is_waited_with() -> None:
    """Before version 3 a batch beyond the limit is not sent at all: nor does it end a wait."""
    broker = Harness()
    broker.create("t")
    broker.produce("t", batch(b"x" * 1000))
    waiting = broker.fetch(("t", 0, 0), version=2, partition_max_bytes=100)
    assert not waiting.done
    broker.advance(500)
    assert len(rows(waiting, 2)[0].records) == 0


@pytest.mark.parametrize("min_bytes", [1, 100])
def test_a_segment_of_which_nothing_is_left_to_read_ends_no_wait(min_bytes: int) -> None:
    """Compaction has taken the end of a segment, and the next begins with an open transaction: a reader of
    committed records waits until that is committed, and is not answered with nothing time and again.
    """
    broker = Harness()
    broker.create("t", cleanup_policy="compact")
    for value in (b"kept", b"gone"):
        broker.produce("t", batch(value, key=b"k"))
    partition_of(broker).log.roll()
    ids = {"producer_id": 7, "producer_epoch": 0, "is_transactional": True}
    partition_of(broker).append_records([(b"k", b"a" * 50)], 0, base_sequence=0, **ids)
    broker.compact_first_segment("t")
    waiting = broker.fetch(("t", 0, 1), isolation_level=1, min_bytes=min_bytes)
    assert not waiting.done
    partition_of(broker).append_records([(b"k", b"b")], 0, base_sequence=1, **ids)
    assert not waiting.done
    end = bytes(3) + b"\1", bytes(6)
    partition_of(broker).append_records([end], 0, is_control=True, **ids)
    assert [record.value for record in all_records(rows(waiting)[0].records)][:2] == [b"a" * 50, b"b"]


def partition_of(broker: Harness) -> Partition:
    """Partition 0 of `t`."""
    topic = broker.node.topics.get("t")
    assert topic is not None
    return topic.partitions[0]


def test_limits_on_bytes() -> None:
    """The first batch is whole however small the limits are (KIP-74); before version 3 it is not sent."""
    broker = Harness()
    broker.create("t", 2)
    for partition in (0, 1, 1):
        broker.produce("t", batch(b"x" * 100), partition=partition)
    both = ("t", 0, 0), ("t", 1, 0)
    size = len(batch(b"x" * 100))
    sizes = [len(row.records) for row in rows(broker.fetch(*both, max_bytes=1))]
    assert sizes == [size, 0]
    sizes = [len(row.records) for row in rows(broker.fetch(*both, partition_max_bytes=1))]
    assert sizes[0] == size
    assert sizes[1] <= 1
    sizes = [len(row.records) for row in rows(broker.fetch(*both, max_bytes=size * 2))]
    assert sizes == [size, size]
    old = broker.fetch(("t", 0, 0), version=2, partition_max_bytes=10, max_wait_ms=0)
    assert len(rows(old)[0].records) == 0


def test_errors_of_partitions() -> None:
    """Each thing that can be wrong with one partition has its code; the others are served beside it."""
    broker = Harness()
    broker.create("t")
    broker.produce("t", batch(b"a"))
    answer = broker.fetch(("t", 0, 5), ("t", 0, -1), ("nowhere", 0, 0), ("t", 9, 0), ("t", 0, 0))
    found = {row.partition_index: row for row in rows(answer)}
    assert found[9].error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    bad = rows(broker.fetch(("t", 0, 5)))[0]
    assert bad.error_code == ErrorCode.OFFSET_OUT_OF_RANGE
    assert (bad.high_watermark, bad.last_stable_offset, bad.log_start_offset) == (-1, -1, -1)
    assert rows(broker.fetch(("nowhere", 0, 0)))[0].error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert rows(broker.fetch(("nowhere", 0, 0), version=13))[0].error_code == ErrorCode.UNKNOWN_TOPIC_ID


def test_leader_epochs() -> None:
    """A client that believes in another leader epoch is told so (KIP-320), and where the leader is
    (KIP-951).
    """
    broker = Harness()
    broker.create("t")
    broker.node.topics.get("t").partitions[0].leader_epoch = 3  # type: ignore[union-attr]
    for epoch, code in (
        (2, ErrorCode.FENCED_LEADER_EPOCH),
        (4, ErrorCode.UNKNOWN_LEADER_EPOCH),
        (3, 0),
        (-1, 0),
        (-2, 0),
    ):
        request = broker.fetch_request(("t", 0, 0), version=16, max_wait_ms=0)
        request.topics[0].partitions[0].current_leader_epoch = epoch
        answer = broker.ask(ApiKey.FETCH, 16, request)
        assert rows(answer)[0].error_code == code
    request.topics[0].partitions[0].current_leader_epoch = 2
    answer = broker.ask(ApiKey.FETCH, 16, request)
    assert rows(answer)[0].current_leader.leader_epoch == 3
    assert [node.port for node in answer.node_endpoints] == [9092]


def test_a_reader_whose_records_are_not_those_of_the_log() -> None:
    """It is told where its epoch ended (KIP-595); an epoch that the log never had is out of range."""
    broker = Harness()
    broker.create("t")
    partition = broker.node.topics.get("t").partitions[0]  # type: ignore[union-attr]
    broker.produce("t", batch(b"a", b"b"))
    partition.leader_epoch = 2
    broker.produce("t", batch(b"c"))
    for epoch, offset, expected in (
        (-1, 3, (0, -1, -1, 3)),
        (2, 2, (0, -1, -1, 3)),
        (0, 2, (0, -1, -1, 3)),
        (0, 3, (0, 0, 2, 3)),
        (1, 2, (0, 0, 2, 3)),
        (3, 2, (ErrorCode.OFFSET_OUT_OF_RANGE, -1, -1, -1)),
    ):
        request = broker.fetch_request(("t", 0, offset), max_wait_ms=0)
        request.topics[0].partitions[0].last_fetched_epoch = epoch
        (row,) = rows(broker.ask(ApiKey.FETCH, 12, request))
        told = row.diverging_epoch
        assert (row.error_code, told.epoch, told.end_offset, row.high_watermark) == expected


def test_a_divergence_is_told_at_once() -> None:
    """A fetch that could wait does not, when its reader has diverged."""
    broker = Harness()
    broker.create("t")
    broker.produce("t", batch(b"a"))
    request = broker.fetch_request(("t", 0, 5), max_wait_ms=1000, min_bytes=1)
    request.topics[0].partitions[0].last_fetched_epoch = 0
    assert not isinstance(broker.ask(ApiKey.FETCH, 12, request), Pending)


@pytest.mark.parametrize("version", [4, 12, 14, 15, 18])
def test_replicas_are_turned_away(version: int) -> None:
    """There are no followers here, and a broker that takes itself for one is told so."""
    broker = Harness()
    broker.create("t")
    request = broker.fetch_request(("t", 0, 0), version=version, max_wait_ms=0)
    request.replica_id = request.replica_state.replica_id = 1
    (row,) = rows(broker.ask(ApiKey.FETCH, version, request), version)
    assert (row.error_code, row.high_watermark) == (ErrorCode.NOT_LEADER_OR_FOLLOWER, -1)


def test_what_kafka_does_not_foresee() -> None:
    """An isolation level that there is not, and a negative number of bytes, are server errors."""
    broker = Harness()
    broker.create("t")
    request = broker.fetch_request(("t", 0, 0), max_wait_ms=0)
    request.isolation_level = 2
    answer = broker.ask(ApiKey.FETCH, 12, request)
    assert answer.error_code == rows(answer)[0].error_code == ErrorCode.UNKNOWN_SERVER_ERROR
    answer = broker.ask(ApiKey.FETCH, 13, request)
    assert (answer.error_code, answer.responses) == (ErrorCode.UNKNOWN_SERVER_ERROR, [])
    request.isolation_level = 0
    request.topics[0].partitions[0].partition_max_bytes = -1
    (row,) = rows(broker.ask(ApiKey.FETCH, 12, request))
    assert row.error_code == ErrorCode.UNKNOWN_SERVER_ERROR


def test_a_deleted_topic_wakes_its_fetches() -> None:
    """Nobody waits for records of a topic that has gone."""
    broker = Harness()
    broker.create("t")
    waiting = broker.fetch(("t", 0, 0))
    topic = broker.node.topics.get("t")
    assert topic is not None
    broker.node.topics.delete(topic, now_ms=0)
    assert rows(waiting)[0].error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


def test_an_abandoned_fetch_leaves_nothing() -> None:
    """When the client goes away its fetch waits for nothing any more."""
    broker = Harness()
    broker.create("t")
    waiting = broker.fetch(("t", 0, 0))
    waiting.abandon()
    assert not broker.node.topics.get("t").partitions[0].waiters  # type: ignore[union-attr]
    broker.advance(500)
    assert waiting.response is None


def test_zstd_needs_version_10() -> None:
    """A topic of zstd is closed to clients that cannot know it (KIP-110)."""
    broker = Harness()
    broker.create("t", compression_type="zstd")
    broker.produce("t", batch(b"a"))
    row = rows(broker.fetch(("t", 0, 0), version=9))[0]
    assert row.error_code == ErrorCode.UNSUPPORTED_COMPRESSION_TYPE
    assert values(rows(broker.fetch(("t", 0, 0), version=10))[0].records) == [b"a"]


def test_zstd_batches_cannot_be_converted_down() -> None:
    """A producer's own zstd batch has no form that a client of version 3 understands."""
    broker = Harness()
    broker.create("t")
    broker.produce("t", batch(b"a", compression=Compression.ZSTD))
    row = rows(broker.fetch(("t", 0, 0), version=3))[0]
    assert row.error_code == ErrorCode.UNSUPPORTED_COMPRESSION_TYPE


class Session:
    """A client with an incremental fetch session over the partitions of `t`."""

    def __init__(self, broker: Harness, partitions: int, version: int = 12) -> None:
        self.broker, self.version = broker, version
        wanted = [("t", index, 0) for index in range(partitions)]
        first = broker.fetch(*wanted, version=version, session_epoch=0, max_wait_ms=0)
        self.id, self.epoch, self.first = first.session_id, 1, first

    def fetch(self, *wanted: tuple[str, int, int], forget: tuple[int, ...] = (), **fields: Any) -> Any:
        request = self.broker.fetch_request(*wanted, version=self.version, max_wait_ms=0, **fields)
        request.session_id, request.session_epoch = self.id, self.epoch
        if forget:
            topic = self.broker.node.topics.get("t")
            assert topic is not None
            request.forgotten_topics_data = [
                fetch.FORGOTTEN_TOPIC(topic="t", topic_id=topic.topic_id, partitions=list(forget))
            ]
        self.epoch += 1
        return self.broker.ask(ApiKey.FETCH, self.version, request)


@pytest.mark.parametrize("version", [7, 12, 13, 18])
def test_sessions_tell_only_what_changed(version: int) -> None:
    """The first answer has every partition, later ones only those with records or news (KIP-227)."""
    broker = Harness()
    broker.create("t", 3)
    session = Session(broker, 3, version)
    assert session.id > 0
    assert [row.partition_index for row in rows(session.first)] == [0, 1, 2]
    assert session.fetch().responses == []
    broker.produce("t", batch(b"a"), partition=1)
    assert [row.partition_index for row in rows(session.fetch())] == [1]
    assert [row.partition_index for row in rows(session.fetch(("t", 1, 1)))] == []
    broker.produce("t", batch(b"b"), partition=0)
    broker.produce("t", batch(b"c"), partition=1)
    answer = session.fetch(forget=(0,))
    assert [(row.partition_index, values(row.records)) for row in rows(answer)] == [(1, [b"c"])]
    assert answer.session_id == session.id


def test_sessions_tell_of_a_divergence() -> None:
    """As often as a reader has diverged (KIP-595), though the partition's offsets are no news."""
    broker = Harness()
    broker.create("t")
    broker.produce("t", batch(b"a"))
    session = Session(broker, 1)
    request = broker.fetch_request(("t", 0, 5), max_wait_ms=0)
    request.topics[0].partitions[0].last_fetched_epoch = 0
    for is_named in (True, False):
        if not is_named:
            request.topics = []
        request.session_id, request.session_epoch = session.id, session.epoch
        session.epoch += 1
        (row,) = rows(broker.ask(ApiKey.FETCH, 12, request))
        assert (row.diverging_epoch.epoch, row.diverging_epoch.end_offset) == (0, 1)


def test_partitions_take_turns() -> None:
    """A partition that gave records is read last the next time, so that none starves under max_bytes."""
    broker = Harness()
    broker.create("t", 2)
    for partition in (0, 1):
        for _ in range(2):
            broker.produce("t", batch(b"x"), partition=partition)
    session = Session(broker, 2)
    first = [row.partition_index for row in rows(session.fetch(max_bytes=1)) if len(row.records)]
    second = [row.partition_index for row in rows(session.fetch(max_bytes=1)) if len(row.records)]
    assert sorted(first + second) == [0, 1]


def test_wrong_sessions() -> None:
    """An unknown session, an epoch that is not the next one, names where ids were used: one error for the
    request.
    """
    broker = Harness()
    broker.create("t")
    session = Session(broker, 1)
    unknown = broker.fetch(session_id=session.id + 1, session_epoch=1)
    assert unknown.error_code == ErrorCode.FETCH_SESSION_ID_NOT_FOUND
    assert (
        broker.fetch(session_id=session.id, session_epoch=2).error_code
        == ErrorCode.INVALID_FETCH_SESSION_EPOCH
    )
    mixed = broker.fetch(session_id=session.id, session_epoch=1, version=13)
    assert mixed.error_code == ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR
    assert session.fetch().error_code == 0
    final = broker.fetch(("t", 0, 0), session_id=session.id, session_epoch=-1, max_wait_ms=0)
    assert (final.error_code, final.session_id) == (0, 0)
    assert session.fetch().error_code == ErrorCode.FETCH_SESSION_ID_NOT_FOUND


def test_sessions_are_limited() -> None:
    """Without room a client gets no session and fetches in full; idle ones and small old ones make room."""
    broker = Harness(max_incremental_fetch_session_cache_slots=2)
    broker.create("t", 3)
    first, second = Session(broker, 1), Session(broker, 2)
    assert Session(broker, 3).id == 0
    broker.advance(60_000)
    first.fetch()
    second.fetch()
    broker.advance(61_000)
    bigger = Session(broker, 3)
    assert bigger.id > 0  # at the cost of the first, which is old by now and the smallest
    assert first.fetch().error_code == ErrorCode.FETCH_SESSION_ID_NOT_FOUND
    assert second.fetch().error_code == 0
    broker.advance(121_000)
    assert Session(broker, 1).id > 0  # at the cost of the one that was idle for longest


def test_a_session_whose_topic_was_made_again() -> None:
    """By name a session goes on with the new topic; by id the old one is unknown."""
    for version, code in ((12, 0), (13, ErrorCode.UNKNOWN_TOPIC_ID)):
        broker = Harness()
        broker.create("t")
        session = Session(broker, 1, version)
        topic = broker.node.topics.get("t")
        assert topic is not None
        broker.node.topics.delete(topic, now_ms=0)
        broker.create("t")
        broker.produce("t", batch(b"new"))
        row = rows(session.fetch())[0]
        assert row.error_code == code
        assert bool(len(row.records)) is (code == 0)
