"""Values, defaults, nulls and tags: what a declaration means on the wire, byte by byte."""

from __future__ import annotations

import copy
import linecache
import subprocess
import sys
import traceback
from typing import Any

import pytest

from odradek.protocol.errors import ProtocolError
from odradek.protocol.messages import request
from odradek.protocol.schema import (
    BYTES,
    INT8,
    INT16,
    INT32,
    RECORDS,
    STRING,
    UUID,
    Array,
    Field,
    Message,
    Struct,
    parts,
)

from .samples import EMPTY, EVERYTHING, PIECE, PLAIN, POINT, TAGGED


def one(field: Field, *, flexible: int | None = 1, last: int = 1) -> Message:
    """A message of one field, in versions 0 to `last`."""
    return Message("One", versions=range(0, last + 1), flexible=flexible, fields=(field,))


def test_fields_have_the_defaults_of_kafka() -> None:
    """Zero, empty, false; what is declared; a struct of defaults; null only where it is declared."""
    value = EVERYTHING()
    assert (value.truth, value.tiny, value.text, value.old, value.weight) == (True, 0, "", "gone", -1)
    assert (value.id, value.truths, value.numbers, value.blob, value.client) == (
        bytes(16),
        [],
        None,
        b"",
        None,
    )
    assert value.origin == POINT(x=0, y=-1, label="")
    assert value.cursor is None
    assert PIECE().records is None


def test_values_share_nothing() -> None:
    """Lists and structs among the defaults are new ones for each value, made or read."""
    made = EVERYTHING(), EVERYTHING()
    read = [EVERYTHING.read(EVERYTHING.write(EVERYTHING(), 0), 0) for _ in range(2)]
    for first, second in (made, read):
        first.pieces.append(1)
        first.origin.x = 5
        first.unknown_tags[3] = b"x"
        assert (second.pieces, second.origin.x, second.unknown_tags) == ([], 0, {})


def test_values_compare_and_print() -> None:
    """Values are equal by fields and unknown tags, unhashable, and print as the call that makes them."""
    assert POINT(x=1) == POINT(x=1)
    assert POINT(x=1) != POINT(x=2)
    assert POINT() != PIECE()
    assert POINT() != POINT(unknown_tags={1: b""})
    assert repr(POINT(x=1, unknown_tags={7: b"a"})) == "Point(x=1, y=-1, label='', unknown_tags={7: b'a'})"
    assert copy.deepcopy(POINT(x=4)) == POINT(x=4)
    with pytest.raises(TypeError, match="z"):
        POINT(z=1)
    with pytest.raises(TypeError, match="hash"):
        hash(POINT())


NULLS: dict[str, tuple[Any, bytes, bytes]] = {
    "string": (STRING, b"\xff\xff", b"\0\0"),
    "bytes": (BYTES, b"\xff\xff\xff\xff", b"\0\0"),
    "records": (RECORDS, b"\xff\xff\xff\xff", b"\0\0"),
    "array": (Array(INT8), b"\xff\xff\xff\xff", b"\0\0"),
    "struct": (POINT, b"\xff", b"\xff\0"),
}


@pytest.mark.parametrize(("type", "legacy", "flexible"), NULLS.values(), ids=NULLS)
def test_null_in_every_form(type: Any, legacy: bytes, flexible: bytes) -> None:
    """Null is -1 before flexible versions and 0 in them; the marker of a struct stays -1."""
    message = one(Field("it", type, nullable=0, default=None))
    for version, data in enumerate((legacy, flexible)):
        assert message.write(message(it=None), version) == data
        assert message.read(data, version).it is None


def test_any_negative_length_is_null() -> None:
    """As in Apache Kafka, which looks at the sign of an old length and not at its value."""
    message = one(Field("it", STRING, nullable=0, default=None))
    assert message.read(b"\x80\0", 0).it is None
    assert one(Field("it", POINT, nullable=0, default=None)).read(b"\x80", 0).it is None


def test_any_byte_but_zero_is_true() -> None:
    """As in Apache Kafka, on its own and in an array."""
    data = EVERYTHING.write(EVERYTHING(truths=[True, False]), 0)
    at = data.index(b"\0\0\0\2\1\0")
    value = EVERYTHING.read(b"\x80" + data[1 : at + 4] + b"\x7f\0" + data[at + 6 :], 0)
    assert (value.truth, value.truths) == (True, [True, False])


def test_a_nullable_struct_has_a_marker() -> None:
    """1 stands before a struct that is there; a tagged one's marker is a uvarint, as Apache Kafka has it."""
    message = one(Field("it", POINT, nullable=0, default=None))
    assert message.write(message(it=POINT(x=1, y=2)), 0) == b"\1\0\0\0\1\0\0\0\2"
    value = TAGGED(fifth=POINT(x=1, y=2))
    data = TAGGED.write(value, 0)
    assert data == b"\0\0\0\0\1\4\x0a\1\0\0\0\1\0\0\0\2\0"
    assert TAGGED.read(data, 0) == value
    assert TAGGED.read(b"\0\0\0\0\1\4\1\0", 0).fifth is None


