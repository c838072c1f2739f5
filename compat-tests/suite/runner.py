"""Run clients x scenarios: each cell is one run of a client's program for one scenario (cells.py)."""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from . import brokers, cells
from .lossy import LossyBroker
from .tables import Table, lacking


@dataclasses.dataclass
class Selection:
    """What is run: rows of clients.toml (or of installed.py) and of scenarios.toml, by name.

    `commands` has how a client's program is called, `absent` for the others in a sentence why it can't be.
    `cleaner` calls a program that can also delete all topics and groups of a run.
    """

    clients: Table
    scenarios: Table
    commands: Mapping[str, list[str]]
    absent: Mapping[str, str]
    cleaner: list[str] | None


class Runner:
    """The cells of a selection, with the brokers that they meet: one that most share, and for scenarios that
    stop or kill their broker one that `start` makes, each time anew; None where there can't be one.
    """

    def __init__(self, selection: Selection, shared: brokers.Broker, start: brokers.Start | None) -> None:
        self._selection = selection
        self._shared = shared
        self._start = start
        self.names = f"odradek-compat-{secrets.token_hex(4)}-" if start is None else ""
        """What names at a broker that others use begin with."""
        self._variables = {"ODRADEK_COMPAT_RUN": self.names}

    def run(self, jobs: int) -> Iterator[cells.Cell]:
        """Every cell, as each is done, `jobs` at a time. Closed early, it ends those that have begun."""
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            runs = [
                pool.submit(self._cell, client, scenario, about)
                for scenario, about in self._selection.scenarios.items()
                for client in self._selection.clients
            ]
            try:
                for done in concurrent.futures.as_completed(runs):
                    yield done.result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
                while begun := [each for each in runs if each.running()]:
                    cells.end_programs()
                    concurrent.futures.wait(begun, 0.1)

    def clean_up(self) -> str:
        """Delete what the run has made at a broker that others use. Why that did not succeed, or nothing."""
        if not self.names:
            return ""
        if self._selection.cleaner is None:
            return "no client that is here can delete them"
        cell = cells.run("", self._selection.cleaner, "clean-up", {}, self._shared, self._variables)
        return "" if cell.outcome == cells.PASSED else cell.detail

    def _cell(self, client: str, scenario: str, about: dict[str, Any]) -> cells.Cell:
        if client in self._selection.absent:
            return cells.Cell(client, scenario, cells.SKIPPED, self._selection.absent[client])
        reason = lacking(self._selection.clients[client], scenario, about)
        if reason is not None:
            return cells.Cell(client, scenario, cells.NOT_IN_THIS_CLIENT, reason)
        command = self._selection.commands[client]
        if not about.get("private"):
            return cells.run(client, command, scenario, about, self._shared, self._variables)
        if self._start is None:
            return cells.Cell(client, scenario, cells.SKIPPED, "needs a broker of its own")
        if about.get("lossy"):
            return _on_a_bad_line(client, command, scenario, about, self._start)
        with contextlib.ExitStack() as stack:
            own = [
                stack.enter_context(contextlib.closing(self._start())) for _ in range(about.get("brokers", 1))
            ]
            return cells.run(client, command, scenario, about, own[0], others=own[1:])


def _on_a_bad_line(
    client: str, command: list[str], scenario: str, about: dict[str, Any], start: brokers.Start
) -> cells.Cell:
    """A cell whose client misses answers; it has failed, too, where none was lost."""
    with contextlib.closing(LossyBroker(start)) as broker:
        cell = cells.run(client, command, scenario, about, broker)
    if cell.outcome == cells.PASSED and not broker.lost:
        return dataclasses.replace(
            cell, outcome=cells.FAILED, detail="no answer was lost, so it shows nothing"
        )
    return cell
