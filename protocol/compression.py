"""The codecs of record batches, each bounded while it inflates.

gzip and zstd as in their RFCs (1952, 8878), snappy raw or in xerial blocks, lz4 in its frame format, also
with the header checksum that Kafka's first implementation got wrong and message format 0 has kept
(KAFKA-3160). Several gzip members, zstd frames or xerial streams one behind the other count as one, as
Kafka's readers take them.

The codec packages are imported at their first use: a broker that meets no lz4 never loads it.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import TYPE_CHECKING

from .record_errors import BrokenCompression, InflatedTooLarge

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

CHUNK = 1 << 16
"""Bytes inflated at a time, and most bytes of gzip input looked at in one call."""


class Compression(IntEnum):
    """Bits 0-2 of a batch's attributes. Names in lower case are the values of compression.type."""

    NONE = 0
    GZIP = 1
    SNAPPY = 2
    LZ4 = 3
    ZSTD = 4


def compress(codec: Compression, data: bytes, level: int | None = None, *, magic: int = 2) -> bytes:
    """Compress `data` the way Kafka's own writers do. `level` None is the codec's default (KIP-390).

    Snappy comes in xerial blocks of 32 KiB, lz4 in independent blocks of 64 KiB; with `magic` 0 the lz4
    header carries the checksum of KAFKA-3160.
    """
    match codec:
        case Compression.NONE:
            return data
        case Compression.GZIP:
            return _gzip_compress(data, level)
        case Compression.SNAPPY:
            return _xerial_compress(data)
        case Compression.LZ4:
            return _lz4_compress(data, level, broken_checksum=magic == 0)
        case Compression.ZSTD:
            import zstandard

            return zstandard.ZstdCompressor(level=3 if level is None else level).compress(data)


def decompress(codec: int, data: ReadableBuffer, max_bytes: int, *, magic: int = 2) -> bytes:
    """Inflate `data` to at most `max_bytes` bytes; with `magic` 0, lz4 header checksums are not looked at.

    Raises InflatedTooLarge as soon as there is more, before more was held than the bound and one chunk, and
    BrokenCompression for anything that is not one whole stream of the codec.
    """
    view = memoryview(data)
    match codec:
        case Compression.NONE:
            if len(view) > max_bytes:
                raise _too_large(max_bytes)
            return bytes(view)
        case Compression.GZIP:
            return _gzip_decompress(view, max_bytes)
        case Compression.SNAPPY:
            return _snappy_decompress(view, max_bytes)
        case Compression.LZ4:
            return _lz4_decompress(view, max_bytes, ignore_checksum=magic == 0)
        case Compression.ZSTD:
            return _zstd_decompress(view, max_bytes)
    raise BrokenCompression(f"there is no compression codec {codec}")


def _too_large(max_bytes: int) -> InflatedTooLarge:
    return InflatedTooLarge(f"the records inflate to more than {max_bytes} bytes")


# gzip -------------------------------------------------------------------------------------------------------

GZIP_MAGIC = b"\x1f\x8b"
GZIP_WBITS = 31
MAX_GZIP_MEMBERS = 4096
"""A member of no bytes takes twenty and some microseconds: without a bound, a cheap way to keep a broker
busy.
"""


def _gzip_compress(data: bytes, level: int | None) -> bytes:
    import zlib

    stream = zlib.compressobj(-1 if level is None else level, wbits=GZIP_WBITS)
    return stream.compress(data) + stream.flush()


def _gzip_decompress(view: memoryview, max_bytes: int) -> bytes:
    import zlib

    chunks: list[bytes] = []
    position = size = 0
    members = 1
    member = zlib.decompressobj(GZIP_WBITS)
    while position < len(view):
        window = view[position : position + CHUNK]
        try:
            chunk = member.decompress(window, max_bytes - size + 1)
        except zlib.error as error:
            raise BrokenCompression(f"gzip: {error}") from None
        size += len(chunk)
        if size > max_bytes:
            raise _too_large(max_bytes)
        chunks.append(chunk)
        position += len(window) - len(member.unconsumed_tail) - len(member.unused_data)
        if member.eof:
            # Java's reader takes whatever does not begin like a member for the end of the stream.
            if bytes(view[position : position + 2]) != GZIP_MAGIC:
                return b"".join(chunks)
            members += 1
            if members > MAX_GZIP_MEMBERS:
                raise BrokenCompression(f"gzip: more than {MAX_GZIP_MEMBERS} members")
            member = zlib.decompressobj(GZIP_WBITS)
    raise BrokenCompression("gzip: the stream ends early")


