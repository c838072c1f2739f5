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
from typing import NamedTuple, Protocol

from .descriptors import Descriptors, RealFile, sync_descriptor

Buffer = bytes | bytearray | memoryview


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


class Volume(NamedTuple):
    """How much a volume holds, and how much more can be written; -1 where there is no such thing."""

    total_bytes: int
    usable_bytes: int


NO_VOLUME = Volume(-1, -1)


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

    def volume(self, path: str) -> Volume:
        """The volume that a directory lies on."""
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
        self._descriptors = Descriptors(max_open_files)

    def open(self, path: str, *, create: bool = False, exclusive: bool = False) -> File:
        file = RealFile(path, self._descriptors)
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
            sync_descriptor(number)
        finally:
            os.close(number)

    def read_bytes(self, path: str) -> bytes:
        with open(path, "rb", buffering=0) as file:
            return file.readall()

    def volume(self, path: str) -> Volume:
        found = os.statvfs(path)
        return Volume(found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize)

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
