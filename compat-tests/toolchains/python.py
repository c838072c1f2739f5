"""Python clients: an environment each, with packages from PyPI."""

from __future__ import annotations

import pathlib
from typing import Any

import environment

CLIENTS = pathlib.Path(__file__).resolve().parents[1] / "clients"


def missing() -> str | None:
    """Never: the suite itself runs on Python."""
    return None


def prepare(client: str, entry: dict[str, Any]) -> list[str]:
    """An environment with the entry's `requirements`, and the entry's `program`."""
    python = environment.packages(f"compat-{client}", entry["requirements"])
    return [str(python), str(CLIENTS / entry["program"])]
