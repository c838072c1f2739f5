"""A message as one version has it: what the generated functions and the construct schema are both made from.

Resolving a declaration settles everything that depends on the version: which fields there are and in which
order, plain or tagged, nullable or not, compact or not. What is left is a tree of four kinds of nodes.
"""

from __future__ import annotations

from typing import TypeAlias

from .schema import Array, Field, Message, Scalar, Sized, Struct


class Fixed:
    """A value of `scalar.size` bytes."""

    __slots__ = ("minimal_size", "scalar")

    def __init__(self, scalar: Scalar) -> None:
        self.scalar = scalar
        self.minimal_size = scalar.size


class Run:
    """A string, bytes or records after their length: a uvarint of the length plus one if `compact`."""

    __slots__ = ("compact", "minimal_size", "nullable", "type")

    def __init__(self, type: Sized, compact: bool, nullable: bool) -> None:
        self.type, self.compact, self.nullable = type, compact, nullable
        self.minimal_size = 1 if compact else 2 if type.length_code == "h" else 4


class Repeated:
    """An array after its count: a uvarint of the count plus one if `compact`, else an int32."""

    __slots__ = ("compact", "element", "minimal_size", "nullable")

    def __init__(self, element: Node, compact: bool, nullable: bool) -> None:
        self.element, self.compact, self.nullable = element, compact, nullable
        self.minimal_size = 1 if compact else 4


class Record:
    """A struct: its plain fields in order, then in a flexible version its tagged ones, by tag.

    A nullable struct starts with a marker, "b" (int8: negative is null) among plain fields and "B" (uvarint:
    0 is null) in a tagged one; `marker` is None where the struct cannot be null. `absent` are the fields this
    version lacks.
    """

    __slots__ = ("absent", "flexible", "marker", "minimal_size", "plain", "struct", "tagged")

    def __init__(self, struct: Struct, flexible: bool, marker: str | None) -> None:
        self.struct, self.flexible, self.marker = struct, flexible, marker
        self.plain: list[tuple[Field, Node]] = []
        self.tagged: list[tuple[Field, Node]] = []
        self.absent: list[Field] = []
        self.minimal_size = 1


Node: TypeAlias = Fixed | Run | Repeated | Record


def resolve(message: Message, version: int) -> Record:
    """The layout of `message` in `version`. Raises TypeError for a declaration that contradicts itself."""
    return _record(message, version, message.is_flexible(version), None)


def _record(struct: Struct, version: int, flexible: bool, marker: str | None) -> Record:
    record = Record(struct, flexible, marker)
    for field in struct.fields:
        if not field.exists(version):
            record.absent.append(field)
        elif field.is_tagged(version):
            if not flexible:
                raise TypeError(
                    f"{struct.name}.{field.name} is tagged in version {version}, which has no tags"
                )
            record.tagged.append((field, _node(field, version, flexible)))
        else:
            record.plain.append((field, _node(field, version, flexible)))
    record.tagged.sort(key=lambda pair: pair[0].tag or 0)
    if len({field.tag for field, _ in record.tagged}) < len(record.tagged):
        raise TypeError(f"{struct.name} has two fields of one tag in version {version}")
    if marker is None:
        record.minimal_size = sum(node.minimal_size for _, node in record.plain) + flexible
    return record


def _node(field: Field, version: int, flexible: bool) -> Node:
    nullable = field.is_nullable(version)
    compact = flexible and field.compact
    if isinstance(field.type, Array):
        element = _element(field.type.element, version, flexible)
        if element.minimal_size == 0:
            raise TypeError(f"{field.name} is an array of nothing in version {version}")
        return Repeated(element, compact, nullable)
    if isinstance(field.type, Struct):
        marker = None if not nullable else "B" if field.is_tagged(version) else "b"
        return _record(field.type, version, flexible, marker)
    if isinstance(field.type, Sized):
        return Run(field.type, compact, nullable)
    if nullable:
        raise TypeError(f"{field.name}: a {field.type.name} cannot be null")
    return Fixed(field.type)


def _element(type: Scalar | Sized | Struct, version: int, flexible: bool) -> Node:
    if isinstance(type, Struct):
        return _record(type, version, flexible, None)
    if isinstance(type, Sized):
        return Run(type, flexible, nullable=False)
    return Fixed(type)
