"""Generates the function that reads one version of a message.

It is one function, whatever the message's depth: the structs within are inlined as nested loops. Fields of
fixed size that follow each other are unpacked by one call, together with the length of whatever comes next:
an old length is part of the format, and of a compact one, which nearly always is a single byte, the first
byte is.

In the generated source `b` is the buffer, `o` the position, `end` its length, and `budget` what is left of
MAX_ELEMENTS. A message without records reads a copy of its bytes, which is quicker to slice than a
memoryview.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from struct import Struct as Format
from struct import calcsize
from typing import Any, Final

from . import wire
from .layout import Fixed, Node, Record, Repeated, Run
from .schema import BYTES, MAX_ELEMENTS, RECORDS, STRING, Field, Message
from .source import Compiled, Part, Source
from .values import default_source

SCALARS_AT_ONCE: Final = "?bhiqHId"
"""Codes of which a whole array is unpacked by one call."""


def generate(message: Message, version: int) -> Compiled:
    """The function `(buffer, offset) -> (value, position after it)`. Raises UnsupportedVersion."""
    return _Reader(message, version).generate()


class _Reader:
    def __init__(self, message: Message, version: int) -> None:
        self.layout = message.layout(version)
        self.source = Source(f"read {message.name} v{version}")
        self.name = f"read_{message.name}_v{version}"
        self.copies = not (message.is_prefix or _has_records(self.layout))
        self.run: list[Part] = []
        self.depth = 0

    def generate(self) -> Compiled:
        source = self.source
        with source.block(f"def {self.name}(b, o):"):
            source.line("b = bytes(b)" if self.copies else "b = memoryview(b)")
            source.line("end = len(b)")
            source.line(f"budget = {source.bind('MAX_ELEMENTS', MAX_ELEMENTS)}")
            self.record(self.layout, "v", "")
            self.flush()
            source.line("return v, o")
        return source.compile(self.name)

    def helper(self, name: str) -> str:
        return self.source.bind(name, getattr(wire, name))

    def fresh(self, letter: str) -> str:
        """A local variable that no enclosing loop uses."""
        self.depth += 1
        return f"{letter}{self.depth}"

    def flush(self) -> None:
        """Emit one unpacking for the fields of fixed size that have piled up."""
        if not self.run:
            return
        targets = ", ".join(target for target, _, _ in self.run)
        codes = "".join(code for _, code, _ in self.run)
        place = list(self.run)
        if codes == "B":
            self.source.line(f"{targets} = b[o]", place)
        elif codes == "?":
            self.source.line(f"{targets} = b[o] != 0", place)
        else:
            unpack = self.source.bind(f"unpack_{codes.replace('?', 'z')}", _unpack(codes))
            self.source.line(f"{targets}{',' * (len(self.run) == 1)} = {unpack}(b, o)", place)
        self.source.line(f"o += {calcsize('>' + codes)}")
        self.run.clear()

    def node(self, node: Node, target: str, path: str) -> None:
        """Read a value into `target`, an expression that can be assigned to."""
        if isinstance(node, Fixed):
            self.run.append((target, node.scalar.code, path))
        elif isinstance(node, Run):
            self.sized(node, target, path)
        elif isinstance(node, Repeated):
            self.repeated(node, target, path)
        elif node.marker is None:
            self.record(node, target, path)
        else:
            self.nullable_record(node, target, path)

    def length(self, compact: bool, code: str, path: str, long: str = "read_uvarint") -> None:
        """Read a length or count into `n`: plus one if compact."""
        self.run.append(("n", "B" if compact else code, path))
        self.flush()
        self.source.place = path
        if compact:
            with self.source.block("if n > 127:"):
                self.source.line(f"n, o = {self.helper(long)}(b, o, n)")

    def sized(self, node: Run, target: str, path: str) -> None:
        long = "read_string_length" if node.type is STRING else "read_uvarint"
        self.length(node.compact, node.type.length_code, path, long)
        after, length = ("o + n - 1", "n - 1") if node.compact else ("o + n", "n")
        source, bad = self.source, self.helper("bad_length")
        if node.nullable:
            with source.block("if n:" if node.compact else "if n >= 0:"):
                source.line(f"p = {after}")
                with source.block("if p > end:"):
                    source.line(f"raise {bad}({length}, end - o)")
                source.line(f"{target} = {self.content(node)}")
                source.line("o = p")
            with source.block("else:"):
                source.line(f"{target} = None")
        else:
            source.line(f"p = {after}")
            with source.block("if not o <= p <= end:"):
                source.line(f"raise {bad}({length}, end - o)")
            source.line(f"{target} = {self.content(node)}")
            source.line("o = p")

    def content(self, node: Run) -> str:
        """An expression for the value of the bytes from `o` to `p`."""
        if node.type is STRING:
            return "b[o:p].decode()" if self.copies else 'str(b[o:p], "utf-8")'
        if node.type is BYTES and not self.copies:
            return "bytes(b[o:p])"
        return "b[o:p]"

    def repeated(self, node: Repeated, target: str, path: str) -> None:
        self.length(node.compact, "i", path)
        source, bad = self.source, self.helper("bad_length")
        size = node.element.minimal_size
        most = "end - o" if size == 1 else f"(end - o) // {size}"
        length = "n - 1" if node.compact else "n"
        if node.nullable:
            with source.block("if n:" if node.compact else "if n >= 0:"):
                with source.block(f"if {length} > {most}:"):
                    source.line(f"raise {bad}({length}, end - o)")
                self.elements(node, target, path)
            with source.block("else:"):
                source.line(f"{target} = None")
        else:
            with source.block(f"if not 0 <= {length} <= {most}:"):
                source.line(f"raise {bad}({length}, end - o)")
            self.elements(node, target, path)

    def elements(self, node: Repeated, target: str, path: str) -> None:
        """Read the elements of an array whose count is known to fit."""
        source = self.source
        if node.compact:
            source.line("n -= 1")
        self.charge("n")
        element = node.element
        if isinstance(element, Fixed) and element.scalar.code in SCALARS_AT_ONCE:
            code = element.scalar.code
            unpack = source.bind(f"unpack_array_{code.replace('?', 'z')}", _array_formats(code))
            source.line(f"{target} = list({unpack}[n](b, o))")
            source.line(f"o += {element.scalar.size} * n")
            return
        array, index, value = self.fresh("a"), self.fresh("i"), self.fresh("v")
        source.line(f"{target} = {array} = []")
        with source.block(f"for {index} in range(n):"):
            self.node(element, value, f"{path}[{index}]")
            self.flush()
            source.line(f"{array}.append({value})")

    def charge(self, count: str) -> None:
        """Take `count` elements from the budget."""
        self.source.line(f"budget -= {count}")
        with self.source.block("if budget < 0:"):
            self.source.line(f"raise {self.helper('too_many_elements')}()")

    def nullable_record(self, node: Record, target: str, path: str) -> None:
        self.run.append(("n", node.marker or "", path))
        self.flush()
        self.source.place = path
        with self.source.block("if n < 0:" if node.marker == "b" else "if n == 0:"):
            self.source.line(f"{target} = None")
        with self.source.block("else:"):
            self.record(node, target, path)
            self.flush()

    def record(self, node: Record, target: str, path: str) -> None:
        source = self.source
        value = target if target.isidentifier() else self.fresh("v")
        chain = value if value == target else f"{target} = {value}"
        source.line(f"{chain} = {source.bind(node.struct.name, node.struct.value_class)}()")
        for field in node.absent:
            source.line(f"{value}.{field.name} = {default_source(source, field)}")
        for field, child in node.plain:
            self.node(child, f"{value}.{field.name}", f"{path}.{field.name}" if path else field.name)
        if not node.flexible:
            source.line(f"{value}._unknown_tags = None")
            return
        self.run.append(("t", "B", path))
        self.flush()
        source.place = path
        self.tags(node, value, path)

    def tags(self, node: Record, value: str, path: str) -> None:
        """Read the tagged fields whose number's first byte is in `t`."""
        source = self.source
        for field, _ in node.tagged:
            source.line(f"{value}.{field.name} = {default_source(source, field)}")
        source.line(f"{value}._unknown_tags = None")
        with source.block("if t:"):
            with source.block("if t > 127:"):
                source.line(f"t, o = {self.helper('read_uvarint')}(b, o, t)")
            self.charge("t")
            if node.tagged:
                self.known_tags(node, value, path)
            else:
                read = self.helper("read_unknown_tags")
                source.line(f"{value}._unknown_tags, o = {read}(b, o, end, t)")

    def known_tags(self, node: Record, value: str, path: str) -> None:
        source = self.source
        tag, after, start = self.fresh("tag"), self.fresh("e"), self.fresh("s")
        source.line(f"{tag} = -1")
        with source.block(f"for {self.fresh('i')} in range(t):"):
            source.line(f"{tag}, o, {after} = {self.helper('read_tag')}(b, o, end, {tag})")
            source.line(f"{start} = o")
            for number, (field, child) in enumerate(node.tagged):
                with source.block(f"{'el' * (number > 0)}if {tag} == {field.tag}:"):
                    self.tagged_field(field, child, value, path)
            with source.block("else:"):
                source.line(f"{value}.unknown_tags[{tag}] = bytes(b[o:{after}])")
                source.line(f"o = {after}")
            with source.block(f"if o != {after}:"):
                bad = self.helper("bad_tag_size")
                source.line(f"raise {bad}({tag}, {after} - {start}, o - {start})")

    def tagged_field(self, field: Field, node: Node, value: str, path: str) -> None:
        self.source.place = path = f"{path}.{field.name}" if path else field.name
        self.node(node, f"{value}.{field.name}", path)
        self.flush()
        self.source.place = path


@cache
def _unpack(codes: str) -> Callable[..., tuple[Any, ...]]:
    return Format(">" + codes).unpack_from


@cache
def _array_formats(code: str) -> wire.ArrayFormats:
    return wire.ArrayFormats(code, "unpack_from")


def _has_records(node: Node) -> bool:
    if isinstance(node, Record):
        return any(_has_records(child) for _, child in node.plain)
    if isinstance(node, Repeated):
        return _has_records(node.element)
    return isinstance(node, Run) and node.type is RECORDS
