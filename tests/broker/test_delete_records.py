"""DeleteRecords (KIP-107): what goes, what clients see then, and that it stays gone."""

from __future__ import annotations

import errno
from random import Random
from typing import Any

import pytest

from odradek.broker.context import Pending
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.messages import list_offsets
from odradek.protocol.messages.delete_records import REQUEST, REQUEST_PARTITION, REQUEST_TOPIC
from odradek.storage.faulty_file_system import FaultyFileSystem
from odradek.storage.file_system import FileSystem
from odradek.storage.memory_file_system import MemoryFileSystem

from .harness import Harness, batch, decoded

OFFSET_OUT_OF_RANGE, UNKNOWN_TOPIC_OR_PARTITION, INVALID_TOPIC, POLICY_VIOLATION = 1, 3, 17, 44
KAFKA_STORAGE_ERROR = 56


def start(harness: Harness, topic: str, *offsets: tuple[int, int], version: int = 2) -> Any:
    """DeleteRecords of one topic, by (partition, offset)s: the response, or the Pending."""
    rows = [REQUEST_PARTITION(partition_index=index, offset=offset) for index, offset in offsets]
    value = REQUEST(topics=[REQUEST_TOPIC(name=topic, partitions=rows)], timeout_ms=1000)
    return harness.start(ApiKey.DELETE_RECORDS, version, value)


def delete(
    harness: Harness, topic: str, *offsets: tuple[int, int], version: int = 2
) -> list[tuple[int, int]]:
    """The same, with the disk's part done: each partition's error code and low watermark."""
    answer = start(harness, topic, *offsets, version=version)
    if isinstance(answer, Pending):
        assert not answer.done
        harness.node.syncs.run_all()
        answer = decoded(ApiKey.DELETE_RECORDS, version, answer.response)
    return [(row.error_code, row.low_watermark) for topic in answer.topics for row in topic.partitions]


def earliest(harness: Harness, topic: str) -> int:
    """Where ListOffsets says that partition 0 begins."""
    rows = [list_offsets.REQUEST_PARTITION(partition_index=0, timestamp=-2)]
    value = list_offsets.REQUEST(topics=[list_offsets.REQUEST_TOPIC(name=topic, partitions=rows)])
    return int(harness.ask(ApiKey.LIST_OFFSETS, 7, value).topics[0].partitions[0].offset)


def filled(file_system: FileSystem | None = None, records: int = 10, **configs: object) -> Harness:
    """A broker with the topic `t`, a batch for each of its records."""
    harness = Harness(file_system)
    harness.create("t", 2, **configs)
    for number in range(records):
        harness.produce("t", batch(b"%d" % number, key=b"key"))
    return harness


@pytest.mark.parametrize("version", [0, 1, 2])
def test_records_before_an_offset_are_gone(version: int) -> None:
    """Clients are told where the log starts; offsets stay what they were."""
    harness = filled()
    assert delete(harness, "t", (0, 3), version=version) == [(0, 3)]
    assert earliest(harness, "t") == 3
    row = harness.fetch(("t", 0, 3), max_wait_ms=0).responses[0].partitions[0]
    assert (row.error_code, row.log_start_offset, row.high_watermark) == (0, 3, 10)
    assert harness.values("t", offset=3)[0] == b"3"
    before = harness.fetch(("t", 0, 2), max_wait_ms=0).responses[0].partitions[0]
    assert before.error_code == OFFSET_OUT_OF_RANGE


def test_offsets_that_are_gone_already_change_nothing() -> None:
    """The answer has the log's start."""
    harness = filled()
    assert delete(harness, "t", (0, 5), (1, 0)) == [(0, 5), (0, 0)]
    assert delete(harness, "t", (0, 2)) == [(0, 5)]


def test_of_a_partition_named_twice_the_last_offset_counts() -> None:
    """As in Kafka, which keeps one for each partition."""
    assert delete(filled(), "t", (0, 5), (0, 3)) == [(0, 3)]


def test_minus_one_deletes_everything() -> None:
    """Whole segments too: their files are gone. The next record has the next offset."""
    harness = filled()
    assert delete(harness, "t", (0, -1)) == [(0, 10)]
    partition = harness.node.topics.partition("t", 0)
    assert partition is not None
    assert partition.log.size == 0
    assert harness.produce("t", batch(b"more")).base_offset == 10
    assert harness.values("t", offset=10) == [b"more"]


