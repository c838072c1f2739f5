"""The pages of a run tell of every cell, and why one is not green."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from xml.etree import ElementTree

import pytest

from odradek.compat import pages, report, tables
from odradek.compat.beside import Outcome
from odradek.compat.cells import FAILED, NOT_IN_THIS_CLIENT, NOT_WRITTEN, PASSED, Cell

CELLS = [
    Cell("one", "admin-topics", PASSED, seconds=1.5),
    Cell("one", "produce-acks", FAILED, "Traceback:\n  File x\nValueError: <3 offsets>\x00", 2),
    Cell("two", "admin-topics", NOT_IN_THIS_CLIENT, "it has no admin client"),
    Cell("two", "produce-acks", PASSED),
    Cell("one", "group-members", NOT_WRITTEN, "nobody has written it"),
    Cell("two", "group-members", PASSED),
]
RUN = pages.Run(
    CELLS,
    "Odradek",
    200,
    {
        "admin-topics": {"meaning": "topics", "kips": [4]},
        "produce-acks": {"meaning": "acks"},
        "group-members": {"meaning": "members"},
    },
    {"one": {"requirements": ["one==1.0"]}, "two": {"maven": ["group:two:2.0"]}},
    {".NET": "not here"},
    "scripts/compat",
)


def test_markdown(tmp_path: pathlib.Path) -> None:
    """The page for the documentation has the counts, a row a client, and what an error says."""
    pages.write_markdown(RUN, tmp_path / "page.md")
    lines = (tmp_path / "page.md").read_text().splitlines()
    assert "2 clients, 3 scenarios, 6 cells: 3 passed, 1 failed" in lines[2]
    assert "1 not written, 1 not in this client" in lines[2]
    assert "| one | 1 | ✓ | ✗ | ? |" in lines
    assert "| two | 2 | - | ✓ | ✓ |" in lines
    assert "- one, not written, nobody has written it: group-members" in lines
    assert "- one, failed, ValueError: <3 offsets>\x00: produce-acks" in lines
    assert "1. `admin-topics`: topics (KIP-4)" in lines
    assert "- two: group:two:2.0" in lines
    assert "- .NET: not here" in lines


def test_html(tmp_path: pathlib.Path) -> None:
    """The page for a browser escapes what programs print, and leads from a cell to its reason."""
    pages.write_html(RUN, tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text()
    assert "ValueError: &lt;3 offsets&gt;" in text
    for number in (0, 1, 2):
        assert f'href="#r{number}"' in text
        assert f'id="r{number}"' in text


def test_junit(tmp_path: pathlib.Path) -> None:
    """JUnit XML has a suite a client, no character that XML can't hold, and no failure but what failed."""
    report.write_junit(CELLS, tmp_path / "junit.xml")
    suites = ElementTree.parse(tmp_path / "junit.xml").getroot()
    assert [(one.get("name"), one.get("failures"), one.get("skipped")) for one in suites] == [
        ("one", "1", "1"),
        ("two", "0", "1"),
    ]
    messages = [one.get("message") for one in suites.iter("skipped")]
    assert messages == ["not written: nobody has written it", "not in this client: it has no admin client"]


def test_beside(tmp_path: pathlib.Path) -> None:
    """Another run's cells, as its JSON has them: the pages tell of those that ended otherwise, and why."""
    other = [cell for cell in CELLS if cell.client == "two"]
    other[1] = Cell("two", "produce-acks", FAILED, "it | says\nmore")
    Outcome(other, "Apache Kafka", 5).write(tmp_path / "other.json")
    older = Outcome([Cell("one", "produce-acks", PASSED)], "Apache Kafka 3", 5)
    run = dataclasses.replace(RUN, beside=[Outcome.read(tmp_path / "other.json"), older])
    pages.write_markdown(run, tmp_path / "page.md")
    text = (tmp_path / "page.md").read_text()
    assert "The same against Apache Kafka: 1 passed, 1 failed, " in text
    assert text.count("1 cells ended otherwise.") == 2
    assert "| client | scenario | Odradek | Apache Kafka | Apache Kafka 3 |" in text
    assert "| two | produce-acks | passed | failed: it \\| says |  |" in text
    assert "| one | produce-acks | failed: ValueError: <3 offsets>\x00 |  | passed |" in text
    pages.write_html(run, tmp_path / "page.html")
    assert "<td>passed</td><td>failed: it | says</td><td></td>" in (tmp_path / "page.html").read_text()


def test_joined() -> None:
    """Of several runs each cell counts as it was last."""
    failed, passed = Cell("one", "produce-acks", FAILED, "why"), Cell("one", "produce-acks", PASSED)
    joined = Outcome.joined([Outcome([failed, CELLS[0]], "Odradek", 5), Outcome([passed], "Odradek", 2)])
    assert (joined.cells, joined.seconds) == ([passed, CELLS[0]], 7)
    with pytest.raises(ValueError):  # noqa: PT011
        Outcome.joined([joined, Outcome([], "Apache Kafka", 1)])


@pytest.mark.parametrize("text", ["[]", "{}", "text"])
def test_beside_something_else(tmp_path: pathlib.Path, text: str) -> None:
    """A file that no run has written is refused."""
    (tmp_path / "other.json").write_text(text)
    with pytest.raises(ValueError):  # noqa: PT011
        Outcome.read(tmp_path / "other.json")


def test_json(tmp_path: pathlib.Path) -> None:
    """JSON has each outcome by its name."""
    RUN.write(tmp_path / "cells.json")
    found = [one["outcome"] for one in json.loads((tmp_path / "cells.json").read_text())["cells"]]
    assert found == ["passed", "failed", "not in this client", "passed", "not written", "passed"]


@pytest.mark.parametrize(
    ("client", "wanted"),
    [
        ("celery", "celery==5.7.0, confluent-kafka==2.16.1"),
        ("java-0.8", "org.apache.kafka:kafka-clients:0.8.2.2"),
        ("librdkafka", "librdkafka-dev of the Debian that it runs on"),
        ("kafka-javascript", "@confluentinc/kafka-javascript@1.10.1"),
        ("kafka-tools-4.4", "4.4.0"),
        ("rdkafka", "pinned beside its program, for rust"),
    ],
)
def test_packages(client: str, wanted: str) -> None:
    """The page tells with which packages each client's program runs."""
    assert pages.packages(tables.clients()[client]) == wanted
