"""Bytes that are not what they claim to be: one ProtocolError that says where, and no memory spent."""

from __future__ import annotations

import random
import struct
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress

import pytest

from odradek.protocol.errors import ProtocolError, UnsupportedVersion
from odradek.protocol.framing import read_request
from odradek.protocol.schema import MAX_ELEMENTS, Message
from odradek.protocol.wire import uvarint

from .samples import EVERYTHING, PIECE, PLAIN, POINT, TAGGED, TREE
from .strategies import by_chance, declared_messages

MUTATIONS = 100_000
SAMPLES = [EVERYTHING, PLAIN, TREE, TAGGED]


def everything(version: int) -> bytes:
    """A frame with something in every field."""
    point = POINT(x=1, y=2, label="here")
    piece = PIECE(index=1, records=b"rec", points=[point, point])
    value = EVERYTHING(
        text="text", blob=b"blob", client="me", numbers=[1, 2], truths=[True], ids=[bytes(16)], names=["a"],
        blobs=[b"b"], origin=point, pieces=[piece, piece],
    )  # fmt: skip
    if version >= 1:
        value.cursor = point
    if version >= 2:
        value.weight, piece.note, piece.centre, piece.unknown_tags[7] = 5, "note", point, b"seven"
    if version >= 3:
        piece.best = point
    return EVERYTHING.write(value, version)


@pytest.mark.parametrize("version", EVERYTHING.versions)
def test_every_proper_prefix_is_refused(version: int) -> None:
    """A frame cut anywhere before its end is a ProtocolError with a path and a position inside the frame."""
    data = everything(version)
    for size in range(len(data)):
        with pytest.raises(ProtocolError) as caught:
            EVERYTHING.read(data[:size], version)
        assert caught.value.path is not None
        assert caught.value.offset is not None
        assert caught.value.offset <= size


def test_every_proper_prefix_of_declared_messages_is_refused() -> None:
    """The same for every declared message in every version, at its defaults and with something in it."""
    chance = random.Random(20130102)
    for message in declared_messages():
        for version in message.versions:
            filled = by_chance(chance, message.layout(version))
            for data in (message.write(message(), version), message.write(filled, version)):
                for size in range(len(data)):
                    with pytest.raises(ProtocolError):
                        message.read(data[:size], version)


def test_bytes_after_the_message_are_refused() -> None:
    """A message has to fill its frame."""
    with pytest.raises(ProtocolError, match="1 bytes are left"):
        PLAIN.read(PLAIN.write(PLAIN(), 0) + b"\0", 0)