def test_lengths_cross_the_byte_in_compact_form() -> None:
    """126 bytes have a length of one byte, 127 of two."""
    message = one(Field("it", STRING))
    assert message.write(message(it="x" * 126), 1)[:2] == b"\x7fx"
    assert message.write(message(it="x" * 127), 1)[:3] == b"\x80\1x"
    assert message.read(b"\x80\1" + b"x" * 127 + b"\0", 1).it == "x" * 127


def test_tags_are_merged_in_order() -> None:
    """Known tagged fields that are not default and unknown ones are written together, by tag."""
    value = TAGGED(first="a", fourth=[], unknown_tags={200: b"z", 1: b"y"})
    data = TAGGED.write(value, 0)
    assert data == b"\0\0\0\0\4" + b"\0\2\2a" + b"\1\1y" + b"\3\1\1" + b"\xc8\1\1z"
    assert TAGGED.read(data, 0) == value


def test_defaults_are_not_written_as_tags() -> None:
    """Nothing but the zero count: Kafka's rule, on which signatures and sizes may depend."""
    assert TAGGED.write(TAGGED(), 0) == b"\0\0\0\0\0"
    read = TAGGED.read(b"\0\0\0\0\0", 0)
    assert (read.first, read.third, read.fourth, read.fifth) == ("", 0, None, None)


def test_an_unknown_tag_may_not_be_a_known_one() -> None:
    """That would be written twice."""
    with pytest.raises(ValueError, match="number of a known one"):
        TAGGED.write(TAGGED(third=1, unknown_tags={2: b"\0\1"}), 0)


def test_unknown_tags_are_left_out_of_versions_without_tags() -> None:
    """A value read from a flexible version can be written in an older one."""
    assert PLAIN.write(PLAIN(unknown_tags={3: b"x"}), 0) == PLAIN.write(PLAIN(), 0)


def test_a_field_may_become_a_tagged_one() -> None:
    """Plain in one version, tagged from `tag_since` on, and the same attribute in both."""
    for version in (2, 3):
        value = EVERYTHING(names=["a", "b"])
        data = EVERYTHING.write(value, version)
        assert EVERYTHING.read(data, version).names == ["a", "b"]
        assert data.endswith(b"\1\3\5\3\2a\2b") is (version == 3)


def test_absent_fields_are_left_out_and_default() -> None:
    """What a version lacks is not written, and has its default after reading."""
    value = EVERYTHING(old="news", cursor=POINT(), weight=5)
    assert EVERYTHING.read(EVERYTHING.write(value, 0), 0).cursor is None
    new = EVERYTHING.read(EVERYTHING.write(value, 2), 2)
    assert (new.old, new.cursor, new.weight) == ("gone", POINT(), 5)


def test_an_empty_message_is_its_tags() -> None:
    """No bytes, or the count of no tags."""
    assert EMPTY.write(EMPTY(), 0) == b""
    assert EMPTY.write(EMPTY(), 1) == b"\0"
    assert EMPTY.read(b"\1\5\1x", 1).unknown_tags == {5: b"x"}


def test_records_are_slices_of_the_frame() -> None:
    """Records come as a memoryview of the very buffer, writable if that is."""
    frame = bytearray(EVERYTHING.write(EVERYTHING(pieces=[PIECE(records=b"batch")]), 3))
    records = EVERYTHING.read(memoryview(frame), 3).pieces[0].records
    assert records == b"batch"
    records[0:1] = b"B"
    assert b"Batch" in frame


class Elsewhere:
    """Records with a length and nothing else, like a piece of a file."""

    def __len__(self) -> int:
        return 300


@pytest.mark.parametrize("version", EVERYTHING.versions)
def test_records_stay_where_they_are_when_written(version: int) -> None:
    """Only their length is written; `parts` puts them between the bytes before and after."""
    records = Elsewhere()
    value = EVERYTHING(pieces=[PIECE(index=1, records=records), PIECE(index=2, records=b"")])
    out, splices = bytearray(b"head"), []  # type: tuple[bytearray, list[tuple[int, Any]]]
    EVERYTHING.write_parts(value, version, out, splices)
    before, spliced, after = parts(out, splices)
    assert spliced is records
    value.pieces[0].records = bytes(300)
    assert bytes(before)[4:] + bytes(300) + bytes(after) == EVERYTHING.write(value, version)


