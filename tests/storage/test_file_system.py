"""What every file system promises, asked of all three; and the real one's thrift with descriptors."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from odradek.storage.faulty_file_system import FaultyFileSystem
from odradek.storage.file_system import (
    File,
    FileSystem,
    FileSystemLocked,
    RealFileSystem,
    write_all,
    write_atomically,
)
from odradek.storage.memory_file_system import MemoryFileSystem


@pytest.fixture(params=["real", "real with 16 descriptors", "memory", "faulty"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[FileSystem, str]:
    """A file system and an empty directory in it."""
    directory = str(tmp_path)
    if request.param == "memory":
        file_system: FileSystem = MemoryFileSystem()
    elif request.param == "faulty":
        file_system = FaultyFileSystem()
    else:
        return RealFileSystem(None if request.param == "real" else 16), directory
    file_system.make_directories(directory)
    return file_system, directory


def test_reads_what_was_written(place: tuple[FileSystem, str]) -> None:
    """Writes go to explicit positions, reads are short only at the end, a hole reads as zeros."""
    file_system, directory = place
    file = file_system.open(f"{directory}/a", create=True)
    assert file.write_at(0, b"hello") == 5
    assert file.write_at(7, memoryview(bytearray(b"world"))) == 5
    assert file.read_at(0, 100) == b"hello\0\0world"
    assert file.read_at(7, 2) == b"wo"
    assert file.read_at(12, 1) == b""
    assert file.size() == file_system.size(f"{directory}/a") == 12
    file.truncate(3)
    assert file.read_at(0, 100) == file_system.read_bytes(f"{directory}/a") == b"hel"
    file.truncate(4)
    file.sync()
    assert file.read_at(0, 100) == b"hel\0"
    file.close()
    file.close()


def test_open_refuses_what_os_open_refuses(place: tuple[FileSystem, str]) -> None:
    """A missing file, one that should be new, a directory, a missing parent: each has its OSError."""
    file_system, directory = place
    with pytest.raises(FileNotFoundError):
        file_system.open(f"{directory}/a")
    file_system.open(f"{directory}/a", create=True, exclusive=True).close()
    with pytest.raises(FileExistsError):
        file_system.open(f"{directory}/a", create=True, exclusive=True)
    with pytest.raises(IsADirectoryError):
        file_system.open(directory)
    with pytest.raises(FileNotFoundError):
        file_system.open(f"{directory}/b/c", create=True)


def test_directories(place: tuple[FileSystem, str]) -> None:
    """Directories are made with those above, listed sorted, renamed and removed with their contents."""
    file_system, directory = place
    file_system.make_directories(f"{directory}/x/y")
    file_system.make_directories(f"{directory}/x/y")
    for name in ("x/y/2", "x/y/1", "x/3"):
        file_system.open(f"{directory}/{name}", create=True).close()
    assert file_system.list(f"{directory}/x") == ["3", "y"]
    assert file_system.list(f"{directory}/x/y") == ["1", "2"]
    file_system.rename(f"{directory}/x", f"{directory}/z")
    file_system.sync_directory(directory)
    assert not file_system.exists(f"{directory}/x")
    assert not file_system.exists(f"{directory}/x/y/1")
    assert file_system.exists(f"{directory}/z/y/1")
    assert file_system.is_directory(f"{directory}/z/y")
    assert not file_system.is_directory(f"{directory}/z/3")
    file_system.remove_tree(f"{directory}/z")
    assert file_system.list(directory) == []
    for refused in (
        file_system.list,
        file_system.remove,
        file_system.remove_tree,
        file_system.sync_directory,
    ):
        with pytest.raises(FileNotFoundError):
            refused(f"{directory}/z")


def test_rename_replaces(place: tuple[FileSystem, str]) -> None:
    """A rename takes the place of the file that had the name."""
    file_system, directory = place
    for name, data in (("a", b"new"), ("b", b"old")):
        file = file_system.open(f"{directory}/{name}", create=True)
        file.write_at(0, data)
        file.close()
    file_system.rename(f"{directory}/a", f"{directory}/b")
    assert file_system.read_bytes(f"{directory}/b") == b"new"
    assert file_system.list(directory) == ["b"]
    with pytest.raises(FileNotFoundError):
        file_system.rename(f"{directory}/a", f"{directory}/b")


def test_regions_outlive_close_and_growth(place: tuple[FileSystem, str]) -> None:
    """A region reads the same after the file grew, was closed and was removed."""
    file_system, directory = place
    file = file_system.open(f"{directory}/a", create=True)
    file.write_at(0, b"0123456789")
    region = file.region(2, 6)
    assert (len(region), region.offset) == (6, 2)
    file.write_at(10, bytes(100_000))
    file.close()
    file_system.remove(f"{directory}/a")
    assert region.read() == b"234567"
    assert region.read(4) == b"67"
    assert region.read(1, 2) == b"34"
    assert region.read(5, 100) == b"7"
    number = region.fileno()
    if number is not None:
        assert os.pread(number, 6, region.offset) == b"234567"


def test_write_atomically(place: tuple[FileSystem, str]) -> None:
    """The file has the new contents and no temporary file stays behind."""
    file_system, directory = place
    write_atomically(file_system, f"{directory}/a", b"first, and longer")
    write_atomically(file_system, f"{directory}/a", b"second")
    assert file_system.read_bytes(f"{directory}/a") == b"second"
    assert file_system.list(directory) == ["a"]


def test_a_lock_keeps_others_out(place: tuple[FileSystem, str]) -> None:
    """The second holder is refused until the first lets go, within one process too."""
    file_system, directory = place
    lock = file_system.lock(f"{directory}/.lock")
    with pytest.raises(FileSystemLocked, match="another broker is using this directory"):
        file_system.lock(f"{directory}/.lock")
    lock.close()
    lock.close()
    file_system.lock(f"{directory}/.lock").close()


def open_descriptors(directory: Path) -> int:
    """How many descriptors of this process lie in `directory`."""
    found = 0
    for number in os.listdir("/dev/fd"):
        try:
            target = os.readlink(f"/dev/fd/{number}")
        except OSError:
            continue
        found += target.startswith(str(directory))
    return found


def test_descriptors_are_bounded(tmp_path: Path) -> None:
    """A hundred open files share eight descriptors: each still reads and writes its own contents."""
    file_system = RealFileSystem(max_open_files=8)
    files = [file_system.open(f"{tmp_path}/{number}", create=True) for number in range(100)]
    for number, file in enumerate(files):
        file.write_at(0, b"%d" % number)
    assert [file.read_at(0, 9) for file in files] == [b"%d" % number for number in range(100)]
    if os.path.exists("/proc/self/fd"):
        assert open_descriptors(tmp_path) == 8
    for file in files:
        file.sync()
        file.close()
    if os.path.exists("/proc/self/fd"):
        assert open_descriptors(tmp_path) == 0


def test_an_opened_file_costs_no_descriptor_before_it_is_used(tmp_path: Path) -> None:
    """A thousand partitions may be opened without a thousand descriptors."""
    file_system = RealFileSystem()
    (tmp_path / "a").write_bytes(b"abc")
    file = file_system.open(f"{tmp_path}/a")
    assert file.size() == 3
    if os.path.exists("/proc/self/fd"):
        assert open_descriptors(tmp_path) == 0
    assert file.read_at(0, 3) == b"abc"
    file.close()


def test_descriptors_run_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the process has no descriptor left, the file system gives up one of its own and goes on."""
    file_system = RealFileSystem()
    files = [file_system.open(f"{tmp_path}/{number}", create=True) for number in range(3)]
    real_open, refusals = os.open, [errno.EMFILE]

    def reluctant_open(path: str, flags: int, mode: int = 0o777) -> int:
        if refusals:
            raise OSError(refusals.pop(), "too many open files")
        return real_open(path, flags, mode)

    monkeypatch.setattr(os, "open", reluctant_open)
    files.append(file_system.open(f"{tmp_path}/3", create=True))
    if os.path.exists("/proc/self/fd"):
        assert open_descriptors(tmp_path) == 3
    for file in files:
        file.close()


