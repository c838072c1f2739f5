"""What a run leaves: the matrix on the terminal, and JSON, JUnit XML and an HTML page for those who ask."""

from __future__ import annotations

import dataclasses
import html
import json
import pathlib
from collections.abc import Iterable, Sequence
from typing import Any
from xml.etree import ElementTree

from cells import FAILED, NOT_IN_THIS_CLIENT, NOT_YET, OUTCOMES, PASSED, SKIPPED, Cell

Table = dict[str, dict[str, Any]]

MARKS = {PASSED: "ok", FAILED: "FAILED", NOT_IN_THIS_CLIENT: "-", NOT_YET: "not yet", SKIPPED: "skipped"}
WIDTH = 140  # of a terminal on which a matrix can be read
COLOURS = {
    PASSED: "#bfe5bf",
    FAILED: "#f0a0a0",
    NOT_IN_THIS_CLIENT: "#eeeeee",
    NOT_YET: "#f5d78e",
    SKIPPED: "#d5d5f0",
}
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
body {{ font: 14px system-ui, sans-serif; margin: 2em; }}
table {{ border-collapse: collapse; }}
th, td {{ border: 1px solid #ccc; padding: 0.25em 0.5em; font-weight: normal; text-align: left; }}
th.scenario {{ writing-mode: vertical-rl; }}
pre {{ max-width: 100ch; overflow-x: auto; background: #f6f6f6; padding: 0.5em; }}
</style></head><body><h1>{title}</h1><p>{counts}</p>
<table><tr><th></th>{head}</tr>
{rows}
</table>
<h2>Why a cell is not green</h2>
{reasons}
</body></html>
"""


def counts(cells: Iterable[Cell]) -> str:
    """How many cells had each outcome, in words."""
    outcomes = [cell.outcome for cell in cells]
    return ", ".join(f"{outcomes.count(outcome)} {outcome}" for outcome in OUTCOMES)


def text(cells: Sequence[Cell]) -> str:
    """What a terminal shows: the matrix, scenarios down and clients across, or where that is too wide a line
    a client with the count of each outcome; and the counts of all.
    """
    clients, scenarios = _axes(cells)
    matrix = _matrix(cells, clients, scenarios)
    if len(matrix[0]) > WIDTH:
        matrix = _summary(cells, clients)
    return "\n".join([*matrix, "", counts(cells)])


def _matrix(cells: Sequence[Cell], clients: list[str], scenarios: list[str]) -> list[str]:
    found = _by_place(cells)
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


def write_json(cells: Sequence[Cell], path: pathlib.Path) -> None:
    """The cells as a list of objects."""
    path.write_text(json.dumps([dataclasses.asdict(cell) for cell in cells], indent=1) + "\n")


def write_junit(cells: Sequence[Cell], path: pathlib.Path) -> None:
    """A test suite a client, a test case a scenario, as CI services read them."""
    root = ElementTree.Element("testsuites")
    for client in _axes(cells)[0]:
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


def write_html(cells: Sequence[Cell], path: pathlib.Path, title: str) -> None:
    """A page: clients down, scenarios across, in colour, with the reason for each cell that is not green."""
    found = _by_place(cells)
    clients, scenarios = _axes(cells)
    rows, reasons = [], []
    for client in clients:
        row = [f"<tr><th>{html.escape(client)}</th>"]
        for scenario in scenarios:
            cell = found[client, scenario]
            mark, place = html.escape(MARKS[cell.outcome]), html.escape(f"{client}-{scenario}")
            if cell.outcome != PASSED:
                mark = f'<a href="#{place}" title="{html.escape(cell.detail[:300])}">{mark}</a>'
                reasons.append(
                    f'<h3 id="{place}">{html.escape(client)}, {html.escape(scenario)}: {cell.outcome}</h3>'
                    f"<pre>{html.escape(cell.detail)}</pre>"
                )
            row.append(f'<td style="background: {COLOURS[cell.outcome]}">{mark}</td>')
        rows.append("".join([*row, "</tr>"]))
    head = "".join(f'<th class="scenario">{html.escape(scenario)}</th>' for scenario in scenarios)
    path.write_text(
        PAGE.format(
            title=html.escape(title),
            counts=counts(cells),
            head=head,
            rows="\n".join(rows),
            reasons="\n".join(reasons) or "<p>Every cell is green.</p>",
        )
    )


def write_markdown(cells: Sequence[Cell], path: pathlib.Path, title: str, scenarios: Table) -> None:
    """A page for the documentation: what each scenario means, the matrix, and the reasons."""
    found = _by_place(cells)
    clients, names = _axes(cells)
    lines = [f"# {title}", "", f"{counts(cells)}.", "", "| scenario | meaning |", "|---|---|"]
    for name in names:
        kips = ", ".join(f"KIP-{number}" for number in scenarios[name].get("kips", ()))
        meaning = scenarios[name]["meaning"].replace("|", "\\|")
        lines.append(f"| {name} | {meaning}{f' ({kips})' if kips else ''} |")
    lines += ["", "| |" + "".join(f" {name} |" for name in names), "|---|" + "---|" * len(names)]
    for client in clients:
        marks = "".join(f" {MARKS[found[client, name].outcome]} |" for name in names)
        lines.append(f"| {client} |{marks}")
    lines += ["", "`-`: not in this client.", ""]
    alike: dict[tuple[str, str, str], list[str]] = {}
    for cell in cells:
        if cell.outcome != PASSED:
            reason = cell.detail.partition("\n")[0]
            alike.setdefault((cell.client, cell.outcome, reason), []).append(cell.scenario)
    for (client, outcome, reason), own in alike.items():
        lines.append(f"- {client}, {outcome}: {', '.join(own)}. {reason}")
    path.write_text("\n".join(lines) + "\n")


def _by_place(cells: Iterable[Cell]) -> dict[tuple[str, str], Cell]:
    return {(cell.client, cell.scenario): cell for cell in cells}


def _axes(cells: Iterable[Cell]) -> tuple[list[str], list[str]]:
    """The clients and the scenarios, each once, in the order of the cells."""
    places = list(_by_place(cells))
    return list(dict.fromkeys(client for client, _ in places)), list(
        dict.fromkeys(name for _, name in places)
    )


def _printable(detail: str) -> str:
    """Without the control characters that XML can't hold."""
    return "".join(one for one in detail if one.isprintable() or one in "\n\t")
