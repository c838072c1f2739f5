"""Generates the function that writes one version of a message.

Like the reader, it is one function with nested loops, and packs fields of fixed size that follow each other
by one call, together with the length of what comes next. A compact length that needs more than a byte takes a
second branch.

In the generated source `out` is the bytearray, `splices` the list of records that stay where they are, `n` a
length.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from struct import Struct as Format
from typing import Any, Final

from . import wire
from .layout import Fixed, Node, Record, Repeated, Run
from .schema import RECORDS, STRING, UNSET, UUID, Array, Field, Message, Struct
from .source import Compiled, Part, Source

SCALARS_AT_ONCE: Final = "?bhiqHId"
"""Codes of which a whole array is packed by one call."""


def generate(message: Message, version: int) -> Compiled:
    """The function `(value, out, splices)`, see `Message.write_parts`. Raises UnsupportedVersion."""
    return _Writer(message, version).generate()


class _Writer:
    def __init__(self, message: Message, version: int) -> None:
        self.layout = message.layout(version)
        self.source = Source(f"write {message.name} v{version}")
        self.name = f"write_{message.name}_v{version}"
        self.run: list[Part] = []
        self.out = "out"
        self.depth = 0

    def generate(self) -> Compiled:
        with self.source.block(f"def {self.name}(v, out, splices):"):
            self.record(self.layout, "v", "")
            self.flush()
            self.source.line("return None")
        return self.source.compile(self.name)

    def helper(self, name: str) -> str:
        return self.source.bind(name, getattr(wire, name))

    def fresh(self, letter: str) -> str:
        """A local variable that no enclosing loop uses."""
        self.depth += 1
        return f"{letter}{self.depth}"

    def emit(self, run: list[Part]) -> None:
        """Emit one packing of expressions with their codes, where "x" is a zero byte without one."""
        if not run:
            return
        codes = "".join(code for _, code, _ in run)
        if codes in ("x", "B"):
            self.source.line(f"{self.out}.append({run[0][0]})", list(run))
            return
        pack_run = self.source.bind(f"pack_{codes.replace('?', 'z')}", _pack(codes))
        values = ", ".join(value for value, code, _ in run if code != "x")
        self.source.line(f"{self.out} += {pack_run}({values})", list(run))

    def flush(self) -> None:
        """Emit the fields of fixed size that have piled up."""
        self.emit(self.run)
        self.run.clear()

    def node(self, node: Node, value: str, path: str) -> None:
        """Write the value of an expression."""
        self.source.place = path
        if isinstance(node, Fixed):
            uuid = node.scalar is UUID
            checked = f"{self.helper('check_uuid')}({value})" if uuid else value
            self.run.append((checked, node.scalar.code, path))
        elif isinstance(node, Run):
            self.sized(node, value, path)
        elif isinstance(node, Repeated):
            self.repeated(node, value, path)
        elif node.marker is None:
            self.record(node, value, path)
        else:
            self.nullable_record(node, value, path)

    def length(self, compact: bool, code: str, path: str, long: str = "uvarint") -> None:
        """Emit what has piled up and then the length in `n`, to which the caller has added one if compact."""
        if not compact:
            self.run.append(("n", code, path))
            self.flush()
            return
        with self.source.block("if n < 128:"):
            self.emit([*self.run, ("n", "B", path)])
        with self.source.block("else:"):
            self.emit(self.run)
            self.source.line(f"{self.out} += {self.helper(long)}(n)")
        self.run.clear()

    def sized(self, node: Run, value: str, path: str) -> None:
        source, one = self.source, " + 1" * node.compact
        encode = ".encode()" * (node.type is STRING)
        if node.nullable:
            source.line(f"s = {value}")
            with source.block("if s is None:"):
                source.line(f"n = {0 if node.compact else -1}")
                source.line('s = b""')
            with source.block("else:"):
                if encode:
                    source.line(f"s = s{encode}")
                source.line(f"n = len(s){one}")
        else:
            source.line(f"s = {value}{encode}")
            source.line(f"n = len(s){one}")
        long = "string_length" if node.type is STRING else "uvarint"
        self.length(node.compact, node.type.length_code, path, long)
        if node.type is RECORDS:
            with source.block(f"if n > {int(node.compact)}:"):
                source.line("splices.append((len(out), s))")
        else:
            source.line(f"{self.out} += s")

    def repeated(self, node: Repeated, value: str, path: str) -> None:
        source, array, one = self.source, self.fresh("a"), " + 1" * node.compact
        source.line(f"{array} = {value}")
        if node.nullable:
            with source.block(f"if {array} is None:"):
                source.line(f"n = {0 if node.compact else -1}")
                source.line(f"{array} = ()")
            with source.block("else:"):
                source.line(f"n = len({array}){one}")
        else:
            source.line(f"n = len({array}){one}")
        self.length(node.compact, "i", path)
        element = node.element
        if isinstance(element, Fixed) and element.scalar.code in SCALARS_AT_ONCE:
            code = element.scalar.code
            pack = source.bind(f"pack_array_{code.replace('?', 'z')}", _array_formats(code))
            source.line(f"{self.out} += {pack}[len({array})](*{array})")
            return
        item = self.fresh("v")
        with source.block(f"for {item} in {array}:"):
            self.node(element, item, path + "[]")
            self.flush()

    def nullable_record(self, node: Record, value: str, path: str) -> None:
        source, inner, marker = self.source, self.fresh("v"), node.marker or ""
        before, self.run = self.run, []
        source.line(f"{inner} = {value}")
        with source.block(f"if {inner} is None:"):
            self.emit([*before, ("-1" if marker == "b" else "0", marker, path)])
        with source.block("else:"):
            self.run = [*before, ("1", marker, path)]
            self.record(node, inner, path)
            self.flush()

    def record(self, node: Record, value: str, path: str) -> None:
        if not value.isidentifier():
            inner = self.fresh("v")
            self.source.line(f"{inner} = {value}")
            value = inner
        for field, child in node.plain:
            self.node(child, f"{value}.{field.name}", f"{path}.{field.name}" if path else field.name)
        if node.flexible:
            self.source.place = path
            self.tags(node, value, path)

    def tags(self, node: Record, value: str, path: str) -> None:
        """Write the tagged fields that are not default, merged with the unknown ones."""
        source, known = self.source, "{}"
        if node.tagged:
            known = self.fresh("tags")
            self.flush()
            source.line(f"{known} = {{}}")
        for field, child in node.tagged:
            source.place = inner = f"{path}.{field.name}" if path else field.name
            condition = self.differs(field, child, f"{value}.{field.name}")
            with source.block(f"if {condition}:"):
                outer, self.out = self.out, self.fresh("out")
                source.line(f"{known}[{field.tag}] = {self.out} = bytearray()")
                self.node(child, f"{value}.{field.name}", inner)
                self.flush()
                self.out = outer
        source.place = path
        some = f"{known} or {value}._unknown_tags" if node.tagged else f"{value}._unknown_tags"
        with source.block(f"if {some}:"):
            self.emit(self.run)
            source.line(f"{self.helper('write_tags')}({self.out}, {known}, {value}._unknown_tags)")
        with source.block("else:"):
            self.emit([*self.run, ("0", "x", path)])
        self.run.clear()

    def differs(self, field: Field, node: Node, value: str) -> str:
        """An expression for: the tagged field is not its default."""
        if field.default is None:
            return f"{value} is not None"
        if isinstance(field.type, Array):
            return f"{value} != []"
        if isinstance(field.type, Struct) and field.default is UNSET:
            parts = _default_parts(field.type)
            if parts is None or (isinstance(node, Record) and node.marker):
                default = self.source.bind(f"default_{field.type.name}", field.type.make())
                return f"{value} != {default}"
            inner = self.fresh("v")
            self.source.line(f"{inner} = {value}")
            tests = [f"{inner}.{name} != {default!r}" for name, default in parts]
            return " or ".join([*tests, f"{inner}._unknown_tags"])
        return f"{value} != {field.default!r}"


@cache
def _pack(codes: str) -> Callable[..., bytes]:
    return Format(">" + codes).pack


@cache
def _array_formats(code: str) -> wire.ArrayFormats:
    return wire.ArrayFormats(code, "pack")


def _default_parts(struct: Struct) -> list[tuple[str, Any]] | None:
    """Name and default of each field, if all are plain literals: comparing them one by one is quicker."""
    if any(field.default is UNSET for field in struct.fields):
        return None
    return [(field.name, field.default) for field in struct.fields]
