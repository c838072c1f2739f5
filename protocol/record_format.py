"""The records inside a batch of magic 2, uncompressed: varint fields after a varint length (KIP-82, KIP-98).

    length | attributes int8 | timestamp_delta | offset_delta | key_length | key | value_length | value
    header_count | (key_length | key | value_length | value)...

All numbers but `attributes` are zigzag varints: at most five bytes, ten for the timestamp. The two readers
below are written out flat, without a call for the common varints of one and two bytes: they run once for
every record produced.
"""

from __future__ import annotations

from typing import NamedTuple

from .record_errors import CorruptRecord

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

MIN_RECORD_SIZE = 7
"""Bytes of the smallest record: length, attributes, two deltas, two lengths of -1 and a header count, one
each.
"""

MAX_INT64 = 2**63 - 1

Headers = tuple[tuple[bytes, bytes | None], ...]


class Record(NamedTuple):
    """One record. `timestamp` in milliseconds, -1 for none; header keys stay bytes, as nothing here reads
    them.
    """

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


class Scan(NamedTuple):
    """What one pass over the records of a batch finds, without a Record made.

    Timestamp deltas are those of the records against the batch's base timestamp, in milliseconds;
    `sequential` says that the offset deltas run 0, 1, 2...; `null_keys` counts the records without a key.
    """

    min_timestamp_delta: int
    max_timestamp_delta: int
    sequential: bool
    null_keys: int


def _long_varint(data: bytes, position: int, limit: int) -> tuple[int, int]:
    """The varint at `position` before zigzag decoding, at most `limit` bytes long, and the position behind
    it.
    """
    value = shift = 0
    for index in range(position, position + limit):
        byte = data[index]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value >> (32 if limit == 5 else 64):
                break
            return value, index + 1
        shift += 7
    raise CorruptRecord(f"a varint of more than {32 if limit == 5 else 64} bits in a record")


def _count_fits(data: bytes, count: int) -> None:
    if count < 0 or count * MIN_RECORD_SIZE > len(data):
        raise CorruptRecord(f"a batch of {len(data)} bytes cannot hold the {count} records it declares")


def scan_records(data: bytes, count: int) -> Scan:
    """Check the structure of `count` records and gather what validation asks for. Raises CorruptRecord."""
    _count_fits(data, count)
    position = null_keys = 0
    low = high = 0
    sequential = True
    try:
        for index in range(count):
            byte = data[position]
            position += 1
            if byte > 0x7F:
                if (after := data[position]) < 0x80:
                    byte, position = byte & 0x7F | after << 7, position + 1
                else:
                    byte, position = _long_varint(data, position - 1, 5)
            if byte & 1:
                raise CorruptRecord("a record of negative length")
            end = position + (byte >> 1)

            byte = data[position + 1]  # past the attributes, of which no bit is in use
            position += 2
            if byte > 0x7F:
                if (after := data[position]) < 0x80:
                    byte, position = byte & 0x7F | after << 7, position + 1
                else:
                    byte, position = _long_varint(data, position - 1, 10)
            delta = (byte >> 1) ^ -(byte & 1)
            if index == 0:
                low = high = delta
            elif delta > high:
                high = delta
            elif delta < low:
                low = delta

            byte = data[position]
            position += 1
            if byte > 0x7F:
                if (after := data[position]) < 0x80:
                    byte, position = byte & 0x7F | after << 7, position + 1
                else:
                    byte, position = _long_varint(data, position - 1, 5)
            if byte != index << 1:
                sequential = False

            byte = data[position]
            position += 1
            if byte > 0x7F:
                byte, position = _long_varint(data, position - 1, 5)
            if byte & 1:
                null_keys += 1
            else:
                position += byte >> 1

            byte = data[position]
            position += 1
            if byte > 0x7F:
                if (after := data[position]) < 0x80:
                    byte, position = byte & 0x7F | after << 7, position + 1
                else:
                    byte, position = _long_varint(data, position - 1, 5)
            if not byte & 1:
                position += byte >> 1

            if data[position]:
                position = _skip_headers(data, position, end)
            else:
                position += 1
            if position != end:
                raise CorruptRecord(
                    f"record {index} of a batch ends {position - end} bytes behind its length"
                )
    except IndexError:
        raise CorruptRecord("the records of a batch reach beyond its end") from None
    if position != len(data):
        raise CorruptRecord(f"{len(data) - position} bytes are left behind the last record of a batch")
    return Scan(low, high, sequential, null_keys)


