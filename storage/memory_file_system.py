"""A file system in memory, for brokers that keep nothing (`--memory`): fast, and gone with the process."""

from __future__ import annotations

import errno
import os

from .file_system import NO_VOLUME, Buffer, File, FileSystemLocked, Lock, Region, Volume, parent_directory


class MemoryFileSystem:
    """Files as bytearrays: appending is amortised O(1); reading copies, so that a file can always grow."""

    def __init__(self) -> None:
        self._files: dict[str, bytearray] = {}
        self._directories: dict[str, set[str]] = {"/": set(), ".": set()}
        self._locked: set[str] = set()

    def open(self, path: str, *, create: bool = False, exclusive: bool = False) -> File:
        path = _normalise(path)
        data = self._files.get(path)
        if data is None:
            if path in self._directories:
                raise _error(errno.EISDIR, path)
            if not create:
                raise _error(errno.ENOENT, path)
            self._names(path).add(_name(path))
            data = self._files[path] = bytearray()
        elif exclusive:
            raise _error(errno.EEXIST, path)
        return _MemoryFile(path, data)

    def _names(self, path: str) -> set[str]:
        try:
            return self._directories[parent_directory(path)]
        except KeyError:
            raise _error(errno.ENOENT, path) from None

    def exists(self, path: str) -> bool:
        path = _normalise(path)
        return path in self._files or path in self._directories

    def is_directory(self, path: str) -> bool:
        return _normalise(path) in self._directories

    def size(self, path: str) -> int:
        return len(self._contents(path))

    def _contents(self, path: str) -> bytearray:
        path = _normalise(path)
        try:
            return self._files[path]
        except KeyError:
            raise _error(errno.EISDIR if path in self._directories else errno.ENOENT, path) from None

    def list(self, path: str) -> list[str]:
        path = _normalise(path)
        names = self._directories.get(path)
        if names is None:
            raise _error(errno.ENOTDIR if path in self._files else errno.ENOENT, path)
        return sorted(names)

    def make_directories(self, path: str) -> None:
        path = _normalise(path)
        if path in self._directories:
            return
        if path in self._files:
            raise _error(errno.EEXIST, path)
        self.make_directories(parent_directory(path))
        self._names(path).add(_name(path))
        self._directories[path] = set()

    def remove(self, path: str) -> None:
        path = _normalise(path)
        self._contents(path)
        del self._files[path]
        self._names(path).discard(_name(path))

    def remove_tree(self, path: str) -> None:
        path = _normalise(path)
        for name in self.list(path):
            child = f"{path}/{name}"
            if child in self._directories:
                self.remove_tree(child)
            else:
                self.remove(child)
        del self._directories[path]
        self._names(path).discard(_name(path))

    def rename(self, old: str, new: str) -> None:
        old, new = _normalise(old), _normalise(new)
        if old == new:
            return
        new_names = self._names(new)
        if old in self._directories:
            self._rename_directory(old, new)
        else:
            if new in self._directories:
                raise _error(errno.EISDIR, new)
            self._files[new] = self._contents(old)
            del self._files[old]
        self._names(old).discard(_name(old))
        new_names.add(_name(new))

    def _rename_directory(self, old: str, new: str) -> None:
        if new in self._files:
            raise _error(errno.ENOTDIR, new)
        if self._directories.get(new):
            raise _error(errno.ENOTEMPTY, new)
        names = self._directories[new] = self._directories.pop(old)
        for name in names:
            old_child, new_child = f"{old}/{name}", f"{new}/{name}"
            if old_child in self._directories:
                self._rename_directory(old_child, new_child)
            else:
                self._files[new_child] = self._files.pop(old_child)

    def sync_directory(self, path: str) -> None:
        path = _normalise(path)
        if path not in self._directories:
            raise _error(errno.ENOENT, path)

    def read_bytes(self, path: str) -> bytes:
        return bytes(self._contents(path))

    def volume(self, path: str) -> Volume:  # noqa: ARG002
        return NO_VOLUME

    def lock(self, path: str) -> Lock:
        path = _normalise(path)
        if path in self._locked:
            raise FileSystemLocked(errno.EAGAIN, "another broker is using this directory", path)
        self.open(path, create=True).close()
        self._locked.add(path)
        return _MemoryLock(self._locked, path)


class _MemoryFile:
    __slots__ = ("_data", "path")

    def __init__(self, path: str, data: bytearray) -> None:
        self.path = path
        self._data = data

    def write_at(self, offset: int, data: Buffer) -> int:
        contents = self._data
        if offset > len(contents):
            contents.extend(bytes(offset - len(contents)))
        contents[offset : offset + len(data)] = data
        return len(data)

    def read_at(self, offset: int, size: int) -> bytes:
        return bytes(self._data[offset : offset + size])

    def size(self) -> int:
        return len(self._data)

    def truncate(self, size: int) -> None:
        contents = self._data
        if size <= len(contents):
            del contents[size:]
        else:
            contents.extend(bytes(size - len(contents)))

    def sync(self) -> None:
        pass

    def region(self, offset: int, size: int) -> Region:
        return MemoryRegion(self._data, offset, size)

    def close(self) -> None:
        pass


class MemoryRegion:
    """A range of a file in memory; copied when it is read."""

    __slots__ = ("_data", "_size", "offset")

    def __init__(self, data: bytearray, offset: int, size: int) -> None:
        self._data = data
        self._size = size
        self.offset = offset

    def __len__(self) -> int:
        return self._size

    def fileno(self) -> None:
        return None

    def read(self, offset: int = 0, size: int | None = None) -> bytes:
        rest = max(0, self._size - offset)
        start = self.offset + offset
        with memoryview(self._data) as view:
            return bytes(view[start : start + (rest if size is None else min(size, rest))])


class _MemoryLock:
    def __init__(self, locked: set[str], path: str) -> None:
        self._locked = locked
        self._path = path

    def close(self) -> None:
        self._locked.discard(self._path)


def _normalise(path: str) -> str:
    """One spelling a path: no '.' and no doubled or trailing '/'. Relative paths stay relative to '.'."""
    return os.path.normpath(path)


def _name(path: str) -> str:
    return os.path.basename(path)


def _error(number: int, path: str) -> OSError:
    return OSError(number, os.strerror(number), path)
