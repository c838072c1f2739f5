"""The wire's types in construct: the reference that says what a message is, slowly and plainly.

Imported only when somebody asks for a construct schema; the broker runs on the generated functions, and tests
hold the two against each other. Errors are construct's own, with the path of the field, or ProtocolError.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import construct as cs

from .errors import ProtocolError
from .layout import Fixed, Node, Record, Repeated, Run
from .schema import STRING, UNSET, Array, Field, Struct
from .wire import MAX_STRING, MAX_UVARINT

SCALARS: dict[str, Any] = {
    "BOOL": cs.Flag,
    "INT8": cs.Int8sb,
    "INT16": cs.Int16sb,
    "INT32": cs.Int32sb,
    "INT64": cs.Int64sb,
    "UINT16": cs.Int16ub,
    "UINT32": cs.Int32ub,
    "FLOAT64": cs.Float64b,
    "UUID": cs.Bytes(16),
}


class Uvarint(cs.Construct):  # type: ignore[misc]
    """An unsigned number in groups of seven bits, the lowest first, in as few bytes as it needs."""

    def _parse(self, stream: Any, _context: Any, path: str) -> int:
        number = 0
        for position in range(5):
            byte: int = cs.stream_read(stream, 1, path)[0]
            number |= (byte & 0x7F) << (7 * position)
            if byte < 0x80:
                if number > MAX_UVARINT or (byte == 0 and position > 0):
                    break
                return number
        raise cs.IntegerError("no varint of 31 bits in its shortest form", path=path)

    def _build(self, number: int, stream: Any, _context: Any, path: str) -> int:
        if not 0 <= number <= MAX_UVARINT:
            raise cs.IntegerError(f"{number} does not fit", path=path)
        rest = number
        while rest > 0x7F:
            cs.stream_write(stream, bytes([rest & 0x7F | 0x80]), 1, path)
            rest >>= 7
        cs.stream_write(stream, bytes([rest]), 1, path)
        return number


UVARINT = Uvarint()


class Length(cs.Adapter):  # type: ignore[misc]
    """A length or count as it stands before what it counts; None for null."""

    def __init__(self, code: str, compact: bool, nullable: bool) -> None:
        super().__init__(UVARINT if compact else {"h": cs.Int16sb, "i": cs.Int32sb}[code])
        self.null = 0 if compact else -1
        self.nullable = nullable

    def _decode(self, number: int, _context: Any, path: str) -> int | None:
        if number <= self.null and not self.nullable:
            raise cs.ValidationError("null is not allowed here", path=path)
        return None if number <= self.null else number - self.null - 1

    def _encode(self, number: int | None, _context: Any, path: str) -> int:
        if number is None and not self.nullable:
            raise cs.ValidationError("null is not allowed here", path=path)
        return self.null if number is None else number + self.null + 1

    def _emitparse(self, code: Any) -> str:
        return f"{linked(self, code)}._decode({self.subcon._compileparse(code)}, this, '')"


def linked(self: Any, code: Any) -> str:
    """An expression for the construct itself, in what construct's `compile()` emits."""
    code.linkedinstances[id(self)] = self
    return f"linkedinstances[{id(self)}]"


def left(stream: Any) -> int:
    """How many bytes of the stream are still to be read."""
    here: int = stream.tell()
    end: int = stream.seek(0, 2)
    stream.seek(here)
    return end - here


