"""The produce path's rules, with the error code of each. `compat-tests/record_oracle.py` compares them with
Kafka.
"""

import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odradek.protocol import record_batch as rb
from odradek.protocol.checksum import crc32c
from odradek.protocol.compression import Compression, compress
from odradek.protocol.errors import ErrorCode
from odradek.protocol.message_set import down_convert
from odradek.protocol.record_batch import BatchHeader, Record
from odradek.protocol.record_errors import CorruptRecord, InflatedTooLarge, InvalidRecord, InvalidTimestamp
from odradek.protocol.record_format import encode_records
from odradek.protocol.record_validation import ProduceRules, prepare

NOW = 1_700_000_000_000
HOUR = 3_600_000
CODECS = list(Compression)
THREE = [Record(index, NOW + index, b"k%d" % index, b"value", ((b"h", b""),)) for index in range(3)]


def accept(
    buffer: Any, rules: ProduceRules | None = None, api_version: int = 9
) -> tuple[BatchHeader, list[Record]]:
    """What goes into the log for a produced buffer: its header, checksum verified, and its records."""
    view, header = prepare(buffer, rules or ProduceRules(), api_version=api_version, now_ms=NOW)
    assert not view.readonly
    assert len(view) == header.size
    rb.check_crc(view, header)
    return header, rb.records(view, header, 1 << 24)


def refuse(buffer: Any, rules: ProduceRules | None = None, api_version: int = 9) -> CorruptRecord:
    """The error for a produced buffer that does not go into the log."""
    with pytest.raises(CorruptRecord) as caught:
        prepare(buffer, rules or ProduceRules(), api_version=api_version, now_ms=NOW)
    return caught.value


def spoilt(
    position: int, format_: str, value: int, records: list[Record] = THREE, **fields: Any
) -> bytearray:
    """A batch with one header field overwritten and its checksum made right again."""
    batch = rb.build_batch(records, **fields)
    struct.pack_into(format_, batch, position, value)
    struct.pack_into(">I", batch, rb.CRC_POSITION, crc32c(memoryview(batch)[rb.CRC_START :]))
    return batch


@pytest.mark.parametrize("codec", CODECS)
def test_a_good_batch_is_taken_as_it_is(codec: Compression) -> None:
    """With nothing to change the produced bytes themselves go on, in the same memory."""
    batch = rb.build_batch(THREE, compression=codec, producer_id=5, producer_epoch=0, base_sequence=0)
    before = bytes(batch)
    view, header = prepare(batch, ProduceRules(), api_version=9, now_ms=NOW)
    assert view.obj is batch
    assert bytes(view) == before
    assert header.record_count == 3
    assert accept(before)[1] == THREE  # read-only bytes are copied


HEADERS_REFUSED = {
    "control batch": spoilt(21, ">h", rb.CONTROL),
    "last offset delta too small": spoilt(23, ">i", 1),
    "last offset delta too large": spoilt(23, ">i", 3),
    "last offset delta negative": spoilt(23, ">i", -1),
    "no record": spoilt(57, ">i", 0),
    "count negative": spoilt(57, ">i", -1),
    "count too small": spoilt(57, ">i", 2),
    "base offset": spoilt(0, ">q", 7),
    "producer without sequence": spoilt(53, ">i", -1, producer_id=5, producer_epoch=0, base_sequence=3),
}


@pytest.mark.parametrize("name", HEADERS_REFUSED)
def test_headers_that_break_a_rule_are_invalid(name: str) -> None:
    """Kafka answers INVALID_RECORD for a header that is whole but says what no producer may say."""
    error = refuse(HEADERS_REFUSED[name])
    assert error.error_code is ErrorCode.INVALID_RECORD
    assert isinstance(error, InvalidRecord)
    assert error.record_errors == []


def test_wrong_checksums_are_corrupt() -> None:
    """A flipped bit anywhere under the CRC is CORRUPT_MESSAGE, which producers try again."""
    batch = rb.build_batch(THREE)
    batch[-1] ^= 1
    assert refuse(batch).error_code is ErrorCode.CORRUPT_MESSAGE


