"""Go clients: one module for all, in clients/go; the versions are pinned in its go.mod and go.sum."""

from __future__ import annotations

import hashlib
import pathlib
import shutil
from typing import Any

import environment

MODULE = pathlib.Path(__file__).resolve().parents[1] / "clients" / "go"
SHARED = ("harness", "suite")


def missing() -> str | None:
    """Why its tools are absent, or None when they are there."""
    return None if shutil.which("go") else "no go on this machine"


def prepare(client: str, entry: dict[str, Any]) -> list[str]:
    """The entry's `program`, built from its package of the module. CalledProcessError when that fails."""
    package = entry["program"]
    sources = [MODULE / "go.mod", MODULE / "go.sum"]
    for folder in (*SHARED, package):
        sources += sorted((MODULE / folder).glob("*.go"))
    key = hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()[:12]
    folder = environment.cache() / "go" / f"{client}-{key}"

    def build() -> None:
        command = ["go", "build", "-o", f"{folder}/program", f"./{package}"]
        environment.run(command, cwd=MODULE)

    environment.once(folder, build)
    return [f"{folder}/program"]
