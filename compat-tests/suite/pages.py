"""The pages of a run, for a browser and for the documentation: clients down, scenarios across, reasons."""

from __future__ import annotations

import dataclasses
import html
import json
import pathlib
from collections.abc import Iterator, Sequence
from typing import Any

from .beside import Outcome
from .cells import FAILED, NOT_IN_THIS_CLIENT, NOT_WRITTEN, NOT_YET, OUTCOMES, PASSED, SKIPPED, Cell
from .report import axes, counts
from .tables import Table

SIGNS = {
    PASSED: "✓",
    FAILED: "✗",
    NOT_YET: "…",
    NOT_WRITTEN: "?",
    NOT_IN_THIS_CLIENT: "-",
    SKIPPED: "s",
}
COLOURS = {
    PASSED: "#bfe5bf",
    FAILED: "#f0a0a0",
    NOT_YET: "#f5d78e",
    NOT_WRITTEN: "#e6e2c3",
    NOT_IN_THIS_CLIENT: "#f2f2f2",
    SKIPPED: "#d5d5f0",
}
MEANINGS = (
    "Not in this client is what its API lacks, with the reason; not written is what nobody has written yet."
)
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
body {{ font: 14px/1.4 system-ui, sans-serif; margin: 2em; color: #222; }}
table {{ border-collapse: collapse; margin: 1em 0; }}
th, td {{ border: 1px solid #ddd; padding: 0.2em 0.45em; font-weight: normal; text-align: left; }}
td.cell {{ text-align: center; }}
td.cell a {{ color: inherit; text-decoration: none; }}
td.number {{ text-align: right; font-variant-numeric: tabular-nums; }}
thead th {{ background: #fff; position: sticky; top: 0; vertical-align: bottom; }}
th.scenario span {{ writing-mode: vertical-rl; transform: rotate(180deg); white-space: nowrap; }}
tr > th:first-child {{ background: #fff; position: sticky; left: 0; white-space: nowrap; }}
.sign {{ display: inline-block; width: 1.6em; text-align: center; border: 1px solid #ddd; }}
pre {{ max-width: 110ch; overflow-x: auto; background: #f6f6f6; padding: 0.5em; }}
{colours}
</style></head><body><h1>{title}</h1>
<p>{summary} {comparison}</p>
<p>{legend}</p>
<p>{meanings}</p>
<table><thead><tr><th>client</th><th>passed</th>{head}</tr></thead><tbody>
{rows}
</tbody></table>
{differences}
<h2>Why a cell is not green</h2>
{reasons}
{absent}
<h2>Scenarios</h2>
<table>{scenarios}</table>
<h2>Clients</h2>
<table>{clients}</table>
</body></html>
"""


@dataclasses.dataclass
class Run(Outcome):
    """What a page tells of: cells in the order of the tables, and perhaps other runs `beside` them."""

    scenarios: Table
    clients: Table
    absent: dict[str, str]
    made_by: str
    beside: Sequence[Outcome] = ()

    @property
    def title(self) -> str:
        """The page's headline."""
        return f"Kafka clients against {self.against}"

    @property
    def summary(self) -> str:
        """The counts, and the time, in a sentence."""
        clients, scenarios = axes(self.cells)
        size = f"{len(clients)} clients, {len(scenarios)} scenarios, {len(self.cells)} cells"
        time = f"{self.seconds:.0f} s" if self.seconds < 180 else f"{self.seconds / 60:.0f} minutes"
        return f"{size}: {counts(self.cells)}, in {time}."

    @property
    def comparison(self) -> str:
        """How the runs beside this one went, in a sentence each; nothing where there are none."""
        return " ".join(
            f"The same against {other.against}: {counts(other.cells)}; "
            f"{sum(map(other.differs_from, self.cells))} cells ended otherwise."
            for other in self.beside
        )

    def differences(self) -> Iterator[tuple[Cell, list[Cell | None]]]:
        """The cells that ended otherwise in a run beside this one, each with those of all these runs."""
        for cell in self.cells:
            if any(other.differs_from(cell) for other in self.beside):
                yield cell, [other.of(cell) for other in self.beside]

    def reasons(self) -> Iterator[tuple[str, str, str, list[Cell]]]:
        """Client, outcome, first line of the reason, and the cells that share these, of all not passed."""
        alike: dict[tuple[str, str, str], list[Cell]] = {}
        for cell in self.cells:
            if cell.outcome != PASSED:
                alike.setdefault((cell.client, cell.outcome, _reason(cell)), []).append(cell)
        for client in axes(self.cells)[0]:
            for (of, outcome, reason), cells in alike.items():
                if of == client:
                    yield client, outcome, reason, cells


def _reason(cell: Cell) -> str:
    """What tells most in a line: the line of the error, where the detail is a trace of calls."""
    lines = cell.detail.strip().splitlines() or ["no reason given"]
    if not lines[0].startswith("Traceback"):
        return lines[0]
    return next((line for line in lines[1:] if line[:1].strip()), lines[0])


def meaning(about: dict[str, Any]) -> str:
    """A scenario in a line, with its KIPs."""
    kips = ", ".join(f"KIP-{number}" for number in about.get("kips", ()))
    return f"{about['meaning']}{f' ({kips})' if kips else ''}"


def packages(entry: dict[str, Any]) -> str:
    """What a client's program runs with, as its entry or the file beside its program pins it."""
    if "requirements" in entry:
        return ", ".join(entry["requirements"])
    if "maven" in entry:
        return ", ".join(entry["maven"])
    pins = pathlib.Path(__file__).parent / "clients" / entry["program"]
    manifest = pins.parent / "package.json"
    if manifest.exists():
        return ", ".join(
            f"{name}@{version}" for name, version in json.loads(manifest.read_text())["dependencies"].items()
        )
    if "debian" in entry:
        return ", ".join(f"{package} of the Debian that it runs on" for package in entry["debian"])
    return str(entry.get("version", f"pinned beside its program, for {entry['toolchain']}"))


def write_html(run: Run, path: pathlib.Path) -> None:
    """The page for a browser."""
    clients, scenarios = axes(run.cells)
    places = {
        (cell.client, cell.scenario): f"r{number}"
        for number, (*_, own) in enumerate(run.reasons())
        for cell in own
    }
    path.write_text(
        PAGE.format(
            title=html.escape(run.title),
            summary=html.escape(run.summary),
            comparison=html.escape(run.comparison),
            differences=_differences_in_html(run),
            colours="\n".join(
                f".o{number} {{ background: {COLOURS[one]}; }}" for number, one in enumerate(OUTCOMES)
            ),
            legend=" &nbsp; ".join(
                f'<span class="sign o{number}">{SIGNS[one]}</span> {one}'
                for number, one in enumerate(OUTCOMES)
            ),
            meanings=html.escape(MEANINGS),
            head="".join(f'<th class="scenario"><span>{html.escape(name)}</span></th>' for name in scenarios),
            rows="\n".join(_row(run, client, scenarios, places) for client in clients),
            reasons="\n".join(_reasons_in_html(run)) or "<p>Every cell is green.</p>",
            absent=_absent_in_html(run.absent),
            scenarios=_pairs((name, meaning(run.scenarios[name])) for name in scenarios),
            clients=_pairs((name, packages(run.clients[name])) for name in clients),
        )
    )


def _pairs(pairs: Iterator[tuple[str, str]]) -> str:
    return "".join(
        f"<tr><th>{html.escape(one)}</th><td>{html.escape(other)}</td></tr>" for one, other in pairs
    )


def _differences_in_html(run: Run) -> str:
    if not run.beside:
        return ""
    heads = ("client", "scenario", run.against, *(other.against for other in run.beside))
    rows = [heads, *_rows_of_differences(run)]
    lines = ("".join(f"<td>{html.escape(text)}</td>" for text in row) for row in rows)
    return "<h2>Where they differ</h2>\n<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"


def _rows_of_differences(run: Run) -> Iterator[tuple[str, ...]]:
    for cell, others in run.differences():
        yield cell.client, cell.scenario, _told(cell), *(_told(other) if other else "" for other in others)


def _told(cell: Cell) -> str:
    """An outcome with its reason, in a line."""
    return cell.outcome if cell.outcome == PASSED else f"{cell.outcome}: {_reason(cell)}"


def _absent_in_html(absent: dict[str, str]) -> str:
    if not absent:
        return ""
    lines = "".join(f"<li>{html.escape(name)}: {html.escape(why)}</li>" for name, why in absent.items())
    return f"<h2>Not in the suite</h2>\n<ul>{lines}</ul>"


def _row(run: Run, client: str, scenarios: Sequence[str], places: dict[tuple[str, str], str]) -> str:
    cells = [run.by_place[client, scenario] for scenario in scenarios]
    passed = sum(cell.outcome == PASSED for cell in cells)
    row = [f'<tr><th>{html.escape(client)}</th><td class="number">{passed}</td>']
    for cell in cells:
        sign = SIGNS[cell.outcome]
        title = html.escape(f"{cell.scenario}: {cell.outcome}, {cell.seconds:.1f} s. {cell.detail[:300]}")
        if cell.outcome != PASSED:
            sign = f'<a href="#{places[client, cell.scenario]}">{sign}</a>'
        row.append(f'<td class="cell o{OUTCOMES.index(cell.outcome)}" title="{title}">{sign}</td>')
    return "".join([*row, "</tr>"])


def _reasons_in_html(run: Run) -> Iterator[str]:
    """A heading a client; the whole detail of what failed, a line for the rest."""
    last = None
    for number, (client, outcome, reason, cells) in enumerate(run.reasons()):
        if client != last:
            yield f"<h3>{html.escape(client)}</h3>"
            last = client
        names = html.escape(", ".join(cell.scenario for cell in cells))
        yield f'<p id="r{number}"><b>{outcome}</b>, {html.escape(reason)}: {names}</p>'
        if outcome == FAILED:
            yield from (f"<pre>{html.escape(cell.detail)}</pre>" for cell in cells)


def write_markdown(run: Run, path: pathlib.Path) -> None:
    """The page for the documentation. Its matrix has numbers for the scenarios, as a page is not wide."""
    clients, scenarios = axes(run.cells)
    numbers = range(1, len(scenarios) + 1)
    lines = [
        f"# {run.title}",
        "",
        f"{run.summary} {run.comparison}".rstrip(),
        "",
        f"Made by `{run.made_by} --markdown`.",
        "",
    ]
    lines += ["; ".join(f"`{SIGNS[one]}` {one}" for one in OUTCOMES) + f". {MEANINGS}", ""]
    lines += ["| client | passed |" + "".join(f" {number} |" for number in numbers)]
    lines += ["|---|--:|" + ":-:|" * len(scenarios)]
    for client in clients:
        outcomes = [run.by_place[client, name].outcome for name in scenarios]
        signs = "".join(f" {SIGNS[one]} |" for one in outcomes)
        lines.append(f"| {client} | {outcomes.count(PASSED)} |{signs}")
    lines += ["", "## Scenarios", ""]
    lines += [
        f"{number}. `{name}`: {meaning(run.scenarios[name])}"
        for number, name in zip(numbers, scenarios, strict=True)
    ]
    lines += _differences_in_markdown(run)
    lines += ["", "## Why a cell is not green", ""]
    for client, outcome, reason, cells in run.reasons():
        lines.append(f"- {client}, {outcome}, {reason}: {', '.join(cell.scenario for cell in cells)}")
    lines += ["", "## Clients, as they come from their registries", ""]
    lines += [f"- {client}: {packages(run.clients[client])}" for client in clients]
    if run.absent:
        lines += ["", "## Not in the suite", ""]
        lines += [f"- {name}: {why}" for name, why in run.absent.items()]
    path.write_text("\n".join(lines) + "\n")


def _differences_in_markdown(run: Run) -> list[str]:
    if not run.beside:
        return []
    heads = ("client", "scenario", run.against, *(other.against for other in run.beside))
    rows = [heads, ("---",) * len(heads), *_rows_of_differences(run)]
    return ["", "## Where they differ", "", *(f"| {' | '.join(map(_escaped, row))} |" for row in rows)]


def _escaped(text: str) -> str:
    """Fit for a cell of a table."""
    return text.replace("|", "\\|")
