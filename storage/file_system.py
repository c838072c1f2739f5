"""The seam between the log and the disk: what the storage room may ask of a file system, and the real one.

Three implementations share these protocols: `RealFileSystem` here, `MemoryFileSystem` for brokers that keep
nothing, and `FaultyFileSystem`, which loses what was not synced, for the tests. Paths are '/'-separated.

Nothing is durable before it is synced: a file's contents and length by `File.sync`, its name (created,
renamed or removed) by `FileSystem.sync_directory` of the directory that holds the name.
"""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import stat
import threading
from collections import deque
from typing import Protocol

Buffer = bytes | bytearray | memoryview

# macOS' fsync leaves the data in the drive's cache; only this reaches the platter (fcntl(2), "F_FULLFSYNC").
_FULL_SYNC: int | None = getattr(fcntl, "F_FULLFSYNC", None)


class FileSystemLocked(BlockingIOError):
    """Another broker holds the lock file."""


class Region(Protocol):
    """Bytes of a file that are to be sent as they are: a range, not a copy.

    It keeps the file's data reachable after the `File` was closed and its path removed, until it is dropped.
    """

    offset: int  # position of the first byte in the file

    def __len__(self) -> int:
        """How many bytes it has."""
        ...

    def fileno(self) -> int | None:
        """The descriptor for sendfile, or None for a file in memory."""
        ...

    def read(self, offset: int = 0, size: int | None = None) -> bytes:
        """`size` bytes (None: the rest) from `offset` within the region; short if the file was cut."""
        ...


class File(Protocol):
    """A file opened for reading and writing, unbuffered, with explicit positions in bytes.

    Close it before its path is renamed or removed. Regions taken before that stay valid.
    """

    path: str

    def write_at(self, offset: int, data: Buffer) -> int:
        """Write `data` at `offset`; return how many bytes went in, which may be fewer. Raises OSError."""
        ...

    def read_at(self, offset: int, size: int) -> bytes:
        """`size` bytes from `offset`, fewer only at the end of the file. Raises OSError."""
        ...

    def size(self) -> int:
        """Length in bytes."""
        ...

    def truncate(self, size: int) -> None:
        """Cut or extend (with zeros) to `size` bytes."""
        ...

    def sync(self) -> None:
        """Make contents and length durable (fdatasync). May be called from another thread.

        After an OSError the written data may be lost although a later sync would succeed: give the file up.
        Every later sync of this File fails too.
        """
        ...

    def region(self, offset: int, size: int) -> Region:
        """The bytes from `offset` to `offset + size`, which the file must have."""
        ...

    def close(self) -> None:
        """Give up the file. Closing twice is allowed."""
        ...


class Lock(Protocol):
    """A held lock file."""

    def close(self) -> None:
        """Let others have it."""
        ...


class FileSystem(Protocol):
    """Where logs live. Every method raises OSError (FileNotFoundError, ...) as the `os` functions do."""

    def open(self, path: str, *, create: bool = False, exclusive: bool = False) -> File:
        """Open a file. FileNotFoundError if it is missing and `create` is false; `exclusive` demands that it
        is new (FileExistsError)."""
        ...

    def exists(self, path: str) -> bool:
        """Whether a file or directory is there."""
        ...

    def is_directory(self, path: str) -> bool:
        """Whether it is a directory."""
        ...

    def size(self, path: str) -> int:
        """Length of a file in bytes."""
        ...

    def list(self, path: str) -> list[str]:
        """The names in a directory, sorted."""
        ...

    def make_directories(self, path: str) -> None:
        """Make a directory and those above it that are missing."""
        ...

    def remove(self, path: str) -> None:
        """Remove a file."""
        ...

    def remove_tree(self, path: str) -> None:
        """Remove a directory and all that is in it."""
        ...

    def rename(self, old: str, new: str) -> None:
        """Give a file or directory another name, replacing a file that has it, in one step."""
        ...

    def sync_directory(self, path: str) -> None:
        """Make the names in a directory durable: files created, renamed and removed there."""
        ...

    def read_bytes(self, path: str) -> bytes:
        """The whole contents of a (small) file."""
        ...

    def lock(self, path: str) -> Lock:
        """Hold a lock file, which is made if need be. Raises FileSystemLocked if another broker holds it."""
        ...


def parent_directory(path: str) -> str:
    """The directory that holds `path`: what has to be synced for its name to last."""
    return os.path.dirname(path) or "."


