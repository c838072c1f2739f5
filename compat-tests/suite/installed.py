"""The clients of `pip install odradek[compat]`: their programs run on this interpreter."""

from __future__ import annotations

import importlib.metadata
import pathlib
import sys

from .runner import Selection, Table, lacking

CLIENTS: Table = {
    "kafka-python": {
        "program": "kafka_python/program.py",
        "lacks": ["the consumer protocol", "share groups"],
    },
    "confluent-kafka": {"program": "confluent_kafka/program.py"},
    "aiokafka": {"program": "aiokafka/program.py", "lacks": ["the consumer protocol", "share groups"]},
}
"""By the packages' names in the Python registry. The first that is there deletes what a run has made."""
_PROGRAMS = pathlib.Path(__file__).parent / "clients"


def present(chosen: Table) -> Table:
    """Those of the clients that are installed, with their versions where clients.toml has pinned ones."""
    rows: Table = {}
    for name, row in chosen.items():
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        rows[name] = {**row, "requirements": [f"{name}=={version}"]}
    return rows


def selection(chosen: Table, scenarios: Table) -> Selection:
    """The chosen clients with those of the scenarios that any of them is asked for."""
    commands = {name: _command(row) for name, row in chosen.items()}
    asked = {
        name: about
        for name, about in scenarios.items()
        if any(lacking(row, name, about) is None for row in chosen.values())
    }
    cleaner = _command(next(iter(present(CLIENTS).values())))
    return Selection(chosen, asked, commands, {}, cleaner)


def _command(row: dict[str, str]) -> list[str]:
    return [sys.executable, str(_PROGRAMS / row["program"])]
