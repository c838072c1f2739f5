"""Producers' state as a file, `<offset>.snapshot`, in Apache Kafka's format (ProducerSnapshot.json, v1).

    version int16 | crc uint32 | count int32 | 46 bytes a producer

It holds the state after all batches below `offset`, with the last batch of each producer only. The CRC-32C
covers everything behind it.
"""

from __future__ import annotations

import struct

from ..protocol.checksum import crc32c
from .producer_state import NO_OFFSET, NO_SEQUENCE, AppendedBatch, ProducerEntry, ProducerState

_VERSION = 1
_HEAD = struct.Struct(">hI")
_COUNT = struct.Struct(">i")
_ENTRY = struct.Struct(">qhiqiqiq")


class SnapshotCorrupted(Exception):
    """A snapshot that is torn or damaged: an older one has to serve."""


def snapshot_name(offset: int) -> str:
    """The file name of the snapshot of the state after all batches below `offset`."""
    return f"{offset:020d}.snapshot"


def to_snapshot(state: ProducerState) -> bytes:
    """The contents of a snapshot file."""
    parts = [_COUNT.pack(len(state.entries))]
    for producer_id, entry in state.entries.items():
        last = entry.batches[-1] if entry.batches else AppendedBatch(NO_SEQUENCE, NO_OFFSET, 0, -1)
        parts.append(
            _ENTRY.pack(
                producer_id,
                entry.producer_epoch,
                last.last_sequence,
                last.last_offset,
                last.offset_delta,
                entry.last_timestamp,
                entry.coordinator_epoch,
                entry.current_txn_first_offset,
            )
        )
    body = b"".join(parts)
    return _HEAD.pack(_VERSION, crc32c(body)) + body


def from_snapshot(data: bytes, end_offset: int) -> ProducerState:
    """The state in a snapshot file, which accounts for the log up to `end_offset`. Raises
    SnapshotCorrupted.
    """
    state = ProducerState(end_offset)
    try:
        version, crc = _HEAD.unpack_from(data)
        (count,) = _COUNT.unpack_from(data, _HEAD.size)
    except struct.error as error:
        raise SnapshotCorrupted("the snapshot is too short") from error
    body = memoryview(data)[_HEAD.size :]
    if version != _VERSION:
        raise SnapshotCorrupted(f"the snapshot has the unknown version {version}")
    if crc32c(body) != crc:
        raise SnapshotCorrupted("the checksum of the snapshot is wrong")
    if len(body) != _COUNT.size + count * _ENTRY.size:
        raise SnapshotCorrupted("the snapshot does not have as many producers as it says")
    for fields in _ENTRY.iter_unpack(body[_COUNT.size :]):
        producer_id, epoch, sequence, offset, delta, timestamp, coordinator_epoch, first_offset = fields
        batches = (AppendedBatch(sequence, offset, delta, timestamp),) if offset >= 0 else ()
        entry = ProducerEntry(
            epoch, coordinator_epoch, timestamp, first_offset, batches, complete=not batches
        )
        state.put(producer_id, entry)
    return state
