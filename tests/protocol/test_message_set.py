"""Message sets of magic 0 and 1: what Apache Kafka and kafka-python wrote, conversions, damage."""

import json
import pathlib
import struct
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kafka.record import MemoryRecords
from kafka.record.legacy_records import LegacyRecordBatchBuilder

from odradek.protocol import record_batch as rb
from odradek.protocol.compression import Compression, compress
from odradek.protocol.control_records import end_transaction_marker
from odradek.protocol.message_set import down_convert, messages, read_message_set
from odradek.protocol.record_batch import Record
from odradek.protocol.record_errors import (
    CorruptRecord,
    InflatedTooLarge,
    InvalidRecord,
    UnsupportedCompression,
)

BOUND = 1 << 22
CODECS = [Compression.NONE, Compression.GZIP, Compression.SNAPPY, Compression.LZ4]
VECTORS = json.loads((pathlib.Path(__file__).parent / "vectors" / "apache_kafka_records.json").read_text())
CASES = {case["name"]: case for case in VECTORS["cases"]}
OLD_CASES = [name for name, case in CASES.items() if case["magic"] < 2]
NEW_CASES = [name for name, case in CASES.items() if case["magic"] == 2]


def records_of(case: dict[str, Any]) -> list[Record]:
    """The records that Apache Kafka reads in the bytes of a case."""

    def data(text: str) -> bytes | None:
        return None if text == "-" else bytes.fromhex(text)

    found = []
    for line in case["records"].split():
        offset, timestamp, key, value, *headers = line.split(",")
        pairs = [header.split("=") for header in headers]
        named = tuple((bytes.fromhex(name), data(content)) for name, content in pairs)
        found.append(Record(int(offset), int(timestamp), data(key), data(value), named))
    return found


def message(
    value: bytes | None,
    *,
    magic: int = 1,
    offset: int = 0,
    codec: int = 0,
    timestamp: int = 1000,
    key: bytes | None = None,
) -> bytes:
    """One message, made here by hand."""
    time = struct.pack(">q", timestamp) if magic else b""
    fields = b"".join(
        struct.pack(">i", -1) if part is None else struct.pack(">i", len(part)) + part
        for part in (key, value)
    )
    body = struct.pack(">bb", magic, codec) + time + fields
    return struct.pack(">qiI", offset, len(body) + 4, zlib.crc32(body)) + body


def wrapper(inner: bytes, codec: Compression = Compression.GZIP, magic: int = 1, **fields: Any) -> bytes:
    """A compressed message around a message set."""
    return message(compress(codec, inner, magic=magic), magic=magic, codec=codec, **fields)


@pytest.mark.parametrize("name", OLD_CASES)
def test_message_sets_of_apache_kafka_are_read_as_kafka_reads_them(name: str) -> None:
    """Offsets (absolute with magic 0, relative with magic 1), timestamps and nulls come out as in Kafka."""
    case = CASES[name]
    found = read_message_set(bytes.fromhex(case["data"]), BOUND)
    assert found.records == records_of(case)
    assert found.magic == case["magic"]
    assert found.codec.name.lower() in name
    assert found.log_append_time == ("LogAppendTime" in name)


@pytest.mark.parametrize("name", NEW_CASES)
def test_batches_of_apache_kafka_are_read_as_kafka_reads_them(name: str) -> None:
    """The same for magic 2, with headers, transactions and control records."""
    case = CASES[name]
    data = bytes.fromhex(case["data"])
    (header,) = rb.batches(data)
    rb.check_crc(data, header)
    assert rb.records(data, header, BOUND) == records_of(case)
    assert header.is_transactional == ("transactional" in name or "marker" in name)
    assert header.is_control == ("marker" in name)


def make_old(records: list[Record], magic: int, codec: Compression) -> bytes:
    """A set by kafka-python 3's builder."""
    builder = LegacyRecordBatchBuilder(magic, codec, 1 << 20)
    for record in records:
        builder.append(record.offset, record.timestamp, record.key, record.value)
    return bytes(builder.build())


PLAIN = [
    Record(index, 5000 + index, b"k%d" % index if index % 3 else None, b"v" * index) for index in range(50)
]


@pytest.mark.usefixtures("kafka_python_snappy")
@pytest.mark.parametrize(
    ("magic", "codec"), [(1, codec) for codec in CODECS] + [(0, codec) for codec in CODECS[:3]]
)
def test_kafka_pythons_sets_are_read(magic: int, codec: Compression) -> None:
    """kafka-python 3 still builds the old formats for old brokers."""
    found = read_message_set(make_old(PLAIN, magic, codec), BOUND)
    assert found.records == (PLAIN if magic else [record._replace(timestamp=-1) for record in PLAIN])


