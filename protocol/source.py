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
from struct import calcsize, pack
from struct import error as StructError  # noqa: N812
from types import FrameType, TracebackType
from typing import Any, Final, TypeAlias

from .errors import ProtocolError

READING_ERRORS: Final = (StructError, IndexError, ValueError)
"""What a reading function may raise: bytes that end too early (two kinds), bad UTF-8, a ProtocolError."""

WRITING_ERRORS: Final = (StructError, ValueError, TypeError, AttributeError, OverflowError)
"""What a writing function raises for a value that does not fit its type."""

Part: TypeAlias = tuple[str, str, str]
"""One of several fields that are read or written at once: its expression, its `struct` code, its path."""

Place: TypeAlias = str | list[Part] | None
"""What a line is about: the path of one field, or several fields."""


class Compiled:
    """A generated function with its source, and the way from its failures to errors with a field's path."""

    __slots__ = ("_places", "_subject", "function", "source")

    def __init__(self, title: str, source: str, places: list[Place], function: Callable[..., Any]) -> None:
        self._subject = title.partition(" ")[2]
        self._places = places
        self.source = source
        self.function = function

    def protocol_error(self, error: Exception) -> ProtocolError:
        """What to raise for an error of a reading function."""
        path, offset = self._where(error.__traceback__, _first_beyond_end)
        if isinstance(error, UnicodeDecodeError):
            what = "the string is not UTF-8"
        elif isinstance(error, ProtocolError):
            what = str(error)
        else:
            what = "the bytes end too early"
        where = f"{path or 'the message'} at byte {offset}" if offset is not None else path
        return ProtocolError(f"{self._subject}: {where}: {what}", path=path, offset=offset)

    def value_error(self, error: Exception) -> ValueError:
        """What to raise for an error of a writing function."""
        path, _ = self._where(error.__traceback__, _first_unfit)
        return ValueError(f"{self._subject}: {path or 'the message'}: {error}")

    def _where(
        self,
        traceback: TracebackType | None,
        choose: Callable[[list[Part], FrameType], tuple[str, int | None]],
    ) -> tuple[str | None, int | None]:
        while traceback is not None and traceback.tb_frame.f_code is not self.function.__code__:
            traceback = traceback.tb_next
        if traceback is None:
            return None, None
        place, variables = self._places[traceback.tb_lineno - 1], traceback.tb_frame.f_locals
        offset = variables.get("o")
        if isinstance(place, list):
            place, offset = choose(place, traceback.tb_frame)
        if place is not None:
            place = re.sub(r"\[(\w+)\]", lambda match: f"[{variables.get(match[1], '')}]", place)
        return place, offset


def _first_beyond_end(parts: list[Part], frame: FrameType) -> tuple[str, int | None]:
    """Of fields read at once, the first that goes beyond the buffer's end, and where it starts."""
    offset = frame.f_locals["o"]
    for _, code, path in parts:
        size = calcsize(">" + code)
        if offset + size > frame.f_locals["end"]:
            return path, offset
        offset += size
    return parts[0][2], frame.f_locals["o"]


def _first_unfit(parts: list[Part], frame: FrameType) -> tuple[str, int | None]:
    """Of fields written at once, the first whose value its code does not take."""
    for expression, code, path in parts:
        try:
            value = eval(expression, frame.f_globals, frame.f_locals)
            pack(">B" if code == "x" else ">" + code, value)
        except WRITING_ERRORS:
            return path, None
    return parts[0][2], None


class Source:
    """Lines of a module in the making, each with the path of the field it is about.

    The title is a verb and what errors are about: `read FetchRequest v12`.
    """

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
