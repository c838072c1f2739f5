"""The clients of `pip install odradek[compat]`: their programs run on this interpreter."""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Iterable

from . import tables
from .runner import Selection
from .tables import Table

CLIENTS = {"kafka-python": "kafka-python-3.0", "confluent-kafka": "confluent-kafka", "aiokafka": "aiokafka"}
"""Their names here, and their rows in clients.toml. The first that is there deletes what a run has made."""


def present(names: Iterable[str]) -> Table:
    """Those of the clients that are installed, as rows of clients.toml with the versions that are there."""
    rows, found = tables.clients(), {}
    for name in names:
        row = rows[CLIENTS[name]]
        package = row["requirements"][0].partition("==")[0]
        try:
            version = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
        found[name] = {**row, "requirements": [f"{package}=={version}"]}
    return found


def selection(chosen: Table, scenarios: Table) -> Selection:
    """The chosen clients with those of the scenarios that any of them is asked for."""
    commands = {name: _command(row) for name, row in chosen.items()}
    asked = {
        name: about
        for name, about in scenarios.items()
        if any(tables.lacking(row, name, about) is None for row in chosen.values())
    }
    cleaner = _command(next(iter(present(CLIENTS).values())))
    return Selection(chosen, asked, commands, {}, cleaner)


def _command(row: dict[str, str]) -> list[str]:
    return [sys.executable, str(tables.CLIENTS / row["program"])]
