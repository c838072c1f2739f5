"""Message sets of magic 0 and 1, what clients before 0.11 speak: read as records, and made from batches of
magic 2.

    offset int64 | size int32 | crc uint32 | magic int8 | attributes int8 | timestamp int64 (magic 1, KIP-32)
    key_length int32 | key | value_length int32 | value

The CRC-32 covers everything from `magic` on. A compressed set is one message, the wrapper, whose value is a
message set. The wrapper's offset is that of its last inner message; the inner offsets are absolute with magic
0 and relative to the first one with magic 1 (KIP-31). Attributes: bits 0-2 codec, 3 LogAppendTime (magic 1).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from .compression import Compression, compress, decompress
from .record_batch import (
    CODEC_MASK,
    LOG_APPEND_TIME,
    LOG_OVERHEAD,
    NO_TIMESTAMP,
    BatchHeader,
    batches,
    records,
)
from .record_errors import (
    BrokenCompression,
    CorruptRecord,
    InvalidRecord,
    TruncatedBatch,
    UnsupportedCompression,
)
from .record_format import Record

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

MIN_MESSAGE_SIZE = 14
"""Bytes of the smallest message: magic 0, no key, no value; its offset and size not counted."""

_MESSAGE = struct.Struct(">qiIbb")
_LENGTH = struct.Struct(">i")
_TIMESTAMP = struct.Struct(">q")
_HEAD = {0: struct.Struct(">bb"), 1: struct.Struct(">bbq")}


class Message(NamedTuple):
    """One message as it lies in a set; of a wrapper, `value` is the compressed set. `timestamp` -1 for magic
    0.
    """

    offset: int
    magic: int
    attributes: int
    timestamp: int
    key: bytes | None
    value: bytes | None

    @property
    def codec(self) -> int:
        return self.attributes & CODEC_MASK

    @property
    def size(self) -> int:
        """Bytes of the message in its set, the offset and size in front of it included."""
        timestamp = 8 if self.magic else 0
        return LOG_OVERHEAD + MIN_MESSAGE_SIZE + timestamp + len(self.key or b"") + len(self.value or b"")

    @property
    def timestamp_type(self) -> int:
        """CREATE_TIME or LOG_APPEND_TIME of `record_batch`; magic 0 has no timestamps and counts as
        CREATE_TIME.
        """
        return self.attributes & LOG_APPEND_TIME if self.magic else 0


class MessageSet(NamedTuple):
    """The records of a set, wrappers opened, with absolute offsets as far as the set tells them.

    `codec` is the last one met, NONE if there is no wrapper; `log_append_time` says that a message claims to
    have its timestamp from a broker.
    """

    magic: int
    codec: Compression
    log_append_time: bool
    records: list[Record]


def messages(buffer: ReadableBuffer) -> Iterator[Message]:
    """The messages of a set, wrappers closed, checksums checked. A message that the buffer cuts off is left
    out.

    Raises CorruptRecord for what is not a message of magic 0 or 1.
    """
    view = memoryview(buffer)
    position = 0
    while len(view) - position >= _MESSAGE.size:
        offset, size, crc, magic, attributes = _MESSAGE.unpack_from(view, position)
        if size < MIN_MESSAGE_SIZE:
            raise CorruptRecord(f"a message of {size} bytes, less than the smallest there is")
        if magic not in _HEAD:
            raise CorruptRecord(f"a message with magic {magic} where 0 or 1 was expected")
        body = view[position + LOG_OVERHEAD : position + LOG_OVERHEAD + size]
        if len(body) < size:
            return
        if (computed := zlib.crc32(body[4:])) != crc:
            raise CorruptRecord(f"the message has the checksum {crc:#010x}, its bytes have {computed:#010x}")
        timestamp, key, value = _fields(bytes(body[6:]), magic)
        yield Message(offset, magic, attributes, timestamp, key, value)
        position += LOG_OVERHEAD + size


def _fields(data: bytes, magic: int) -> tuple[int, bytes | None, bytes | None]:
    """Timestamp, key and value from what follows a message's attributes."""
    at, timestamp = 0, NO_TIMESTAMP
    try:
        if magic == 1:
            (timestamp,) = _TIMESTAMP.unpack_from(data)
            at = 8
        key, at = _sized(data, at)
        value, at = _sized(data, at)
    except struct.error:
        raise CorruptRecord("a message is too short for its fields") from None
    if at != len(data):
        raise CorruptRecord(f"the fields of a message end {len(data) - at} bytes before the message")
    return timestamp, key, value


def _sized(data: bytes, at: int) -> tuple[bytes | None, int]:
    (length,) = _LENGTH.unpack_from(data, at)
    at += 4
    return (None, at) if length < 0 else (data[at : at + length], at + length)