@pytest.mark.usefixtures("kafka_python_snappy")
@pytest.mark.parametrize(
    ("magic", "codec"), [(1, codec) for codec in CODECS] + [(0, codec) for codec in CODECS[:3]]
)
def test_kafka_python_reads_down_converted_sets(magic: int, codec: Compression) -> None:
    """What old fetchers get is read by kafka-python with the offsets that the batch had, gaps included."""
    stored = [Record(10 + 2 * index, 5000 + index, b"k", b"v" * 9, ((b"h", b""),)) for index in range(40)]
    old = down_convert(rb.build_batch(stored, base_offset=10, compression=codec), magic, BOUND, 10)
    found = []
    sets = MemoryRecords(old)
    while sets.has_next():
        batch = sets.next_batch()
        assert batch.validate_crc()
        found += [(record.offset, record.timestamp, record.key, record.value) for record in batch]
    times = [record.timestamp if magic else None for record in stored]
    assert found == [(r.offset, time, r.key, r.value) for r, time in zip(stored, times, strict=True)]


VALUES = st.lists(
    st.tuples(st.integers(0, 2**41), *[st.none() | st.binary(max_size=50)] * 2), min_size=1, max_size=9
)


@pytest.mark.parametrize("magic", [0, 1])
@pytest.mark.parametrize("codec", CODECS)
@given(values=VALUES, base=st.integers(0, 2**60))
@settings(max_examples=40)
def test_down_and_up_again_is_the_same(codec: Compression, magic: int, values: list[Any], base: int) -> None:
    """Without headers nothing is lost on the way to an old client and back, timestamps aside with magic 0."""
    stored = [Record(base + index, *value) for index, value in enumerate(values)]
    old = down_convert(rb.build_batch(stored, base_offset=base, compression=codec), magic, BOUND)
    expected = stored if magic else [record._replace(timestamp=-1) for record in stored]
    assert read_message_set(old, BOUND).records == expected


def test_uncompressed_records_before_the_fetch_offset_are_left_out() -> None:
    """Old versions of librdkafka expect a set to begin at the offset they asked for; a wrapper stays
    whole.
    """
    stored = [Record(index, 5, None, b"v") for index in range(5)]
    plain = rb.build_batch(stored)
    packed = rb.build_batch(stored, compression=Compression.GZIP)
    assert [
        record.offset for record in read_message_set(down_convert(plain, 1, BOUND, 3), BOUND).records
    ] == [3, 4]
    assert len(read_message_set(down_convert(packed, 1, BOUND, 3), BOUND).records) == 5


def test_control_batches_and_torn_tails_are_left_out() -> None:
    """Old clients know no control records; a fetch may end within a batch."""
    first = rb.build_batch([Record(0, 5, None, b"a")])
    marker = end_transaction_marker(
        commit=True, producer_id=1, producer_epoch=0, coordinator_epoch=0, timestamp=5, base_offset=1
    )
    second = rb.build_batch([Record(2, 5, None, b"b")], base_offset=2)
    buffer = first + marker + second + first[:-1]
    assert [(m.offset, m.value) for m in messages(down_convert(buffer, 1, BOUND))] == [(0, b"a"), (2, b"b")]


def test_zstd_has_no_old_form() -> None:
    """KIP-110: a zstd batch ends the converted set; where it would be the first, there is nothing to send."""
    plain = rb.build_batch([Record(0, 5, None, b"a")])
    packed = rb.build_batch([Record(1, 5, None, b"b")], base_offset=1, compression=Compression.ZSTD)
    assert [m.offset for m in messages(down_convert(plain + packed + plain, 1, BOUND))] == [0]
    with pytest.raises(UnsupportedCompression) as caught:
        down_convert(packed, 1, BOUND)
    assert caught.value.error_code.name == "UNSUPPORTED_COMPRESSION_TYPE"


def test_log_append_time_survives_down_conversion() -> None:
    """With LogAppendTime the wrapper's timestamp is that of all its messages."""
    batch = rb.build_batch([Record(0, 5, None, b"a")], compression=Compression.GZIP)
    (header,) = rb.batches(batch)
    rb.set_max_timestamp(batch, header, rb.LOG_APPEND_TIME, 999)
    found = read_message_set(down_convert(batch, 1, BOUND), BOUND)
    assert found.log_append_time
    assert [record.timestamp for record in found.records] == [999]


def test_a_wrapper_offset_of_zero_is_no_offset() -> None:
    """Some versions of librdkafka leave it at 0: the inner offsets stand as they are."""
    inner = message(b"a", offset=0) + message(b"b", offset=1)
    assert [record.offset for record in read_message_set(wrapper(inner, offset=0), BOUND).records] == [0, 1]
    assert [record.offset for record in read_message_set(wrapper(inner, offset=11), BOUND).records] == [
        10,
        11,
    ]


def test_a_cut_message_at_the_end_is_left_out() -> None:
    """A set may end within a message, in a buffer and in a wrapper alike."""
    inner = message(b"a") + message(b"b", offset=1)[:-2]
    assert len(read_message_set(inner, BOUND).records) == 1
    assert len(read_message_set(wrapper(inner, offset=0), BOUND).records) == 1
    for length in range(len(inner) - len(message(b"a"))):
        assert [m.value for m in messages(inner[: len(message(b"a")) + length])] == [b"a"]