class Counted(cs.Construct):  # type: ignore[misc]
    """Bytes, or UTF-8 if `text`, after their length."""

    def __init__(self, prefix: Any, text: bool) -> None:
        super().__init__()
        self.prefix, self.text = prefix, text

    def _parse(self, stream: Any, context: Any, path: str) -> str | bytes | None:
        return self.content(stream, self.prefix._parsereport(stream, context, path), path)

    def _emitparse(self, code: Any) -> str:
        return f"{linked(self, code)}.content(io, {self.prefix._compileparse(code)}, '')"

    def content(self, stream: Any, size: int | None, path: str) -> str | bytes | None:
        """What the next `size` bytes are."""
        if size is None:
            return None
        if self.text and size > MAX_STRING:
            raise cs.StringError(f"{size} bytes", path=path)
        if size > left(stream):
            raise cs.StreamError(f"{size} bytes where {left(stream)} are left", path=path)
        data: bytes = cs.stream_read(stream, size, path)
        try:
            return data.decode() if self.text else data
        except UnicodeDecodeError as error:
            raise cs.StringError(str(error), path=path) from error

    def _build(self, value: Any, stream: Any, context: Any, path: str) -> Any:
        data = None if value is None else value.encode() if self.text else bytes(value)
        if data is None:
            self.prefix._build(None, stream, context, path)
            return value
        if self.text and len(data) > MAX_STRING:
            raise cs.StringError(f"{len(data)} bytes", path=path)
        self.prefix._build(len(data), stream, context, path)
        cs.stream_write(stream, data, len(data), path)
        return value


class Listed(cs.Construct):  # type: ignore[misc]
    """Elements after their count, which the bytes left have to be able to hold."""

    def __init__(self, prefix: Any, element: Any, minimal_size: int) -> None:
        super().__init__()
        self.prefix, self.element, self.minimal_size = prefix, element, minimal_size

    def _parse(self, stream: Any, context: Any, path: str) -> list[Any] | None:
        count = self.prefix._parsereport(stream, context, path)
        return self.elements(
            stream, count, lambda index: self.element._parsereport(stream, context, f"{path}[{index}]"), path
        )

    def _emitparse(self, code: Any) -> str:
        count, element = self.prefix._compileparse(code), self.element._compileparse(code)
        return f"{linked(self, code)}.elements(io, {count}, lambda _: {element}, '')"

    def elements(
        self, stream: Any, count: int | None, parse: Callable[[int], Any], path: str
    ) -> list[Any] | None:
        """As many elements as were counted."""
        if count is None:
            return None
        if count * self.minimal_size > left(stream):
            raise cs.RangeError(f"{count} elements where {left(stream)} bytes are left", path=path)
        return [parse(index) for index in range(count)]

    def _build(self, values: Any, stream: Any, context: Any, path: str) -> Any:
        self.prefix._build(None if values is None else len(values), stream, context, path)
        for value in values or ():
            self.element._build(value, stream, context, path + "[]")
        return values


class Tags(cs.Construct):  # type: ignore[misc]
    """A struct's tagged fields: parsed to a dict by tag, of values for known tags and bytes for others."""

    def __init__(self, known: dict[int, Any]) -> None:
        super().__init__()
        self.known = known

    def _parse(self, stream: Any, context: Any, path: str) -> dict[int, Any]:
        def parser(tag: int, known: Any) -> Callable[[], Any]:
            return lambda: known._parsereport(stream, context, f"{path} -> tag {tag}")

        return self.tags(stream, {tag: parser(tag, known) for tag, known in self.known.items()}, path)

    def _emitparse(self, code: Any) -> str:
        parsers = ", ".join(
            f"{tag}: lambda: {known._compileparse(code)}" for tag, known in self.known.items()
        )
        return f"{linked(self, code)}.tags(io, {{{parsers}}}, '')"

    def tags(self, stream: Any, parsers: dict[int, Callable[[], Any]], path: str) -> dict[int, Any]:
        """The tagged fields at the stream's position."""
        tags: dict[int, Any] = {}
        last = -1
        for _ in range(UVARINT._parse(stream, None, path)):
            tag, size = UVARINT._parse(stream, None, path), UVARINT._parse(stream, None, path)
            if tag <= last or size > left(stream):
                raise cs.ExplicitError(f"tag {tag} of {size} bytes after tag {last}", path=path)
            last, after = tag, stream.tell() + size
            tags[tag] = parsers[tag]() if tag in parsers else cs.stream_read(stream, size, path)
            if stream.tell() != after:
                raise cs.ExplicitError(f"tag {tag} does not have {size} bytes", path=path)
        return tags

    def _build(self, tags: dict[int, Any], stream: Any, context: Any, path: str) -> Any:
        UVARINT._build(len(tags), stream, context, path)
        for tag in sorted(tags):
            data = self.known[tag].build(tags[tag]) if tag in self.known else tags[tag]
            for number in (tag, len(data)):
                UVARINT._build(number, stream, context, path)
            cs.stream_write(stream, data, len(data), path)
        return tags


