"""Codecs: round trips, what other programs wrote, and refusal of bombs, lies and torn streams."""

import gzip
import os
import struct
import tracemalloc
import zlib
from collections.abc import Callable

import cramjam
import kafka.codec
import lz4.frame
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from odradek.protocol.compression import (
    MAX_GZIP_MEMBERS,
    XERIAL_HEADER,
    Compression,
    compress,
    decompress,
)
from odradek.protocol.record_errors import CorruptRecord, InflatedTooLarge

CODECS = list(Compression)
SAMPLES = {
    "empty": b"",
    "byte": b"a",
    "text": b"the quick brown fox " * 5000,
    "noise": os.urandom(200_000),
}
MEGABYTE = 1 << 20
LIMIT = 4 * MEGABYTE


@pytest.mark.parametrize("magic", [0, 1, 2])
@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("codec", CODECS)
def test_every_codec_gives_back_what_it_took(codec: Compression, sample: str, magic: int) -> None:
    """Inflating what was compressed gives the same bytes, also when the bound is exactly their number."""
    data = SAMPLES[sample]
    assert decompress(codec, compress(codec, data, magic=magic), len(data), magic=magic) == data


@pytest.mark.parametrize("codec", CODECS)
@given(data=st.binary(max_size=3000), repeat=st.integers(1, 40))
@settings(max_examples=30)
def test_round_trip_of_arbitrary_bytes(codec: Compression, data: bytes, repeat: int) -> None:
    """Whatever the bytes, compressing and inflating is the identity."""
    data *= repeat
    assert decompress(codec, compress(codec, data), len(data)) == data


@pytest.mark.parametrize("level", [1, 9])
@pytest.mark.parametrize("codec", [Compression.GZIP, Compression.LZ4, Compression.ZSTD])
def test_levels_are_taken(codec: Compression, level: int) -> None:
    """compression.gzip.level and the like (KIP-390) change the effort, not the content."""
    data = SAMPLES["text"]
    assert decompress(codec, compress(codec, data, level), len(data)) == data


def test_lz4_level_of_17_is_taken() -> None:
    """17 is the highest lz4 level that Kafka's configuration allows."""
    data = SAMPLES["text"]
    assert decompress(Compression.LZ4, compress(Compression.LZ4, data, 17), len(data)) == data


KAFKA_PYTHON: dict[Compression, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    Compression.GZIP: (kafka.codec.gzip_encode, kafka.codec.gzip_decode),
    Compression.SNAPPY: (kafka.codec.snappy_encode, kafka.codec.snappy_decode),
    Compression.LZ4: (kafka.codec.lz4_encode, kafka.codec.lz4_decode),
    Compression.ZSTD: (kafka.codec.zstd_encode, kafka.codec.zstd_decode),
}


@pytest.mark.usefixtures("kafka_python_snappy")
@pytest.mark.parametrize("sample", ["byte", "text", "noise"])
@pytest.mark.parametrize("codec", KAFKA_PYTHON)
def test_kafka_python_and_odradek_read_each_other(codec: Compression, sample: str) -> None:
    """What kafka-python compresses is inflated here, and the other way round."""
    encode, decode = KAFKA_PYTHON[codec]
    data = SAMPLES[sample]
    assert decompress(codec, encode(data), len(data)) == data
    assert bytes(decode(compress(codec, data))) == data


def test_plain_snappy_is_read() -> None:
    """librdkafka writes one raw snappy block, without the xerial framing."""
    data = SAMPLES["text"]
    assert decompress(Compression.SNAPPY, bytes(cramjam.snappy.compress_raw(data)), len(data)) == data


def test_xerial_streams_one_behind_the_other_are_one() -> None:
    """The Java library appends to a snappy stream by writing a second header."""
    stream = compress(Compression.SNAPPY, b"one ") + compress(Compression.SNAPPY, b"two")
    assert decompress(Compression.SNAPPY, stream, 7) == b"one two"


def test_xerial_version_in_either_byte_order() -> None:
    """Some writers put the version little-endian; nothing depends on it."""
    block = bytes(cramjam.snappy.compress_raw(b"data"))
    stream = XERIAL_HEADER[:8] + struct.pack("<ii", 1, 1) + struct.pack(">i", len(block)) + block
    assert decompress(Compression.SNAPPY, stream, 4) == b"data"


def test_gzip_members_one_behind_the_other_are_one() -> None:
    """A gzip stream may have several members (RFC 1952, 2.2)."""
    stream = gzip.compress(b"one ") + gzip.compress(b"") + gzip.compress(b"two")
    assert decompress(Compression.GZIP, stream, 7) == b"one two"


