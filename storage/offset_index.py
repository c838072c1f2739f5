"""The sparse index from offsets to positions in a segment: `<base offset>.index`.

An entry has 8 bytes: a batch's last offset relative to the segment's base offset, and the position in bytes
at which that batch begins (in directories of Kafka before 4.0 an append of several batches has one entry: the
last offset of the last, the position of the first). Both increase from entry to entry.
"""

from __future__ import annotations

import struct
from bisect import bisect_left, bisect_right

from .index_file import IndexFile

ENTRY_SIZE = 8


class OffsetIndex(IndexFile):
    """Finds where to begin looking for an offset."""

    __slots__ = ()

    entry = struct.Struct(">ii")

    def lookup(self, offset: int) -> int:
        """A position at which a batch begins, at or before the one that holds `offset`: as near as the index
        knows.
        """
        number = self.floor(offset - self.base_offset)
        return self.get(number)[1] if number >= 0 else 0

    def position_before(self, position: int) -> int:
        """A position at which a batch begins, at or before this one: as near as the index knows."""
        number = bisect_right(range(len(self)), position, key=lambda number: self.get(number)[1]) - 1
        return self.get(number)[1] if number >= 0 else 0

    def offset_after(self, position: int) -> int | None:
        """An offset behind all batches that begin before `position`: as near as the index knows, or None."""
        count = len(self)
        number = bisect_left(range(count), position, key=lambda number: self.get(number)[1])
        return self.base_offset + self.get(number)[0] + 1 if number < count else None

    def last(self) -> tuple[int, int] | None:
        """The last entry: an offset and a position."""
        count = len(self)
        if count == 0:
            return None
        relative, position = self.get(count - 1)
        return self.base_offset + relative, position

    def append(self, last_offset: int, position: int) -> None:
        """Add the batch that ends with `last_offset` and begins at `position`."""
        self.push(last_offset - self.base_offset, position)

    def truncate_to(self, offset: int) -> None:
        """Drop the entries of `offset` and beyond."""
        self.keep(self.floor(offset - 1 - self.base_offset) + 1)
