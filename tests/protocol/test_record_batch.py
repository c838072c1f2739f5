"""Batches of magic 2: headers, checksums, records, against kafka-python's codec and against damage."""

import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kafka.record import MemoryRecords
from kafka.record.default_records import DefaultRecordBatchBuilder

from odradek.protocol import record_batch as rb
from odradek.protocol.checksum import crc32c
from odradek.protocol.record_batch import BatchHeader, Compression, CorruptRecord, Record, TruncatedBatch
from odradek.protocol.record_errors import InflatedTooLarge, InvalidRecord
from odradek.protocol.record_format import encode_records, parse_records, scan_records, varint

CODECS = list(Compression)
BOUND = 1 << 24
TIMES = st.integers(0, 2**41)
NULLABLE = st.none() | st.binary(max_size=80)
HEADERS = st.lists(st.tuples(st.text(max_size=8).map(str.encode), NULLABLE), max_size=4).map(tuple)
VALUES = st.lists(st.tuples(TIMES, NULLABLE, NULLABLE, HEADERS), min_size=1, max_size=20)


def some_records(count: int = 3, size: int = 20) -> list[Record]:
    """Records with keys, tombstones and headers, at offsets from 0."""
    headers = ((b"trace", b"\1\2"), (b"empty", None))
    return [
        Record(
            index,
            1_700_000_000_000 + index * 7,
            b"key-%d" % index,
            b"v" * (index % (size + 1)) or None,
            headers,
        )
        for index in range(count)
    ]


def only(buffer: Any) -> BatchHeader:
    """The header of a buffer's one batch, its checksum verified."""
    (header,) = rb.batches(buffer)
    rb.check_crc(buffer, header)
    return header


@pytest.mark.parametrize("codec", CODECS)
@given(values=VALUES, base=st.integers(0, 2**62))
@settings(max_examples=40)
def test_records_survive_a_batch(codec: Compression, values: list[Any], base: int) -> None:
    """Whatever the records, a batch built of them reads back the same, with true header fields."""
    given_records = [Record(base + index, *value) for index, value in enumerate(values)]
    batch = rb.build_batch(given_records, base_offset=base, compression=codec)
    header = only(batch)
    assert rb.records(batch, header, BOUND) == given_records
    assert header.size == len(batch) == header.end
    assert header.compression is codec
    assert header.record_count == len(values)
    assert (header.base_offset, header.last_offset) == (base, base + len(values) - 1)
    assert header.max_timestamp == max(value[0] for value in values)


@pytest.mark.usefixtures("kafka_python_snappy")
@pytest.mark.parametrize("transactional", [False, True])
@pytest.mark.parametrize("codec", CODECS)
def test_kafka_python_reads_our_batches(codec: Compression, transactional: bool) -> None:
    """kafka-python 3 finds the same records, checksum and header fields in what we build."""
    given_records = some_records(200)
    batch = rb.build_batch(
        given_records,
        compression=codec,
        producer_id=4711,
        producer_epoch=3,
        base_sequence=17,
        partition_leader_epoch=5,
        is_transactional=transactional,
    )
    theirs = MemoryRecords(bytes(batch)).next_batch()
    assert theirs.validate_crc()
    assert (theirs.producer_id, theirs.producer_epoch, theirs.base_sequence) == (4711, 3, 17)
    assert (theirs.leader_epoch, theirs.is_transactional) == (5, transactional)
    assert theirs.max_timestamp == given_records[-1].timestamp
    found = [
        Record(r.offset, r.timestamp, r.key, r.value, tuple((k.encode(), v) for k, v in r.headers))
        for r in theirs
    ]
    assert found == given_records


@pytest.mark.usefixtures("kafka_python_snappy")
@pytest.mark.parametrize("codec", CODECS)
def test_we_read_kafka_pythons_batches(codec: Compression) -> None:
    """What kafka-python 3's builder writes is found again here, to the last header."""
    given_records = some_records(200)
    builder = DefaultRecordBatchBuilder(2, codec, True, 4711, 3, 17, 1 << 20)
    for offset, timestamp, key, value, headers in given_records:
        builder.append(offset, timestamp, key, value, [(k.decode(), v) for k, v in headers])
    batch = bytes(builder.build())
    header = only(batch)
    assert header.compression is codec
    assert (header.producer_id, header.producer_epoch, header.base_sequence) == (4711, 3, 17)
    assert header.is_transactional
    assert not header.is_control
    assert rb.records(batch, header, BOUND) == given_records