def write_all(file: File, offset: int, data: Buffer) -> None:
    """Write all of `data` at `offset`, going on after short writes. On OSError some of it may be written."""
    written = file.write_at(offset, data)
    if written == len(data):
        return
    view = memoryview(data)
    while written < len(view):
        count = file.write_at(offset + written, view[written:])
        if count <= 0:
            raise OSError(errno.EIO, "nothing could be written", file.path)
        written += count


def write_atomically(file_system: FileSystem, path: str, data: Buffer) -> None:
    """Replace the contents of `path`: after a crash it has the old contents or `data`, and once this has
    returned surely `data`. Raises OSError, and `path` then still has the old contents unless the last step,
    the sync of the directory, is what failed."""
    temporary = path + ".tmp"
    file = file_system.open(temporary, create=True)
    try:
        file.truncate(0)
        write_all(file, 0, data)
        file.sync()
    finally:
        file.close()
    file_system.rename(temporary, path)
    file_system.sync_directory(parent_directory(path))


class RealFileSystem:
    """The operating system's files.

    A `File` costs no descriptor until it is used, and at most about `max_open_files` descriptors (None: half
    of the process' limit) are kept; the least used are closed behind the Files' backs and opened again.
    """

    def __init__(self, max_open_files: int | None = None) -> None:
        if max_open_files is None:
            soft_limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
            max_open_files = 65536 if soft_limit == resource.RLIM_INFINITY else max(16, soft_limit // 2)
        self._descriptors = _Descriptors(max_open_files)

    def open(self, path: str, *, create: bool = False, exclusive: bool = False) -> File:
        file = _RealFile(path, self._descriptors)
        if create:
            self._descriptors.open(file, os.O_CREAT | (os.O_EXCL if exclusive else 0))
        elif stat.S_ISDIR(os.stat(path).st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        return file

    def exists(self, path: str) -> bool:
        return os.path.exists(path)

    def is_directory(self, path: str) -> bool:
        return os.path.isdir(path)

    def size(self, path: str) -> int:
        return os.stat(path).st_size

    def list(self, path: str) -> list[str]:
        return sorted(os.listdir(path))

    def make_directories(self, path: str) -> None:
        os.makedirs(path, exist_ok=True)

    def remove(self, path: str) -> None:
        os.unlink(path)

    def remove_tree(self, path: str) -> None:
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    self.remove_tree(entry.path)
                else:
                    os.unlink(entry.path)
        os.rmdir(path)

    def rename(self, old: str, new: str) -> None:
        os.replace(old, new)

    def sync_directory(self, path: str) -> None:
        number = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _sync(number)
        finally:
            os.close(number)

    def read_bytes(self, path: str) -> bytes:
        with open(path, "rb", buffering=0) as file:
            return file.readall()

    def lock(self, path: str) -> Lock:
        """Hold an flock(2) on `path`, which ends with the process however that ends."""
        number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(number)
            raise FileSystemLocked(errno.EAGAIN, "another broker is using this directory", path) from error
        except OSError:
            os.close(number)
            raise
        return _RealLock(number)


class _RealLock:
    def __init__(self, number: int) -> None:
        self._number: int | None = number

    def close(self) -> None:
        number, self._number = self._number, None
        if number is not None:
            os.close(number)


class _Descriptor:
    """An open descriptor, closed when the last File, Region or call that refers to it is done."""

    __slots__ = ("number", "used")

    def __init__(self, number: int) -> None:
        self.number = number
        self.used = True

    def __del__(self) -> None:
        os.close(self.number)


class _RealFile:
    __slots__ = ("_descriptor", "_descriptors", "_dirty", "_sync_failed", "path")

    def __init__(self, path: str, descriptors: _Descriptors) -> None:
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
            _sync(descriptor.number)
        except OSError:
            self._sync_failed = True
            raise

    def region(self, offset: int, size: int) -> Region:
        return _RealRegion(self._open(), offset, size)

    def close(self) -> None:
        self._descriptors.forget(self)

    @property
    def dirty(self) -> bool:
        return self._dirty


class _RealRegion:
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


class _Descriptors:
    """The open descriptors of one file system, bounded by the second-chance algorithm.

    A File that has unsynced writes is closed only if there is no other, and synced first: Linux tells a
    failed write-back surely only to descriptors that were open at the time (fsync(2), "Errors").
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._files: deque[_RealFile] = deque()
        self._lock = threading.RLock()  # syncs run in other threads

    def open(self, file: _RealFile, flags: int = 0) -> _Descriptor:
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

    def forget(self, file: _RealFile) -> None:
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


def _sync(number: int) -> None:
    if _FULL_SYNC is not None:
        fcntl.fcntl(number, _FULL_SYNC)
    else:
        os.fdatasync(number)
