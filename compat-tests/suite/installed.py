"""The clients of `pip install odradek[compat]`: their programs run on this interpreter."""

from __future__ import annotations

import contextlib
import importlib.metadata
import sys
from collections.abc import Iterable

from . import tables
from .runner import Selection
from .tables import Table

CLIENTS = {
    "kafka-python": "kafka-python-3.0",
    "confluent-kafka": "confluent-kafka",
    "confluent-kafka-aio": "confluent-kafka-aio",
    "aiokafka": "aiokafka",
}
"""Their names here, and their rows in clients.toml."""
CLEANERS = ("kafka-python", "confluent-kafka")
"""The clients that can delete what a run has made at a broker that others use."""


class NotInstalled(Exception):
    """Packages are missing; the text names them."""


def rows(names: Iterable[str]) -> Table:
    """The clients' rows of clients.toml, with the versions that are installed in the place of pinned ones.
    NotInstalled unless everything that they require is there.
    """
    table, found, missing = tables.clients(), {}, []
    for name in names:
        row = table[CLIENTS[name]]
        versions = {package: _version(package) for package in map(_package, row["requirements"])}
        missing += [package for package, version in versions.items() if version is None]
        found[name] = {
            **row,
            "requirements": [f"{package}=={version}" for package, version in versions.items()],
        }
    if missing:
        raise NotInstalled(", ".join(dict.fromkeys(missing)))
    return found


def _package(requirement: str) -> str:
    return requirement.partition("==")[0]


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def selection(chosen: Table, scenarios: Table) -> Selection:
    """The chosen clients with those of the scenarios that any of them is asked for."""
    commands = {name: _command(row) for name, row in chosen.items()}
    asked = {
        name: about
        for name, about in scenarios.items()
        if any(tables.lacking(row, name, about) is None for row in chosen.values())
    }
    return Selection(chosen, asked, commands, {}, _cleaner())


def _cleaner() -> list[str] | None:
    for name in CLEANERS:
        with contextlib.suppress(NotInstalled):
            return _command(rows([name])[name])
    return None


def _command(row: dict[str, str]) -> list[str]:
    return [sys.executable, str(tables.CLIENTS / row["program"])]
