"""Where two answers differ, and the differences that docs/differences.md lists.

That page is the list: a difference that is in none of its tables is a failure, and so is a row that nothing
needs any more. `*` stands for anything in a cell.
"""

from __future__ import annotations

import json
import pathlib
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "differences.md"
ABSENT = "absent"


class Difference(NamedTuple):
    """One value that differs: what was asked, the field in the answer, and both values as JSON."""

    asked: str
    field: str
    ours: str
    theirs: str

    def __str__(self) -> str:
        about = f"{self.asked}: {self.field or 'answer'}"
        return f"{about}\n  Odradek       {self.ours:.400}\n  Apache Kafka  {self.theirs:.400}"


class Row(NamedTuple):
    """A line of a table in docs/differences.md."""

    asked: str
    field: str
    ours: str
    theirs: str
    reason: str

    def covers(self, difference: Difference) -> bool:
        """Whether this is what the row is about."""
        return all(_matches(pattern, text) for pattern, text in zip(self[:4], difference, strict=True))


def _matches(pattern: str, text: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None


def rows(section: str) -> list[Row]:
    """The rows of the tables below the heading `section`."""
    _, _, text = PAGE.read_text().partition(f"\n## {section}\n")
    lines = [line for line in text.partition("\n## ")[0].splitlines() if line.startswith("| `")]
    return [Row(*(cell.strip().strip("`") for cell in line.strip("|").split(" | "))) for line in lines]


def unexplained(found: Iterable[Difference], known: list[Row], used: set[Row]) -> list[Difference]:
    """The differences that no row covers; rows that cover one are added to `used`."""
    left = []
    for difference in found:
        covering = [row for row in known if row.covers(difference)]
        used.update(covering[:1])
        if not covering:
            left.append(difference)
    return left


def differences(asked: str, ours: Any, theirs: Any, field: str = "") -> Iterator[Difference]:
    """What differs between two shown answers, value by value.

    Beside error codes that differ nothing else counts: what comes with an error follows from it.
    """
    if ours == theirs:
        return
    if isinstance(ours, dict) and isinstance(theirs, dict):
        codes = [name for name in ours.keys() & theirs.keys() if name.endswith("error_code")]
        if any(ours[name] != theirs[name] for name in codes):
            ours, theirs = ({name: each[name] for name in codes} for each in (ours, theirs))
        for name in {**ours, **theirs}:
            below = f"{field}.{name}".removeprefix(".")
            yield from differences(asked, ours.get(name, ABSENT), theirs.get(name, ABSENT), below)
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for number, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from differences(asked, mine, other, f"{field}[{number}]")
    else:
        yield Difference(asked, field, _text(ours), _text(theirs))


def _text(value: Any) -> str:
    """A value as a cell of a table shows it."""
    return (
        value
        if value == ABSENT
        else json.dumps(value, ensure_ascii=False).replace("|", "¦").replace("`", "'")
    )
