"""The model of a disk itself: what a crash may take, what it may not, and faults at chosen calls."""

from __future__ import annotations

import errno
from collections.abc import Callable
from random import Random

import pytest

from odradek.storage.crash_model import PAGE_BYTES, SECTOR_BYTES
from odradek.storage.faulty_file_system import Crash, Fault, FaultyFileSystem
from odradek.storage.file_system import File, write_atomically

OUTCOMES = 600


def synced_file(file_system: FaultyFileSystem, path: str, data: bytes) -> File:
    """A file whose contents and name are on the disk."""
    file = file_system.open(path, create=True)
    file.write_at(0, data)
    file.sync()
    file_system.sync_directory("")
    return file


def outcomes(file_system: FaultyFileSystem) -> list[dict[str, bytes]]:
    """What power losses with many seeds leave of all files."""
    return [file_system.power_loss(Random(seed)).snapshot() for seed in range(OUTCOMES)]


def contents(file_system: FaultyFileSystem, path: str = "a") -> set[bytes | None]:
    """What they leave of one file; None where it is gone."""
    return {outcome.get(path) for outcome in outcomes(file_system)}


def test_synced_contents_and_names_stay() -> None:
    """Whatever chance does, a file that was synced in a synced directory is there, whole."""
    file_system = FaultyFileSystem()
    synced_file(file_system, "a", b"kept")
    assert contents(file_system) == {b"kept"}


def test_syncing_a_file_does_not_sync_its_name() -> None:
    """A new file may be lost with its synced contents until its directory is synced, but not in part."""
    file_system = FaultyFileSystem()
    file = file_system.open("a", create=True)
    file.write_at(0, b"contents")
    file.sync()
    assert contents(file_system) == {None, b"contents"}


def test_syncing_a_directory_does_not_sync_contents() -> None:
    """A name may be durable with nothing, with zeros, with old blocks, or with a part of its contents."""
    file_system = FaultyFileSystem()
    file_system.open("a", create=True).write_at(0, b"contents")
    file_system.sync_directory("")
    found = contents(file_system)
    assert {b"", b"contents", bytes(8), b"cont"} <= found
    assert None not in found


def test_a_rename_is_durable_before_the_contents() -> None:
    """Replacing a file without syncing the new one first may leave it empty; the proper order never does."""
    file_system = FaultyFileSystem()
    synced_file(file_system, "a", b"old")
    file_system.open("a.tmp", create=True).write_at(0, b"new")
    file_system.rename("a.tmp", "a")
    assert {b"old", b"new", b"", bytes(3)} <= contents(file_system)
    careful = FaultyFileSystem()
    synced_file(careful, "a", b"old")
    seen: set[bytes | None] = set()
    careful.on_change = lambda: seen.update(contents(careful))
    write_atomically(careful, "a", b"new")
    assert seen == {b"old", b"new"}
    assert contents(careful) == {b"new"}


def test_a_removal_may_be_undone_until_the_directory_is_synced() -> None:
    """A removed file may come back with its contents, but not after its directory was synced."""
    file_system = FaultyFileSystem()
    synced_file(file_system, "a", b"data")
    file_system.remove("a")
    assert contents(file_system) == {None, b"data"}
    file_system.sync_directory("")
    assert contents(file_system) == {None}


def test_a_truncation_may_be_undone_until_the_file_is_synced() -> None:
    """What was cut off may come back; written over in between, as a mixture of old and new."""
    file_system = FaultyFileSystem()
    file = synced_file(file_system, "a", b"0123456789")
    file.truncate(4)
    assert contents(file_system) == {b"0123", b"0123456789"}
    file.write_at(4, b"AB")
    assert {b"0123", b"0123456789", b"0123AB", b"0123AB6789"} <= contents(file_system)
    file.sync()
    assert contents(file_system) == {b"0123AB"}


def test_writes_are_reordered_within_a_file() -> None:
    """Of two writes the second may be there without the first, whose place then has zeros or old blocks."""
    file_system = FaultyFileSystem()
    file = synced_file(file_system, "a", b"")
    file.write_at(0, b"11")
    file.write_at(2, b"22")
    assert {b"", b"11", b"1122", b"\0\x0022"} <= contents(file_system)


def test_writes_are_reordered_across_files() -> None:
    """A later write to another file may be there while the earlier one is lost, and the reverse."""
    file_system = FaultyFileSystem()
    first, second = synced_file(file_system, "a", b""), synced_file(file_system, "b", b"")
    first.write_at(0, b"1")
    second.write_at(0, b"2")
    found = {(outcome["a"], outcome["b"]) for outcome in outcomes(file_system)}
    assert {(b"", b""), (b"1", b"2"), (b"1", b""), (b"", b"2")} <= found


@pytest.mark.parametrize("unit", [1, SECTOR_BYTES, PAGE_BYTES])
def test_writes_are_torn(unit: int) -> None:
    """A write may be there up to any byte, or in some of its sectors or pages and not in others."""
    file_system = FaultyFileSystem()
    size = 3 * PAGE_BYTES
    file = synced_file(file_system, "a", bytes(size))
    file.write_at(0, b"x" * size)

    def torn(found: bytes) -> bool:
        edges = [position for position in range(1, size) if found[position] != found[position - 1]]
        if unit == 1:
            return any(edge % SECTOR_BYTES for edge in edges)
        beyond = SECTOR_BYTES if unit == PAGE_BYTES else PAGE_BYTES
        aligned = all(edge % unit == 0 for edge in edges)
        return bool(edges) and aligned and (unit == PAGE_BYTES or any(edge % beyond for edge in edges))

    assert any(torn(outcome["a"]) for outcome in outcomes(file_system))


