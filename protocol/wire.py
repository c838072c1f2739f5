"""What the generated functions call for the rarer things on the wire: long varints, tags, and complaints."""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct as Format
from typing import Any, Final, Literal

from .errors import ProtocolError

MAX_STRING: Final = 0x7FFF
"""Bytes of UTF-8 in a string, also where a compact length could say more: as Apache Kafka has it."""

KEPT_FORMATS: Final = 64
"""Arrays of scalars below this size find their format ready."""

MAX_UVARINT: Final = 0x7FFFFFFF
"""Lengths, counts and tags are Java's ints."""


class ArrayFormats(dict[int, Callable[..., Any]]):
    """Functions that pack or unpack many scalars of one code at once, by how many; kept for small numbers."""

    def __init__(self, code: str, method: Literal["pack", "unpack_from"]) -> None:
        super().__init__()
        self._code, self._method = code, method

    def __missing__(self, count: int) -> Callable[..., Any]:
        function: Callable[..., Any] = getattr(Format(f">{count}{self._code}"), self._method)
        if count < KEPT_FORMATS:
            self[count] = function
        return function


def read_uvarint(b: bytes | memoryview, o: int, first: int) -> tuple[int, int]:
    """The number whose first byte, before `o`, was `first`, 128 or more; and the position after it.

    Raises ProtocolError for one of more than 31 bits, or longer than it need be (a zero as the last byte).
    """
    number = first & 0x7F
    for shift in (7, 14, 21, 28):
        byte = b[o]
        o += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            if byte == 0:
                raise ProtocolError("the varint is longer than it need be")
            if number > MAX_UVARINT:
                break
            return number, o
    raise ProtocolError("the varint has more than 31 bits")


def read_string_length(b: bytes | memoryview, o: int, first: int) -> tuple[int, int]:
    """`read_uvarint` for the length plus one of a string. Raises ProtocolError above MAX_STRING."""
    number, o = read_uvarint(b, o, first)
    if number - 1 > MAX_STRING:
        raise ProtocolError(f"the string has {number - 1} bytes, more than {MAX_STRING}")
    return number, o


def read_tag(b: bytes | memoryview, o: int, end: int, last: int) -> tuple[int, int, int]:
    """Number, start and end of the tagged field at `o`, which has to come after tag `last` and to fit."""
    tag = b[o]
    o += 1
    if tag > 0x7F:
        tag, o = read_uvarint(b, o, tag)
    if tag <= last:
        raise ProtocolError(f"tag {tag} comes after tag {last}")
    size = b[o]
    o += 1
    if size > 0x7F:
        size, o = read_uvarint(b, o, size)
    if size > end - o:
        raise ProtocolError(f"tag {tag} claims {size} bytes where {end - o} are left")
    return tag, o, o + size


def read_unknown_tags(
    b: bytes | memoryview, o: int, end: int, count: int
) -> tuple[dict[int, bytes] | None, int]:
    """The `count` tagged fields at `o` of a struct that knows none, and the position after them."""
    tags: dict[int, bytes] = {}
    tag = -1
    for _ in range(count):
        tag, o, after = read_tag(b, o, end, tag)
        tags[tag] = bytes(b[o:after])
        o = after
    return tags or None, o


def bad_length(length: int, left: int) -> ProtocolError:
    """A length or count that the bytes left cannot hold, or null where null is not allowed."""
    if length < 0:
        return ProtocolError("null is not allowed here")
    return ProtocolError(f"a length of {length} where {left} bytes are left")


def bad_tag_size(tag: int, claimed: int, used: int) -> ProtocolError:
    """A tagged field that is shorter or longer than its size says."""
    return ProtocolError(f"tag {tag} claims {claimed} bytes and has {used}")


def too_many_elements() -> ProtocolError:
    """A message that has used up its budget, MAX_ELEMENTS."""
    return ProtocolError("the message has too many elements")


def uvarint(number: int) -> bytes:
    """The bytes of `number`, shortest form. Raises ValueError if it has more than 31 bits or is negative."""
    if not 0 <= number <= MAX_UVARINT:
        raise ValueError(f"{number} does not fit a varint")
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def string_length(number: int) -> bytes:
    """The bytes of a compact string's length plus one. Raises ValueError above MAX_STRING."""
    if number - 1 > MAX_STRING:
        raise ValueError(f"the string has {number - 1} bytes, more than {MAX_STRING}")
    return uvarint(number)


def check_uuid(uuid: bytes) -> bytes:
    """`uuid`, if it has 16 bytes. Raises ValueError."""
    if len(uuid) != 16:
        raise ValueError(f"a UUID has 16 bytes, not {len(uuid)}")
    return uuid


def write_tags(out: bytearray, known: dict[int, bytearray], unknown: dict[int, bytes] | None) -> None:
    """Append tagged fields by tag. Raises ValueError for an unknown one with a known one's number."""
    tags: dict[int, bytes | bytearray] = {**known, **(unknown or {})}
    if len(tags) < len(known) + len(unknown or {}):
        raise ValueError("an unknown tag has the number of a known one")
    out += uvarint(len(tags))
    for tag in sorted(tags):
        out += uvarint(tag)
        out += uvarint(len(tags[tag]))
        out += tags[tag]
