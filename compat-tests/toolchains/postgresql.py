"""Java programs that read a PostgreSQL: its server from Debian's package, which the program starts by itself.

The program finds the folder of the server's commands in its system property "postgresql".
"""

from __future__ import annotations

import pathlib
from typing import Any

from . import debian, java

INSTALLED = pathlib.Path("/usr/lib/postgresql")  # where Debian puts each version


def missing() -> str | None:
    """Why its tools are absent, or None when they are there."""
    return java.missing() or (None if _commands() else debian.cannot_install("postgresql"))


def prepare(client: str, entry: dict[str, Any]) -> list[str]:
    """The command that runs the entry's program, once the server is installed; CalledProcessError without."""
    if _commands() is None:
        debian.install("postgresql")
    java_, *arguments = java.prepare(client, entry)
    return [java_, f"-Dpostgresql={_commands()}", *arguments]


def _commands() -> pathlib.Path | None:
    """The newest server's folder of commands."""
    found = [path.parent for path in INSTALLED.glob("*/bin/postgres")]
    return max(found, key=lambda path: int(path.parent.name), default=None)
