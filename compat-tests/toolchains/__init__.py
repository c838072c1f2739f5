"""How the programs of one language are made ready: a module a language, each with the same two functions.

`missing() -> str | None` says in a sentence why the language's tools are absent on this machine, if they
are. `prepare(client, entry) -> list[str]` fetches the packages that the client's entry in clients.toml pins,
builds what has to be built, once and outside the tree, and returns the command to which a scenario's name and
the broker's address are appended.
"""

from __future__ import annotations

import importlib
from typing import Any, Protocol, cast


class Toolchain(Protocol):
    """What a module of this package offers."""

    def missing(self) -> str | None:
        """Why its tools are absent, or None when they are there."""

    def prepare(self, client: str, entry: dict[str, Any]) -> list[str]:
        """The command that runs the client's program. SystemExit when it can't be made."""


def toolchain(entry: dict[str, Any]) -> Toolchain:
    """The toolchain that a client's entry names; Python unless it names one."""
    return cast("Toolchain", importlib.import_module(f"{__name__}.{entry.get('toolchain', 'python')}"))
