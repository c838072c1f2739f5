"""The pages of a run tell of every cell, and why one is not green."""

from __future__ import annotations

import pathlib
from xml.etree import ElementTree

import pages
import report
from cells import FAILED, NOT_IN_THIS_CLIENT, PASSED, Cell

CELLS = [
    Cell("one", "admin-topics", PASSED, seconds=1.5),
    Cell("one", "produce-acks", FAILED, "Traceback:\n  File x\nValueError: <3 offsets>\x00", 2),
    Cell("two", "admin-topics", NOT_IN_THIS_CLIENT, "it has no admin client"),
    Cell("two", "produce-acks", PASSED),
]
RUN = pages.Run(
    CELLS,
    "Odradek",
    200,
    {"admin-topics": {"meaning": "topics", "kips": [4]}, "produce-acks": {"meaning": "acks"}},
    {"one": {"requirements": ["one==1.0"]}, "two": {"maven": ["group:two:2.0"]}},
    {".NET": "not here"},
)


def test_markdown(tmp_path: pathlib.Path) -> None:
    """The page for the documentation has the counts, a row a client, and what an error says."""
    pages.write_markdown(RUN, tmp_path / "page.md")
    lines = (tmp_path / "page.md").read_text().splitlines()
    assert "2 clients, 2 scenarios, 4 cells: 2 passed, 1 failed" in lines[2]
    assert "| one | 1 | ✓ | ✗ |" in lines
    assert "| two | 1 | - | ✓ |" in lines
    assert "- one, failed, ValueError: <3 offsets>\x00: produce-acks" in lines
    assert "1. `admin-topics`: topics (KIP-4)" in lines
    assert "- two: group:two:2.0" in lines
    assert "- .NET: not here" in lines


def test_html(tmp_path: pathlib.Path) -> None:
    """The page for a browser escapes what programs print, and leads from a cell to its reason."""
    pages.write_html(RUN, tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text()
    assert "ValueError: &lt;3 offsets&gt;" in text
    for number in (0, 1):
        assert f'href="#r{number}"' in text
        assert f'id="r{number}"' in text


def test_junit(tmp_path: pathlib.Path) -> None:
    """JUnit XML has a suite a client, and no character that XML can't hold."""
    report.write_junit(CELLS, tmp_path / "junit.xml")
    suites = ElementTree.parse(tmp_path / "junit.xml").getroot()
    assert [(one.get("name"), one.get("failures"), one.get("skipped")) for one in suites] == [
        ("one", "1", "0"),
        ("two", "0", "1"),
    ]
