"""A file system in memory with the faults of a real disk: for tests of everything above it.

Every call is numbered from 1. A test can make the call with a given number fail, write short, or be the
machine's last (`Crash`), and can ask at any moment what a power loss or a killed process would leave behind.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

from .crash_model import Chance, DirectoryNode, FileChange, FileNode, NameChange, Node, PowerLoss, copy_tree
from .file_system import NO_VOLUME, Buffer, File, FileSystemLocked, Lock, Region, Volume


class Crash(BaseException):
    """The machine stops at this call. Not an Exception: no handler of the program may go on after it."""


class Fault(NamedTuple):
    """What goes wrong at one call: `error` is an errno, or None for a write that is merely short.

    `written` bytes of a write get through all the same.
    """

    error: int | None
    written: int = 0


class FaultyFileSystem:
    """Keeps what was synced; of the rest, what chance keeps.

    faults: by number of the call. A fault at a call that is not a write needs an error.
    crash_at: the number of the call that raises `Crash`, its effect pending like all that is not synced.
    on_change: called after each call that changed or synced something, before it returns to the program: a
    crash during the call would leave what `power_loss` and `process_kill` give at that moment.
    """

    def __init__(self, root: DirectoryNode | None = None) -> None:
        self._root = root or DirectoryNode()
        self._order = 0  # of the latest change
        self._writing = False  # the latest call was a write: a kill may cut it short
        self._locked: set[str] = set()
        self._crashed = False
        self.calls = 0
        self.trace: list[str] = []
        self.faults: Mapping[int, Fault] = {}
        self.crash_at: int | None = None
        self.on_change: Callable[[], None] | None = None

    def power_loss(self, chance: Chance) -> FaultyFileSystem:
        """The disk as a machine finds it that lost power now."""
        return FaultyFileSystem(PowerLoss(chance, self._order).directory(self._root))

    def process_kill(self, chance: Chance | None = None) -> FaultyFileSystem:
        """The file system as the next process finds it: all that was written is there, if not on the disk.

        With `chance`, the latest call, if it was a write, got through in part or not at all.
        """
        killed = FaultyFileSystem(copy_tree(self._root))
        killed._order = self._order
        if chance is not None and self._writing:
            killed._cut_write(chance)
        return killed

    def _cut_write(self, chance: Chance) -> None:
        for _, node in _files(self._root):
            if node.changes and node.changes[-1].order == self._order:
                change = node.changes.pop()
                assert change.data is not None
                node.contents[:] = node.durable
                for earlier in node.changes:
                    earlier.apply(node.contents)
                cut = change.data[: chance.randrange(len(change.data) + 1)]
                if cut:
                    node.change(FileChange(self._order, change.offset, cut))

    def flip_bit(self, path: str, position: int, bit: int = 0) -> None:
        """Damage a byte that is on the disk, unnoticed by anyone."""
        node = self._file(path)
        durable = bytearray(node.durable)
        durable[position] ^= 1 << bit
        node.durable = bytes(durable)
        node.contents[:] = durable
        for change in node.changes:
            change.apply(node.contents)

    def snapshot(self) -> dict[str, bytes]:
        """Every file's contents by path, as programs see them."""
        return {path: bytes(node.contents) for path, node in _files(self._root)}

    # Each call: count it, then change the tree, then let the observer look.

    def _begin(self, operation: str, path: str) -> Fault | None:
        if self._crashed:
            raise Crash
        self.calls += 1
        self.trace.append(f"{operation} {path}")
        self._writing = False
        fault = self.faults.get(self.calls)
        if fault is not None and operation not in ("write", "sync"):
            assert fault.error is not None
            raise _error(fault.error, path)
        return fault

    def _end(self) -> None:
        if self.calls == self.crash_at:
            self._crashed = True
            raise Crash
        if self.on_change is not None:
            self.on_change()

    def _change_names(self, directory: DirectoryNode, names: dict[str, Node | None]) -> None:
        self._order += 1
        directory.change(NameChange(self._order, names))
        self._end()

    def _look_up(self, path: str) -> Node | None:
        node: Node | None = self._root
        for name in _names(path):
            if not isinstance(node, DirectoryNode):
                return None
            node = node.names.get(name)
        return node

    def _file(self, path: str) -> FileNode:
        node = self._look_up(path)
        if not isinstance(node, FileNode):
            raise _error(errno.ENOENT if node is None else errno.EISDIR, path)
        return node

    def _directory(self, path: str) -> DirectoryNode:
        node = self._look_up(path)
        if not isinstance(node, DirectoryNode):
            raise _error(errno.ENOENT if node is None else errno.ENOTDIR, path)
        return node

    def _parent(self, path: str) -> tuple[DirectoryNode, str]:
        *above, name = _names(path)
        return self._directory("/".join(above)), name

    def open(self, path: str, *, create: bool = False, exclusive: bool = False) -> File:
        self._begin("open", path)
        directory, name = self._parent(path)
        node = directory.names.get(name)
        if isinstance(node, DirectoryNode):
            raise _error(errno.EISDIR, path)
        if node is None:
            if not create:
                raise _error(errno.ENOENT, path)
            node = FileNode()
            self._change_names(directory, {name: node})
        elif exclusive:
            raise _error(errno.EEXIST, path)
        return _FaultyFile(self, path, node)

    def exists(self, path: str) -> bool:
        return self._look_up(path) is not None

    def is_directory(self, path: str) -> bool:
        return isinstance(self._look_up(path), DirectoryNode)

    def size(self, path: str) -> int:
        self._begin("size", path)
        return len(self._file(path).contents)

    def list(self, path: str) -> list[str]:
        self._begin("list", path)
        return sorted(self._directory(path).names)

    def make_directories(self, path: str) -> None:
        above = ""
        for name in _names(path):
            directory = self._directory(above)
            above = f"{above}/{name}"
            node = directory.names.get(name)
            if node is None:
                self._begin("make directory", above)
                self._change_names(directory, {name: DirectoryNode()})
            elif isinstance(node, FileNode):
                raise _error(errno.EEXIST, above)

    def remove(self, path: str) -> None:
        self._begin("remove", path)
        self._file(path)
        directory, name = self._parent(path)
        self._change_names(directory, {name: None})

    def remove_tree(self, path: str) -> None:
        """One call for each file and directory in it."""
        for name, node in sorted(self._directory(path).names.items()):
            if isinstance(node, DirectoryNode):
                self.remove_tree(f"{path}/{name}")
            else:
                self.remove(f"{path}/{name}")
        self._begin("remove directory", path)
        directory, name = self._parent(path)
        self._change_names(directory, {name: None})

    def rename(self, old: str, new: str) -> None:
        """Within one directory only: the model knows no other."""
        self._begin("rename", f"{old} -> {new}")
        directory, old_name = self._parent(old)
        new_directory, new_name = self._parent(new)
        if new_directory is not directory:
            raise _error(errno.EXDEV, new)
        node = directory.names.get(old_name)
        if node is None:
            raise _error(errno.ENOENT, old)
        replaced = directory.names.get(new_name)
        if isinstance(replaced, DirectoryNode) and replaced is not node:
            raise _error(errno.EISDIR if isinstance(node, FileNode) else errno.ENOTEMPTY, new)
        self._change_names(directory, {old_name: None, new_name: node})

    def sync_directory(self, path: str) -> None:
        self._begin("sync directory", path)
        directory = self._directory(path)
        if self.calls != self.crash_at:
            directory.sync()
        self._end()

    def read_bytes(self, path: str) -> bytes:
        self._begin("read", path)
        return bytes(self._file(path).contents)

    def volume(self, path: str) -> Volume:
        self._begin("volume", path)
        return NO_VOLUME

    def lock(self, path: str) -> Lock:
        if path in self._locked:
            raise FileSystemLocked(errno.EAGAIN, "another broker is using this directory", path)
        self.open(path, create=True).close()
        self._locked.add(path)
        return _FaultyLock(self._locked, path)

    def _change_file(self, node: FileNode, offset: int, data: bytes | None) -> None:
        self._order += 1
        node.change(FileChange(self._order, offset, data))
        self._writing = data is not None
        self._end()