# snappy -----------------------------------------------------------------------------------------------------

XERIAL_MAGIC = b"\x82SNAPPY\0"
XERIAL_HEADER = XERIAL_MAGIC + struct.pack(">ii", 1, 1)  # version, and the oldest version that can read it
XERIAL_BLOCK = 32 * 1024
SNAPPY_MAX_RATIO = 22
"""Three bytes of snappy copy at most 64, so a block that declares more than 22 times its size lies."""


def _xerial_compress(data: bytes) -> bytes:
    from cramjam import snappy

    view = memoryview(data)
    out = bytearray(XERIAL_HEADER)
    for start in range(0, len(view), XERIAL_BLOCK):
        block = bytes(snappy.compress_raw(view[start : start + XERIAL_BLOCK]))
        out += len(block).to_bytes(4, "big")
        out += block
    return bytes(out)


def _snappy_decompress(view: memoryview, max_bytes: int) -> bytes:
    if view[:8] != XERIAL_MAGIC:
        return _snappy_block(view, max_bytes, max_bytes)
    chunks: list[bytes] = []
    size = position = 0
    while position < len(view):
        if view[position : position + 8] == XERIAL_MAGIC:  # the first stream, or another one behind it
            start = position = position + len(XERIAL_HEADER)
        else:
            start = position + 4
            position = start + int.from_bytes(view[position:start], "big")
        if position > len(view) or start > len(view):
            raise BrokenCompression("snappy: a xerial stream ends early")
        if start == position:
            continue
        chunk = _snappy_block(view[start:position], max_bytes - size, max_bytes)
        size += len(chunk)
        chunks.append(chunk)
    return b"".join(chunks)


def _snappy_block(block: memoryview, budget: int, max_bytes: int) -> bytes:
    """One raw snappy block, whose first varint declares the size that the decoder is going to allocate."""
    from cramjam import DecompressionError, snappy

    declared = shift = 0
    for byte in block[:5]:
        declared |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    else:
        raise BrokenCompression("snappy: a block without a size")
    if declared > budget:
        raise _too_large(max_bytes)
    if declared > len(block) * SNAPPY_MAX_RATIO:
        raise BrokenCompression(f"snappy: {len(block)} bytes cannot inflate to {declared}")
    try:
        return bytes(snappy.decompress_raw(block))
    except DecompressionError as error:
        raise BrokenCompression(f"snappy: {error}") from None


# lz4 --------------------------------------------------------------------------------------------------------

LZ4_MAGIC = b"\x04\x22\x4d\x18"
LZ4_FASTEST = 0
LZ4_KAFKA_DEFAULT_LEVEL = 9
"""Kafka's default level means its fast compressor; every other level its high-compression one."""


def _lz4_compress(data: bytes, level: int | None, *, broken_checksum: bool) -> bytes:
    from lz4 import frame

    frame_bytes: bytes = frame.compress(
        data,
        compression_level=LZ4_FASTEST if level in (None, LZ4_KAFKA_DEFAULT_LEVEL) else max(level or 0, 3),
        block_size=frame.BLOCKSIZE_MAX64KB,
        block_linked=False,
        store_size=False,
    )
    if not broken_checksum:
        return frame_bytes
    return frame_bytes[:6] + _lz4_header_checksum(frame_bytes[:6]) + frame_bytes[7:]