def test_exactly_one_batch_a_partition() -> None:
    """None or two are INVALID_RECORD (from version 3 on); a cut tail behind the first does not count."""
    batch = rb.build_batch(THREE)
    for buffer in (b"", batch[:-1], batch + batch):
        assert refuse(buffer).error_code is ErrorCode.INVALID_RECORD
    assert accept(batch + batch[:-1])[1] == THREE


def test_message_sets_need_an_old_request() -> None:
    """From produce version 3 on there is only magic 2."""
    old = down_convert(rb.build_batch(THREE), 1, 1 << 20)
    assert refuse(old, api_version=3).error_code is ErrorCode.INVALID_RECORD
    assert len(accept(old, api_version=2)[1]) == 3


def test_zstd_needs_produce_version_7() -> None:
    """KIP-110: older requests cannot have it."""
    batch = rb.build_batch(THREE, compression=Compression.ZSTD)
    assert refuse(batch, api_version=6).error_code is ErrorCode.UNSUPPORTED_COMPRESSION_TYPE
    assert accept(batch, api_version=7)[1] == THREE


def test_batches_larger_than_the_topic_allows() -> None:
    """max.message.bytes bounds the batch as it came, and as it would be written."""
    batch = rb.build_batch(THREE)
    assert accept(batch, ProduceRules(max_message_bytes=len(batch)))[1] == THREE
    assert (
        refuse(batch, ProduceRules(max_message_bytes=len(batch) - 1)).error_code
        is ErrorCode.MESSAGE_TOO_LARGE
    )
    packed = rb.build_batch([Record(0, NOW, None, bytes(9000))], compression=Compression.GZIP)
    rules = ProduceRules(max_message_bytes=1000, compression=Compression.NONE)
    assert refuse(packed, rules).error_code is ErrorCode.MESSAGE_TOO_LARGE
    old = down_convert(rb.build_batch(THREE), 1, 1 << 20)
    assert (
        refuse(old, ProduceRules(max_message_bytes=30), api_version=2).error_code
        is ErrorCode.MESSAGE_TOO_LARGE
    )


@pytest.mark.parametrize("codec", CODECS)
def test_what_inflates_beyond_the_bound_is_too_large(codec: Compression) -> None:
    """A bomb is answered MESSAGE_TOO_LARGE."""
    bomb = rb.build_batch([Record(0, NOW, None, bytes(1 << 19))], compression=codec)
    error = refuse(bomb, ProduceRules(max_inflated_bytes=1 << 19))
    assert isinstance(error, InflatedTooLarge)
    assert error.error_code is ErrorCode.MESSAGE_TOO_LARGE


def test_keys_of_compacted_topics() -> None:
    """Each record without a key is named (KIP-467), and the batch as a whole refused."""
    records = [record._replace(key=None if record.offset % 2 else b"k") for record in THREE]
    rules = ProduceRules(keys_required=True)
    error = refuse(rb.build_batch(records), rules)
    assert isinstance(error, InvalidRecord)
    assert error.error_code is ErrorCode.INVALID_RECORD
    assert [index for index, _ in error.record_errors] == [1]
    assert accept(rb.build_batch(THREE), rules)[1] == THREE


@pytest.mark.parametrize(("before", "after"), [(-HOUR, 0), (0, HOUR)])
def test_timestamps_beyond_their_bounds(before: int, after: int) -> None:
    """message.timestamp.before.max.ms and after.max.ms (KIP-937) are inclusive; -1 is no timestamp."""
    rules = ProduceRules(timestamp_before_max_ms=HOUR, timestamp_after_max_ms=HOUR)
    edge = before + after
    one_beyond = edge + (1 if edge > 0 else -1)
    times = [NOW, NOW + edge, NOW + one_beyond, -1]
    records = [Record(index, time, b"k", None) for index, time in enumerate(times)]
    error = refuse(rb.build_batch(records), rules)
    assert isinstance(error, InvalidTimestamp)
    assert error.error_code is ErrorCode.INVALID_TIMESTAMP
    assert [index for index, _ in error.record_errors] == [2]
    fine = [records[0], records[1], records[3]._replace(offset=2)]
    assert accept(rb.build_batch(fine), rules)[1] == fine
    beyond = [records[2]._replace(offset=0)]
    assert len(accept(rb.build_batch(beyond), rules._replace(timestamp_type=rb.LOG_APPEND_TIME))[1]) == 1