def test_uncompressed_batches_agree_byte_for_byte_with_kafka_python() -> None:
    """There is one way to write an uncompressed batch."""
    given_records = some_records(30, 200)
    builder = DefaultRecordBatchBuilder(2, 0, False, -1, -1, -1, 1 << 20)
    for offset, timestamp, key, value, headers in given_records:
        builder.append(offset, timestamp, key, value, [(k.decode(), v) for k, v in headers])
    theirs = bytearray(builder.build())
    theirs[12:16] = b"\xff" * 4  # kafka-python writes a leader epoch of 0
    assert theirs == rb.build_batch(given_records)


def test_walking_yields_every_batch_with_its_position() -> None:
    """Batches lie one behind the other; each header knows where its batch begins."""
    parts = [rb.build_batch(some_records(count), base_offset=0) for count in (1, 5, 2)]
    buffer = memoryview(b"junk" + b"".join(parts))
    found = list(rb.batches(buffer, 4))
    assert [header.position for header in found] == [4, 4 + len(parts[0]), 4 + len(parts[0]) + len(parts[1])]
    assert [header.record_count for header in found] == [1, 5, 2]
    for header in found:
        rb.check_crc(buffer, header)
        assert len(rb.records(buffer, header, BOUND)) == header.record_count


def test_every_cut_is_a_truncated_batch() -> None:
    """A buffer that ends within its second batch yields the first, then says where the torn one begins."""
    first, second = rb.build_batch(some_records(2)), rb.build_batch(some_records(3))
    for length in range(1, len(second)):
        walk = rb.batches(first + second[:length])
        assert next(walk).record_count == 2
        with pytest.raises(TruncatedBatch) as caught:
            next(walk)
        assert caught.value.position == len(first)


@pytest.mark.parametrize("length", [-(2**31), -1, 0, 13, 48])
def test_lengths_that_no_batch_has_are_corrupt(length: int) -> None:
    """A batch is never shorter than its header; the walk must not stand still or go back."""
    batch = rb.build_batch(some_records())
    struct.pack_into(">i", batch, 8, length)
    for end in (17, len(batch)):
        with pytest.raises(CorruptRecord, match="less than its own header"):
            list(rb.batches(batch[:end]))


@pytest.mark.parametrize("magic", [-1, 0, 1, 3, 127])
def test_other_magics_are_corrupt(magic: int) -> None:
    """The walk is for magic 2; message sets have their own."""
    batch = rb.build_batch(some_records())
    struct.pack_into(">b", batch, 16, magic)
    for end in (17, len(batch)):
        with pytest.raises(CorruptRecord, match=f"magic {magic} "):
            list(rb.batches(batch[:end]))


def test_magic_of_tells_the_format_before_anything_is_parsed() -> None:
    """The magic lies at the same place in all formats; a buffer too short for it has none."""
    batch = rb.build_batch(some_records())
    assert rb.magic_of(batch) == 2
    assert rb.magic_of(batch[:17]) == 2
    assert rb.magic_of(batch[:16]) is None
    assert rb.magic_of(b"abc" + batch, 3) == 2


def test_log_append_time_is_the_time_of_every_record() -> None:
    """KIP-32: with LogAppendTime one timestamp in the header stands for all, and the checksum follows."""
    buffer = memoryview(rb.build_batch(some_records()))
    header = only(buffer)
    rb.set_max_timestamp(buffer, header, rb.LOG_APPEND_TIME, 12345)
    again = only(buffer)
    assert again.timestamp_type == rb.LOG_APPEND_TIME
    assert (again.crc, again.max_timestamp) == (header.crc, 12345)
    assert {record.timestamp for record in rb.records(buffer, again, BOUND)} == {12345}
    rb.set_max_timestamp(buffer, again, rb.CREATE_TIME, 1_700_000_000_014)
    assert bytes(buffer) == rb.build_batch(some_records())


def test_every_flipped_bit_behind_the_checksum_is_found() -> None:
    """The CRC covers all from the attributes to the end, so no single flipped bit passes."""
    batch = rb.build_batch(some_records())
    for position in range(rb.CRC_POSITION, len(batch)):
        for bit in range(8):
            batch[position] ^= 1 << bit
            with pytest.raises(CorruptRecord, match="checksum"):
                rb.check_crc(batch, rb.parse_header(batch))
            batch[position] ^= 1 << bit


def test_checksums_are_castagnolis() -> None:
    """The check value of CRC-32C (RFC 3720, B.4) is that of the function we load past its package."""
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(memoryview(bytearray(32))) == 0x8A9136AA


