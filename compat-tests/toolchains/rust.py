"""Rust clients: one Cargo workspace for all, in clients/rust; the versions are pinned in its Cargo.lock."""

from __future__ import annotations

import hashlib
import pathlib
import shutil
from typing import Any

import environment

WORKSPACE = pathlib.Path(__file__).resolve().parents[1] / "clients" / "rust"


def missing() -> str | None:
    """Why its tools are absent, or None when they are there."""
    absent = [tool for tool in ("cargo", "cmake", "gcc") if shutil.which(tool) is None]
    return f"no {' and no '.join(absent)} on this machine" if absent else None


def prepare(client: str, entry: dict[str, Any]) -> list[str]:
    """The entry's `program`, built from its package of the workspace. CalledProcessError when that fails."""
    package = entry["program"]
    sources = [WORKSPACE / "Cargo.toml", WORKSPACE / "Cargo.lock"]
    for folder in ("harness", package):
        sources += sorted((WORKSPACE / folder).rglob("*.[rt][so]*"))
    key = hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()[:12]
    folder = environment.cache() / "rust" / f"{client}-{key}"

    def build() -> None:
        target = environment.cache() / "rust" / "target"  # what is built for one is there for the next
        name = f"{package}-program"
        command = ["cargo", "build", "-q", "--locked", "-p", name, "--target-dir", str(target)]
        environment.run(command, cwd=WORKSPACE)
        folder.mkdir(exist_ok=True)
        shutil.copy(target / "debug" / name, folder / "program")

    environment.once(folder, build)
    return [f"{folder}/program"]
