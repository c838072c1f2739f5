"""A whole broker on a disk that fails once, at any call, in any way."""

from __future__ import annotations

import errno
from collections.abc import Callable
from random import Random
from typing import NamedTuple

import pytest

from odradek.broker.context import Pending
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages import create_topics, delete_topics, offset_commit
from odradek.storage.faulty_file_system import Fault, FaultyFileSystem

from .group_desk import Desk, answered
from .harness import batch, decoded, values

FAILED = (ErrorCode.KAFKA_STORAGE_ERROR, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
FAULTS: dict[str, Callable[[bool], Fault]] = {
    "EIO": lambda _: Fault(errno.EIO),
    "ENOSPC within a write": lambda writes: Fault(errno.ENOSPC, 50 if writes else 0),
    "short write": lambda writes: Fault(None, 50) if writes else Fault(errno.EINTR),
}


class Sent(NamedTuple):
    """A record, and the offset that was acknowledged, if any was."""

    value: bytes
    offset: int | None


class Story:
    """What clients ask of a broker, whatever the answers are: each has to be an error code that fits."""

    def __init__(self, disk: FaultyFileSystem, durable: bool) -> None:
        settings = {"log_flush_interval_messages": 1} if durable else {}
        self.desk = Desk(disk, **settings)
        self.desk.node.syncs.run_all()
        self.sent: list[Sent] = []
        self.commits = [-1]  # the last that was acknowledged, and those tried since

    def tell(self) -> None:
        """A topic is made, filled over several segments, checkpointed, deleted, made and filled again."""
        for producer_id in (7, 8):
            self._make_topic()
            for number in range(8):
                self._produce(producer_id, number)
                if number == 4:
                    self._checkpoint()
            self._commit(producer_id)
            if producer_id == 7:
                self._delete_topic()

    def _make_topic(self) -> None:
        config = create_topics.REQUEST_CONFIG(name="internal.segment.bytes", value="400")
        topic = create_topics.REQUEST_TOPIC(
            name="t", num_partitions=1, replication_factor=1, configs=[config]
        )
        answer = self.desk.harness.ask(ApiKey.CREATE_TOPICS, 7, create_topics.REQUEST(topics=[topic]))
        code = answer.topics[0].error_code
        assert code in (0, ErrorCode.KAFKA_STORAGE_ERROR, ErrorCode.TOPIC_ALREADY_EXISTS)

    def _delete_topic(self) -> None:
        answer = self.desk.harness.ask(ApiKey.DELETE_TOPICS, 5, delete_topics.REQUEST(topic_names=["t"]))
        code = answer.responses[0].error_code
        assert code in (0, *FAILED)
        if code == 0:
            self.sent = []

    def _produce(self, producer_id: int, number: int) -> None:
        value = b"%d of producer %d" % (number, producer_id)
        data = batch(value, producer_id=producer_id, producer_epoch=0, base_sequence=number)
        row = self.desk.harness.produce("t", data)
        if isinstance(row, Pending):
            self.desk.node.syncs.run_all()
            row = decoded(ApiKey.PRODUCE, 9, row.response).responses[0].partition_responses[0]
        # A producer whose batch was refused goes on with a gap before the next one.
        assert row.error_code in (0, *FAILED, ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER)
        self.sent.append(Sent(value, None if row.error_code else row.base_offset))

    def _commit(self, offset: int) -> None:
        partition = offset_commit.REQUEST_PARTITION(partition_index=0, committed_offset=offset)
        topics = [offset_commit.REQUEST_TOPIC(name="orders", partitions=[partition])]
        answer = self.desk.ask("offset_commit", 8, group_id="g", topics=topics)
        self.desk.node.syncs.run_all()
        code = answered(answer).topics[0].partitions[0].error_code
        assert code in (0, ErrorCode.NOT_COORDINATOR)
        self.commits = [offset] if code == 0 else [*self.commits, offset]

    def _checkpoint(self) -> None:
        for partition in self.desk.node.topics.partitions():
            self.desk.node.syncs.request(partition, checkpoint=True)
        self.desk.node.syncs.run_all()

    def restart(self, disk: FaultyFileSystem) -> None:
        """Another broker finds this disk."""
        self.desk.harness.file_system = disk
        self.desk.harness.node = self.desk.harness._open()

    def check(self, *, may_be_offline: bool) -> None:
        """What was acknowledged is there, once and in its place; what was not is whole or absent."""
        acknowledged = {each.offset: each.value for each in self.sent if each.offset is not None}
        if self.desk.node.topics.get("t") is None:
            assert not acknowledged
            return
        kept: list[bytes | None] = []
        while True:  # an answer ends with a segment
            answer = self.desk.harness.fetch(("t", 0, len(kept)), max_wait_ms=0)
            row = answer.responses[0].partitions[0]
            if row.error_code:
                assert (row.error_code, may_be_offline) == (ErrorCode.KAFKA_STORAGE_ERROR, True)
                return
            found = values(row.records)
            if not found:
                break
            kept += found
        assert {offset: kept[offset] for offset in acknowledged} == acknowledged
        assert len({*kept}) == len(kept)


def operations(durable: bool) -> list[str]:
    """What the story asks of the disk, in order."""
    disk = FaultyFileSystem()
    story = Story(disk, durable)
    before = len(disk.trace)
    story.tell()
    return disk.trace[before:]


@pytest.mark.parametrize("durable", [False, True], ids=["", "durable"])
@pytest.mark.parametrize("fault", FAULTS)
def test_one_fault_breaks_no_promise(fault: str, durable: bool) -> None:
    """Every request succeeds, or is answered with an error code that fits; what was acknowledged is read
    then, and again after a stop, after a kill, and after a loss of power if it had to be durable.
    """
    trace = operations(durable)
    for call, operation in enumerate(trace):
        disk = FaultyFileSystem()
        story = Story(disk, durable)
        disk.faults = {disk.calls + call + 1: FAULTS[fault](operation.startswith("write"))}
        story.tell()
        disk.faults = {}
        story.check(may_be_offline=True)
        later = [disk, disk.process_kill()]
        if durable:
            later.append(disk.power_loss(Random(call)))
        story.desk.node.close()
        for found in later:
            story.restart(found)
            story.check(may_be_offline=False)
            assert story.desk.committed() in story.commits
