"""Copies of this repository with a broken broker, for those who show that a suite would notice."""

from __future__ import annotations

import contextlib
import pathlib
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parents[1]


class Edit(NamedTuple):
    """`old`, which is in the file once, becomes `new`."""

    path: str
    old: str
    new: str


DUPLICATES_ARE_APPENDED = (
    Edit("storage/producer_state.py", "if duplicate is not None:", "if False:"),
    Edit("storage/producer_state.py", "if not in_order:", "if False:"),
)
"""A batch that a producer sends again is appended once more, and its answer has the new offset."""


@contextlib.contextmanager
def broken(edits: Sequence[Edit]) -> Iterator[pathlib.Path]:
    """A copy of what is committed, with these edits, until the context ends. SystemExit where an edit does
    not fit any more.
    """
    with tempfile.TemporaryDirectory(prefix="odradek-mutant-") as folder:
        copy = pathlib.Path(folder, "copy")
        subprocess.run(["git", "clone", "-q", ROOT, copy], check=True)
        for path, old, new in edits:
            text = (copy / path).read_text()
            if text.count(old) != 1:
                raise SystemExit(f"{path} has {old!r} {text.count(old)} times; it has to be there once")
            (copy / path).write_text(text.replace(old, new))
        yield copy
