"""What is asked of which client: scenarios.toml and clients/clients.toml, whose heads tell their form."""

from __future__ import annotations

import pathlib
import tomllib
from collections.abc import Mapping
from typing import Any

Table = dict[str, dict[str, Any]]
HERE = pathlib.Path(__file__).parent
CLIENTS = HERE / "clients"


def scenarios() -> Table:
    """The list of all scenarios, by name."""
    return tomllib.loads((HERE / "scenarios.toml").read_text())


def clients() -> Table:
    """The clients in all their versions, by name. The programs of most are in the repository alone."""
    return tomllib.loads((CLIENTS / "clients.toml").read_text())


def lacking(entry: Mapping[str, Any], scenario: str, about: Mapping[str, Any]) -> str | None:
    """Why a client is not asked for a scenario, by what both their entries say; None: it is asked."""
    if "scenarios" in entry:
        return None if scenario in entry["scenarios"] else "a program with scenarios of its own"
    if "own" in about:
        return None if scenario in entry.get("also", ()) else str(about["own"])
    return f"it lacks {about['needs']}" if about.get("needs") in entry.get("lacks", ()) else None
