"""OffsetForLeaderEpoch, DescribeLogDirs, and the levels of loggers."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from odradek.protocol.api_keys import ApiKey
from odradek.protocol.messages import describe_log_dirs, offset_for_leader_epoch
from odradek.storage.file_system import RealFileSystem

from .config_desk import APPEND, BROKER_LOGGER, DELETE, SET, alter, describe
from .harness import Harness, batch

FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH, UNKNOWN_TOPIC_OR_PARTITION = 74, 75, 3


def epoch_end(
    harness: Harness, epoch: int, current: int = -1, *, index: int = 0, version: int = 4
) -> tuple[int, int, int]:
    """Error code, epoch and end offset of the answer about `t`."""
    row = offset_for_leader_epoch.REQUEST_PARTITION(
        partition=index, current_leader_epoch=current, leader_epoch=epoch
    )
    topic = offset_for_leader_epoch.REQUEST_TOPIC(topic="t", partitions=[row])
    value = offset_for_leader_epoch.REQUEST(topics=[topic])
    (answer,) = harness.ask(ApiKey.OFFSET_FOR_LEADER_EPOCH, version, value).topics[0].partitions
    return answer.error_code, answer.leader_epoch, answer.end_offset


def test_a_leader_epoch_ends_where_the_log_does() -> None:
    """Also in an empty log: the leader has begun its epoch (KIP-101)."""
    harness = Harness()
    harness.create("t")
    assert epoch_end(harness, 0) == (0, 0, 0)
    harness.produce("t", batch(b"a", b"b"))
    for version in range(1, 5):
        assert epoch_end(harness, 0, version=version) == (0, 0, 2)
    assert epoch_end(harness, 0, version=0) == (0, -1, 2)
    harness.restart(clean=False)
    assert epoch_end(harness, 0) == (0, 0, 2)


@pytest.mark.parametrize(
    ("epoch", "current", "index", "answer"),
    [
        (1, -1, 0, (0, -1, -1)),
        (-1, -1, 0, (0, -1, -1)),
        (0, 0, 0, (0, 0, 0)),
        (0, 1, 0, (UNKNOWN_LEADER_EPOCH, -1, -1)),
        (0, -2, 0, (FENCED_LEADER_EPOCH, -1, -1)),
        (0, -1, 1, (UNKNOWN_TOPIC_OR_PARTITION, -1, -1)),
    ],
)
def test_epochs_that_the_broker_cannot_tell_about(
    epoch: int, current: int, index: int, answer: tuple[int, int, int]
) -> None:
    """Later ones, none, and requests of clients that believe in another leader (KIP-320)."""
    harness = Harness()
    harness.create("t")
    assert epoch_end(harness, epoch, current, index=index) == answer


def described(harness: Harness, *topics: tuple[str, list[int]], version: int = 5) -> Any:
    """The one folder in the answer; no topics means all."""
    asked = [describe_log_dirs.REQUEST_TOPIC(topic=name, partitions=indexes) for name, indexes in topics]
    value = describe_log_dirs.REQUEST(topics=asked or None)
    (result,) = harness.ask(ApiKey.DESCRIBE_LOG_DIRS, version, value).results
    assert result.error_code == 0
    return result


def test_the_folder_is_described_with_the_size_of_each_log() -> None:
    """All partitions, or those of the request that exist."""
    harness = Harness()
    harness.create("t", 2)
    harness.produce("t", batch(b"a" * 100))
    size = len(batch(b"a" * 100))
    for version in range(6):
        result = described(harness, version=version)
        sizes = {
            (topic.name, row.partition_index): row.partition_size
            for topic in result.topics
            for row in topic.partitions
        }
        assert sizes == {("__consumer_offsets", 0): 0, ("t", 0): size, ("t", 1): 0}
    assert result.log_dir == "/data"
    (topic,) = described(harness, ("t", [1, 7]), ("none", [0])).topics
    assert [(row.partition_index, row.offset_lag, row.is_future_key) for row in topic.partitions] == [
        (1, 0, False)
    ]


def test_the_volume_has_a_size(tmp_path: Path) -> None:
    """Total and free bytes (KIP-827), -1 where everything is in memory."""
    in_memory = described(Harness())
    assert (in_memory.total_bytes, in_memory.usable_bytes) == (-1, -1)
    harness = Harness(RealFileSystem(), log_dirs=f"{tmp_path}/data")
    result = described(harness)
    harness.node.close()
    found = os.statvfs(tmp_path)
    assert result.total_bytes == found.f_blocks * found.f_frsize
    assert 0 < result.usable_bytes <= result.total_bytes
    assert result.log_dir == f"{tmp_path}/data"


@pytest.fixture(name="loggers")
def _loggers() -> Iterator[None]:
    """Levels are put back."""
    loggers = [logging.getLogger(name) for name in ("odradek", "odradek.broker.topics")]
    levels = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


@pytest.mark.usefixtures("loggers")
def test_levels_of_loggers_change_at_once() -> None:
    """KIP-412: `root` is the broker's own, so that a process that has it embedded keeps its levels."""
    harness, name = Harness(), "odradek.broker.topics"
    assert alter(harness, BROKER_LOGGER, "1", ("root", SET, "ERROR"), (name, SET, "DEBUG")) == (0, None)
    shown = describe(harness, BROKER_LOGGER, "1")
    assert shown["root"] == ("ERROR", 6, False, [])
    assert shown[name].value == "DEBUG"
    assert logging.getLogger(name).isEnabledFor(logging.DEBUG)
    assert logging.root.level != logging.ERROR
    assert alter(harness, BROKER_LOGGER, "1", (name, DELETE, None)) == (0, None)
    assert describe(harness, BROKER_LOGGER, "1")[name].value == "ERROR"


@pytest.mark.usefixtures("loggers")
@pytest.mark.parametrize(
    ("node", "name", "operation", "level", "code", "sentence"),
    [
        ("", "root", SET, "INFO", 42, "Node id must be an integer, but it is: "),
        ("2", "root", SET, "INFO", 42, "Unexpected node id. Expected 1, but received 2"),
        ("1", "none", SET, "INFO", 40, "Logger none does not exist!"),
        ("1", "root", DELETE, None, 42, "Removing the log level of the root logger is not allowed"),
        ("1", "root", APPEND, "INFO", 42, "APPEND operation is not allowed for the BROKER_LOGGER resource"),
        ("1", "root", SET, None, 42, "Null value not supported for : root"),
        (
            "1",
            "root",
            SET,
            "LOUD",
            40,
            "Cannot set the log level of root to LOUD as it is not a supported log level. Valid log levels "
            "are DEBUG, ERROR, FATAL, INFO, TRACE, WARN",
        ),
    ],
)
def test_levels_that_there_are_not(
    node: str, name: str, operation: int, level: str | None, code: int, sentence: str
) -> None:
    """Kafka's codes and sentences."""
    before = logging.getLogger("odradek").level
    assert alter(Harness(), BROKER_LOGGER, node, (name, operation, level)) == (code, sentence)
    assert logging.getLogger("odradek").level == before
