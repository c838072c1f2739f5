"""Walk the batches of a segment file: by their headers alone, or whole with their checksums.

A header says how long its batch is, so a walk needs no index; it does need a position where a batch begins.
Every batch is checked against its neighbour: its offsets must continue where the one before ended, or lie
beyond, where compaction may have removed batches between (`gaps`). The checksum does not cover base offset
and length: this does.

Message sets of magic 0 and 1, which Kafka before 0.11 wrote, are walked too. Their messages count as batches;
the offset of a compressed one is that of its last record, and where it begins is not known from outside.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from ..protocol.checksum import crc32c
from .errors import LogCorrupted
from .file_system import File

HEADER_SIZE = 61

_HEADER = struct.Struct(">qiibIhiqqqhii")
_OLD_HEADER = struct.Struct(">qiIbbq")
_MIN_OLD_SIZE = {0: 26, 1: 34}
_HEADER_CHUNK = 8192
_WHOLE_CHUNK = 1 << 20

_TRANSACTIONAL = 1 << 4
_CONTROL = 1 << 5


class OffsetsDisagree(LogCorrupted):
    """Two batches that follow one another do not continue each other's offsets: one of the headers is
    damaged.
    """


class Batch(NamedTuple):
    """One batch in a segment file. `position` and `size` in bytes; the other names are those of the header's
    fields.
    """

    position: int
    size: int
    magic: int
    base_offset: int
    last_offset: int
    leader_epoch: int
    attributes: int
    max_timestamp: int
    producer_id: int
    producer_epoch: int
    base_sequence: int
    record_count: int

    @property
    def is_transactional(self) -> bool:
        return bool(self.attributes & _TRANSACTIONAL)

    @property
    def is_control(self) -> bool:
        return bool(self.attributes & _CONTROL)

    @property
    def last_offset_delta(self) -> int:
        return self.last_offset - self.base_offset


def walk(
    file: File, position: int, end: int, *, next_offset: int | None = None, gaps: bool = False
) -> Iterator[Batch]:
    """The batches from `position` to `end`, their headers read and nothing else.

    `next_offset` is the offset at which the first one should begin, if that is known. Raises LogCorrupted
    when the bytes at a position cannot be a batch, or reach beyond `end`; OSError.
    """
    chunk, start = b"", position
    while position < end:
        if position + HEADER_SIZE > start + len(chunk):
            start = position
            chunk = file.read_at(position, min(_HEADER_CHUNK, end - position))
        batch = parse(file.path, chunk, position - start, position, end)
        check_order(file.path, batch, next_offset, gaps)
        yield batch
        position += batch.size
        next_offset = batch.last_offset + 1


def walk_whole(
    file: File,
    position: int,
    end: int,
    *,
    stop: int | None = None,
    next_offset: int | None = None,
    gaps: bool = False,
) -> Iterator[tuple[Batch, memoryview]]:
    """As `walk`, but every batch is read and its checksum verified; its bytes come with it.

    With `stop`, only the batches that end there or before are.
    """
    stop = end if stop is None else stop
    chunk, start = memoryview(b""), position
    while position < stop:
        if position + HEADER_SIZE > start + len(chunk):
            size = min(_WHOLE_CHUNK, max(stop - position, HEADER_SIZE), end - position)
            chunk, start = memoryview(file.read_at(position, size)), position
        batch = parse(file.path, chunk, position - start, position, end)
        if position + batch.size > stop:
            return
        if position + batch.size > start + len(chunk):
            chunk, start = (
                memoryview(file.read_at(position, max(batch.size, min(_WHOLE_CHUNK, stop - position)))),
                position,
            )
            if len(chunk) < batch.size:
                raise LogCorrupted(file.path, position, "the file ends within the batch")
        check_order(file.path, batch, next_offset, gaps)
        body = chunk[position - start : position - start + batch.size]
        check_crc(file.path, batch, body)
        yield batch, body
        position += batch.size
        next_offset = batch.last_offset + 1


def parse(path: str, chunk: bytes | memoryview, at: int, position: int, end: int) -> Batch:
    """The batch whose header lies `at` in `chunk`, and at `position` in a file that is valid to `end`."""
    try:
        (
            base_offset,
            length,
            leader_epoch,
            magic,
            _,
            attributes,
            last_offset_delta,
            _,
            max_timestamp,
            producer_id,
            producer_epoch,
            base_sequence,
            record_count,
        ) = _HEADER.unpack_from(chunk, at)
    except struct.error:
        magic = chunk[at + 16] if len(chunk) > at + 16 else 2
        if magic >= 2:
            raise LogCorrupted(path, position, "the file ends within a batch header") from None
    if magic in _MIN_OLD_SIZE:
        return _parse_old(path, chunk, at, position, end)
    if magic != 2:
        raise LogCorrupted(path, position, f"magic {magic} is none of a batch")
    if length < HEADER_SIZE - 12 or base_offset < 0 or last_offset_delta < 0:
        raise LogCorrupted(path, position, f"length {length} or offset {base_offset} cannot be")
    if position + 12 + length > end:
        raise LogCorrupted(path, position, f"a batch of {12 + length} bytes reaches beyond the end at {end}")
    return Batch(
        position,
        12 + length,
        2,
        base_offset,
        base_offset + last_offset_delta,
        leader_epoch,
        attributes,
        max_timestamp,
        producer_id,
        producer_epoch,
        base_sequence,
        record_count,
    )


def _parse_old(path: str, chunk: bytes | memoryview, at: int, position: int, end: int) -> Batch:
    try:
        offset, length, _, magic, attributes, timestamp = _OLD_HEADER.unpack_from(chunk, at)
    except struct.error:
        raise LogCorrupted(path, position, "the file ends within a message header") from None
    if 12 + length < _MIN_OLD_SIZE[magic] or offset < 0:
        raise LogCorrupted(path, position, f"length {length} or offset {offset} cannot be")
    if position + 12 + length > end:
        raise LogCorrupted(
            path, position, f"a message of {12 + length} bytes reaches beyond the end at {end}"
        )
    return Batch(
        position,
        12 + length,
        magic,
        offset,
        offset,
        -1,
        attributes & 7,
        timestamp if magic else -1,
        -1,
        -1,
        -1,
        1,
    )


def check_order(path: str, batch: Batch, next_offset: int | None, gaps: bool) -> None:
    """Raise LogCorrupted unless `batch` may follow one that ended right before `next_offset` (None: any
    may).
    """
    if next_offset is None or batch.base_offset == next_offset:
        return
    if batch.base_offset < next_offset or not (gaps or batch.magic < 2):
        reason = f"offset {batch.base_offset} where {next_offset} should follow"
        raise OffsetsDisagree(path, batch.position, reason)


def check_crc(path: str, batch: Batch, body: memoryview) -> None:
    """Raise LogCorrupted unless the checksum in `body`, the bytes of `batch`, is that of its contents."""
    if batch.magic == 2:
        sound = crc32c(body[21:]) == int.from_bytes(body[17:21], "big")
    else:
        sound = zlib.crc32(body[16:]) == int.from_bytes(body[12:16], "big")
    if not sound:
        reason = f"the checksum of the batch at offset {batch.base_offset} is wrong"
        raise LogCorrupted(path, batch.position, reason)
