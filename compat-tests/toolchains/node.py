"""Node clients: packages from the npm registry, at the versions that a lock file pins.

An entry's `program` lies in a folder with `package.json` and `package-lock.json`. Its packages are installed
outside the tree, and found through NODE_PATH: the programs are CommonJS modules.
"""

from __future__ import annotations

import hashlib
import pathlib
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import environment

CLIENTS = pathlib.Path(__file__).resolve().parents[1] / "clients"


def missing() -> str | None:
    """Why its tools are absent, or None when they are there."""
    absent = [tool for tool in ("node", "npm") if shutil.which(tool) is None]
    return f"no {' and no '.join(absent)} on this machine" if absent else None


def prepare(
    client: str, entry: dict[str, Any], build: Callable[[pathlib.Path], None] = lambda _: None
) -> list[str]:
    """The packages of the entry's lock file, and the entry's `program`. CalledProcessError when npm fails.

    None of the packages' scripts run; `build` is given the folder that has them in its node_modules.
    """
    program = CLIENTS / entry["program"]
    pins = [program.parent / name for name in ("package.json", "package-lock.json")]
    node = subprocess.run(["node", "--version"], check=True, capture_output=True)
    key = hashlib.sha256(b"\0".join([node.stdout, *(pin.read_bytes() for pin in pins)])).hexdigest()[:12]
    folder = environment.cache() / "node" / f"{client}-{key}"

    def install() -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for pin in pins:
            shutil.copy(pin, folder)
        command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
        environment.run(command, cwd=folder)
        build(folder)

    environment.once(folder, install)
    return ["env", f"NODE_PATH={folder}/node_modules", "node", str(program)]