def _lz4_decompress(view: memoryview, max_bytes: int, *, ignore_checksum: bool) -> bytes:
    """One frame. As for Kafka, what lies behind it does not count, and linked blocks are not supported."""
    from lz4 import frame

    if len(view) < 7 or view[:4] != LZ4_MAGIC:
        raise BrokenCompression("lz4: no frame")
    if not view[4] & 0x20:
        raise BrokenCompression("lz4: blocks that depend on each other")
    if ignore_checksum:
        end = 14 if view[4] & 0x08 else 6
        view = memoryview(b"".join((view[:end], _lz4_header_checksum(bytes(view[4:end])), view[end + 1 :])))
    context = frame.create_decompression_context()
    chunks: list[bytes] = []
    position = size = 0
    finished = False
    while not finished:
        try:
            chunk, used, finished = frame.decompress_chunk(context, view[position:], max_length=CHUNK)
        except RuntimeError as error:
            raise BrokenCompression(f"lz4: {error}") from None
        if not chunk and not used and not finished:
            raise BrokenCompression("lz4: the frame ends early")
        position += used
        size += len(chunk)
        if size > max_bytes:
            raise _too_large(max_bytes)
        chunks.append(chunk)
    return b"".join(chunks)


def _lz4_header_checksum(descriptor: bytes) -> bytes:
    """The second byte of the xxHash32 (seed 0) of a frame descriptor: at most 15 bytes, so no stripes of
    sixteen.
    """
    prime2, prime3, prime4, prime5 = 2246822519, 3266489917, 668265263, 374761393
    mask = 0xFFFFFFFF
    state = (prime5 + len(descriptor)) & mask
    whole = len(descriptor) & ~3
    for (word,) in struct.iter_unpack("<I", descriptor[:whole]):
        state = (state + word * prime3) & mask
        state = (((state << 17) | (state >> 15)) * prime4) & mask
    for byte in descriptor[whole:]:
        state = (state + byte * prime5) & mask
        state = (((state << 11) | (state >> 21)) * 2654435761) & mask
    state = ((state ^ (state >> 15)) * prime2) & mask
    state = ((state ^ (state >> 13)) * prime3) & mask
    return bytes(((state ^ (state >> 16)) >> 8 & 0xFF,))


# zstd -------------------------------------------------------------------------------------------------------


def _zstd_decompress(view: memoryview, max_bytes: int) -> bytes:
    import zstandard

    _check_zstd_frames(view)
    reader = zstandard.ZstdDecompressor().stream_reader(view, read_across_frames=True)
    chunks: list[bytes] = []
    size = 0
    try:
        while chunk := reader.read(CHUNK):
            size += len(chunk)
            if size > max_bytes:
                raise _too_large(max_bytes)
            chunks.append(chunk)
    except zstandard.ZstdError as error:
        raise BrokenCompression(f"zstd: {error}") from None
    return b"".join(chunks)


def _check_zstd_frames(view: memoryview) -> None:
    """Walk the block headers of all frames (RFC 8878, 3.1): zstandard's reader does not tell a cut frame
    from its end.
    """
    position = 0
    try:
        while position < len(view):
            magic, first = struct.unpack_from("<IB", view, position)
            if magic >> 4 == 0x184D2A5:  # a skippable frame: its size follows
                position += 8 + struct.unpack_from("<I", view, position + 4)[0]
                continue
            if magic != 0xFD2FB528:
                raise BrokenCompression("zstd: no frame")
            single = first >> 5 & 1
            content_size = (single, 2, 4, 8)[first >> 6]
            position += 5 + (1 - single) + (0, 1, 2, 4)[first & 3] + content_size
            last = 0
            while not last:
                block = int.from_bytes(view[position : position + 3], "little")
                last, kind, size = block & 1, block >> 1 & 3, block >> 3
                view[position + 2]
                position += 3 + (1 if kind == 1 else size)  # kind 1 repeats a single byte
            position += 4 if first & 4 else 0  # the checksum
    except (struct.error, IndexError):
        position = len(view) + 1
    if position > len(view) or not position:
        raise BrokenCompression("zstd: a frame ends early")
