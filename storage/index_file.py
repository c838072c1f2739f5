"""What the two sparse indexes of a segment have in common: fixed-size entries in a file, ordered by their
first field.

Entries wait in memory until `flush`: an index can always be made again from its segment. Files that Apache
Kafka has preallocated, zeros behind the last entry, are read as they are meant.
"""

from __future__ import annotations

import struct
from bisect import bisect_right

from .file_system import File, FileSystem, write_all, write_atomically

_BLOCK = 4096


class IndexFile:
    """The entries of one index file, sorted by their first field. `base_offset` is what offsets in it are
    relative to.
    """

    __slots__ = (
        "_file",
        "_file_system",
        "_on_disk",
        "_pending",
        "_size",
        "base_offset",
        "changed",
        "path",
        "rewriting",
    )

    entry = struct.Struct("")

    def __init__(self, file_system: FileSystem, path: str, base_offset: int) -> None:
        self.path = path
        self.base_offset = base_offset
        self.changed = False  # since the last sync of its file began
        self._file_system = file_system
        self._file: File | None = None
        self._on_disk = -1  # entries in the file; -1: not looked at yet
        self._size = -1  # of the file, as long as it is known and not used yet
        self._pending = bytearray()
        self.rewriting = False

    @property
    def file(self) -> File:
        """The file, opened on first use."""
        if self._file is None:
            self._file = self._file_system.open(self.path)
        return self._file

    def create(self) -> None:
        """Make the file, empty."""
        self._file = self._file_system.open(self.path, create=True)
        if self._file.size():
            self._file.truncate(0)
            self.changed = True
        self._on_disk = 0
        self._pending.clear()

    def __len__(self) -> int:
        return self._flushed() + len(self._pending) // self.entry.size

    def _flushed(self) -> int:
        if self._on_disk < 0:
            self._on_disk = self._count_entries()
        return self._on_disk

    def _count_entries(self) -> int:
        size = self.entry.size
        count = self._file_system.size(self.path) // size if self._size < 0 else self._size // size
        self._size = -1
        if count > 1 and self.file.read_at((count - 1) * size, size) == bytes(size):
            used = bisect_right(
                range(1, count), False, key=lambda n: not any(self.file.read_at(n * size, size))
            )
            # Only the first entry of a time index may be all zeros and be meant.
            count = used + 1 if used or any(self.file.read_at(0, size)) else 0
        return count

    def is_whole(self) -> bool:
        """Whether the file is there and has no half entry."""
        try:
            self._size = self._file_system.size(self.path)
        except FileNotFoundError:
            return False
        return self._size % self.entry.size == 0

    def get(self, number: int) -> tuple[int, int]:
        """The entry `number` as it is stored."""
        size, flushed = self.entry.size, self._flushed()
        if number >= flushed:
            first, second = self.entry.unpack_from(self._pending, (number - flushed) * size)
        else:
            first, second = self.entry.unpack(self.file.read_at(number * size, size))
        return first, second

    def read_all(self) -> list[tuple[int, int]]:
        """All entries as they are stored."""
        size = self.entry.size
        data = self.file.read_at(0, self._flushed() * size)
        data = data[: len(data) // size * size] + self._pending
        return [(first, second) for first, second in self.entry.iter_unpack(data)]

    def floor(self, key: int) -> int:
        """The number of the last entry whose first field is at most `key`, or -1."""
        flushed, size, unpack = self._flushed(), self.entry.size, self.entry.unpack_from
        pending = self._pending
        if pending and unpack(pending, 0)[0] <= key:
            count = len(pending) // size
            return flushed + bisect_right(range(count), key, key=lambda n: unpack(pending, n * size)[0]) - 1
        return self._floor_in_file(key, flushed)

    def _floor_in_file(self, key: int, count: int) -> int:
        """Binary search for the block by its first entries, then within it: few bytes of a large index are
        read.
        """
        if count == 0:
            return -1
        size, unpack, file = self.entry.size, self.entry.unpack_from, self.file
        per_block = _BLOCK // size
        blocks = range((count + per_block - 1) // per_block)
        block = (
            bisect_right(blocks, key, key=lambda n: unpack(file.read_at(n * per_block * size, size))[0]) - 1
        )
        if block < 0:
            return -1
        first = block * per_block
        data = file.read_at(first * size, min(per_block, count - first) * size)
        return (
            first + bisect_right(range(len(data) // size), key, key=lambda n: unpack(data, n * size)[0]) - 1
        )

    def push(self, first: int, second: int) -> None:
        """Append an entry; it waits in memory."""
        self._pending += self.entry.pack(first, second)
        self.changed = True

    def begin_rewrite(self) -> None:
        """Forget all entries; new ones stay in memory until `finish_rewrite`, and the file stays as it is."""
        self.close()
        self._pending.clear()
        self._on_disk = 0
        self.rewriting = True

    def finish_rewrite(self) -> None:
        """Put the new entries in the place of the file, durably and in one step. Raises OSError."""
        write_atomically(self._file_system, self.path, bytes(self._pending))
        self._on_disk = len(self._pending) // self.entry.size
        self._pending.clear()
        self.rewriting = self.changed = False

    @property
    def pending_bytes(self) -> int:
        """What `flush` would write."""
        return len(self._pending)

    def flush(self) -> None:
        """Write what waits. Raises OSError, and then it still waits."""
        if self._pending and not self.rewriting:
            flushed = self._flushed()
            write_all(self.file, flushed * self.entry.size, self._pending)
            self._on_disk = flushed + len(self._pending) // self.entry.size
            self._pending.clear()

    def trim(self) -> None:
        """Write what waits and cut the file behind its last entry."""
        self.flush()
        size = self._flushed() * self.entry.size
        if self._file_system.size(self.path) != size:
            self.file.truncate(size)
            self.changed = True

    def keep(self, count: int) -> None:
        """Drop all but the first `count` entries."""
        if count >= len(self):
            return
        flushed = self._flushed()
        if count >= flushed:
            del self._pending[(count - flushed) * self.entry.size :]
        else:
            self._pending.clear()
            self.file.truncate(count * self.entry.size)
            self._on_disk = count
        self.changed = True

    def close(self) -> None:
        """Give up the file. What waits is lost."""
        if self._file is not None:
            self._file.close()
            self._file = None