def test_bytes_behind_a_gzip_stream_do_not_count() -> None:
    """Java's reader stops at what does not begin like a member."""
    assert decompress(Compression.GZIP, gzip.compress(b"data") + b"\0" * 100, 4) == b"data"


def test_zstd_frames_one_behind_the_other_are_one() -> None:
    """Frames and skippable frames (RFC 8878, 3.1) follow each other in one stream."""
    compressor = zstandard.ZstdCompressor()
    skippable = struct.pack("<II", 0x184D2A50, 3) + b"abc"
    stream = compressor.compress(b"one ") + skippable + compressor.compress(b"two")
    assert decompress(Compression.ZSTD, stream, 7) == b"one two"


@pytest.mark.parametrize("content_size", [True, False])
@pytest.mark.parametrize("checksum", [True, False])
def test_zstd_frames_with_and_without_content_size(content_size: bool, checksum: bool) -> None:
    """Streaming writers do not know the size when they write the frame header."""
    for data in SAMPLES.values():
        compressor = zstandard.ZstdCompressor(write_content_size=content_size, write_checksum=checksum)
        stream = compressor.compressobj()
        frame = stream.compress(data) + stream.flush()
        assert decompress(Compression.ZSTD, frame, len(data)) == data
        assert decompress(Compression.ZSTD, compressor.compress(data), len(data)) == data


@pytest.mark.parametrize("store_size", [True, False])
@pytest.mark.parametrize("checksum", [True, False])
@pytest.mark.parametrize("block_size", [4, 5, 6, 7])
def test_lz4_frames_of_every_shape(store_size: bool, checksum: bool, block_size: int) -> None:
    """Block sizes, checksums and a content size are the writer's choice."""
    for data in SAMPLES.values():
        frame = lz4.frame.compress(
            data,
            block_linked=False,
            store_size=store_size,
            content_checksum=checksum,
            block_checksum=checksum,
            block_size=block_size,
        )
        assert decompress(Compression.LZ4, frame, len(data)) == data
        assert decompress(Compression.LZ4, frame, len(data), magic=0) == data


def test_lz4_header_checksum_counts_unless_magic_is_0() -> None:
    """KAFKA-3160: with magic 0 the header checksum is known to be wrong, and not looked at."""
    wrong = bytearray(compress(Compression.LZ4, b"data"))
    wrong[6] ^= 0xFF
    assert decompress(Compression.LZ4, wrong, 4, magic=0) == b"data"
    with pytest.raises(CorruptRecord):
        decompress(Compression.LZ4, wrong, 4, magic=1)


def test_lz4_with_magic_0_is_written_with_the_old_checksum() -> None:
    """The first Kafka versions sum up the frame's magic number too, and would refuse anything else."""
    assert compress(Compression.LZ4, b"data", magic=0)[:7].hex() == "04224d1860401a"
    assert compress(Compression.LZ4, b"data", magic=1)[:7].hex() == "04224d18604082"


def test_linked_lz4_blocks_are_refused() -> None:
    """Kafka's lz4 reader knows only independent blocks: a Java consumer could not read such a batch."""
    frame = lz4.frame.compress(SAMPLES["text"], block_linked=True, block_size=4)
    with pytest.raises(CorruptRecord, match="depend"):
        decompress(Compression.LZ4, frame, MEGABYTE)


def test_unknown_codecs_are_refused() -> None:
    """Codec numbers 5 to 7 have no meaning."""
    for number in (5, 6, 7):
        with pytest.raises(CorruptRecord, match="no compression codec"):
            decompress(number, b"", 10)


