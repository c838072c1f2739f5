"""Record batches of magic 2 (KIP-98): the header by one struct, the records opaque until somebody needs them.

    base_offset int64 | batch_length int32 | partition_leader_epoch int32 | magic int8 | crc uint32
    attributes int16 | last_offset_delta int32 | base_timestamp int64 | max_timestamp int64
    producer_id int64 | producer_epoch int16 | base_sequence int32 | record_count int32 | records

The CRC-32C covers everything from `attributes` on, so the broker may write base offset and leader epoch in
place. Attributes: bits 0-2 codec, 3 LogAppendTime, 4 transactional, 5 control, 6 delete horizon (KIP-534).
Timestamps are milliseconds since the epoch, -1 for none; ids, epochs and sequences of -1 mean none.
Validation as the broker does it on produce is in `record_validation`, control records are in
`control_records`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .checksum import crc32c
from .compression import Compression, compress, decompress
from .record_errors import BrokenCompression, CorruptRecord, InflatedTooLarge, InvalidRecord, TruncatedBatch
from .record_format import MAX_INT64, Headers, Record, encode_records, parse_records

if TYPE_CHECKING:
    from collections.abc import Sequence

    from _typeshed import ReadableBuffer, WriteableBuffer

__all__ = [
    "BatchHeader",
    "Compression",
    "CorruptRecord",
    "Headers",
    "InflatedTooLarge",
    "InvalidRecord",
    "Record",
    "TruncatedBatch",
    "batches",
    "build_batch",
    "check_crc",
    "inflate",
    "magic_of",
    "parse_header",
    "records",
    "set_max_timestamp",
]

HEADER = struct.Struct(">qiibIhiqqqhii")
HEADER_SIZE = HEADER.size
"""61 bytes, the records not counted."""
LOG_OVERHEAD = 12
"""Bytes of base offset and length, which `batch_length` does not count. The same for all magics."""
MAGIC_POSITION = 16
CRC_POSITION = 17
CRC_START = 21
"""Where `attributes` and what the checksum covers begin."""

NO_TIMESTAMP = -1
NO_PRODUCER_ID = -1
NO_SEQUENCE = -1

CODEC_MASK = 0x07
LOG_APPEND_TIME = 0x08
"""The bit of a timestamp type LogAppendTime; `timestamp_type` is this or CREATE_TIME."""
CREATE_TIME = 0
TRANSACTIONAL = 0x10
CONTROL = 0x20
DELETE_HORIZON = 0x40

_CODECS = tuple(Compression)  # indexed by number: a member is found without a call of the enum
_unpack_header = HEADER.unpack_from
_LENGTH_AND_MAGIC = struct.Struct(">8xi4xb")
_ATTRIBUTES = struct.Struct(">h")
_MAX_TIMESTAMP = struct.Struct(">q")
_CRC = struct.Struct(">I")
_MAX_TIMESTAMP_POSITION = 35


class BatchHeader:
    """The fixed fields of one batch, and the `position` of its first byte in the buffer it was read from."""

    __slots__ = (
        "attributes",
        "base_offset",
        "base_sequence",
        "base_timestamp",
        "batch_length",
        "crc",
        "last_offset_delta",
        "magic",
        "max_timestamp",
        "partition_leader_epoch",
        "position",
        "producer_epoch",
        "producer_id",
        "record_count",
    )

    def __init__(
        self,
        position: int,
        base_offset: int,
        batch_length: int,
        partition_leader_epoch: int,
        magic: int,
        crc: int,
        attributes: int,
        last_offset_delta: int,
        base_timestamp: int,
        max_timestamp: int,
        producer_id: int,
        producer_epoch: int,
        base_sequence: int,
        record_count: int,
    ) -> None:
        self.position = position
        self.base_offset = base_offset
        self.batch_length = batch_length
        self.partition_leader_epoch = partition_leader_epoch
        self.magic = magic
        self.crc = crc
        self.attributes = attributes
        self.last_offset_delta = last_offset_delta
        self.base_timestamp = base_timestamp
        self.max_timestamp = max_timestamp
        self.producer_id = producer_id
        self.producer_epoch = producer_epoch
        self.base_sequence = base_sequence
        self.record_count = record_count

    @property
    def size(self) -> int:
        """Bytes of the whole batch, the leading offset and length included."""
        return self.batch_length + LOG_OVERHEAD

    @property
    def end(self) -> int:
        """The position behind the batch in its buffer."""
        return self.position + self.batch_length + LOG_OVERHEAD

    @property
    def last_offset(self) -> int:
        return self.base_offset + self.last_offset_delta

    @property
    def compression(self) -> Compression:
        """The codec. BrokenCompression when there is no such codec."""
        number = self.attributes & CODEC_MASK
        if number >= len(_CODECS):
            raise BrokenCompression(f"there is no compression codec {number}")
        return _CODECS[number]

    @property
    def timestamp_type(self) -> int:
        """CREATE_TIME or LOG_APPEND_TIME."""
        return self.attributes & LOG_APPEND_TIME

    @property
    def is_transactional(self) -> bool:
        return self.attributes & TRANSACTIONAL != 0

    @property
    def is_control(self) -> bool:
        return self.attributes & CONTROL != 0

    @property
    def delete_horizon_ms(self) -> int | None:
        """When the cleaner may drop this batch's tombstones and markers (KIP-534): kept in
        `base_timestamp`.
        """
        return self.base_timestamp if self.attributes & DELETE_HORIZON else None

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={getattr(self, name)}" for name in self.__slots__)
        return f"BatchHeader({fields})"


def magic_of(buffer: ReadableBuffer, position: int = 0) -> int | None:
    """The magic of the batch or message at `position`, None when the buffer does not reach so far."""
    view = memoryview(buffer)
    return view[position + MAGIC_POSITION] if len(view) > position + MAGIC_POSITION else None


def parse_header(buffer: ReadableBuffer, position: int = 0) -> BatchHeader:
    """The header of the batch at `position`, whose records need not be in the buffer.

    Raises TruncatedBatch when the buffer holds no whole header, and CorruptRecord for another magic or a
    length that no batch can have.
    """
    try:
        header = BatchHeader(position, *_unpack_header(buffer, position))
    except struct.error:
        return _short_header(buffer, position)
    if header.magic != 2:
        raise CorruptRecord(f"a batch with magic {header.magic} where 2 was expected")
    if header.batch_length < HEADER_SIZE - LOG_OVERHEAD:
        raise CorruptRecord(f"a batch of {header.batch_length} bytes, less than its own header")
    return header


def _short_header(buffer: ReadableBuffer, position: int) -> BatchHeader:
    """Tell a length or magic that is wrong from a header that goes on behind the buffer."""
    if len(memoryview(buffer)) - position > MAGIC_POSITION:
        length, magic = _LENGTH_AND_MAGIC.unpack_from(buffer, position)
        if magic != 2:
            raise CorruptRecord(f"a batch with magic {magic} where 2 was expected")
        if length < HEADER_SIZE - LOG_OVERHEAD:
            raise CorruptRecord(f"a batch of {length} bytes, less than its own header")
    raise TruncatedBatch("the buffer ends within a batch header", position)


def batches(buffer: ReadableBuffer, position: int = 0) -> Iterator[BatchHeader]:
    """The headers of the whole batches from `position` to the end of the buffer, records untouched.

    Raises TruncatedBatch when the buffer ends within a batch, after all whole ones were yielded, and
    CorruptRecord for anything that is not a batch of magic 2. Checksums are not looked at: see `check_crc`.
    """
    end = len(memoryview(buffer))
    while position < end:
        header = parse_header(buffer, position)
        position += header.batch_length + LOG_OVERHEAD
        if position > end:
            raise TruncatedBatch(
                f"the buffer ends {position - end} bytes before its last batch", header.position
            )
        yield header


def check_crc(buffer: ReadableBuffer, header: BatchHeader) -> None:
    """Raise CorruptRecord when the checksum of the batch at `header.position` does not match its bytes."""
    view = memoryview(buffer)[header.position + CRC_START : header.end]
    if (computed := crc32c(view)) != header.crc:
        raise CorruptRecord(f"the batch has the checksum {header.crc:#010x}, its bytes have {computed:#010x}")


def set_max_timestamp(
    buffer: WriteableBuffer, header: BatchHeader, timestamp_type: int, max_timestamp: int
) -> None:
    """Write timestamp type and largest timestamp into the batch and `header`; the checksum only if they
    changed.

    With LOG_APPEND_TIME every record of the batch then reads as `max_timestamp`.
    """
    if header.timestamp_type == timestamp_type and header.max_timestamp == max_timestamp:
        return
    position = header.position
    header.attributes = header.attributes & ~LOG_APPEND_TIME | timestamp_type
    header.max_timestamp = max_timestamp
    _ATTRIBUTES.pack_into(buffer, position + CRC_START, header.attributes)
    _MAX_TIMESTAMP.pack_into(buffer, position + _MAX_TIMESTAMP_POSITION, max_timestamp)
    header.crc = crc32c(memoryview(buffer)[position + CRC_START : header.end])
    _CRC.pack_into(buffer, position + CRC_POSITION, header.crc)


def inflate(buffer: ReadableBuffer, header: BatchHeader, max_bytes: int) -> bytes:
    """The records of the batch as uncompressed bytes, at most `max_bytes` of them.

    Raises InflatedTooLarge beyond the bound, and CorruptRecord.
    """
    view = memoryview(buffer)[header.position + HEADER_SIZE : header.end]
    return decompress(header.attributes & CODEC_MASK, view, max_bytes)


def records(buffer: ReadableBuffer, header: BatchHeader, max_bytes: int) -> list[Record]:
    """The records of the batch at `header.position`; control records are records like others.

    Raises InflatedTooLarge when they inflate beyond `max_bytes`, and CorruptRecord.
    """
    if header.record_count == 0:  # what compaction leaves of a batch, to keep its producer's sequence
        return []
    append_time = header.max_timestamp if header.attributes & LOG_APPEND_TIME else None
    data = inflate(buffer, header, max_bytes)
    return parse_records(data, header.record_count, header.base_offset, header.base_timestamp, append_time)


def build_batch(
    records: Sequence[Record],
    *,
    base_offset: int = 0,
    compression: Compression = Compression.NONE,
    level: int | None = None,
    timestamp_type: int = CREATE_TIME,
    partition_leader_epoch: int = -1,
    producer_id: int = NO_PRODUCER_ID,
    producer_epoch: int = -1,
    base_sequence: int = NO_SEQUENCE,
    is_transactional: bool = False,
    is_control: bool = False,
    last_offset: int | None = None,
    max_timestamp: int | None = None,
    delete_horizon_ms: int | None = None,
) -> bytearray:
    """One batch of `records`, whose offsets are absolute and ascending from `base_offset` on; gaps are
    allowed.

    `last_offset` and `max_timestamp` are those of the last and latest record unless given: the cleaner keeps
    the ones of the batch it shrinks, and needs both where it leaves no record. With LOG_APPEND_TIME the
    records read back with `max_timestamp`.

    Raises InvalidRecord where timestamps differ by 2^63 ms or more, for which the format has no room.
    """
    if records:
        base_timestamp = records[0].timestamp if delete_horizon_ms is None else delete_horizon_ms
        last_offset = records[-1].offset if last_offset is None else last_offset
        latest = max(record.timestamp for record in records)
        earliest = min(record.timestamp for record in records)
        if max(latest - base_timestamp, base_timestamp - earliest) > MAX_INT64:
            raise InvalidRecord("the timestamps lie too far apart for one batch")
        max_timestamp = latest if max_timestamp is None else max_timestamp
        data = compress(compression, encode_records(records, base_offset, base_timestamp), level)
    elif last_offset is None or max_timestamp is None:
        raise ValueError("a batch without records needs a last offset and a largest timestamp")
    else:
        base_timestamp, compression, data = NO_TIMESTAMP, Compression.NONE, b""
    attributes = compression | timestamp_type
    attributes |= TRANSACTIONAL * is_transactional | CONTROL * is_control
    attributes |= DELETE_HORIZON * (delete_horizon_ms is not None)
    batch = bytearray(HEADER_SIZE)
    HEADER.pack_into(
        batch,
        0,
        base_offset,
        HEADER_SIZE - LOG_OVERHEAD + len(data),
        partition_leader_epoch,
        2,
        0,
        attributes,
        last_offset - base_offset,
        base_timestamp,
        max_timestamp,
        producer_id,
        producer_epoch,
        base_sequence,
        len(records),
    )
    batch += data
    _CRC.pack_into(batch, CRC_POSITION, crc32c(memoryview(batch)[CRC_START:]))
    return batch