def test_a_failed_sync_is_never_retried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After fdatasync failed once, each later sync of the file fails without asking the disk again."""
    file_system = RealFileSystem()
    file = file_system.open(f"{tmp_path}/a", create=True)
    file.write_at(0, b"abc")
    asked = []

    def failing_sync(number: int) -> None:
        asked.append(number)
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr("odradek.storage.descriptors.sync_descriptor", failing_sync)
    for _ in range(2):
        with pytest.raises(OSError, match=r"error|failed"):
            file.sync()
    assert len(asked) == 1
    file.close()


def test_a_sync_that_fails_behind_the_back_is_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file with unsynced writes is synced before it loses its descriptor; its owner hears of a failure."""
    file_system = RealFileSystem(max_open_files=1)
    first = file_system.open(f"{tmp_path}/a", create=True)
    first.write_at(0, b"abc")

    def failing_sync(number: int) -> None:
        raise OSError(errno.EIO, f"input/output error of {number}")

    with monkeypatch.context() as context:
        context.setattr("odradek.storage.descriptors.sync_descriptor", failing_sync)
        second = file_system.open(f"{tmp_path}/b", create=True)
    with pytest.raises(OSError, match="an earlier sync failed"):
        first.sync()
    second.sync()
    first.close()
    second.close()


class StubbornFile:
    """A file that takes three bytes at a time, and none beyond `limit`."""

    path = "stubborn"

    def __init__(self, limit: int) -> None:
        self.data = bytearray()
        self._limit = limit

    def write_at(self, offset: int, data: bytes | bytearray | memoryview) -> int:
        part = bytes(data[: min(3, self._limit - offset)])
        self.data[offset : offset + len(part)] = part
        return len(part)


def test_write_all_goes_on_after_short_writes() -> None:
    """Short writes are continued; a write of nothing is an error instead of an endless loop."""
    file = StubbornFile(limit=100)
    write_all(as_file(file), 0, b"0123456789")
    assert bytes(file.data) == b"0123456789"
    with pytest.raises(OSError, match="nothing could be written"):
        write_all(as_file(StubbornFile(limit=5)), 0, b"0123456789")


def as_file(file: object) -> File:
    """Only `write_at` and `path` are used of it."""
    return file  # type: ignore[return-value]


def test_memory_is_fast_enough_for_many_partitions() -> None:
    """Fifty partitions of five files take far less than the 20 ms that a second broker has to start."""
    file_system = MemoryFileSystem()
    for partition in range(50):
        file_system.make_directories(f"data/topic-{partition}")
        for name in "abcde":
            file_system.open(f"data/topic-{partition}/{name}", create=True).close()
    assert len(file_system.list("data")) == 50
