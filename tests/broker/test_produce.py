"""Produce through the handler: what is appended, what is refused with which code, and when it is answered."""

from __future__ import annotations

import errno

import pytest

from odradek.broker.connection import CloseConnection
from odradek.broker.context import Pending
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.checksum import crc32c
from odradek.protocol.errors import ErrorCode
from odradek.protocol.message_set import down_convert
from odradek.protocol.messages.produce import REQUEST, REQUEST_PARTITION, REQUEST_TOPIC
from odradek.protocol.record_batch import LOG_APPEND_TIME, Compression, batches
from odradek.storage.faulty_file_system import Fault, FaultyFileSystem
from odradek.storage.file_system import FileSystem

from .harness import Harness, all_records, batch, decoded, values


@pytest.mark.parametrize("version", range(14))
def test_every_version_appends(version: int) -> None:
    """From message sets of magic 0 to topic ids: each version of the API puts its records into the log."""
    broker = Harness()
    broker.create("t")
    data = batch(b"a", b"b")
    if version < 3:
        data = down_convert(data, 0 if version < 2 else 1, 1 << 20)
    row = broker.produce("t", data, version=version)
    assert (row.error_code, row.base_offset) == (0, 0)
    assert broker.values("t") == [b"a", b"b"]
    assert broker.produce("t", data, version=version).base_offset == 2


def test_acks_0_is_not_answered() -> None:
    """With acks=0 the records are appended and nothing is sent."""
    broker = Harness()
    broker.create("t")
    assert broker.produce("t", batch(b"a"), acks=0) is None
    assert broker.values("t") == [b"a"]


def test_an_error_with_acks_0_closes_the_connection() -> None:
    """A producer that reads no answers learns of an error by losing its connection, as with Kafka."""
    broker = Harness()
    with pytest.raises(CloseConnection, match="UNKNOWN_TOPIC_OR_PARTITION"):
        broker.produce("nowhere", batch(b"a"), acks=0)