def test_a_timestamp_error_outranks_a_missing_key() -> None:
    """Where both occur the answer is INVALID_TIMESTAMP, with all the records."""
    records = [Record(0, NOW, None, b""), Record(1, NOW + 2 * HOUR, b"k", b"")]
    error = refuse(rb.build_batch(records), ProduceRules(keys_required=True))
    assert isinstance(error, InvalidTimestamp)
    assert [index for index, _ in error.record_errors] == [0, 1]


def test_log_append_time_is_not_the_producers_to_set() -> None:
    """On a LogAppendTime topic such a batch is refused; with CreateTime the claim is dropped, as Kafka
    does.
    """
    claimed = rb.build_batch(THREE, timestamp_type=rb.LOG_APPEND_TIME)
    error = refuse(claimed, ProduceRules(timestamp_type=rb.LOG_APPEND_TIME))
    assert isinstance(error, InvalidTimestamp)
    assert len(error.record_errors) == 3
    header, _ = accept(claimed)
    assert header.timestamp_type == rb.CREATE_TIME


@pytest.mark.parametrize("codec", CODECS)
def test_log_append_time_is_stamped(codec: Compression) -> None:
    """message.timestamp.type=LogAppendTime: one timestamp in the header, the records untouched."""
    header, records = accept(
        rb.build_batch(THREE, compression=codec), ProduceRules(timestamp_type=rb.LOG_APPEND_TIME)
    )
    assert (header.timestamp_type, header.max_timestamp) == (rb.LOG_APPEND_TIME, NOW)
    assert {record.timestamp for record in records} == {NOW}
    assert header.base_timestamp == THREE[0].timestamp


@pytest.mark.parametrize("codec", CODECS)
def test_a_wrong_largest_timestamp_is_put_right(codec: Compression) -> None:
    """The time index lives on it, so the broker counts for itself."""
    assert accept(spoilt(35, ">q", 12345, compression=codec))[0].max_timestamp == NOW + 2
    early = [Record(0, -5, None, b"")]
    assert accept(rb.build_batch(early))[0].max_timestamp == -1


@pytest.mark.parametrize("target", CODECS)
@pytest.mark.parametrize("source", CODECS)
def test_the_topics_codec_wins(source: Compression, target: Compression) -> None:
    """compression.type other than `producer` packs anew and keeps the producer's fields and the headers."""
    fields: dict[str, Any] = {"producer_id": 5, "producer_epoch": 1, "base_sequence": 9}
    fields["is_transactional"] = True
    header, records = accept(
        rb.build_batch(THREE, compression=source, **fields), ProduceRules(compression=target)
    )
    assert header.compression is target
    assert records == THREE
    assert (header.producer_id, header.producer_epoch, header.base_sequence) == (5, 1, 9)
    assert header.is_transactional


@pytest.mark.parametrize("codec", CODECS)
def test_odd_offset_deltas_are_numbered_anew(codec: Compression) -> None:
    """Kafka rewrites such batches when they are compressed; here also when they are not, for no record to be
    lost.
    """
    odd = [record._replace(offset=record.offset + 5) for record in THREE]
    data = compress(codec, encode_records(odd, 0, NOW))
    batch = rb.build_batch(THREE)[: rb.HEADER_SIZE] + data
    struct.pack_into(">i", batch, 8, len(batch) - rb.LOG_OVERHEAD)
    struct.pack_into(">h", batch, rb.CRC_START, codec)
    struct.pack_into(">I", batch, rb.CRC_POSITION, crc32c(memoryview(batch)[rb.CRC_START :]))
    header, records = accept(batch)
    assert records == THREE
    assert header.compression is codec


def _with_payload(payload: bytes, codec: int = 0) -> bytearray:
    batch = rb.build_batch(THREE)[: rb.HEADER_SIZE] + payload
    struct.pack_into(">i", batch, 8, len(batch) - rb.LOG_OVERHEAD)
    struct.pack_into(">h", batch, rb.CRC_START, codec)
    struct.pack_into(">I", batch, rb.CRC_POSITION, crc32c(memoryview(batch)[rb.CRC_START :]))
    return batch


