"""The files on disk against Apache Kafka itself: its tools read ours, we serve its directories, and it takes
them back.

python -m pytest compat-tests/test_log_format.py       # needs what `scripts/apache-kafka` needs
"""

from __future__ import annotations

import pathlib
import re
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import apache_kafka

from odradek.protocol.record_batch import Record, batches, build_batch, records
from odradek.storage.check import check_directory
from odradek.storage.file_system import RealFileSystem
from odradek.storage.log import Log, LogConfig
from odradek.storage.log_directory import LogDirectory

pytestmark = pytest.mark.usefixtures("needs_apache_kafka")

VERSION = apache_kafka.DEFAULT_VERSION
NOW_MS = 1_700_000_000_000
SMALL = LogConfig(segment_bytes=20_000, index_interval_bytes=500)


def tool(name: str, *arguments: str, standard_input: str | None = None) -> str:
    """What one of Kafka's tools prints, its complaints included."""
    command = apache_kafka.tool(VERSION, name, *arguments)
    done = subprocess.run(
        command, input=standard_input, capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout + done.stderr


def append(
    log: Log, *values: bytes, leader_epoch: int = 0, timestamp: int = NOW_MS, **ids: int | bool
) -> None:
    """Append one batch."""
    rows = [Record(number, timestamp + number, None, value) for number, value in enumerate(values)]
    data = bytearray(build_batch(rows, **ids))  # type: ignore[arg-type]
    log.append(memoryview(data), list(batches(data)), now_ms=NOW_MS, leader_epoch=leader_epoch)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A partition of several segments that we wrote: plain, idempotent and transactional batches, two
    epochs.
    """
    data = tmp_path_factory.mktemp("ours") / "data"
    folder = LogDirectory.open(RealFileSystem(), str(data))
    log = folder.create_log("flights", 0, SMALL, bytes(range(16)))
    for number in range(300):
        append(log, b"%030d" % number, b"second", timestamp=NOW_MS + 7 * number)
    for number in range(200):
        ids = {"producer_id": 9, "producer_epoch": 0, "base_sequence": number}
        append(log, b"%010d" % number, timestamp=NOW_MS + 5000 - 3 * number, leader_epoch=2, **ids)
    append(
        log, b"t", leader_epoch=2, producer_id=10, producer_epoch=0, base_sequence=0, is_transactional=True
    )
    log.close()
    folder.close()
    return data / "flights-0"


def files(directory: pathlib.Path, *suffixes: str) -> str:
    """The files with these suffixes, as kafka-dump-log takes them."""
    return ",".join(str(path) for path in sorted(directory.iterdir()) if path.suffix in suffixes)


def test_kafka_dump_log_reads_our_segments(ours: pathlib.Path) -> None:
    """Every batch is valid, and every record there."""
    printed = tool("kafka-dump-log", "--deep-iteration", "--print-data-log", "--files", files(ours, ".log"))
    assert printed.count("isvalid: true") == 501
    assert "isvalid: false" not in printed
    assert [int(offset) for offset in re.findall(r"\| offset: (\d+)", printed)] == list(range(801))


def test_kafka_dump_log_verifies_our_indexes(ours: pathlib.Path) -> None:
    """Entries agree with the segments, and the files pass Kafka's sanity check."""
    indexes = files(ours, ".index", ".timeindex")
    verified = tool("kafka-dump-log", "--verify-index-only", "--files", indexes)
    assert not [line for line in verified.splitlines() if not line.startswith("Dumping ")]
    checked = tool("kafka-dump-log", "--index-sanity-check", "--files", indexes)
    assert checked.count("passed sanity check") == len(indexes.split(","))


def test_kafka_dump_log_reads_our_snapshots(ours: pathlib.Path) -> None:
    """The last one has both producers, one with its transaction open."""
    printed = tool("kafka-dump-log", "--files", files(ours, ".snapshot")).splitlines()
    idempotent, transactional = printed[-2:]
    assert idempotent.startswith("producerId: 9 producerEpoch: 0 ")
    assert "firstSequence: 199 lastSequence: 199 lastOffset: 799 offsetDelta: 0" in idempotent
    assert "producerId: 10 " in transactional
    assert "currentTxnFirstOffset: OptionalLong[800]" in transactional


KAFKA_SETTINGS = (
    "log.segment.bytes=1048576",
    "log.index.interval.bytes=500",
    "transaction.state.log.num.partitions=1",
    "offsets.topic.num.partitions=1",
)


@pytest.fixture(scope="module")
def kafkas(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A folder in which Apache Kafka kept a topic: 3000 records, idempotent and transactional ones.

    Beside it `crashed`: the same folder, copied while Kafka was running, as a crash would leave it.
    """
    data = tmp_path_factory.mktemp("kafka") / "data"
    with apache_kafka.running(VERSION, KAFKA_SETTINGS, str(data)) as address:
        tool(
            "kafka-topics",
            "--bootstrap-server",
            address,
            "--create",
            "--topic",
            "flights",
            "--partitions",
            "1",
        )
        produce = ("--topic", "flights", "--throughput", "-1", "--record-size", "1000", "--num-records")
        producer = ("--producer-props", f"bootstrap.servers={address}", "enable.idempotence=true")
        tool("kafka-producer-perf-test", *produce, "2000", *producer)
        tool("kafka-producer-perf-test", *produce, "1000", "--transactional-id", "t", *producer)
        shutil.copytree(data, data.with_name("crashed"), ignore=shutil.ignore_patterns(".lock"))
    return data


def contents(log: Log) -> list[tuple[int, bytes | None]]:
    """Offset and value of the records, those of control batches left out."""
    found: list[tuple[int, bytes | None]] = []
    offset = log.log_start_offset
    while offset < log.log_end_offset:
        data = memoryview(log.read(offset, 1).records.read())
        for header in batches(data):
            if not header.is_control:
                found += [(row.offset, row.value) for row in records(data, header, 1 << 24)]
            offset = header.last_offset + 1
    return found


def test_a_folder_of_apache_kafka_is_sound(kafkas: pathlib.Path) -> None:
    """Our check finds nothing in it: segments, indexes, snapshots, epochs, checkpoints, of all its topics."""
    assert check_directory(RealFileSystem(), str(kafkas)) == []


@pytest.mark.parametrize("name", ["data", "crashed"])
def test_a_folder_of_apache_kafka_is_served(kafkas: pathlib.Path, tmp_path: pathlib.Path, name: str) -> None:
    """After a clean stop and after a crash, preallocated indexes and all: each record, and the producers'
    state.
    """
    shutil.copytree(kafkas.with_name(name), tmp_path / "data")
    folder = LogDirectory.open(RealFileSystem(), str(tmp_path / "data"))
    assert folder.clean == (name == "data")
    assert folder.meta is not None
    log = folder.open_log("flights", 0, LogConfig(), now_ms=0)
    assert log.topic_id is not None
    assert len(contents(log)) == 3000
    assert len(log.segments) > 2
    assert len(log.producers) == 2
    assert log.last_stable_offset == log.log_end_offset
    largest = log.max_timestamp()
    assert largest is not None
    assert log.find_by_timestamp(largest.timestamp) == largest
    for topic, index in folder.partitions():
        if (topic, index) != ("flights", 0):
            folder.open_log(topic, index, LogConfig(compacted=True)).close()
    log.close()
    folder.close()
    assert check_directory(RealFileSystem(), str(tmp_path / "data")) == []


def test_apache_kafka_takes_its_folder_back(kafkas: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """What we appended to its partition is served by Kafka with the rest."""
    data = tmp_path / "data"
    shutil.copytree(kafkas, data)
    folder = LogDirectory.open(RealFileSystem(), str(data))
    logs = [folder.open_log(*key, LogConfig(index_interval_bytes=500)) for key in folder.partitions()]
    (log,) = [log for log in logs if log.directory.endswith("/flights-0")]
    epoch = log.leader_epochs.latest_epoch
    for number in range(100):
        append(log, b"ours %d" % number, leader_epoch=epoch)
    log.roll()
    append(log, b"the last one", leader_epoch=epoch)
    for each in logs:
        each.close()
    folder.close()
    with apache_kafka.running(VERSION, KAFKA_SETTINGS, str(data)) as address:
        consume = (
            "--topic",
            "flights",
            "--from-beginning",
            "--max-messages",
            "3101",
            "--timeout-ms",
            "30000",
        )
        printed = tool("kafka-console-consumer", "--bootstrap-server", address, *consume).splitlines()
    assert [line for line in printed if line.startswith(("ours ", "the last"))] == [
        *(f"ours {number}" for number in range(100)),
        "the last one",
    ]
    assert "Processed a total of 3101 messages" in printed[-1]