def test_what_is_refused() -> None:
    """Each rule of the produce path has its code, and nothing of a refused batch is appended."""
    broker = Harness()
    broker.create("t", max_message_bytes=500)
    broker.create("compacted", cleanup_policy="compact")
    broken = bytearray(batch(b"a"))
    broken[-1] ^= 1
    cases = [
        ("t", batch(b"x" * 1000), {}, ErrorCode.MESSAGE_TOO_LARGE),
        ("t", bytes(broken), {}, ErrorCode.CORRUPT_MESSAGE),
        ("t", batch(b"a") + batch(b"b"), {}, ErrorCode.INVALID_RECORD),
        ("t", None, {}, ErrorCode.INVALID_RECORD),
        ("t", b"", {}, ErrorCode.INVALID_RECORD),
        ("t", down_convert(batch(b"a"), 1, 1 << 20), {}, ErrorCode.INVALID_RECORD),
        (
            "t",
            batch(b"a", compression=Compression.ZSTD),
            {"version": 6},
            ErrorCode.UNSUPPORTED_COMPRESSION_TYPE,
        ),
        ("t", batch(b"a", timestamp=1_800_000_000_000), {}, ErrorCode.INVALID_TIMESTAMP),
        ("t", batch(b"a", is_control=True), {}, ErrorCode.INVALID_RECORD),
        ("t", batch(b"a"), {"acks": 2}, ErrorCode.INVALID_REQUIRED_ACKS),
        ("t", batch(b"a"), {"partition": 1}, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
        ("t", batch(b"a"), {"partition": -1}, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
        ("nowhere", batch(b"a"), {}, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
        ("nowhere", batch(b"a"), {"version": 13}, ErrorCode.UNKNOWN_TOPIC_ID),
        ("compacted", batch(b"a"), {}, ErrorCode.INVALID_RECORD),
        ("__consumer_offsets", batch(b"a"), {}, ErrorCode.INVALID_TOPIC_EXCEPTION),
        (
            "t",
            batch(b"a", producer_id=1, producer_epoch=0, base_sequence=0, is_transactional=True),
            {},
            ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
        ),
    ]
    for topic, data, how, code in cases:
        row = broker.produce(topic, data, **how)
        assert (row.error_code, row.base_offset) == (code, -1), (topic, how, code)
    assert broker.values("t") == broker.values("compacted") == []


def test_errors_say_where_the_log_starts() -> None:
    """An error that Kafka finds at the log comes with its start, one that it finds in the request with -1."""
    broker = Harness()
    broker.create("t")
    no_gzip = bytearray(batch(b"a"))
    no_gzip[22] = 1
    no_gzip[17:21] = crc32c(no_gzip[21:]).to_bytes(4, "big")
    for data, code, log_start_offset in (
        (batch(b"a", is_control=True), ErrorCode.INVALID_RECORD, 0),
        (bytes(no_gzip), ErrorCode.UNKNOWN_SERVER_ERROR, 0),
        (b"", ErrorCode.INVALID_RECORD, -1),
        (batch(b"a") + batch(b"b"), ErrorCode.INVALID_RECORD, -1),
    ):
        row = broker.produce("t", data)
        assert (row.error_code, row.log_start_offset) == (code, log_start_offset)


def test_the_last_of_a_partitions_data_counts() -> None:
    """What is sent twice for one partition is appended once, a topic without partitions is not answered."""
    broker = Harness()
    broker.create("t")
    rows = [REQUEST_PARTITION(index=0, records=batch(value)) for value in (b"a", b"b", b"c")]
    topics = [
        REQUEST_TOPIC(name="t", partition_data=rows[:2]),
        REQUEST_TOPIC(name="t", partition_data=rows[2:]),
        REQUEST_TOPIC(name="t2", partition_data=[]),
    ]
    answer = broker.ask(ApiKey.PRODUCE, 9, REQUEST(acks=1, topic_data=topics))
    assert [(topic.name, len(topic.partition_responses)) for topic in answer.responses] == [("t", 1)]
    assert broker.values("t") == [b"c"]


def test_record_errors_name_the_records() -> None:
    """From version 8 on the answer says which records were refused, and why (KIP-467)."""
    broker = Harness()
    broker.create("t", cleanup_policy="compact")
    row = broker.produce("t", batch(b"a", b"b"), version=8)
    assert row.error_code == ErrorCode.INVALID_RECORD
    assert [each.batch_index for each in row.record_errors] == [0, 1]
    assert "key" in row.record_errors[0].batch_index_error_message
    assert row.error_message


def test_log_append_time() -> None:
    """A topic with LogAppendTime stamps records with the broker's clock and tells the producer."""
    broker = Harness()
    broker.create("t", message_timestamp_type="LogAppendTime")
    row = broker.produce("t", batch(b"a", timestamp=5))
    assert row.log_append_time_ms == broker.clock.wall_ms()
    data = broker.fetch(("t", 0, 0)).responses[0].partitions[0].records
    assert next(batches(data)).timestamp_type == LOG_APPEND_TIME
    assert [record.timestamp for record in all_records(data)] == [broker.clock.wall_ms()]


def test_the_topics_codec() -> None:
    """`compression.type` other than `producer` compresses anew."""
    broker = Harness()
    broker.create("t", compression_type="gzip")
    broker.produce("t", batch(b"a", b"b", compression=Compression.ZSTD))
    data = broker.fetch(("t", 0, 0)).responses[0].partitions[0].records
    assert next(batches(data)).compression is Compression.GZIP
    assert values(data) == [b"a", b"b"]


def test_idempotence() -> None:
    """A repeated batch is answered with its first offset, a gap and an old epoch are refused, also after a
    crash.
    """
    broker = Harness()
    broker.create("t")

    def send(sequence: int, epoch: int = 0) -> tuple[int, int]:
        data = batch(b"%d" % sequence, producer_id=7, producer_epoch=epoch, base_sequence=sequence)
        row = broker.produce("t", data)
        return row.error_code, row.base_offset

    assert [send(0), send(1), send(2)] == [(0, 0), (0, 1), (0, 2)]
    for _ in range(2):
        assert send(1) == (0, 1)
        assert send(5) == (ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, -1)
        broker.restart(clean=False)
    assert send(0, epoch=1) == (0, 3)
    assert send(4, epoch=0) == (ErrorCode.INVALID_PRODUCER_EPOCH, -1)
    assert broker.values("t") == [b"0", b"1", b"2", b"0"]


class SyncFails(FaultyFileSystem):
    """Where no file can be synced while `failing` is set."""

    failing = False

    def _begin(self, operation: str, path: str) -> Fault | None:
        fault = super()._begin(operation, path)
        return Fault(errno.EIO) if self.failing and operation == "sync" else fault


def durable(file_system: FileSystem | None = None) -> Harness:
    broker = Harness(file_system, log_flush_interval_messages=1)
    broker.create("t", 2)
    broker.node.syncs.run_all()
    return broker


def test_durable_acknowledgements_wait_for_the_sync() -> None:
    """With flush.messages=1 producers wait for a sync that they share, and consumers see nothing before."""
    broker = durable()
    first, second = broker.produce("t", batch(b"a")), broker.produce("t", batch(b"b"), partition=1)
    assert isinstance(first, Pending)
    assert isinstance(second, Pending)
    assert broker.values("t") == []
    waiting = broker.fetch(("t", 0, 0))
    round = broker.node.syncs.begin()
    assert round is not None
    third = broker.produce("t", batch(b"c"))
    round.run()
    assert not first.done
    broker.node.syncs.finish(round)
    assert first.done
    assert second.done
    assert waiting.done
    assert not third.done
    assert broker.values("t") == [b"a"]
    broker.node.syncs.run_all()
    assert third.done
    row = decoded(ApiKey.PRODUCE, 9, third.response).responses[0].partition_responses[0]
    assert (row.error_code, row.base_offset) == (0, 1)


def test_a_failed_sync_fails_the_acknowledgements() -> None:
    """What could not be synced is not acknowledged; the partition is offline and the others serve."""
    disk = SyncFails()
    broker = durable(disk)
    waiting = broker.produce("t", batch(b"a"))
    disk.failing = True
    broker.node.syncs.run_all()
    row = decoded(ApiKey.PRODUCE, 9, waiting.response).responses[0].partition_responses[0]
    assert (row.error_code, row.base_offset) == (ErrorCode.KAFKA_STORAGE_ERROR, -1)
    assert broker.produce("t", batch(b"b")).error_code == ErrorCode.KAFKA_STORAGE_ERROR
    disk.failing = False
    other = broker.produce("t", batch(b"c"), partition=1)
    broker.node.syncs.run_all()
    row = decoded(ApiKey.PRODUCE, 9, other.response).responses[0].partition_responses[0]
    assert row.error_code == 0


def test_who_waits_for_a_sync_is_answered_though_the_topic_is_not_durable_any_more() -> None:
    """When flush.messages goes from 1 to many, the next append moves the high watermark past the waiting
    ones.
    """
    broker = durable()
    waiting = broker.produce("t", batch(b"a"))
    topic = broker.node.topics.get("t")
    assert topic is not None
    (partition, _) = topic.partitions
    partition.apply(partition.policy._replace(flush_messages=1000))
    assert broker.produce("t", batch(b"b")).base_offset == 1
    broker.node.syncs.run_all()
    assert waiting.done
    row = decoded(ApiKey.PRODUCE, 9, waiting.response).responses[0].partition_responses[0]
    assert (row.error_code, row.base_offset) == (0, 0)


def test_min_insync_replicas_when_strict() -> None:
    """One broker cannot keep min.insync.replicas=2: ignored by default, refused for acks=all when strict."""
    for strict, code in ((False, 0), (True, ErrorCode.NOT_ENOUGH_REPLICAS)):
        broker = Harness(strict_replication=strict)
        broker.create("t", min_insync_replicas=2)
        assert broker.produce("t", batch(b"a"), acks=1).error_code == 0
        assert broker.produce("t", batch(b"a"), acks=-1).error_code == code
