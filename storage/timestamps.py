"""Finding records by their timestamps (KIP-33, KIP-79, KIP-734)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..protocol.record_batch import CorruptRecord, parse_header, records
from .batch_scan import Batch, check_crc
from .errors import LogCorrupted
from .segment import Segment

# Records are parsed here that were accepted once: what bounds them is message.max.bytes, and how well they
# compress.
_MAX_INFLATED = 1 << 30


class TimestampOffset(NamedTuple):
    """A record's timestamp in ms, its offset, and the leader epoch of its batch (-1: unknown)."""

    timestamp: int
    offset: int
    leader_epoch: int


def find_by_timestamp(
    segments: Sequence[Segment], timestamp: int, start_offset: int, gaps: bool
) -> TimestampOffset | None:
    """The first record at `start_offset` or behind whose timestamp is `timestamp` or later. Raises
    LogCorrupted, OSError.
    """
    for segment in segments:
        if segment.largest[0] < timestamp:
            continue
        for batch in segment.find_timestamp(timestamp, start_offset, gaps):
            for found in _stamps(segment, batch):
                if found.timestamp >= timestamp and found.offset >= start_offset:
                    return found
    return None


def max_timestamp(segments: Sequence[Segment], gaps: bool) -> TimestampOffset | None:
    """The first record with the largest timestamp of all; None if no record has one. Raises LogCorrupted,
    OSError.
    """
    segment = max(segments, key=lambda segment: segment.largest[0])
    largest, offset = segment.largest
    batch = segment.find(offset, gaps) if largest >= 0 else None
    if batch is None:
        return None
    return next((found for found in _stamps(segment, batch) if found.timestamp == largest), None)


def _stamps(segment: Segment, batch: Batch) -> list[TimestampOffset]:
    """Timestamp and offset of every record. A message of the old formats, which may be a compressed set,
    counts as one.
    """
    if batch.magic < 2:
        return [TimestampOffset(batch.max_timestamp, batch.last_offset, -1)]
    body = memoryview(segment.file.read_at(batch.position, batch.size))
    check_crc(segment.path, batch, body)
    try:
        found = records(body, parse_header(body), _MAX_INFLATED)
    except CorruptRecord as error:
        raise LogCorrupted(segment.path, batch.position, f"the records cannot be read: {error}") from error
    return [TimestampOffset(record.timestamp, record.offset, batch.leader_epoch) for record in found]