class _FaultyFile:
    def __init__(self, file_system: FaultyFileSystem, path: str, node: FileNode) -> None:
        self.path = path
        self._file_system = file_system
        self._node = node
        self._sync_failed = False

    def write_at(self, offset: int, data: Buffer) -> int:
        file_system = self._file_system
        fault = file_system._begin("write", self.path)
        written = bytes(data) if fault is None else bytes(data[: fault.written])
        if written or fault is None:
            file_system._change_file(self._node, offset, written)
        if fault is not None and fault.error is not None:
            raise _error(fault.error, self.path)
        return len(written)

    def read_at(self, offset: int, size: int) -> bytes:
        self._file_system._begin("read", self.path)
        return bytes(self._node.contents[offset : offset + size])

    def size(self) -> int:
        self._file_system._begin("size", self.path)
        return len(self._node.contents)

    def truncate(self, size: int) -> None:
        self._file_system._begin("truncate", self.path)
        self._file_system._change_file(self._node, size, None)

    def sync(self) -> None:
        file_system = self._file_system
        fault = file_system._begin("sync", self.path)
        if self._sync_failed:
            raise _error(errno.EIO, self.path)
        if fault is not None:
            assert fault.error is not None
            self._sync_failed = True
            self._node.fail_sync()
            raise _error(fault.error, self.path)
        if file_system.calls != file_system.crash_at:
            self._node.sync()
        file_system._end()

    def region(self, offset: int, size: int) -> Region:
        return _FaultyRegion(self, offset, size)

    def close(self) -> None:
        pass


class _FaultyRegion:
    def __init__(self, file: File, offset: int, size: int) -> None:
        self._file = file
        self._size = size
        self.offset = offset

    def __len__(self) -> int:
        return self._size

    def fileno(self) -> None:
        return None

    def read(self, offset: int = 0, size: int | None = None) -> bytes:
        rest = max(0, self._size - offset)
        return self._file.read_at(self.offset + offset, rest if size is None else min(size, rest))


class _FaultyLock:
    def __init__(self, locked: set[str], path: str) -> None:
        self._locked = locked
        self._path = path

    def close(self) -> None:
        self._locked.discard(self._path)


def _files(directory: DirectoryNode, above: str = "") -> list[tuple[str, FileNode]]:
    found: list[tuple[str, FileNode]] = []
    for name, node in sorted(directory.names.items()):
        if isinstance(node, DirectoryNode):
            found += _files(node, f"{above}{name}/")
        else:
            found.append((above + name, node))
    return found


@lru_cache(maxsize=1024)
def _names(path: str) -> tuple[str, ...]:
    return tuple(name for name in path.split("/") if name not in ("", "."))


def _error(number: int, path: str) -> OSError:
    return OSError(number, os.strerror(number), path)
