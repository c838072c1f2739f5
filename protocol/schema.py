"""The declaration of messages: one for all versions of a message, in the words of Kafka's own definitions.

    TOPIC = Struct("Topic", Field("name", STRING, until=12), Field("topic_id", UUID, since=13))
    REQUEST = Message("TopicsRequest", api_key=99, versions=range(0, 14), flexible=9, fields=(
        Field("topics", Array(TOPIC), nullable=1, default=None),
    ))
    request = REQUEST.read(frame, version=3)
    REQUEST.write(REQUEST(topics=[TOPIC(name="flights")]), version=3)

`layout` resolves a declaration for one version. From that one form come the plain functions which the broker
runs (`reader_source`, `writer_source`) and the construct schema they are tested against (`primitives`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from .errors import ProtocolError, UnsupportedVersion
from .source import READING_ERRORS, WRITING_ERRORS

if TYPE_CHECKING:
    from collections.abc import Callable

    from .layout import Record
    from .source import Compiled

MAX_ELEMENTS: Final = 500_000
"""How many array elements and tags one message may hold, all levels together.

Counts are also bounded by the bytes that are there, but an element of a few bytes becomes an object of a few
hundred: this is what keeps a frame of `socket.request.max.bytes` from filling the memory. A fetch of 100,000
partitions passes.
"""

Buffer: TypeAlias = bytes | bytearray | memoryview

UNSET: Final[Any] = object()


class Scalar:
    """A type of fixed size. `code` is its letter in a `struct` format, `size` its bytes on the wire."""

    __slots__ = ("code", "default", "name", "size")

    def __init__(self, name: str, code: str, size: int, default: Any) -> None:
        self.name, self.code, self.size, self.default = name, code, size, default


class Sized:
    """A type whose bytes follow their length, before flexible versions one of letter `length_code`."""

    __slots__ = ("default", "length_code", "name")

    def __init__(self, name: str, length_code: str, default: Any) -> None:
        self.name, self.length_code, self.default = name, length_code, default


BOOL = Scalar("BOOL", "?", 1, False)
INT8 = Scalar("INT8", "b", 1, 0)
INT16 = Scalar("INT16", "h", 2, 0)
INT32 = Scalar("INT32", "i", 4, 0)
INT64 = Scalar("INT64", "q", 8, 0)
UINT16 = Scalar("UINT16", "H", 2, 0)
UINT32 = Scalar("UINT32", "I", 4, 0)
FLOAT64 = Scalar("FLOAT64", "d", 8, 0.0)
UUID = Scalar("UUID", "16s", 16, bytes(16))
STRING = Sized("STRING", "h", "")
BYTES = Sized("BYTES", "i", b"")
RECORDS = Sized("RECORDS", "i", b"")


class Array:
    """A list of `element`. Arrays of arrays do not occur in the protocol and are refused."""

    __slots__ = ("element",)

    def __init__(self, element: Scalar | Sized | Struct) -> None:
        if isinstance(element, Array) or element is RECORDS:
            raise TypeError("an array holds scalars, strings, bytes or structs")
        self.element = element


class Field:
    """One field of a struct, in all versions of the message.

    `since` and `until` are message versions, inclusive. From version `nullable` on, None is a value (None:
    never). With `tag`, the field is a tagged one (KIP-482) from `tag_since` on, by default as long as it
    exists; it is written only when it differs from its default. A field that a version lacks has its default
    after reading, and is left out when writing. The default is the type's zero, empty for what has a length,
    and a struct of defaults for a struct; nullable records are None. `compact=False` keeps the old form in
    flexible versions too (the header's client id).
    """

    __slots__ = ("compact", "default", "name", "nullable", "since", "tag", "tag_since", "type", "until")

    def __init__(
        self,
        name: str,
        type: Scalar | Sized | Array | Struct,
        *,
        since: int = 0,
        until: int | None = None,
        nullable: int | None = None,
        default: Any = UNSET,
        tag: int | None = None,
        tag_since: int | None = None,
        compact: bool = True,
    ) -> None:
        if default is UNSET and type is RECORDS and nullable is not None:
            default = None
        elif default is UNSET and isinstance(type, (Scalar, Sized)):
            default = type.default
        if tag is not None and type is RECORDS:
            raise TypeError(f"{name}: records cannot be a tagged field")
        self.name, self.type, self.since, self.until, self.nullable = name, type, since, until, nullable
        self.default, self.compact, self.tag = default, compact, tag
        self.tag_since = since if tag_since is None else tag_since

    def exists(self, version: int) -> bool:
        """Is the field in this version, plain or tagged?"""
        return self.since <= version and (self.until is None or version <= self.until)

    def is_tagged(self, version: int) -> bool:
        """Is the field a tagged one in this version?"""
        return self.tag is not None and version >= self.tag_since

    def is_nullable(self, version: int) -> bool:
        """Is None a value of the field in this version?"""
        return self.nullable is not None and version >= self.nullable


class Struct:
    """A named sequence of fields. Called with keywords it gives a value; what is not named has its default.

    Values have the fields as attributes, `==`, a repr and `unknown_tags` (dict[int, bytes], kept from reading
    to writing). There is one class of values for all versions. Strings are str, bytes are bytes, UUIDs 16 raw
    bytes, arrays lists, and records what `Message.read` and `Message.write_parts` say.
    """

    __slots__ = ("_make", "_value_class", "fields", "name")

    def __init__(self, name: str, *fields: Field) -> None:
        self.name = name
        self.fields = fields
        self._make: Callable[..., Any] | None = None
        self._value_class: type[Any] | None = None

    def __call__(self, **values: Any) -> Any:
        """A value with these fields. Raises TypeError for a name that is no field."""
        return (self._make or self.make)(**values)

    @property
    def make(self) -> Callable[..., Any]:
        """The function behind the call, for loops where a call less matters."""
        if self._make is None:
            from .values import factory

            self._make = factory(self)
        return self._make

    @property
    def value_class(self) -> type[Any]:
        """The class of the struct's values, with the fields as slots."""
        if self._value_class is None:
            from .values import value_class

            self._value_class = value_class(self)
        return self._value_class

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"


class Message(Struct):
    """A request, a response, or a record of an internal topic (`api_key=None`), in all its versions.

    `flexible` is the first version with compact lengths and tags (KIP-482), or None. `is_prefix` says that a
    frame goes on after the message, so that reading it should not touch the rest.
    """

    __slots__ = ("_layouts", "_readers", "_writers", "api_key", "flexible", "is_prefix", "versions")

    def __init__(
        self,
        name: str,
        *,
        api_key: int | None = None,
        versions: range,
        flexible: int | None = None,
        fields: Sequence[Field],
        is_prefix: bool = False,
    ) -> None:
        super().__init__(name, *fields)
        self.api_key = api_key
        self.versions = versions
        self.flexible = flexible
        self.is_prefix = is_prefix
        self._layouts: dict[int, Record] = {}
        self._readers: dict[int, Compiled] = {}
        self._writers: dict[int, Compiled] = {}

    def is_flexible(self, version: int) -> bool:
        """Does this version use compact lengths and tags?"""
        return self.flexible is not None and version >= self.flexible

    def read(self, buffer: Buffer, version: int, offset: int = 0) -> Any:
        """The value in `buffer` from `offset` to its end, which has to be the message's end too.

        Records are memoryview slices of the buffer, everything else is copied. Raises ProtocolError for
        anything that is not this message, whatever the bytes, and UnsupportedVersion for a version outside
        `versions`.
        """
        value, position = self.read_from(buffer, version, offset)
        size = len(buffer)
        if position != size:
            raise ProtocolError(
                f"{self.name} v{version}: {size - position} bytes are left after the message", offset=position
            )
        return value

    def read_from(self, buffer: Buffer, version: int, offset: int = 0) -> tuple[Any, int]:
        """The value that starts at `offset`, and the position after it. Raises like `read`."""
        reader = self._readers.get(version) or self.reader(version)
        try:
            result: tuple[Any, int] = reader.function(buffer, offset)
        except READING_ERRORS as error:
            raise reader.protocol_error(error) from error
        return result

    def write(self, value: Any, version: int) -> bytes:
        """The bytes of `value`. Records have to be bytes-like.

        Raises ValueError where a field does not fit its type, with the field's name.
        """
        out = bytearray()
        splices: list[tuple[int, Any]] = []
        self.write_parts(value, version, out, splices)
        if not splices:
            return bytes(out)
        return b"".join(parts(out, splices))

    def write_parts(self, value: Any, version: int, out: bytearray, splices: list[tuple[int, Any]]) -> None:
        """Append `value` to `out`, leaving the records where they are.

        Of a records value only the length goes to `out`, and `(len(out), records)` to `splices`: it may be
        any object with a length, such as a piece of a file. Raises ValueError like `write`; `out` is of no
        use then.
        """
        writer = self._writers.get(version) or self.writer(version)
        try:
            writer.function(value, out, splices)
        except WRITING_ERRORS as error:
            raise writer.value_error(error) from error

    def layout(self, version: int) -> Record:
        """The message as this version has it. Raises UnsupportedVersion."""
        found = self._layouts.get(version)
        if found is None:
            from .layout import resolve

            if version not in self.versions:
                raise UnsupportedVersion(self.api_key, version)
            found = self._layouts[version] = resolve(self, version)
        return found

    def reader(self, version: int) -> Compiled:
        """The reading function of this version, generated on first use. Raises UnsupportedVersion."""
        from .reader_source import generate

        compiled = self._readers[version] = generate(self, version)
        return compiled

    def writer(self, version: int) -> Compiled:
        """The writing function of this version, generated on first use. Raises UnsupportedVersion."""
        from .writer_source import generate

        compiled = self._writers[version] = generate(self, version)
        return compiled

    def construct(self, version: int) -> Any:
        """The construct schema of this version, whose `parse` gives a value and whose `build` takes one.

        The slow and plain reference for tests: it imports construct. Its errors are construct's own.
        """
        from .primitives import message

        return message(self.layout(version))


def parts(out: bytearray, splices: list[tuple[int, Any]]) -> list[Any]:
    """What `Message.write_parts` left, as pieces in the order in which they are to be sent."""
    view = memoryview(out)
    pieces: list[Any] = []
    start = 0
    for position, records in splices:
        pieces += view[start:position], records
        start = position
    if start < len(out):
        pieces.append(view[start:])
    return pieces