class Values(cs.Adapter):  # type: ignore[misc]
    """Between construct's containers and the values of a struct."""

    def __init__(self, subcon: Any, layout: Record) -> None:
        super().__init__(subcon)
        self.layout = layout

    def _decode(self, container: Any, _context: Any, _path: str) -> Any:
        value = self.layout.struct()
        for field, _ in self.layout.plain:
            setattr(value, field.name, container[field.name])
        tags = container.get("_tags") or {}
        for field, _ in self.layout.tagged:
            if field.tag in tags:
                setattr(value, field.name, tags.pop(field.tag))
        value.unknown_tags.update(tags)
        return value

    def _emitparse(self, code: Any) -> str:
        return f"{linked(self, code)}._decode({self.subcon._compileparse(code)}, this, '')"

    def _encode(self, value: Any, _context: Any, _path: str) -> dict[str, Any]:
        fields = {field.name: getattr(value, field.name) for field, _ in self.layout.plain}
        tags = dict(value.unknown_tags)
        for field, _ in self.layout.tagged:
            if field.tag in tags:
                raise ProtocolError("an unknown tag has the number of a known one")
            if getattr(value, field.name) != default(field):
                tags[field.tag] = getattr(value, field.name)
        return {**fields, "_tags": tags}


def default(field: Field) -> Any:
    """The default of a field, as a value."""
    if field.default is not UNSET:
        return field.default
    return (
        field.type.make() if isinstance(field.type, Struct) else [] if isinstance(field.type, Array) else None
    )


def record(layout: Record, *end: Any) -> Any:
    """The construct of a struct, followed by `end`."""
    fields = [field.name / node(child) for field, child in layout.plain]
    if layout.flexible:
        fields.append("_tags" / Tags({field.tag or 0: node(child) for field, child in layout.tagged}))
    values = Values(cs.Struct(*fields, *end), layout)
    if layout.marker is None:
        return values
    marker, null = (cs.Int8sb, -1) if layout.marker == "b" else (cs.Int8ub, 0)
    return Marked(marker, null, values)


class Marked(cs.Construct):  # type: ignore[misc]
    """A struct that may be null, after the byte that says whether it is."""

    def __init__(self, marker: Any, null: int, subcon: Any) -> None:
        super().__init__()
        self.marker, self.null, self.subcon = marker, null, subcon

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        if self.marker._parsereport(stream, context, path) <= self.null:
            return None
        return self.subcon._parsereport(stream, context, path)

    def _emitparse(self, code: Any) -> str:
        marker, struct = self.marker._compileparse(code), self.subcon._compileparse(code)
        return f"(None if {marker} <= {self.null} else {struct})"

    def _build(self, value: Any, stream: Any, context: Any, path: str) -> Any:
        self.marker._build(self.null if value is None else 1, stream, context, path)
        if value is not None:
            self.subcon._build(value, stream, context, path)
        return value


def node(layout: Node) -> Any:
    """The construct of any node."""
    if isinstance(layout, Fixed):
        return SCALARS[layout.scalar.name]
    if isinstance(layout, Run):
        prefix = Length(layout.type.length_code, layout.compact, layout.nullable)
        return Counted(prefix, layout.type is STRING)
    if isinstance(layout, Repeated):
        prefix = Length("i", layout.compact, layout.nullable)
        return Listed(prefix, node(layout.element), layout.element.minimal_size)
    return record(layout)


def message(layout: Record) -> Any:
    """The construct of a whole message: nothing may follow it."""
    return record(layout, cs.Terminated)
