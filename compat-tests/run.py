"""Run clients x scenarios: each cell is one run of the client's program for one scenario (cells.py).

What is to be run lies in two tables, scenarios.toml and clients/clients.toml. A client whose toolchain is
absent on this machine is skipped with the reason.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import pathlib
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from typing import Any

import brokers
import cells
import pages
import report
from toolchains import toolchain

HERE = pathlib.Path(__file__).resolve().parent
Table = dict[str, dict[str, Any]]


def load(name: str) -> dict[str, Any]:
    """One of the suite's tables."""
    with (HERE / name).open("rb") as file:
        return tomllib.load(file)


def arguments() -> argparse.Namespace:
    """What a person may type."""
    parser = argparse.ArgumentParser(
        prog="scripts/compat", description="Stock clients against a real broker: an Odradek started for it."
    )
    parser.add_argument("--client", action="append", help="only this client (may be repeated)")
    parser.add_argument("--scenario", action="append", help="only this scenario (may be repeated)")
    parser.add_argument("--quick", action="store_true", help="only the scenarios of the quick set")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--broker", metavar="HOST:PORT", help="against a broker that runs already")
    which.add_argument("--apache-kafka", metavar="VERSION", help="against Apache Kafka of this version")
    parser.add_argument("--jobs", type=int, default=2, help="cells at a time (2)")
    parser.add_argument(
        "--require-all", action="store_true", help="a client that must be skipped is a failure"
    )
    for kind in ("json", "junit", "html", "markdown"):
        parser.add_argument(f"--{kind}", type=pathlib.Path, metavar="FILE", help=f"write the cells as {kind}")
    options = parser.parse_args()
    options.clients = select(parser, "client", options.client, load("clients/clients.toml"))
    options.scenarios = select(parser, "scenario", options.scenario, load("scenarios.toml"))
    if options.quick:
        options.scenarios = {name: about for name, about in options.scenarios.items() if about.get("quick")}
    options.clients = {
        name: entry
        for name, entry in options.clients.items()
        if any(lacking(entry, name, about) is None for name, about in options.scenarios.items())
    }
    return options


def lacking(entry: dict[str, Any], scenario: str, about: dict[str, Any]) -> str | None:
    """Why a client is not asked for a scenario, by what both their entries say; None: it is asked."""
    if "scenarios" in entry:
        return None if scenario in entry["scenarios"] else "a program with scenarios of its own"
    if "own" in about:
        return str(about["own"])
    return f"it lacks {about['needs']}" if about.get("needs") in entry.get("lacks", ()) else None


def select(parser: argparse.ArgumentParser, kind: str, names: list[str] | None, table: Table) -> Table:
    """The named rows of a table, or all of them; ends with a plain sentence for a name that is not there."""
    for name in names or ():
        if name not in table:
            parser.error(f"no {kind} {name!r}; there are {', '.join(table)}")
    return {name: table[name] for name in names or table}


class Runner:
    """The clients' commands, and the brokers that their cells meet."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.commands: dict[str, list[str]] = {}
        self.absent: dict[str, str] = {}
        for client, entry in options.clients.items():
            tools = toolchain(entry)
            reason = tools.missing()
            if reason is None:
                self.commands[client] = tools.prepare(client, entry)
            else:
                self.absent[client] = reason
        self.shared = self._start()

    def _start(self) -> brokers.Broker:
        if self.options.broker:
            return brokers.Running(self.options.broker)
        if self.options.apache_kafka:
            return brokers.ApacheKafka(self.options.apache_kafka)
        return brokers.Odradek()

    def cells(self) -> Iterator[cells.Cell]:
        """Every cell of the selection, as each is done."""
        with concurrent.futures.ThreadPoolExecutor(self.options.jobs) as pool:
            runs = [
                pool.submit(self._cell, client, scenario, about)
                for scenario, about in self.options.scenarios.items()
                for client in self.options.clients
            ]
            for done in concurrent.futures.as_completed(runs):
                yield done.result()

    def _cell(self, client: str, scenario: str, about: dict[str, Any]) -> cells.Cell:
        if client in self.absent:
            return cells.Cell(client, scenario, cells.SKIPPED, self.absent[client])
        reason = lacking(self.options.clients[client], scenario, about)
        if reason is not None:
            return cells.Cell(client, scenario, cells.NOT_IN_THIS_CLIENT, reason)
        if not about.get("private"):
            return cells.run(client, self.commands[client], scenario, about, self.shared)
        if self.options.broker:
            return cells.Cell(client, scenario, cells.SKIPPED, "needs a broker of its own to stop and kill")
        broker = self._start()
        try:
            return cells.run(client, self.commands[client], scenario, about, broker)
        finally:
            broker.close()


def main() -> int:
    """Run the selection, print a line a cell and the matrix; 1 when a cell failed."""
    options, begin = arguments(), time.monotonic()
    runner = Runner(options)
    found: list[cells.Cell] = []
    try:
        for cell in runner.cells():
            found.append(cell)
            detail = f"\n    {cell.detail}" if cell.outcome == cells.FAILED else ""
            print(
                f"{cell.client:20} {cell.scenario:20} {cell.outcome} ({cell.seconds:.1f} s){detail}",
                flush=True,
            )
    finally:
        runner.shared.close()
    order = list(options.scenarios)
    names = list(options.clients)
    found.sort(key=lambda cell: (order.index(cell.scenario), names.index(cell.client)))
    seconds = time.monotonic() - begin
    print(f"\n{report.text(found)}, in {seconds:.0f} s")
    write(found, seconds, options)
    wrong = {cells.FAILED, cells.SKIPPED} if options.require_all else {cells.FAILED}
    return 1 if any(cell.outcome in wrong for cell in found) else 0


def write(found: list[cells.Cell], seconds: float, options: argparse.Namespace) -> None:
    """The files that were asked for."""
    against = f"Apache Kafka {options.apache_kafka}" if options.apache_kafka else options.broker or "Odradek"
    absent = load("clients/absent.toml")
    run = pages.Run(found, against, seconds, options.scenarios, options.clients, absent)
    writers: dict[str, Callable[[pathlib.Path], None]] = {
        "json": lambda path: report.write_json(found, path),
        "junit": lambda path: report.write_junit(found, path),
        "html": lambda path: pages.write_html(run, path),
        "markdown": lambda path: pages.write_markdown(run, path),
    }
    for kind, writer in writers.items():
        path = getattr(options, kind)
        if path is not None:
            writer(path)


if __name__ == "__main__":
    sys.exit(main())
