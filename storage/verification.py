"""Which parts of a segment's file have been verified since it was opened, and the verifying of others when
they are read.

What this process appended came from its own memory, checked. What was on disk before may have decayed there,
so the checksums of its batches are looked at the first time they are read. Base offset, length and leader
epoch, which the checksum does not cover, are held against the neighbours and against what is known of epochs.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

from .batch_scan import HEADER_SIZE, Batch, OffsetsDisagree, check_order, parse, walk_whole
from .errors import LogCorrupted
from .file_system import File


class Verification:
    """The verified ranges of one file, in bytes. `unverified_until`: all behind this position counts as
    verified.
    """

    __slots__ = ("_ranges", "unverified_until")

    def __init__(self, unverified_until: int) -> None:
        self.unverified_until = unverified_until
        self._ranges: list[tuple[int, int]] = []  # disjoint, sorted; they begin and end between batches

    def truncate(self, size: int) -> None:
        """The file ends at `size` now."""
        self.unverified_until = min(self.unverified_until, size)
        self._ranges = [(start, min(end, size)) for start, end in self._ranges if start < size]

    def check(
        self,
        file: File,
        position: int,
        end: int,
        size: int,
        next_offset: int,
        gaps: bool,
        epoch_at: Callable[[int], int],
    ) -> int:
        """Verify the whole batches from `position` to `end` (where one may be cut) of a segment of `size`
        bytes, behind which `next_offset` follows. Return up to where they are sound: `end`, or where damage
        begins.

        Raises LogCorrupted if the first batch is damaged already.
        """
        stop, at = min(end, self.unverified_until), position
        while at < stop:
            slot = bisect_right(self._ranges, (at, size)) - 1
            if slot >= 0 and self._ranges[slot][1] > at:
                at = self._ranges[slot][1]
                continue
            sound, error = _verify(file, at, stop, size, next_offset, gaps, epoch_at)
            if sound > at:
                self._add(at, sound)
            if error is not None:
                if sound == position:
                    raise error
                return sound
            if sound == at:
                break  # a cut batch is left
            at = sound
        return end

    def _add(self, start: int, end: int) -> None:
        ranges = [*self._ranges, (start, end)]
        ranges.sort()
        merged = ranges[:1]
        for begin, finish in ranges[1:]:
            if begin <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], finish))
            else:
                merged.append((begin, finish))
        self._ranges = merged


def _verify(
    file: File,
    position: int,
    stop: int,
    size: int,
    next_offset: int,
    gaps: bool,
    epoch_at: Callable[[int], int],
) -> tuple[int, LogCorrupted | None]:
    """Verify the batches that end at or before `stop`; return where the last sound one ends, and what came
    behind it.
    """
    last: Batch | None = None
    sound = position
    try:
        for batch, _ in walk_whole(file, position, size, stop=stop, gaps=gaps):
            _check_epoch(file, batch, epoch_at(batch.base_offset))
            last, sound = batch, batch.position + batch.size
        if last is not None:
            _check_successor(file, last, sound, size, next_offset, gaps)
    except OffsetsDisagree as error:  # of two neighbours: which of them is right cannot be told
        return (last.position if last is not None else position), error
    except LogCorrupted as error:
        return sound, error
    return sound, None


def _check_epoch(file: File, batch: Batch, known: int) -> None:
    if batch.magic == 2 and known >= 0 and batch.leader_epoch != known:
        reason = (
            f"leader epoch {batch.leader_epoch} at offset {batch.base_offset}, which belongs to epoch {known}"
        )
        raise LogCorrupted(file.path, batch.position, reason)


def _check_successor(file: File, batch: Batch, end: int, size: int, next_offset: int, gaps: bool) -> None:
    if end < size:
        header = file.read_at(end, min(HEADER_SIZE, size - end))
        check_order(file.path, parse(file.path, header, 0, end, size), batch.last_offset + 1, gaps)
    elif batch.last_offset >= next_offset or (batch.last_offset + 1 < next_offset and not gaps):
        reason = f"the segment ends with offset {batch.last_offset}, but {next_offset} follows"
        raise OffsetsDisagree(file.path, batch.position, reason)