def test_unknown_codecs_are_corrupt_when_asked_for() -> None:
    """Header attributes with a codec of 5 to 7 pass the walk; asking for the codec or the records does
    not.
    """
    batch = rb.build_batch(some_records())
    struct.pack_into(">h", batch, 21, 7)
    header = rb.parse_header(batch)
    with pytest.raises(CorruptRecord, match="codec 7"):
        _ = header.compression
    with pytest.raises(CorruptRecord, match="codec 7"):
        rb.records(batch, header, BOUND)


@pytest.mark.parametrize("codec", CODECS)
def test_the_bound_on_inflated_records_holds(codec: Compression) -> None:
    """Records of more bytes than allowed are not read, whatever their codec."""
    batch = rb.build_batch([Record(0, 0, None, bytes(100_000))], compression=codec)
    with pytest.raises(InflatedTooLarge):
        rb.records(batch, only(batch), 100_000)
    assert len(rb.records(batch, only(batch), 101_000)) == 1


def test_what_compaction_leaves() -> None:
    """Gaps between offsets, a last offset beyond the last record, a delete horizon (KIP-534), a batch
    without records.
    """
    kept = [Record(12, 50, b"a", None), Record(15, 60, b"b", b"1")]
    batch = rb.build_batch(kept, base_offset=10, last_offset=19, delete_horizon_ms=99, max_timestamp=70)
    header = only(batch)
    assert rb.records(batch, header, BOUND) == kept
    assert (header.last_offset, header.max_timestamp, header.delete_horizon_ms) == (19, 70, 99)
    empty = rb.build_batch([], base_offset=10, last_offset=19, max_timestamp=70, compression=Compression.GZIP)
    header = only(empty)
    assert rb.records(empty, header, BOUND) == []
    assert (header.size, header.last_offset, header.compression) == (rb.HEADER_SIZE, 19, Compression.NONE)
    with pytest.raises(ValueError, match="needs a last offset"):
        rb.build_batch([])


def test_timestamps_too_far_apart_for_one_batch() -> None:
    """A batch stores differences of 64 bits; where two timestamps differ by more, it cannot be written."""
    early, late = Record(0, -(2**63), None, None), Record(1, 2**62, None, None)
    for records in ([early, late], [late._replace(offset=0), early._replace(offset=1)]):
        with pytest.raises(InvalidRecord, match="too far apart"):
            rb.build_batch(records)


def test_a_header_shows_its_fields() -> None:
    """In logs and tracebacks a header says what it holds."""
    assert "record_count=3" in repr(only(rb.build_batch(some_records())))


VARINTS = [
    0,
    -1,
    1,
    63,
    -64,
    64,
    -65,
    127,
    128,
    8191,
    8192,
    -8193,
    2**20,
    2**31 - 1,
    -(2**31),
    2**62,
    -(2**63),
]


