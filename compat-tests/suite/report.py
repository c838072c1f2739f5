"""What a run leaves for terminals and programs: the matrix and JUnit XML. The pages are in pages.py."""

from __future__ import annotations

import pathlib
from collections.abc import Iterable, Sequence
from xml.etree import ElementTree

from .cells import FAILED, NOT_IN_THIS_CLIENT, NOT_WRITTEN, NOT_YET, OUTCOMES, PASSED, SKIPPED, Cell

MARKS = {
    PASSED: "ok",
    FAILED: "FAILED",
    NOT_YET: "not yet",
    NOT_WRITTEN: "?",
    NOT_IN_THIS_CLIENT: "-",
    SKIPPED: "skipped",
}
WIDTH = 140  # of a terminal on which a matrix can be read


def counts(cells: Iterable[Cell]) -> str:
    """How many cells had each outcome, in words."""
    outcomes = [cell.outcome for cell in cells]
    return ", ".join(f"{outcomes.count(outcome)} {outcome}" for outcome in OUTCOMES)


def text(cells: Sequence[Cell]) -> str:
    """What a terminal shows: the matrix, scenarios down and clients across, or where that is too wide a line
    a client with the count of each outcome; and the counts of all.
    """
    clients, scenarios = axes(cells)
    matrix = _matrix(cells, clients, scenarios)
    if len(matrix[0]) > WIDTH:
        matrix = _summary(cells, clients)
    return "\n".join([*matrix, "", counts(cells)])


def _matrix(cells: Sequence[Cell], clients: list[str], scenarios: list[str]) -> list[str]:
    found = by_place(cells)
    down, across = max(map(len, scenarios)) + 2, [max(len(client), 7) + 2 for client in clients]
    lines = [
        " " * down + "".join(f"{client:>{width}}" for client, width in zip(clients, across, strict=True))
    ]
    for scenario in scenarios:
        marks = [MARKS[found[client, scenario].outcome] for client in clients]
        row = "".join(f"{mark:>{width}}" for mark, width in zip(marks, across, strict=True))
        lines.append(f"{scenario:{down}}{row}")
    return lines


def _summary(cells: Sequence[Cell], clients: list[str]) -> list[str]:
    down = max(map(len, clients)) + 2
    lines = [" " * down + "".join(f"{outcome:>20}" for outcome in OUTCOMES)]
    for client in clients:
        outcomes = [cell.outcome for cell in cells if cell.client == client]
        row = "".join(f"{outcomes.count(outcome) or '':>20}" for outcome in OUTCOMES)
        lines.append(f"{client:{down}}{row}")
    return lines


def write_junit(cells: Sequence[Cell], path: pathlib.Path) -> None:
    """A test suite a client, a test case a scenario, as CI services read them."""
    root = ElementTree.Element("testsuites")
    for client in axes(cells)[0]:
        own = [cell for cell in cells if cell.client == client]
        suite = ElementTree.SubElement(root, "testsuite", name=client, tests=str(len(own)))
        suite.set("failures", str(sum(cell.outcome == FAILED for cell in own)))
        suite.set("skipped", str(sum(cell.outcome not in (PASSED, FAILED) for cell in own)))
        for cell in own:
            case = ElementTree.SubElement(suite, "testcase", classname=client, name=cell.scenario)
            case.set("time", f"{cell.seconds:.2f}")
            if cell.outcome == FAILED:
                ElementTree.SubElement(case, "failure", message="failed").text = _printable(cell.detail)
            elif cell.outcome != PASSED:
                message = f"{cell.outcome}: {_printable(cell.detail)}"
                ElementTree.SubElement(case, "skipped", message=message)
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def by_place(cells: Iterable[Cell]) -> dict[tuple[str, str], Cell]:
    """The cells by client and scenario."""
    return {(cell.client, cell.scenario): cell for cell in cells}


def axes(cells: Iterable[Cell]) -> tuple[list[str], list[str]]:
    """The clients and the scenarios, each once, in the order of the cells."""
    places = list(by_place(cells))
    return list(dict.fromkeys(client for client, _ in places)), list(
        dict.fromkeys(name for _, name in places)
    )


def _printable(detail: str) -> str:
    """Without the control characters that XML can't hold."""
    return "".join(one for one in detail if one.isprintable() or one in "\n\t")