def test_a_failed_sync_leaves_the_changes_in_doubt_for_ever() -> None:
    """The pages count as clean: a later sync, through another File, brings only what was written since."""
    file_system = FaultyFileSystem()
    file = synced_file(file_system, "a", b"..")
    file.write_at(0, b"1")
    file_system.faults = {file_system.calls + 1: Fault(errno.EIO)}
    with pytest.raises(OSError, match="Input/output error"):
        file.sync()
    with pytest.raises(OSError, match="Input/output error"):
        file.sync()
    again = file_system.open("a")
    assert again.read_at(0, 2) == b"1."
    again.write_at(1, b"2")
    again.sync()
    assert contents(file_system) == {b".2", b"12"}


def test_a_killed_process_leaves_all_that_it_wrote() -> None:
    """The page cache stays: the next process reads everything, though the disk still has none of it."""
    file_system = FaultyFileSystem()
    synced_file(file_system, "a", b"")
    file_system.open("a").write_at(0, b"1234")
    file_system.open("b", create=True)
    killed = file_system.process_kill()
    assert killed.snapshot() == {"a": b"1234", "b": b""}
    assert {b"", b"1234"} <= contents(killed)
    assert contents(killed, "b") == {None, b""}
    killed.open("a").sync()
    assert contents(killed) == {b"1234"}
    assert b"" in contents(file_system)


def test_a_kill_in_the_middle_of_a_write_leaves_a_part_of_it() -> None:
    """The write during which the process died may have got through up to any byte; earlier ones are whole."""
    file_system = FaultyFileSystem()
    file = file_system.open("a", create=True)
    file.write_at(0, b"12")
    file.write_at(1, b"AB")
    found = {file_system.process_kill(Random(seed)).snapshot()["a"] for seed in range(50)}
    assert found == {b"12", b"1A", b"1AB"}


def test_a_crash_stops_the_program_and_stays() -> None:
    """The call with the number raises Crash, which is no Exception, and so does each later one."""
    file_system = FaultyFileSystem()
    file = file_system.open("a", create=True)
    file_system.crash_at = file_system.calls + 1
    with pytest.raises(Crash):
        file.write_at(0, b"12")
    with pytest.raises(Crash):
        file.sync()
    assert not issubclass(Crash, Exception)
    assert file_system.process_kill().snapshot() == {"a": b"12"}


def test_a_crash_at_a_sync_comes_before_it_is_done() -> None:
    """The outcome of a crash during a sync may still be that nothing was synced."""
    file_system = FaultyFileSystem()
    file = file_system.open("a", create=True)
    file_system.crash_at = file_system.calls + 1
    with pytest.raises(Crash):
        file_system.sync_directory("")
    file_system = FaultyFileSystem()
    file = synced_file(file_system, "a", b"")
    file.write_at(0, b"1")
    file_system.crash_at = file_system.calls + 1
    with pytest.raises(Crash):
        file.sync()
    assert contents(file_system) == {b"", b"1", b"\0"}


def calls_that_fail(file_system: FaultyFileSystem, file: File) -> list[Callable[[], object]]:
    """One of each call that can meet a fault."""
    return [
        lambda: file_system.open("a"),
        lambda: file_system.read_bytes("a"),
        lambda: file_system.size("a"),
        lambda: file_system.list(""),
        lambda: file_system.make_directories("d"),
        lambda: file_system.rename("a", "b"),
        lambda: file_system.remove("a"),
        lambda: file_system.sync_directory(""),
        lambda: file.read_at(0, 1),
        lambda: file.region(0, 1).read(),
        lambda: file.write_at(0, b"x"),
        lambda: file.truncate(0),
        lambda: file.size(),
        lambda: file.sync(),
    ]


def test_any_call_can_fail() -> None:
    """A fault at a call raises its errno and changes nothing."""
    file_system = FaultyFileSystem()
    file = synced_file(file_system, "a", b"data")
    for call in calls_that_fail(file_system, file):
        file_system.faults = {file_system.calls + 1: Fault(errno.ENOSPC)}
        with pytest.raises(OSError, match="No space left"):
            call()
        assert file_system.snapshot() == {"a": b"data"}


def test_short_writes() -> None:
    """A write may be short without an error, or fail after a part of it went in."""
    file_system = FaultyFileSystem()
    file = file_system.open("a", create=True)
    file_system.faults = {2: Fault(None, written=3), 3: Fault(errno.ENOSPC, written=1)}
    assert file.write_at(0, b"0123456789") == 3
    with pytest.raises(OSError, match="No space left"):
        file.write_at(3, b"3456789")
    assert file_system.snapshot() == {"a": b"0123"}


def test_flipped_bits_are_in_what_was_synced() -> None:
    """The damage is on the disk: every reader sees it, now and after a crash."""
    file_system = FaultyFileSystem()
    file = synced_file(file_system, "a", b"\0\0\0")
    file_system.flip_bit("a", 1, bit=3)
    assert file.read_at(0, 3) == b"\0\x08\0"
    assert contents(file_system) == {b"\0\x08\0"}


def test_an_outcome_is_repeated_by_its_seed() -> None:
    """The same history and seed give the same disk."""
    file_system = FaultyFileSystem()
    for name in "abc":
        file_system.open(name, create=True).write_at(0, name.encode() * 5000)
    assert outcomes(file_system) == outcomes(file_system)
    assert len({str(outcome) for outcome in outcomes(file_system)}) > 50