@pytest.mark.parametrize(("offset"), [11, -2])
def test_offsets_that_there_never_were(offset: int) -> None:
    """OFFSET_OUT_OF_RANGE, at once."""
    harness = filled()
    assert delete(harness, "t", (0, offset)) == [(OFFSET_OUT_OF_RANGE, -1)]
    assert earliest(harness, "t") == 0


def test_what_is_not_deleted() -> None:
    """Topics that are not there, Kafka's own, and those whose records only compaction may remove."""
    harness = filled(cleanup_policy="compact")
    harness.create("both", cleanup_policy="compact,delete")
    assert delete(harness, "t", (0, 3)) == [(POLICY_VIOLATION, -1)]
    assert delete(harness, "both", (0, 0)) == [(0, 0)]
    assert delete(harness, "none", (0, 0)) == [(UNKNOWN_TOPIC_OR_PARTITION, -1)]
    assert delete(harness, "both", (1, 0), (-1, 0)) == [(UNKNOWN_TOPIC_OR_PARTITION, -1)] * 2
    assert delete(harness, "__consumer_offsets", (0, 0)) == [(INVALID_TOPIC, -1)]
    assert start(harness, "t").topics == []


def test_only_acknowledged_records_are_deleted() -> None:
    """Under `flush.messages=1` the high watermark is what is on the disk."""
    harness = filled(records=0, flush_messages=1)
    waiting = harness.produce("t", batch(b"a"))
    assert delete(harness, "t", (0, 1)) == [(OFFSET_OUT_OF_RANGE, -1)]
    harness.node.syncs.run_all()
    assert waiting.done
    assert delete(harness, "t", (0, 1)) == [(0, 1)]


def test_a_waiting_fetch_learns_that_its_records_are_gone() -> None:
    """It does not wait for more bytes behind an offset that there is no more."""
    harness = filled()
    waiting = harness.fetch(("t", 0, 4), min_bytes=1 << 20, max_wait_ms=60_000)
    assert isinstance(waiting, Pending)
    delete(harness, "t", (0, 5))
    assert waiting.done
    row = decoded(ApiKey.FETCH, 12, waiting.response).responses[0].partitions[0]
    assert row.error_code == OFFSET_OUT_OF_RANGE


@pytest.mark.parametrize("clean", [True, False])
def test_deleted_records_do_not_come_back(clean: bool) -> None:
    """After a stop or a kill; `log-start-offset-checkpoint` is as Apache Kafka writes it."""
    harness = filled()
    delete(harness, "t", (0, 7))
    assert harness.file_system.read_bytes("/data/log-start-offset-checkpoint") == b"0\n1\nt 0 7\n"
    harness.restart(clean=clean)
    assert earliest(harness, "t") == 7
    assert harness.values("t", offset=7) == [b"7", b"8", b"9"]


@pytest.mark.parametrize("seed", range(30))
def test_deleted_records_do_not_come_back_after_a_loss_of_power(seed: int) -> None:
    """Once the answer has gone out, whatever of the rest the disk has kept."""
    chance = Random(seed)
    harness = filled(FaultyFileSystem())
    offset = chance.choice((-1, chance.randrange(1, 10)))
    ((error_code, start_offset),) = delete(harness, "t", (0, offset))
    assert error_code == 0
    assert isinstance(harness.file_system, FaultyFileSystem)
    harness.file_system = harness.file_system.power_loss(chance)
    harness.node = harness._open()
    assert earliest(harness, "t") >= start_offset
    assert harness.produce("t", batch(b"more")).base_offset >= start_offset


class FullDisk(MemoryFileSystem):
    """Where no file can take another's place once it `is_full`."""

    is_full = False

    def rename(self, old: str, new: str) -> None:
        if self.is_full:
            raise OSError(errno.ENOSPC, "no space left", new)
        super().rename(old, new)


def test_a_start_that_cannot_be_written_down_is_an_error() -> None:
    """KAFKA_STORAGE_ERROR: after a crash the records would be there again."""
    disk = FullDisk()
    harness = filled(disk)
    answer = start(harness, "t", (0, 3), (1, 1))
    disk.is_full = True
    harness.node.syncs.run_all()
    rows = decoded(ApiKey.DELETE_RECORDS, 2, answer.response).topics[0].partitions
    assert [(row.error_code, row.low_watermark) for row in rows] == [
        (KAFKA_STORAGE_ERROR, -1),
        (OFFSET_OUT_OF_RANGE, -1),
    ]
