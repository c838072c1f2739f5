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
MIN_INT64 = -(2**63)

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


def _long(data: bytes, at: int, bits: int = 32) -> tuple[int, int]:
    """The varint whose second byte lies at `at`, before zigzag decoding, and the position behind it."""
    value = data[at - 1] & 0x7F
    for shift in range(7, bits + 6, 7):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value >> bits:
                break
            return value, at
    raise CorruptRecord(f"a varint of more than {bits} bits in a record")


def _check_count(data: bytes, count: int) -> None:
    if count < 0 or count * MIN_RECORD_SIZE > len(data):
        raise CorruptRecord(f"a batch of {len(data)} bytes cannot hold the {count} records it declares")


def _check_end(data: bytes, at: int) -> None:
    if at != len(data):
        raise CorruptRecord(f"the last record of a batch ends {len(data) - at} bytes before the batch")


def scan_records(data: bytes, count: int) -> Scan:
    """Check the structure of `count` records and gather what validation asks for. Raises CorruptRecord."""
    _check_count(data, count)
    at = null_keys = 0
    low, high = MAX_INT64, MIN_INT64
    sequential = True
    try:
        for index in range(count):
            byte = data[at]
            at += 1
            if byte > 0x7F:
                byte, at = (byte & 0x7F | data[at] << 7, at + 1) if data[at] < 0x80 else _long(data, at)
            if byte & 1:
                raise CorruptRecord("a record of negative length")
            end = at + (byte >> 1)

            byte = data[at + 1]  # past the attributes, of which no bit is in use
            at += 2
            if byte > 0x7F:
                byte, at = (byte & 0x7F | data[at] << 7, at + 1) if data[at] < 0x80 else _long(data, at, 64)
            delta = (byte >> 1) ^ -(byte & 1)
            if delta > high:
                high = delta
            if delta < low:
                low = delta

            byte = data[at]
            at += 1
            if byte > 0x7F:
                byte, at = (byte & 0x7F | data[at] << 7, at + 1) if data[at] < 0x80 else _long(data, at)
            if byte != index << 1:
                sequential = False

            byte = data[at]
            at += 1
            if byte > 0x7F:
                byte, at = _long(data, at)
            if byte & 1:
                null_keys += 1
            else:
                at += byte >> 1

            byte = data[at]
            at += 1
            if byte > 0x7F:
                byte, at = (byte & 0x7F | data[at] << 7, at + 1) if data[at] < 0x80 else _long(data, at)
            if not byte & 1:
                at += byte >> 1

            at = _parse_headers(data, at, end)[1] if data[at] else at + 1
            if at != end:
                raise CorruptRecord(f"record {index} of a batch ends {at - end} bytes behind its length")
    except IndexError:
        raise CorruptRecord("the records of a batch reach beyond its end") from None
    _check_end(data, at)
    return Scan(low, high, sequential, null_keys)


def parse_records(
    data: bytes, count: int, base_offset: int, base_timestamp: int, append_time: int | None = None
) -> list[Record]:
    """The `count` records in `data`. `append_time`, for batches with LogAppendTime, takes the place of
    timestamps.

    Raises CorruptRecord on whatever is not exactly `count` well-formed records.
    """
    _check_count(data, count)
    if not 0 <= base_offset <= MAX_INT64 - 2**31:
        raise CorruptRecord(f"a batch with base offset {base_offset}")
    records: list[Record] = []
    timestamp, at = append_time or 0, 0
    try:
        for _ in range(count):
            byte = data[at]
            at += 1
            if byte > 0x7F:
                byte, at = (byte & 0x7F | data[at] << 7, at + 1) if data[at] < 0x80 else _long(data, at)
            if byte & 1:
                raise CorruptRecord("a record of negative length")
            end = at + (byte >> 1)

            byte = data[at + 1]
            at += 2
            if byte > 0x7F:
                byte, at = (byte & 0x7F | data[at] << 7, at + 1) if data[at] < 0x80 else _long(data, at, 64)
            if append_time is None:
                timestamp = base_timestamp + ((byte >> 1) ^ -(byte & 1))

            byte = data[at]
            at += 1
            if byte > 0x7F:
                byte, at = (byte & 0x7F | data[at] << 7, at + 1) if data[at] < 0x80 else _long(data, at)
            if byte & 1 or not MIN_INT64 <= timestamp <= MAX_INT64:
                raise CorruptRecord("a record with an offset or timestamp out of range")
            offset = base_offset + (byte >> 1)

            key, at = _field(data, at)
            value, at = _field(data, at)
            headers, at = _parse_headers(data, at, end) if data[at] else ((), at + 1)
            if at != end:
                raise CorruptRecord(f"a record ends {at - end} bytes behind its length")
            records.append(Record(offset, timestamp, key, value, headers))
    except IndexError:
        raise CorruptRecord("the records of a batch reach beyond its end") from None
    _check_end(data, at)
    return records


def _field(data: bytes, at: int) -> tuple[bytes | None, int]:
    """A length and so many bytes, None for a negative length, and the position behind them."""
    byte = data[at]
    at += 1
    if byte > 0x7F:
        byte, at = _long(data, at)
    if byte & 1:
        return None, at
    end = at + (byte >> 1)
    return data[at:end], end


def _parse_headers(data: bytes, at: int, end: int) -> tuple[Headers, int]:
    """The headers at `at` of a record that ends at `end`, and the position behind them."""
    byte = data[at]
    at += 1
    if byte > 0x7F:
        byte, at = _long(data, at)
    if byte & 1 or byte >> 1 > end - at:
        raise CorruptRecord(f"a record with {byte >> 1} headers in {end - at} bytes")
    headers = []
    for _ in range(byte >> 1):
        key, at = _field(data, at)
        if key is None:
            raise CorruptRecord("a record header without a key")
        value, at = _field(data, at)
        headers.append((key, value))
    return tuple(headers), at


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
