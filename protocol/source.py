"""Python source in the making, compiled so that tracebacks show it, with errors told in the schema's words.

Every generated line remembers the path of the field that it serves. So the generated functions spend nothing
on error reports: when one of them fails, the line of its traceback says which field it was, and its local
variables which element and which position.
"""

from __future__ import annotations

import linecache
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from struct import error as StructError  # noqa: N812
from types import TracebackType
from typing import Any, Final, TypeAlias

from .errors import ProtocolError

READING_ERRORS: Final = (StructError, IndexError, ValueError)
"""What a reading function may raise: bytes that end too early (two kinds), bad UTF-8, a ProtocolError."""

WRITING_ERRORS: Final = (StructError, ValueError, TypeError, AttributeError, OverflowError)
"""What a writing function raises for a value that does not fit its type."""

Place: TypeAlias = str | list[tuple[str, int]] | None
"""The path of a line: of one field, or of several that are read at once, each with its size in bytes."""


class Compiled:
    """A generated function with its source, and the way from its failures to errors with a field's path."""

    __slots__ = ("_places", "_title", "function", "source")

    def __init__(self, title: str, source: str, places: list[Place], function: Callable[..., Any]) -> None:
        self._title = title
        self._places = places
        self.source = source
        self.function = function

    def protocol_error(self, error: Exception) -> ProtocolError:
        """What to raise for an error of a reading function."""
        path, offset = self._where(error.__traceback__)
        if isinstance(error, UnicodeDecodeError):
            what = "the string is not UTF-8"
        elif isinstance(error, ProtocolError):
            what = str(error)
        else:
            what = "the bytes end too early"
        where = f"{path or 'the message'} at byte {offset}" if offset is not None else path
        return ProtocolError(f"{self._title}: {where}: {what}", path=path, offset=offset)

    def value_error(self, error: Exception) -> ValueError:
        """What to raise for an error of a writing function."""
        path, _ = self._where(error.__traceback__)
        return ValueError(f"{self._title}: {path or 'the message'}: {error}")

    def _where(self, traceback: TracebackType | None) -> tuple[str | None, int | None]:
        while traceback is not None and traceback.tb_frame.f_code is not self.function.__code__:
            traceback = traceback.tb_next
        if traceback is None:
            return None, None
        place, variables = self._places[traceback.tb_lineno - 1], traceback.tb_frame.f_locals
        offset = variables.get("o")
        if isinstance(place, list):
            place, offset = _first_beyond(place, offset or 0, variables.get("end", 0))
        if place is not None:
            place = re.sub(r"\[(\w+)\]", lambda match: f"[{variables.get(match[1], '')}]", place)
        return place, offset


def _first_beyond(fields: list[tuple[str, int]], offset: int, end: int) -> tuple[str, int]:
    """Of fields read at once from `offset`, the first that does not fit before `end`, and where it starts."""
    for path, size in fields:
        if offset + size > end:
            return path, offset
        offset += size
    return fields[0][0], offset


class Source:
    """Lines of a module in the making, each with the path of the field it is about."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.place: Place = None
        self._lines: list[str] = []
        self._places: list[Place] = []
        self._depth = 0
        self._names: dict[str, Any] = {}

    def line(self, text: str, place: Place = None) -> None:
        """Add a line at the present depth; without a place of its own it belongs to the field at hand."""
        self._lines.append("    " * self._depth + text)
        self._places.append(place or self.place)

    @contextmanager
    def block(self, head: str, place: Place = None) -> Iterator[None]:
        """Lines added within are indented below `head`."""
        self.line(head, place)
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1

    def bind(self, name: str, value: Any) -> str:
        """Make `value` a global under `name`, or where that is another value's, under a name like it."""
        free, number = name, 1
        while self._names.setdefault(free, value) is not value:
            number += 1
            free = f"{name}_{number}"
        return free

    def compile(self, function: str) -> Compiled:
        """Run the module, and give its function of this name."""
        text = "\n".join(self._lines) + "\n"
        filename = f"<odradek.protocol: {self.title}>"
        exec(compile(text, filename, "exec"), self._names)
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
        return Compiled(self.title, text, self._places, self._names[function])