def test_records_that_are_none_are_invalid() -> None:
    """Under a right checksum broken records are the producer's doing: INVALID_RECORD, not to be tried
    again.
    """
    good = encode_records(THREE, 0, NOW)
    for payload in (good[:-1], good + b"\0", b"\1" + good[1:], b""):
        assert refuse(_with_payload(payload)).error_code is ErrorCode.INVALID_RECORD
        packed = compress(Compression.GZIP, payload)
        assert refuse(_with_payload(packed, Compression.GZIP)).error_code is ErrorCode.INVALID_RECORD


@pytest.mark.parametrize("codec", CODECS[1:])
def test_bytes_that_do_not_inflate(codec: Compression) -> None:
    """Kafka answers UNKNOWN_SERVER_ERROR, as for a codec that there is not: never to be tried again."""
    torn = compress(codec, encode_records(THREE, 0, NOW))[:-5]
    for payload, number in ((b"junk", codec), (torn, codec), (b"", 5), (b"junk", 7)):
        assert refuse(_with_payload(payload, number)).error_code is ErrorCode.UNKNOWN_SERVER_ERROR


def test_offsets_before_their_batch_are_invalid() -> None:
    """A record with a negative offset delta can be neither kept nor numbered anew."""
    payload = encode_records([record._replace(offset=record.offset - 5) for record in THREE], 0, NOW)
    assert refuse(_with_payload(payload)).error_code is ErrorCode.INVALID_RECORD


def test_a_timestamp_of_more_than_64_bits_is_invalid() -> None:
    """A delta that carries a base timestamp out of range wraps around in Java, and is out of bounds."""
    late = spoilt(27, ">q", 2**63 - 1, [Record(0, 0, b"k", b""), Record(1, 9, b"k", b"")])
    assert refuse(late).error_code is ErrorCode.INVALID_TIMESTAMP


@pytest.mark.parametrize("magic", [0, 1])
@pytest.mark.parametrize("codec", CODECS[:4])
def test_old_producers_message_sets_become_batches(codec: Compression, magic: int) -> None:
    """A set of magic 0 or 1 keeps its codec; magic 0 has no timestamps, which pass every bound."""
    plain = [record._replace(headers=()) for record in THREE]
    old = down_convert(rb.build_batch(plain, compression=codec), magic, 1 << 20)
    rules = ProduceRules(timestamp_before_max_ms=HOUR)
    header, records = accept(old, rules, api_version=2)
    assert header.compression is codec
    assert records == (plain if magic else [record._replace(timestamp=-1) for record in plain])
    assert (header.producer_id, header.base_sequence) == (-1, -1)
    stamped, _ = accept(old, ProduceRules(timestamp_type=rb.LOG_APPEND_TIME), api_version=2)
    assert (stamped.timestamp_type, stamped.max_timestamp) == (rb.LOG_APPEND_TIME, NOW)


def test_old_producers_keep_to_the_rules() -> None:
    """Keys and timestamps are looked at in message sets, too."""
    old = down_convert(rb.build_batch([Record(0, NOW + 2 * HOUR, None, b"")]), 1, 1 << 20)
    assert refuse(old, api_version=1).error_code is ErrorCode.INVALID_TIMESTAMP
    assert refuse(old, ProduceRules(keys_required=True), api_version=1).error_code is ErrorCode.INVALID_RECORD


@pytest.mark.parametrize("version", [2, 9])
@given(data=st.data())
@settings(max_examples=200)
def test_damaged_requests_fail_cleanly(version: int, data: st.DataObject) -> None:
    """Whatever arrives is accepted or refused with CorruptRecord, also where the checksum is right."""
    codec = data.draw(st.sampled_from(CODECS))
    batch = rb.build_batch(THREE, compression=codec)
    for _ in range(data.draw(st.integers(1, 3))):
        batch[data.draw(st.integers(0, len(batch) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        struct.pack_into(">I", batch, rb.CRC_POSITION, crc32c(memoryview(batch)[rb.CRC_START :]))
    target = data.draw(st.sampled_from([None, *CODECS]))
    rules = ProduceRules(
        max_inflated_bytes=100_000, keys_required=data.draw(st.booleans()), compression=target
    )
    try:
        accept(batch, rules, version)
    except CorruptRecord:
        pass
