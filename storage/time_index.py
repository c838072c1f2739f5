"""The sparse index from timestamps to offsets of a segment: `<base offset>.timeindex` (KIP-33).

An entry has 12 bytes: a timestamp in ms, and the last offset, relative to the segment's base offset, of the
first batch that reached it. Up to there no record is younger. Timestamps increase from entry to entry; when a
segment is rolled or closed its largest timestamp becomes the last entry.
"""

from __future__ import annotations

import struct
from bisect import bisect_left

from .index_file import IndexFile

ENTRY_SIZE = 12
NO_TIMESTAMP = -1


class TimeIndex(IndexFile):
    """Finds where to begin looking for a timestamp."""

    __slots__ = ()

    entry = struct.Struct(">qi")

    def lookup(self, timestamp: int) -> int:
        """An offset before which no record has `timestamp` or a later one: as near as the index knows."""
        number = self.floor(timestamp)
        return self.base_offset + (self.get(number)[1] if number >= 0 else 0)

    def last(self) -> tuple[int, int]:
        """The last entry, a timestamp and an offset; (-1, base offset) if there is none."""
        count = len(self)
        if count == 0:
            return NO_TIMESTAMP, self.base_offset
        timestamp, relative = self.get(count - 1)
        return timestamp, self.base_offset + relative

    def append(self, timestamp: int, offset: int) -> None:
        """Add an entry, unless the last one has this timestamp or a later one."""
        if timestamp > self.last()[0]:
            self.push(timestamp, offset - self.base_offset)

    def truncate_to(self, offset: int) -> None:
        """Drop the entries of `offset` and beyond."""
        self.keep(
            bisect_left(range(len(self)), offset - self.base_offset, key=lambda number: self.get(number)[1])
        )
