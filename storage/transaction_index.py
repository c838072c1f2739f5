"""The aborted transactions of a segment: `<base offset>.txnindex` (KIP-98).

An entry is made for each transaction that is aborted by a marker in the segment; it may have begun in an
earlier one. Entries have 34 bytes and lie in the order of their markers. A segment without any has no file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from .file_system import File, FileSystem, write_all

_ENTRY = struct.Struct(">hqqqq")  # version, producer id, first offset, last offset, last stable offset
ENTRY_SIZE = _ENTRY.size
_VERSION = 0


class AbortedTransaction(NamedTuple):
    """A transaction from the offset of its first batch to that of its marker.

    `last_stable_offset` is what it was right after the marker: transactions that lie in front of it are not
    told by later entries.
    """

    producer_id: int
    first_offset: int
    last_offset: int
    last_stable_offset: int


class TransactionIndexCorrupted(Exception):
    """Entries that cannot be: the index has to be made again from the log."""


class TransactionIndex:
    """The entries of one segment, in memory once they were asked for."""

    __slots__ = ("_entries", "_file", "_file_system", "_on_disk", "changed", "path")

    def __init__(self, file_system: FileSystem, path: str) -> None:
        self.path = path
        self.changed = False  # since the last sync of its file began
        self._file_system = file_system
        self._file: File | None = None
        self._entries: list[AbortedTransaction] | None = None
        self._on_disk = 0  # how many of the entries are in the file

    @property
    def file(self) -> File:
        """The file, made if it is not there."""
        if self._file is None:
            self._file = self._file_system.open(self.path, create=True)
        return self._file

    @property
    def entries(self) -> list[AbortedTransaction]:
        """All entries in order; not to be changed. Raises TransactionIndexCorrupted, OSError."""
        if self._entries is None:
            self._entries = list(self._read())
            self._on_disk = len(self._entries)
        return self._entries

    def _read(self) -> Iterator[AbortedTransaction]:
        try:
            data = self._file_system.read_bytes(self.path)
        except FileNotFoundError:
            return
        whole = len(data) // ENTRY_SIZE * ENTRY_SIZE
        last = -1
        for version, *fields in _ENTRY.iter_unpack(memoryview(data)[:whole]):
            entry = AbortedTransaction(*fields)
            in_order = last < entry.last_offset and 0 <= entry.first_offset <= entry.last_offset
            if version != _VERSION or not in_order:
                raise TransactionIndexCorrupted(f"{self.path} has the entry {entry} of version {version}")
            last = entry.last_offset
            yield entry
        if whole < len(data):
            raise TransactionIndexCorrupted(f"{self.path} ends with half an entry")

    def append(self, entry: AbortedTransaction) -> None:
        """Add a transaction, which waits in memory until `flush`."""
        self.entries.append(entry)
        self.changed = True

    def recover(self, offset: int) -> None:
        """After a crash, keep the entries of transactions that ended before `offset`, which were synced: they
        stay in the file, for another crash may follow. What is torn lies beyond. Raises OSError.
        """
        if not self._file_system.exists(self.path):
            return
        kept: list[AbortedTransaction] = []
        with suppress(TransactionIndexCorrupted):
            # The entries before one that is torn stay in the list.
            kept.extend(entry for entry in self._read() if entry.last_offset < offset)
        self._entries, self._on_disk = kept, len(kept)
        if self.file.size() > len(kept) * ENTRY_SIZE:
            self.file.truncate(len(kept) * ENTRY_SIZE)
            self.file.sync()

    def mark_changed(self) -> None:
        """It is not known whether the file is synced."""
        self.changed = self.changed or bool(self._entries)

    def reset(self) -> None:
        """Forget what is in the file: it is made anew."""
        self._entries, self._on_disk = [], 0
        if self._file_system.exists(self.path):
            self.file.truncate(0)
            self.changed = True

    def truncate_to(self, offset: int) -> None:
        """Drop the transactions that end at `offset` or beyond. Raises OSError."""
        entries = self.entries
        kept = [entry for entry in entries if entry.last_offset < offset]
        if len(kept) < len(entries):
            self._entries = kept
            if len(kept) < self._on_disk:
                self.file.truncate(len(kept) * ENTRY_SIZE)
                self._on_disk = len(kept)
            self.changed = True

    def flush(self) -> None:
        """Write what waits. Raises OSError, and then it still waits."""
        entries = self._entries
        if entries is not None and len(entries) > self._on_disk:
            data = b"".join(_ENTRY.pack(_VERSION, *entry) for entry in entries[self._on_disk :])
            write_all(self.file, self._on_disk * ENTRY_SIZE, data)
            self._on_disk = len(entries)

    def close(self) -> None:
        """Give up the file. What waits is lost."""
        if self._file is not None:
            self._file.close()
            self._file = None
