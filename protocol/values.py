"""Classes for the values of structs, and the functions that make values from keywords."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .schema import UNSET, Array, Field, Struct
from .source import Source


class Value:
    """What all values have beside their fields. Equal are those of equal fields and unknown tags."""

    __slots__ = ("_unknown_tags",)
    _unknown_tags: dict[int, bytes] | None
    __hash__ = None  # type: ignore[assignment]

    @property
    def unknown_tags(self) -> dict[int, bytes]:
        """Tagged fields that the declaration does not know, by tag, as they came."""
        if self._unknown_tags is None:
            self._unknown_tags = {}
        return self._unknown_tags

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__) and (
            (self._unknown_tags or {}) == (other._unknown_tags or {})
        )

    def __repr__(self) -> str:
        shown = [f"{name}={getattr(self, name)!r}" for name in self.__slots__]
        if self._unknown_tags:
            shown.append(f"unknown_tags={self._unknown_tags!r}")
        return f"{type(self).__name__}({', '.join(shown)})"


def value_class(struct: Struct) -> type[Any]:
    """A new class for the values of `struct`, with its fields as slots and no constructor."""
    names = tuple(field.name for field in struct.fields)
    if len(set(names)) < len(names):
        raise TypeError(f"{struct.name} has two fields of one name")
    return type(struct.name, (Value,), {"__slots__": names, "__module__": __name__})


def default_source(source: Source, field: Field) -> str:
    """An expression for the default of `field`: a new list or value where it could be changed in place."""
    if field.default is not UNSET:
        return repr(field.default)
    if isinstance(field.type, Array):
        return "[]"
    if isinstance(field.type, Struct):
        return source.bind(f"make_{field.type.name}", field.type.make) + "()"
    raise TypeError(f"{field.name} has no default")


def factory(struct: Struct) -> Callable[..., Any]:
    """A function from keywords to a value of `struct`."""
    source = Source(f"make {struct.name}")
    source.bind("UNSET", UNSET)
    value = source.bind(struct.name, struct.value_class)
    fresh = {field.name: field.default is UNSET for field in struct.fields}
    keywords = [
        f"{field.name}={'UNSET' if fresh[field.name] else repr(field.default)}" for field in struct.fields
    ]
    with source.block(f"def make(*, {', '.join([*keywords, 'unknown_tags=None'])}):"):
        source.line(f"v = {value}()")
        for field in struct.fields:
            given = field.name
            if fresh[field.name]:
                given = f"{default_source(source, field)} if {field.name} is UNSET else {field.name}"
            source.line(f"v.{field.name} = {given}")
        source.line("v._unknown_tags = unknown_tags")
        source.line("return v")
    return source.compile("make").function
