"""`check` finds what is wrong with a log on disk, says where, and finds nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from odradek.protocol.checksum import crc32c
from odradek.storage.check import Problem, check_directory, check_log
from odradek.storage.log_directory import LogDirectory
from odradek.storage.memory_file_system import MemoryFileSystem
from tests.storage.logs import DIRECTORY, SMALL, TOPIC_ID, append, batch, fill, flip, segment_path


@pytest.fixture
def stopped() -> MemoryFileSystem:
    """A folder with a log of several segments, a producer and two leader epochs, left cleanly."""
    file_system = MemoryFileSystem()
    folder = LogDirectory.open(file_system, "data")
    log = folder.create_log("flights", 0, SMALL, TOPIC_ID)
    fill(log, 20)
    for sequence in range(6):
        append(log, batch(b"p" * 90, producer_id=7, sequence=sequence), leader_epoch=4)
    log.close()
    folder.close()
    return file_system


def test_a_sound_folder_has_no_problems(stopped: MemoryFileSystem) -> None:
    """Nothing is found, and nothing is changed."""
    before = {name: stopped.read_bytes(f"{DIRECTORY}/{name}") for name in stopped.list(DIRECTORY)}
    assert check_directory(stopped, "data") == []
    assert before == {name: stopped.read_bytes(f"{DIRECTORY}/{name}") for name in stopped.list(DIRECTORY)}


def test_every_flipped_bit_of_a_log_is_found(stopped: MemoryFileSystem) -> None:
    """In each byte of a segment, whatever it means."""
    path = segment_path(0)
    for position in range(0, stopped.size(path), 3):
        flip(stopped, path, position, 1 << position % 8)
        problems = check_directory(stopped, "data")
        assert problems, f"bit {position % 8} of byte {position}"
        assert problems[0].path == path
        assert problems[0].position is not None
        assert position - 220 < problems[0].position <= position + 108
        flip(stopped, path, position, 1 << position % 8)
    assert check_directory(stopped, "data") == []


@pytest.mark.parametrize("suffix", [".index", ".timeindex"])
def test_wrong_index_entries_are_found(stopped: MemoryFileSystem, suffix: str) -> None:
    """Each entry is held against the batches."""
    path = segment_path(0, suffix)
    for position in range(stopped.size(path)):
        flip(stopped, path, position, 2)
        assert check_directory(stopped, "data")[0].path == path
        flip(stopped, path, position, 2)


def _remove(name: str) -> Callable[[MemoryFileSystem], None]:
    return lambda file_system: file_system.remove(name)


def _cut(name: str, size: int) -> Callable[[MemoryFileSystem], None]:
    return lambda file_system: file_system.open(name).truncate(size)


def _write(name: str, data: bytes) -> Callable[[MemoryFileSystem], None]:
    def write(file_system: MemoryFileSystem) -> None:
        file = file_system.open(name, create=True)
        file.truncate(0)
        file.write_at(0, data)

    return write


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_remove(segment_path(9)), "ends with offset"),
        (_remove(segment_path(0, ".index")), "missing"),
        (_cut(segment_path(0), 200), "reaches beyond the end"),
        (_cut(segment_path(26, ".snapshot"), 30), "checksum of the snapshot"),
        (_write(segment_path(99, ".snapshot"), b""), "too short"),
        (_write(segment_path(99, ".index"), b""), "without its segment"),
        (_write(f"{DIRECTORY}/leader-epoch-checkpoint", b"0\n1\n3 0\n"), "leader epoch"),
        (_write(f"{DIRECTORY}/leader-epoch-checkpoint", b"0\n1\n"), "as many entries"),
        (_write(f"{DIRECTORY}/partition.metadata", b"version: 0"), "topic id"),
        (_write("data/meta.properties", b"version=1"), "cluster.id"),
        (_write("data/recovery-point-offset-checkpoint", b"0\n1\nflights 0 27\n"), "recovery point"),
        (_write("data/log-start-offset-checkpoint", b"0\n1\nflights 0 27\n"), "before its start"),
        (_write("data/log-start-offset-checkpoint", b"0\n"), "as many entries"),
    ],
)
def test_what_is_missing_or_contradicts_is_found(
    stopped: MemoryFileSystem, spoil: Callable[[MemoryFileSystem], None], reason: str
) -> None:
    """Segments, indexes, snapshots, epochs, metadata and checkpoints."""
    spoil(stopped)
    problems = check_directory(stopped, "data")
    assert any(reason in problem.reason for problem in problems), problems


def test_what_a_crash_leaves_is_no_problem(stopped: MemoryFileSystem) -> None:
    """Without the mark of a clean stop a torn tail beyond the recovery point is expected, below it is
    damage.
    """
    stopped.remove("data/.kafka_cleanshutdown")
    last = max(name for name in stopped.list(DIRECTORY) if name.endswith(".log"))
    _cut(f"{DIRECTORY}/{last}", 100)(stopped)
    assert check_directory(stopped, "data") != []
    _write("data/recovery-point-offset-checkpoint", b"0\n1\nflights 0 9\n")(stopped)
    assert check_directory(stopped, "data") == []


def test_the_records_themselves_are_looked_at() -> None:
    """A batch whose checksum is right may still hold nonsense."""
    file_system = MemoryFileSystem()
    folder = LogDirectory.open(file_system, "data")
    log = folder.create_log("flights", 0, SMALL, TOPIC_ID)
    damaged = batch(b"some value")
    damaged[61] = 0x7E  # the record's length
    damaged[17:21] = crc32c(memoryview(damaged)[21:]).to_bytes(4, "big")
    append(log, damaged)
    log.close()
    folder.close()
    assert [problem.position for problem in check_directory(file_system, "data")] == [0]
    assert check_log(file_system, DIRECTORY, records_too=False) == []


def test_a_problem_reads_as_a_sentence() -> None:
    """For people: file, position, reason."""
    assert str(Problem("a.log", 12, "it is torn")) == "a.log at byte 12: it is torn"
    assert str(Problem("a.log", None, "it is missing")) == "a.log: it is missing"