def _zeros_gzip(size: int) -> bytes:
    stream = zlib.compressobj(wbits=31)
    block = bytes(MEGABYTE)
    return b"".join(stream.compress(block) for _ in range(size // MEGABYTE)) + stream.flush()


def _zeros_zstd(size: int) -> bytes:
    stream = zstandard.ZstdCompressor().compressobj()
    block = bytes(MEGABYTE)
    return b"".join(stream.compress(block) for _ in range(size // MEGABYTE)) + stream.flush()


def _zeros_lz4(size: int) -> bytes:
    frame: bytes = lz4.frame.compress(bytes(4 * MEGABYTE), block_linked=False, block_size=7, store_size=False)
    return frame[:7] + frame[7:-4] * (size // (4 * MEGABYTE)) + frame[-4:]


def _zeros_snappy(size: int) -> bytes:
    return bytes(cramjam.snappy.compress_raw(bytes(size)))


def _zeros_xerial(size: int) -> bytes:
    block = bytes(cramjam.snappy.compress_raw(bytes(MEGABYTE)))
    return XERIAL_HEADER + (struct.pack(">i", len(block)) + block) * (size // MEGABYTE)


BOMBS = {
    "gzip": (Compression.GZIP, _zeros_gzip),
    "zstd": (Compression.ZSTD, _zeros_zstd),
    "lz4": (Compression.LZ4, _zeros_lz4),
    "snappy": (Compression.SNAPPY, _zeros_snappy),
    "xerial": (Compression.SNAPPY, _zeros_xerial),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_while_they_inflate(name: str) -> None:
    """Two hundred megabytes of zeros behind a bound of four are refused with no more than the bound ever
    held.
    """
    codec, make = BOMBS[name]
    bomb = make(200 * MEGABYTE)
    tracemalloc.start()
    try:
        with pytest.raises(InflatedTooLarge):
            decompress(codec, bomb, LIMIT)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2.5 * LIMIT


def test_a_snappy_block_that_lies_about_its_size_allocates_nothing() -> None:
    """Ten bytes that declare 90 MB are refused by the ratio that no snappy block can reach."""
    block = bytes.fromhex("80d2f52a") + b"\0abcdef"
    tracemalloc.start()
    try:
        with pytest.raises(CorruptRecord, match="cannot inflate"):
            decompress(Compression.SNAPPY, block, 100 * MEGABYTE)
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


def test_an_lz4_frame_that_lies_about_its_size_is_refused() -> None:
    """A content size that the content does not have is an error, and reserves nothing."""
    frame = lz4.frame.compress(b"data", block_linked=False, store_size=True)
    lie = frame[:6] + struct.pack("<Q", 1 << 40) + frame[14:]
    with pytest.raises(CorruptRecord):
        decompress(Compression.LZ4, lie, MEGABYTE, magic=0)


def test_a_zstd_frame_that_lies_about_its_size_is_refused() -> None:
    """A content size that the content does not have is an error, and reserves nothing."""
    lie = struct.pack("<IBQ", 0xFD2FB528, 0b11100000, 1 << 40) + bytes.fromhex("210000") + b"data"
    with pytest.raises(CorruptRecord):
        decompress(Compression.ZSTD, lie, MEGABYTE)


def test_a_flood_of_empty_gzip_members_is_refused() -> None:
    """Members of no bytes would cost time without ever coming near the bound on size."""
    with pytest.raises(CorruptRecord, match="members"):
        decompress(Compression.GZIP, gzip.compress(b"") * (MAX_GZIP_MEMBERS + 1), MEGABYTE)


@pytest.mark.parametrize("codec", [Compression.GZIP, Compression.SNAPPY, Compression.LZ4, Compression.ZSTD])
def test_a_torn_stream_is_corrupt(codec: Compression) -> None:
    """Every proper prefix of a stream is refused, or is a shorter stream of the codec."""
    data = SAMPLES["text"][:3000] + SAMPLES["noise"][:500]
    whole = compress(codec, data)
    for length in range(len(whole)):
        try:
            assert data.startswith(decompress(codec, whole[:length], MEGABYTE))
        except CorruptRecord:
            continue
        assert codec is Compression.SNAPPY  # cut behind its header or a block, a xerial stream is whole


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("magic", [0, 2])
@given(data=st.data())
@settings(max_examples=80)
def test_damaged_streams_fail_cleanly(codec: Compression, magic: int, data: st.DataObject) -> None:
    """A stream with some bytes changed gives bytes within the bound, or CorruptRecord: nothing else."""
    stream = bytearray(compress(codec, SAMPLES["text"][:2000] + bytes(range(256)), magic=magic))
    for _ in range(data.draw(st.integers(1, 4))):
        stream[data.draw(st.integers(0, len(stream) - 1))] = data.draw(st.integers(0, 255))
    del stream[data.draw(st.integers(len(stream) // 2, len(stream))) :]
    try:
        assert len(decompress(codec, stream, 100_000, magic=magic)) <= 100_000
    except CorruptRecord:
        pass


@pytest.mark.parametrize("codec", CODECS)
@given(junk=st.binary(max_size=200))
@settings(max_examples=80)
def test_junk_fails_cleanly(codec: Compression, junk: bytes) -> None:
    """Bytes that never were a stream give bytes within the bound, or CorruptRecord."""
    prefix = {
        Compression.GZIP: b"\x1f\x8b\x08\x00",
        Compression.SNAPPY: XERIAL_HEADER,
        Compression.LZ4: b"\x04\x22\x4d\x18\x60\x40\x82",
        Compression.ZSTD: b"\x28\xb5\x2f\xfd",
    }.get(codec, b"")
    for stream in (junk, prefix + junk):
        try:
            assert len(decompress(codec, stream, 50_000)) <= 50_000
        except CorruptRecord:
            pass