REFUSED = {
    "no message": b"",
    "nothing but a cut message": message(b"a")[:-1],
    "two wrappers": wrapper(message(b"a")) * 2,
    "a wrapper behind a message": message(b"a") + wrapper(message(b"b")),
    "magics mixed": message(b"a") + message(b"b", magic=0),
    "magics mixed in a wrapper": wrapper(message(b"a") + message(b"b", magic=0)),
    "a wrapper in a wrapper": wrapper(wrapper(message(b"a"))),
    "a wrapper without a value": message(None, codec=1),
    "a wrapper around nothing": wrapper(b""),
    "a wrapper offset below its messages'": wrapper(message(b"a", offset=9), offset=5),
    "zstd": message(b"anything", codec=4),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_client_makes_is_invalid(name: str) -> None:
    """Well-formed messages in an arrangement that Kafka refuses, with its error code."""
    with pytest.raises(InvalidRecord):
        read_message_set(REFUSED[name], BOUND)


BROKEN = {
    "size below the smallest message": struct.pack(">qiIbb", 0, 13, 0, 1, 0) + bytes(20),
    "negative size": struct.pack(">qiIbb", 0, -5, 0, 1, 0) + bytes(20),
    "magic 2": message(b"a", magic=2),
    "wrong checksum": message(b"a")[:-1] + b"b",
    "wrong checksum in a wrapper": wrapper(message(b"a")[:-1] + b"b"),
    "codec 5": message(b"a", codec=5),
    "junk in place of gzip": message(b"junk", codec=1),
    "magic 1 without room for its timestamp": struct.pack(
        ">qiIbb8s", 0, 14, zlib.crc32(b"\1\0" + bytes(8)), 1, 0, bytes(8)
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_messages_are_corrupt(name: str) -> None:
    """Bytes that are no message give CorruptRecord, never another exception."""
    with pytest.raises(CorruptRecord) as caught:
        read_message_set(BROKEN[name], BOUND)
    compression = name in ("codec 5", "junk in place of gzip")
    assert caught.value.error_code.name == ("UNKNOWN_SERVER_ERROR" if compression else "CORRUPT_MESSAGE")


@pytest.mark.parametrize("key_length", [100, 2**31 - 1])
def test_lengths_beyond_the_message_are_corrupt(key_length: int) -> None:
    """A key or value longer than its message is refused, and nothing of that size reserved."""
    body = struct.pack(">bbqii", 1, 0, 5, key_length, -1)
    broken = struct.pack(">qiI", 0, len(body) + 4, zlib.crc32(body)) + body
    with pytest.raises(CorruptRecord):
        read_message_set(broken, BOUND)


@pytest.mark.parametrize("codec", CODECS[1:])
def test_wrappers_are_bounded(codec: Compression) -> None:
    """A wrapper that inflates beyond the bound is refused while it inflates."""
    bomb = wrapper(message(bytes(1 << 20)), codec)
    with pytest.raises(InflatedTooLarge):
        read_message_set(bomb, 1 << 20)


@pytest.mark.parametrize("magic", [0, 1])
@pytest.mark.parametrize("codec", CODECS)
@given(data=st.data())
@settings(max_examples=80)
def test_damaged_sets_fail_cleanly(codec: Compression, magic: int, data: st.DataObject) -> None:
    """A mutated or cut set, its checksums made right again or not, gives records or CorruptRecord."""
    inner = b"".join(message(b"v" * index, magic=magic, offset=index, key=b"k") for index in range(3))
    old = bytearray(inner if codec is Compression.NONE else wrapper(inner, codec, magic, offset=2))
    for _ in range(data.draw(st.integers(1, 3))):
        old[data.draw(st.integers(0, len(old) - 1))] = data.draw(st.integers(0, 255))
    del old[data.draw(st.integers(len(old) // 2, len(old))) :]
    size = int.from_bytes(old[8:12], "big")
    if data.draw(st.booleans()) and 14 <= size <= len(old) - 12:
        old[12:16] = zlib.crc32(old[16 : 12 + size]).to_bytes(4, "big")
    try:
        read_message_set(old, 100_000)
    except CorruptRecord:
        pass


@given(data=st.data())
@settings(max_examples=150)
def test_down_conversion_of_damaged_batches_fails_cleanly(data: st.DataObject) -> None:
    """Whatever a stored batch has become, its conversion gives a set or CorruptRecord."""
    codec = data.draw(st.sampled_from(CODECS))
    batch = rb.build_batch(PLAIN[:4], compression=codec)
    for _ in range(data.draw(st.integers(1, 3))):
        batch[data.draw(st.integers(0, len(batch) - 1))] = data.draw(st.integers(0, 255))
    try:
        down_convert(batch, data.draw(st.integers(0, 1)), 100_000)
    except CorruptRecord:
        pass