def mutated(chance: random.Random, data: bytes) -> bytearray:
    """The bytes with one to three changes of the kinds that hurt parsers most."""
    out = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(out) + 1)
        kind = chance.randrange(6)
        if kind == 0 and at < len(out):
            out[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            out[at : at + 1] = chance.choice([b"\0", b"\x7f", b"\x80", b"\xff", b"\xc3"])
        elif kind == 2:
            out[at : at + 4] = struct.pack(">i", chance.choice([-1, -2, 2**31 - 1, -(2**31), 1000]))
        elif kind == 3:
            out[at:at] = chance.choice(
                [b"\xff\xff\xff\xff\x07", b"\xff\xff\xff\xff\x7f", b"\x80\x80\0", b"\x05\0"]
            )
        elif kind == 4:
            del out[at : at + chance.randint(1, 8)]
        else:
            out[at:at] = out[at : at + chance.randint(1, 8)]
    return out


def frames(chance: random.Random) -> Iterator[tuple[Message, int, list[bytes]]]:
    """Valid frames of every message and version."""
    for message in SAMPLES + declared_messages():
        for version in message.versions:
            layout = message.layout(version)
            yield message, version, [message.write(by_chance(chance, layout), version) for _ in range(10)]


def test_mutated_frames_are_a_value_or_a_protocol_error() -> None:
    """100,000 damaged frames over all messages and versions: nothing but ProtocolError ever comes out."""
    chance = random.Random(20130101)
    choices = list(frames(chance))
    refused = 0
    for number in range(MUTATIONS):
        message, version, valid = choices[number % len(choices)]
        data = mutated(chance, chance.choice(valid))
        try:
            message.read(memoryview(data), version)
        except ProtocolError:
            refused += 1
    assert MUTATIONS // 3 < refused < MUTATIONS


def test_random_frames_are_a_request_or_a_protocol_error() -> None:
    """Random bytes behind a plausible header, read as the broker reads them."""
    chance = random.Random(1)
    for number in range(5000):
        head = struct.pack(">hhi", number % 50 - 1, chance.randrange(-1, 15), number)
        with suppress(ProtocolError):
            read_request(head + chance.randbytes(chance.randrange(40)))


def peak(message: Message, version: int, data: bytes) -> tuple[int, ProtocolError]:
    """The most memory that refusing the bytes took, and the error."""
    message.reader(version)
    tracemalloc.start()
    try:
        with pytest.raises(ProtocolError) as caught:
            message.read(data, version)
        return tracemalloc.get_traced_memory()[1], caught.value
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("count", [2**31 - 1, 2**24])
@pytest.mark.parametrize("version", [0, 1])
def test_a_count_beyond_the_bytes_is_refused_before_allocation(version: int, count: int) -> None:
    """An array of two thousand million elements in a frame of twenty bytes costs nothing."""
    head = uvarint(count) if version else struct.pack(">i", count)
    for message in (PLAIN, TREE):
        size, error = peak(message, version, head.ljust(20, b"\0"))
        assert size < 50_000
        assert "where" in str(error)


def test_a_length_beyond_the_bytes_is_refused_before_allocation() -> None:
    """So does a tag of a thousand million bytes."""
    size, error = peak(TAGGED, 0, b"\0\0\0\1\1\x09" + uvarint(2**30) + b"abc")
    assert size < 50_000
    assert error.path == ""


def test_millions_of_small_tags_are_refused() -> None:
    """Four million tags of two bytes each run into the budget before any is kept."""
    point = b"\1\1\1\1\2\2\2\2\1"
    size, error = peak(EVERYTHING, 2, _with_origin(point + uvarint(4_000_000) + bytes(8_000_000)))
    assert size < 200_000
    assert "too many elements" in str(error)
    assert error.path == "origin"


def _with_origin(body: bytes) -> bytes:
    """An Everything of version 2 up to the field `origin`, and then `body`."""
    mark = POINT(x=0x01010101, y=0x02020202)
    start = EVERYTHING.write(EVERYTHING(origin=mark), 2)
    return start[: start.index(b"\1\1\1\1\2\2\2\2")] + body


def test_costly_elements_run_into_the_budget() -> None:
    """A large frame of objects that cost a hundred times their bytes is given up at MAX_ELEMENTS."""
    leaves = 1_000_000
    branch = uvarint(leaves // 10 + 1) + b"\5\0" * (leaves // 10) + b"\0"
    data = uvarint(11) + branch * 10 + b"\0"
    size, error = peak(TREE, 1, data)
    assert "too many elements" in str(error)
    assert error.path == "branches[4].leaves"
    assert size < MAX_ELEMENTS * 120 + 2 * len(data)


def test_a_large_honest_request_passes() -> None:
    """A hundred thousand elements of several fields are within the budget."""
    points = [POINT(x=number, label="p") for number in range(100_000)]
    value = EVERYTHING(pieces=[PIECE(points=points)])
    assert len(EVERYTHING.read(EVERYTHING.write(value, 3), 3).pieces[0].points) == 100_000


TAG_CASES = {
    "duplicate": (b"\2\0\1\1\0\1\1", "tag 0 comes after tag 0"),
    "descending": (b"\2\2\2\0\7\0\2\1\1", "tag 0 comes after tag 2"),
    "unknown descending": (b"\2\x0a\0\x09\0", "tag 9 comes after tag 10"),
    "shorter than claimed": (b"\1\2\3\0\7\0", "tag 2 claims 3 bytes and has 2"),
    "longer than claimed": (b"\1\2\1\0\7", "tag 2 claims 1 bytes and has 2"),
    "beyond the end": (b"\1\x09\5abc", "tag 9 claims 5 bytes where 3 are left"),
    "overlong count": (b"\x81\0\x09\0", "longer than it need be"),
    "overlong tag": (b"\1\x89\0\0", "longer than it need be"),
    "overlong size": (b"\1\x09\x80\0", "longer than it need be"),
    "tag of 32 bits": (b"\1\xff\xff\xff\xff\x0f\0", "more than 31 bits"),
    "endless varint": (b"\1\xff\xff\xff\xff\xff\xff\0", "more than 31 bits"),
}


@pytest.mark.parametrize(("tags", "complaint"), TAG_CASES.values(), ids=TAG_CASES)
def test_bad_tags_are_refused(tags: bytes, complaint: str) -> None:
    """Tags are in ascending order, once each, and as long as they say; varints are in their shortest form."""
    with pytest.raises(ProtocolError, match=complaint):
        TAGGED.read(b"\0\0\0\1" + tags, 0)


FIELD_CASES: dict[str, tuple[bytes, int, str, str]] = {
    "UTF-8": (b"\0\0\0\1\0\2\xc3\x28", 0, "names[0]", "not UTF-8"),
    "UTF-8 surrogate": (b"\0\0\0\1\0\3\xed\xa0\x80", 0, "names[0]", "not UTF-8"),
    "null element": (b"\0\0\0\2\0\1a\xff\xff", 0, "names[1]", "null is not allowed"),
    "null element, compact": (b"\3\2a\0", 1, "names[1]", "null is not allowed"),
    "null array": (b"\0\0\0\0\xff\xff\xff\xff", 0, "numbers", "null is not allowed"),
    "null array, compact": (b"\1\0\0", 1, "numbers", "null is not allowed"),
    "long string": (b"\2" + uvarint(32769) + bytes(40000), 1, "names[0]", "more than 32767"),
    "overlong length": (b"\2\x82\0a\1\0", 1, "names[0]", "longer than it need be"),
}


@pytest.mark.parametrize(("data", "version", "path", "complaint"), FIELD_CASES.values(), ids=FIELD_CASES)
def test_bad_fields_are_refused_and_named(data: bytes, version: int, path: str, complaint: str) -> None:
    """The error says which field it was, with the index of every element on the way, and at which byte."""
    with pytest.raises(ProtocolError, match=complaint) as caught:
        PLAIN.read(data, version)
    assert caught.value.path == path
    assert f"Plain v{version}: {path} at byte " in str(caught.value)


def test_the_path_goes_through_every_level() -> None:
    """In the middle of fields that are unpacked at once, the one that does not fit is named."""
    data = everything(1)
    start = data.rindex(b"\0\0\0\1\0\0\0\2\0\4here")  # the last point of the last piece
    with pytest.raises(ProtocolError, match=r"pieces\[1\]\.points\[1\]\.y at byte") as caught:
        EVERYTHING.read(data[: start + 6], 1)
    assert (caught.value.path, caught.value.offset) == ("pieces[1].points[1].y", start + 4)


@pytest.mark.parametrize("version", [-1, 4, 2**15])
def test_a_version_that_does_not_exist_is_unsupported(version: int) -> None:
    """Reading, writing and the layout say UnsupportedVersion, with the API's key."""
    for call in (
        lambda: EVERYTHING.read(b"", version),
        lambda: EVERYTHING.write(EVERYTHING(), version),
        lambda: EVERYTHING.construct(version),
    ):
        with pytest.raises(UnsupportedVersion) as caught:
            call()
        assert caught.value.api_key == 1000


def test_a_frame_of_garbage_is_a_protocol_error() -> None:
    """The start of a TLS hello, an HTTP request, and nothing at all."""
    for garbage in (b"\x16\x03\x01\x02\0\1\0\1\xfc\3\3", b"GET / HTTP/1.1\r\n\r\n", b"", b"\0\0\0\3\0"):
        with pytest.raises(ProtocolError):
            read_request(garbage)
