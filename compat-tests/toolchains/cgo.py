"""Go clients that bring a library in C with them."""

from __future__ import annotations

import shutil
from typing import Any

from . import go


def missing() -> str | None:
    """Why its tools are absent, or None when they are there."""
    return go.missing() or (None if shutil.which("gcc") else "no gcc on this machine")


def prepare(client: str, entry: dict[str, Any]) -> list[str]:
    """As for other Go clients."""
    return go.prepare(client, entry)