def parse_records(
    data: bytes, count: int, base_offset: int, base_timestamp: int, append_time: int | None = None
) -> list[Record]:
    """The `count` records in `data`. `append_time`, for batches with LogAppendTime, takes the place of
    timestamps.

    Raises CorruptRecord on whatever is not exactly `count` well-formed records.
    """
    _count_fits(data, count)
    if not 0 <= base_offset <= MAX_INT64 - 2**31:
        raise CorruptRecord(f"a batch with base offset {base_offset}")
    records: list[Record] = []
    position = 0
    new = Record._make
    try:
        for _ in range(count):
            byte = data[position]
            position += 1
            if byte > 0x7F:
                byte, position = _long_varint(data, position - 1, 5)
            if byte & 1:
                raise CorruptRecord("a record of negative length")
            end = position + (byte >> 1)

            byte = data[position + 1]
            position += 2
            if byte > 0x7F:
                byte, position = _long_varint(data, position - 1, 10)
            timestamp = base_timestamp + ((byte >> 1) ^ -(byte & 1))

            byte = data[position]
            position += 1
            if byte > 0x7F:
                byte, position = _long_varint(data, position - 1, 5)
            if byte & 1:
                raise CorruptRecord("a record with an offset before its batch")
            offset = base_offset + (byte >> 1)

            byte = data[position]
            position += 1
            if byte > 0x7F:
                byte, position = _long_varint(data, position - 1, 5)
            if byte & 1:
                key = None
            else:
                key = data[position : position + (byte >> 1)]
                position += byte >> 1

            byte = data[position]
            position += 1
            if byte > 0x7F:
                byte, position = _long_varint(data, position - 1, 5)
            if byte & 1:
                value = None
            else:
                value = data[position : position + (byte >> 1)]
                position += byte >> 1

            if data[position]:
                headers, position = _parse_headers(data, position, end)
            else:
                headers = ()
                position += 1
            if position != end:
                raise CorruptRecord(f"a record ends {position - end} bytes behind its length")
            if append_time is not None:
                timestamp = append_time
            elif not -MAX_INT64 <= timestamp <= MAX_INT64:
                raise CorruptRecord(f"a record with timestamp {timestamp}")
            records.append(new((offset, timestamp, key, value, headers)))
    except IndexError:
        raise CorruptRecord("the records of a batch reach beyond its end") from None
    if position != len(data):
        raise CorruptRecord(f"{len(data) - position} bytes are left behind the last record of a batch")
    return records


def _field(data: bytes, position: int) -> tuple[bytes | None, int]:
    """A length and so many bytes; None for a negative length, as Kafka reads it."""
    byte, position = _long_varint(data, position, 5)
    if byte & 1:
        return None, position
    end = position + (byte >> 1)
    return data[position:end], end


def _parse_headers(data: bytes, position: int, end: int) -> tuple[Headers, int]:
    """The headers at `position` of a record that ends at `end`, and the position behind them."""
    byte, position = _long_varint(data, position, 5)
    count = byte >> 1
    if byte & 1 or count > end - position:
        raise CorruptRecord(f"a record of {end - position} bytes cannot hold the {count} headers it declares")
    headers = []
    for _ in range(count):
        key, position = _field(data, position)
        if key is None:
            raise CorruptRecord("a record header without a key")
        value, position = _field(data, position)
        headers.append((key, value))
    return tuple(headers), position


def _skip_headers(data: bytes, position: int, end: int) -> int:
    return _parse_headers(data, position, end)[1]


def varint(value: int) -> bytes:
    """A signed integer as a zigzag varint."""
    number = value << 1 if value >= 0 else ~(value << 1)
    if number < 0x80:
        return _ONE_BYTE[number]
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


_ONE_BYTE = [bytes((number,)) for number in range(0x80)]


def encode_records(records: Iterable[Record], base_offset: int, base_timestamp: int) -> bytes:
    """The records as a batch holds them, offsets and timestamps against the given bases. The inverse of
    `parse_records`.
    """
    out = bytearray()
    for offset, timestamp, key, value, headers in records:
        body = b"".join(
            (
                b"\0",
                varint(timestamp - base_timestamp),
                varint(offset - base_offset),
                b"\1" if key is None else varint(len(key)) + key,
                b"\1" if value is None else varint(len(value)) + value,
                _encode_headers(headers) if headers else b"\0",
            )
        )
        out += varint(len(body))
        out += body
    return bytes(out)


def _encode_headers(headers: Headers) -> bytes:
    out = [varint(len(headers))]
    for key, value in headers:
        out += (varint(len(key)), key)
        out += (b"\1",) if value is None else (varint(len(value)), value)
    return b"".join(out)
