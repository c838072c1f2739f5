"""Files of the operating system that cost a descriptor only while they are in use."""

from __future__ import annotations

import errno
import fcntl
import os
import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .file_system import Buffer

# macOS' fsync leaves the data in the drive's cache; only this reaches the platter (fcntl(2), "F_FULLFSYNC").
_FULL_SYNC: int | None = getattr(fcntl, "F_FULLFSYNC", None)


class _Descriptor:
    """An open descriptor, closed when the last File, Region or call that refers to it is done."""

    __slots__ = ("number", "used")

    def __init__(self, number: int) -> None:
        self.number = number
        self.used = True

    def __del__(self) -> None:
        os.close(self.number)


class RealFile:
    __slots__ = ("_descriptor", "_descriptors", "_dirty", "_sync_failed", "path")

    def __init__(self, path: str, descriptors: Descriptors) -> None:
        self.path = path
        self._descriptors = descriptors
        self._descriptor: _Descriptor | None = None
        self._dirty = False
        self._sync_failed = False

    def _open(self) -> _Descriptor:
        descriptor = self._descriptor
        if descriptor is None:
            return self._descriptors.open(self)
        descriptor.used = True
        return descriptor

    def write_at(self, offset: int, data: Buffer) -> int:
        descriptor = self._open()
        self._dirty = True
        return os.pwrite(descriptor.number, data, offset)

    def read_at(self, offset: int, size: int) -> bytes:
        return _read(self._open(), offset, size)

    def size(self) -> int:
        descriptor = self._descriptor
        return os.stat(self.path if descriptor is None else descriptor.number).st_size

    def truncate(self, size: int) -> None:
        descriptor = self._open()
        self._dirty = True
        os.ftruncate(descriptor.number, size)

    def sync(self) -> None:
        if self._sync_failed:
            raise OSError(errno.EIO, "an earlier sync failed", self.path)
        # The reference in this frame keeps the descriptor open if another thread closes it meanwhile.
        descriptor = self._open()
        self._dirty = False  # before the sync: what is written during it may not be in it
        try:
            sync_descriptor(descriptor.number)
        except OSError:
            self._sync_failed = True
            raise

    def region(self, offset: int, size: int) -> RealRegion:
        return RealRegion(self._open(), offset, size)

    def close(self) -> None:
        self._descriptors.forget(self)

    @property
    def dirty(self) -> bool:
        return self._dirty


class RealRegion:
    __slots__ = ("_descriptor", "_size", "offset")

    def __init__(self, descriptor: _Descriptor, offset: int, size: int) -> None:
        self._descriptor = descriptor
        self._size = size
        self.offset = offset

    def __len__(self) -> int:
        return self._size

    def fileno(self) -> int:
        return self._descriptor.number

    def read(self, offset: int = 0, size: int | None = None) -> bytes:
        rest = max(0, self._size - offset)
        return _read(self._descriptor, self.offset + offset, rest if size is None else min(size, rest))


class Descriptors:
    """The open descriptors of one file system, bounded by the second-chance algorithm.

    A File that has unsynced writes is closed only if there is no other, and synced first: Linux tells a
    failed write-back surely only to descriptors that were open at the time (fsync(2), "Errors").
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._files: deque[RealFile] = deque()
        self._lock = threading.RLock()  # syncs run in other threads

    def open(self, file: RealFile, flags: int = 0) -> _Descriptor:
        with self._lock:
            descriptor = file._descriptor
            if descriptor is None:
                while len(self._files) >= self._limit:
                    self._close_one()
                descriptor = file._descriptor = _Descriptor(self._open_number(file.path, flags))
                self._files.append(file)
            return descriptor

    def _open_number(self, path: str, flags: int) -> int:
        flags |= os.O_RDWR | os.O_CLOEXEC
        while True:
            try:
                return os.open(path, flags, 0o644)
            except OSError as error:
                if error.errno not in (errno.EMFILE, errno.ENFILE) or not self._files:
                    raise
                self._close_one()

    def _close_one(self) -> None:
        files = self._files
        for _ in range(2 * len(files)):
            file = files.popleft()
            descriptor = file._descriptor
            if descriptor is not None and (descriptor.used or file.dirty):
                descriptor.used = False
                files.append(file)
            else:
                break
        else:
            file = files.popleft()
            try:
                file.sync()
            except OSError:
                pass  # remembered by the File, whose owner hears of it at its own sync
        file._descriptor = None

    def forget(self, file: RealFile) -> None:
        with self._lock:
            if file._descriptor is not None:
                file._descriptor = None
                self._files.remove(file)


def _read(descriptor: _Descriptor, offset: int, size: int) -> bytes:
    data = os.pread(descriptor.number, size, offset)
    if len(data) == size or not data:
        return data
    parts = [data]
    got = len(data)
    while got < size and (data := os.pread(descriptor.number, size - got, offset + got)):
        parts.append(data)
        got += len(data)
    return b"".join(parts)


def sync_descriptor(number: int) -> None:
    if _FULL_SYNC is not None:
        fcntl.fcntl(number, _FULL_SYNC)
    else:
        os.fdatasync(number)