@pytest.mark.parametrize("number", VARINTS)
def test_varints_read_back(number: int) -> None:
    """Timestamp deltas of every length survive, up to the ten bytes of 64 bits."""
    data = encode_records([Record(0, number // 2, b"k", b"v")], 0, number // 2 - number)
    (record,) = parse_records(data, 1, 0, number // 2 - number)
    assert record.timestamp == number // 2
    scan = scan_records(data, 1)
    assert scan.min_timestamp_delta == scan.max_timestamp_delta == number


def _record(*fields: bytes) -> bytes:
    body = b"".join(fields)
    return varint(len(body)) + body


OVERLONG = b"\xff" * 4 + b"\x7f"  # 35 bits, where 32 are allowed
BROKEN_RECORDS = {
    "negative length": b"\x01" + bytes(10),
    "length beyond the end": b"\x7e" + bytes(10),
    "length varint of six bytes": b"\x8c" + b"\x80" * 5 + bytes(10),
    "timestamp varint of eleven bytes": _record(b"\0", b"\x80" * 10 + b"\0", b"\0\1\1\0"),
    "timestamp of 70 bits": _record(b"\0", b"\xff" * 9 + b"\x7f", b"\0\1\1\0"),
    "key beyond the record": _record(b"\0\0\0", varint(100), b"key", b"\1\0") + bytes(200),
    "value beyond the record": _record(b"\0\0\0\1", varint(100), b"value", b"\0") + bytes(200),
    "value length of 35 bits": _record(b"\0\0\0\1", OVERLONG, b"\0"),
    "more headers than bytes": _record(b"\0\0\0\1\1", varint(2**31 - 1)),
    "negative header count": _record(b"\0\0\0\1\1", varint(-3), bytes(9)),
    "header without key": _record(b"\0\0\0\1\1", varint(1), b"\1\1"),
    "header beyond the record": _record(b"\0\0\0\1\1", varint(1), varint(50), b"h\1") + bytes(100),
    "bytes behind the last field": _record(b"\0\0\0\1\1\0", b"more"),
    "bytes behind the last record": _record(b"\0\0\0\1\1\0") + b"more",
    "fields shorter than the record": _record(b"\0\0\0\1\1\0\0"),
    "nothing": b"",
}


@pytest.mark.parametrize("name", BROKEN_RECORDS)
def test_broken_records_are_corrupt(name: str) -> None:
    """Both readers, the one that makes records and the one that only looks, refuse the same damage."""
    with pytest.raises(CorruptRecord):
        parse_records(BROKEN_RECORDS[name], 1, 0, 0)
    with pytest.raises(CorruptRecord):
        scan_records(BROKEN_RECORDS[name], 1)


@pytest.mark.parametrize("count", [-1, 2, 4, 2**31 - 1])
def test_a_count_that_is_not_the_number_of_records_is_corrupt(count: int) -> None:
    """Too few, too many or negative: the declared number must be there, and nothing else."""
    data = encode_records(some_records(3), 0, 0)
    with pytest.raises(CorruptRecord):
        parse_records(data, count, 0, 0)
    with pytest.raises(CorruptRecord):
        scan_records(data, count)


@pytest.mark.parametrize(("base_offset", "base_timestamp"), [(-1, 0), (2**63 - 10, 0), (0, 2**63 - 10)])
def test_offsets_and_timestamps_stay_within_64_bits(base_offset: int, base_timestamp: int) -> None:
    """Bases that would carry a record out of range are refused, so that everything read can be written
    again.
    """
    data = encode_records([Record(0, 50, None, None)], 0, 0)
    with pytest.raises(CorruptRecord):
        parse_records(data, 1, base_offset, base_timestamp)


def test_a_scan_finds_what_validation_asks_for() -> None:
    """The extremes of the timestamps, records without keys, and offsets that are not 0, 1, 2."""
    listed = [Record(0, 500, b"k", None), Record(1, 400, None, b"v"), Record(2, 90_000, None, b"v" * 9000)]
    assert scan_records(encode_records(listed, 0, 500), 3) == (-100, 89_500, True, 2)
    assert not scan_records(encode_records(listed, 1, 500), 3).sequential
    assert not scan_records(encode_records([listed[0], listed[2]], 0, 500), 2).sequential


@given(values=VALUES, data=st.data())
@settings(max_examples=150)
def test_readers_agree_on_damaged_records(values: list[Any], data: st.DataObject) -> None:
    """Of mutated records, both readers say CorruptRecord and nothing else, or see the same."""
    clean = encode_records([Record(index, *value) for index, value in enumerate(values)], 0, values[0][0])
    mutated = bytearray(clean)
    for _ in range(data.draw(st.integers(1, 3))):
        mutated[data.draw(st.integers(0, len(mutated) - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(mutated)
    try:
        scan = scan_records(damaged, len(values))
    except CorruptRecord:
        with pytest.raises(CorruptRecord):
            parse_records(damaged, len(values), 0, 0)
        return
    try:
        parsed = parse_records(damaged, len(values), 0, 0)
    except CorruptRecord:
        assert not scan.sequential  # only the reader of records minds an offset before its batch
        return
    assert scan.null_keys == sum(record.key is None for record in parsed)
    assert scan.sequential == ([record.offset for record in parsed] == list(range(len(parsed))))
    assert scan.max_timestamp_delta == max(record.timestamp for record in parsed)
    assert scan.min_timestamp_delta == min(record.timestamp for record in parsed)


@pytest.mark.parametrize("codec", CODECS)
@given(data=st.data())
@settings(max_examples=120)
def test_damaged_batches_fail_cleanly(codec: Compression, data: st.DataObject) -> None:
    """A mutated or cut batch raises CorruptRecord or nothing, wherever it is damaged, checksums aside."""
    batch = rb.build_batch(some_records(4), compression=codec)
    for _ in range(data.draw(st.integers(1, 4))):
        batch[data.draw(st.integers(0, len(batch) - 1))] = data.draw(st.integers(0, 255))
    del batch[data.draw(st.integers(len(batch) // 2, len(batch))) :]
    try:
        for header in rb.batches(batch):
            rb.records(batch, header, 100_000)
    except CorruptRecord:
        pass
