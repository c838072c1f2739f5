"""Run clients x scenarios: each cell is one run of the client's program for one scenario.

A program is called `program SCENARIO BOOTSTRAP` and speaks in lines of JSON on stdout. `{"broker": "kill"}`
(or "stop", "start") asks for that to be done to its broker; the answer is one line on stdin. The last line is
`{"outcome": "passed" | "failed" | "not in this client", "detail": "..."}`.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import json
import pathlib
import subprocess
import sys
import threading
import time
import tomllib
from typing import Any

import brokers

HERE = pathlib.Path(__file__).resolve().parent
MARKS = {"passed": "ok", "failed": "FAILED", "not in this client": "-", "skipped": "skipped"}


def load(name: str) -> dict[str, dict[str, Any]]:
    """One of the suite's tables."""
    with (HERE / name).open("rb") as file:
        return tomllib.load(file)


class Cell:
    """One client's answer to one scenario."""

    def __init__(self, client: str, scenario: str, outcome: str, detail: str, seconds: float) -> None:
        self.client, self.scenario, self.outcome = client, scenario, outcome
        self.detail, self.seconds = detail, seconds


def converse(process: subprocess.Popen[str], broker: Any) -> dict[str, str]:
    """Serve the program's wishes until it ends; return its result line."""
    assert process.stdin is not None
    assert process.stdout is not None
    result = {"outcome": "failed", "detail": "the program gave no result"}
    for line in process.stdout:
        try:
            said = json.loads(line)
        except ValueError:
            continue  # what a client library prints by itself
        if not isinstance(said, dict):
            continue
        if "broker" in said:
            getattr(broker, said["broker"])()
            process.stdin.write("done\n")
            process.stdin.flush()
        elif "outcome" in said:
            result = said
    return result


def run_cell(client: str, entry: dict[str, Any], scenario: str, about: dict[str, Any], shared: Any) -> Cell:
    """Run one program to its end, within the scenario's time."""
    private = about.get("private", False)
    if private and not shared.private:
        return Cell(client, scenario, "skipped", "needs a broker of its own to stop and kill", 0)
    python = brokers.environment.packages(f"compat-{client}", entry["requirements"])
    begin = time.monotonic()
    broker = brokers.Odradek() if private else shared
    try:
        process = subprocess.Popen(
            [str(python), str(HERE / "clients" / entry["program"]), scenario, broker.address],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        limit = about.get("seconds", 120)
        watchdog = threading.Timer(limit, process.kill)
        watchdog.start()
        errors: list[str] = []
        assert process.stderr is not None
        reader = threading.Thread(target=lambda: errors.extend(process.stderr or ()))
        reader.start()
        try:
            result = converse(process, broker)
        except brokers.BrokerError as problem:
            process.kill()
            result = {"outcome": "failed", "detail": str(problem)}
        process.wait()
        watchdog.cancel()
        reader.join()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()
        seconds = time.monotonic() - begin
        detail = result.get("detail", "")
        if result["outcome"] == "failed":
            late = f"; ended after {limit} s" if seconds >= limit else ""
            detail = f"{detail}{late}\n{''.join(errors)[-3000:]}{broker.log()}"
        return Cell(client, scenario, result["outcome"], detail, seconds)
    finally:
        if private:
            broker.close()


def arguments() -> argparse.Namespace:
    """What a person may type."""
    parser = argparse.ArgumentParser(
        prog="scripts/compat", description="Stock clients against a real broker."
    )
    parser.add_argument("--client", action="append", help="only this client (may be repeated)")
    parser.add_argument("--scenario", action="append", help="only this scenario (may be repeated)")
    parser.add_argument(
        "--broker", metavar="HOST:PORT", help="a broker that runs already; else one is started"
    )
    parser.add_argument("--jobs", type=int, default=2, help="cells at a time (2)")
    parser.add_argument("--json", type=pathlib.Path, help="write the cells to this file")
    options = parser.parse_args()
    options.clients = select(parser, "client", options.client, load("clients/clients.toml"))
    options.scenarios = select(parser, "scenario", options.scenario, load("scenarios.toml"))
    return options


def select(
    parser: argparse.ArgumentParser, kind: str, names: list[str] | None, table: dict[str, dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """The named rows of a table, or all of them; ends with a plain sentence for a name that is not there."""
    for name in names or ():
        if name not in table:
            parser.error(f"no {kind} {name!r}; there are {', '.join(table)}")
    return {name: table[name] for name in names or table}


def main() -> int:
    """Run the selection, print a line a cell and the matrix; 1 when a cell failed."""
    options = arguments()
    for client, entry in options.clients.items():
        brokers.environment.packages(f"compat-{client}", entry["requirements"])
    shared = brokers.Running(options.broker) if options.broker else brokers.Odradek()
    cells: list[Cell] = []
    try:
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            runs = [
                pool.submit(run_cell, client, entry, scenario, about, shared)
                for scenario, about in options.scenarios.items()
                for client, entry in options.clients.items()
            ]
            for done in concurrent.futures.as_completed(runs):
                cell = done.result()
                cells.append(cell)
                detail = f"\n    {cell.detail}" if cell.outcome == "failed" else ""
                print(
                    f"{cell.client:18} {cell.scenario:18} {cell.outcome} ({cell.seconds:.1f} s){detail}",
                    flush=True,
                )
    finally:
        shared.close()
    report(cells, options)
    return 1 if any(cell.outcome == "failed" for cell in cells) else 0


def report(cells: list[Cell], options: argparse.Namespace) -> None:
    """The matrix, clients across, scenarios down, and the count of each outcome."""
    found = {(cell.client, cell.scenario): cell for cell in cells}
    print("\n" + " " * 18 + "".join(f"{client:>18}" for client in options.clients))
    for scenario in options.scenarios:
        row = (MARKS[found[client, scenario].outcome] for client in options.clients)
        print(f"{scenario:18}" + "".join(f"{mark:>18}" for mark in row))
    counts = {outcome: sum(cell.outcome == outcome for cell in cells) for outcome in MARKS}
    print("\n" + ", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
    if options.json is not None:
        options.json.write_text(json.dumps([vars(cell) for cell in cells], indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