BAD_VALUES: dict[str, tuple[Any, str]] = {
    "too large": (EVERYTHING(tiny=128), "tiny"),
    "not a number": (EVERYTHING(large="1"), "large"),
    "null string": (EVERYTHING(text=None), "text"),
    "null array": (EVERYTHING(truths=None), "truths"),
    "bytes for text": (EVERYTHING(text=b"x"), "text"),
    "surrogate": (EVERYTHING(text="\ud800"), "text"),
    "long string": (EVERYTHING(names=["x" * 32768]), r"names\[\]"),
    "short uuid": (EVERYTHING(id=b"x"), "id"),
    "short uuid in an array": (EVERYTHING(ids=[bytes(16), bytes(15)]), r"ids\[\]"),
    "not a struct": (EVERYTHING(pieces=[3]), r"pieces\[\]\.records"),
    "large element": (EVERYTHING(numbers=[2**31]), "numbers"),
}


@pytest.mark.parametrize("version", EVERYTHING.versions)
@pytest.mark.parametrize(("value", "path"), BAD_VALUES.values(), ids=BAD_VALUES)
def test_a_value_that_does_not_fit_is_a_value_error(value: Any, path: str, version: int) -> None:
    """Overflows, wrong types and null where it is not allowed name the message, its version and the field."""
    with pytest.raises(ValueError, match=rf"^Everything v{version}: {path}: ") as caught:
        EVERYTHING.write(value, version)
    assert not isinstance(caught.value, ProtocolError)


def test_null_of_a_later_version_is_refused() -> None:
    """`nullable=1` does not make null writable in version 0."""
    with pytest.raises(ValueError, match="Everything v0: blob"):
        EVERYTHING.write(EVERYTHING(blob=None), 0)


def test_tracebacks_show_the_generated_source() -> None:
    """The line that failed is in the traceback, and the whole source in linecache."""
    with pytest.raises(ProtocolError) as caught:
        PLAIN.read(b"\0\0\0\1\0\2\xc3\x28", 0)
    text = "".join(traceback.format_exception(caught.value))
    assert 'File "<odradek.protocol: read Plain v0>"' in text
    assert ".decode()" in text
    linecache.checkcache()
    assert linecache.getline("<odradek.protocol: read Plain v0>", 1) == "def read_Plain_v0(b, o):\n"


CONTRADICTIONS: dict[str, Any] = {
    "tag without tags": lambda: one(Field("it", INT8, tag=0), flexible=None).layout(0),
    "null scalar": lambda: one(Field("it", INT16, nullable=0)).layout(0),
    "two of one tag": lambda: Message(
        "Two", versions=range(1), flexible=0, fields=(Field("a", INT8, tag=0), Field("b", INT8, tag=0))
    ).layout(0),
    "two of one name": lambda: Struct("Two", Field("a", INT8), Field("a", INT8))(),
    "array of nothing": lambda: one(Field("it", Array(Struct("Later", Field("a", INT8, since=1))))).layout(0),
    "array of arrays": lambda: Array(Array(INT8)),  # type: ignore[arg-type]
    "tagged records": lambda: Field("it", RECORDS, tag=0),
}


@pytest.mark.parametrize("declare", CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_a_declaration_that_contradicts_itself_is_refused(declare: Any) -> None:
    """A TypeError, at the latest when a version is first used: elements without bytes would be unbounded."""
    with pytest.raises(TypeError):
        declare()


def test_scalars_of_every_size() -> None:
    """Network byte order, one after the other."""
    message = Message(
        "Some",
        versions=range(1),
        fields=(Field("a", INT8), Field("b", INT16), Field("c", INT32), Field("d", UUID)),
    )
    data = b"\1\0\2\0\0\0\3" + bytes(range(16))
    assert message.read(data, 0) == message(a=1, b=2, c=3, d=bytes(range(16)))


def test_the_generated_path_does_not_import_construct() -> None:
    """Reading and writing a request needs neither construct nor what generates sources for other APIs."""
    program = (
        "import sys\n"
        "from odradek.protocol.framing import RequestHeader, read_request, write_request\n"
        "from odradek.protocol.messages import request\n"
        "frame = write_request(RequestHeader(api_key=3, api_version=9), request(3)())\n"
        "read_request(frame[4:])\n"
        "print(sorted({'construct', 'odradek.protocol.primitives', 'odradek.protocol.messages.fetch',\n"
        "    'dataclasses', 'inspect', 'asyncio'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_show_prints_the_sources() -> None:
    """`python -m odradek.protocol show` gives reader and writer of both messages, or says what is wrong."""
    run = [sys.executable, "-m", "odradek.protocol"]
    shown = subprocess.run(
        [*run, "show", "ListOffsets", "7"], capture_output=True, text=True, check=True
    ).stdout
    message = request(2)
    assert message.reader(7).source in shown
    assert message.writer(7).source in shown
    assert "def write_ListOffsetsResponse_v7" in shown
    for wrong in (["show", "Nothing", "1"], ["show", "Fetch", "99"], ["show", "Envelope", "0"], []):
        failed = subprocess.run([*run, *wrong], capture_output=True, text=True, check=False)
        assert (failed.returncode, failed.stdout, failed.stderr.count("\n")) == (2, "", 1)
