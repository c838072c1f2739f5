"""Control records (KIP-98, KIP-595): their keys, the end markers of transactions, and batches that hold
one.
"""

from __future__ import annotations

import struct
from enum import IntEnum

from .record_batch import build_batch
from .record_errors import CorruptRecord
from .record_format import Record

_KEY = struct.Struct(">hh")  # version, type
_END_MARKER = struct.Struct(">hi")  # version, coordinator epoch


class ControlType(IntEnum):
    """What a control record says; UNKNOWN stands for types of later versions, which readers pass over."""

    ABORT = 0
    COMMIT = 1
    LEADER_CHANGE = 2
    SNAPSHOT_HEADER = 3
    SNAPSHOT_FOOTER = 4
    KRAFT_VERSION = 5
    KRAFT_VOTERS = 6
    UNKNOWN = -1


def control_record(
    control_type: ControlType, value: bytes | None = b"", *, offset: int = 0, timestamp: int = -1
) -> Record:
    """A record whose key says `control_type`, to be put into a batch with `is_control`."""
    return Record(offset, timestamp, _KEY.pack(0, control_type), value)


def control_type(record: Record) -> ControlType:
    """The type of a record from a control batch. Raises CorruptRecord when its key is none of a control
    record.
    """
    key = record.key
    if key is None or len(key) < _KEY.size:
        raise CorruptRecord("a control record without the four bytes of its key")
    version, number = _KEY.unpack_from(key)
    if version < 0:
        raise CorruptRecord(f"a control record of version {version}")
    try:
        return ControlType(number)
    except ValueError:
        return ControlType.UNKNOWN


def end_transaction_marker(
    *,
    commit: bool,
    producer_id: int,
    producer_epoch: int,
    coordinator_epoch: int,
    timestamp: int,
    base_offset: int = 0,
    partition_leader_epoch: int = -1,
) -> bytearray:
    """The batch that ends a transaction of `producer_id` in one partition; `timestamp` in milliseconds."""
    record = control_record(
        ControlType.COMMIT if commit else ControlType.ABORT,
        _END_MARKER.pack(0, coordinator_epoch),
        offset=base_offset,
        timestamp=timestamp,
    )
    return build_batch(
        [record],
        base_offset=base_offset,
        producer_id=producer_id,
        producer_epoch=producer_epoch,
        partition_leader_epoch=partition_leader_epoch,
        is_transactional=True,
        is_control=True,
    )


def parse_end_transaction_marker(record: Record) -> tuple[bool, int]:
    """(commit, coordinator epoch) of a marker. Raises CorruptRecord for other control records and short
    values.
    """
    kind = control_type(record)
    if kind not in (ControlType.ABORT, ControlType.COMMIT):
        raise CorruptRecord(
            f"a control record of type {kind.name} where the end of a transaction was expected"
        )
    if record.value is None or len(record.value) < _END_MARKER.size:
        raise CorruptRecord("an end marker without the six bytes of its value")
    version, coordinator_epoch = _END_MARKER.unpack_from(record.value)
    if version < 0:
        raise CorruptRecord(f"an end marker of version {version}")
    return kind is ControlType.COMMIT, coordinator_epoch