def read_message_set(buffer: ReadableBuffer, max_bytes: int) -> MessageSet:
    """Every record of a message set. All wrappers together may inflate to `max_bytes` bytes.

    Raises InflatedTooLarge beyond that, InvalidRecord for nestings and mixtures that no client makes (a
    compressed message beside others, inner messages that are compressed or of another magic), and
    CorruptRecord.
    """
    outer = list(messages(buffer))
    if not outer:
        raise InvalidRecord("a message set without a whole message")
    first = outer[0]
    if any(message.magic != first.magic for message in outer):
        raise InvalidRecord("a message set of mixed magics")
    log_append_time = any(message.timestamp_type for message in outer)
    if any(message.codec for message in outer):
        if len(outer) > 1:
            raise InvalidRecord("a compressed message beside others")
        codec = _codec(first)
        return MessageSet(first.magic, codec, log_append_time, _open(first, codec, max_bytes))
    plain = [Record(message.offset, message.timestamp, message.key, message.value) for message in outer]
    return MessageSet(first.magic, Compression.NONE, log_append_time, plain)


def _codec(message: Message) -> Compression:
    if message.codec == Compression.ZSTD:
        raise InvalidRecord(f"zstd in a message of magic {message.magic}")
    try:
        return Compression(message.codec)
    except ValueError:
        raise BrokenCompression(f"there is no compression codec {message.codec}") from None


def _open(wrapper: Message, codec: Compression, max_bytes: int) -> list[Record]:
    """The inner messages of a wrapper as records."""
    if wrapper.value is None:
        raise InvalidRecord("a compressed message without a value")
    inner = list(messages(decompress(codec, wrapper.value, max_bytes, magic=wrapper.magic)))
    if not inner:
        raise InvalidRecord("a compressed message without messages in it")
    if any(message.codec for message in inner):
        raise InvalidRecord("a compressed message within a compressed message")
    errors = [
        (index, f"magic {message.magic} within a message of magic {wrapper.magic}")
        for index, message in enumerate(inner)
        if message.magic != wrapper.magic
    ]
    if errors:
        raise InvalidRecord(f"{len(errors)} messages do not have the magic of their wrapper", errors)
    base = _base_offset(wrapper, inner[-1].offset)
    append_time = wrapper.timestamp if wrapper.timestamp_type else None
    return [
        Record(base + offset, timestamp if append_time is None else append_time, key, value)
        for offset, _, _, timestamp, key, value in inner
    ]


def _base_offset(wrapper: Message, last_inner_offset: int) -> int:
    """What to add to the inner offsets of a wrapper."""
    if wrapper.magic == 0 or wrapper.offset == 0:  # some librdkafkas leave it at 0
        return 0
    if wrapper.offset < last_inner_offset:
        raise InvalidRecord(f"a wrapper of offset {wrapper.offset} around an offset of {last_inner_offset}")
    return wrapper.offset - last_inner_offset


def down_convert(buffer: ReadableBuffer, magic: int, max_bytes: int, first_offset: int = 0) -> bytes:
    """Batches of magic 2 as a message set of `magic` 0 or 1, offsets kept, headers and control records
    dropped.

    Of uncompressed batches, the records before `first_offset` are left out, as old versions of librdkafka
    rely on; a batch that the buffer cuts off is left out, too. A zstd batch ends the set; if it is the first,
    there is no way to send it, and UnsupportedCompression is raised. Each batch may inflate to `max_bytes`
    bytes: beyond it InflatedTooLarge. CorruptRecord when the batches are damaged.
    """
    out = bytearray()
    try:
        for header in batches(buffer):
            if header.is_control:
                continue
            if header.compression is Compression.ZSTD:
                if out:
                    break
                raise UnsupportedCompression(f"zstd has no place in a message of magic {magic}")
            kept = records(buffer, header, max_bytes)
            if header.compression is Compression.NONE:
                kept = [record for record in kept if record.offset >= first_offset]
            if kept:
                _write_batch(out, header, kept, magic)
    except TruncatedBatch:
        pass
    return bytes(out)


def _write_batch(out: bytearray, header: BatchHeader, kept: list[Record], magic: int) -> None:
    """The records of one batch: message by message, or all of them in one wrapper."""
    codec = header.compression
    time_type = header.timestamp_type
    if codec is Compression.NONE:
        for offset, timestamp, key, value, _ in kept:
            _write_message(out, magic, time_type, offset, timestamp, key, value)
        return
    base = kept[0].offset if magic else 0
    inner = bytearray()
    for offset, timestamp, key, value, _ in kept:
        _write_message(inner, magic, time_type, offset - base, timestamp, key, value)
    latest = max(record.timestamp for record in kept)
    packed = compress(codec, bytes(inner), magic=magic)
    _write_message(out, magic, time_type | codec, kept[-1].offset, latest, None, packed)


def _write_message(
    out: bytearray,
    magic: int,
    attributes: int,
    offset: int,
    timestamp: int,
    key: bytes | None,
    value: bytes | None,
) -> None:
    head = _HEAD[1].pack(1, attributes, timestamp) if magic else _HEAD[0].pack(0, attributes & CODEC_MASK)
    body = b"".join((head, _with_length(key), _with_length(value)))
    out += struct.pack(">qiI", offset, len(body) + 4, zlib.crc32(body))
    out += body


def _with_length(data: bytes | None) -> bytes:
    return b"\xff\xff\xff\xff" if data is None else _LENGTH.pack(len(data)) + data
