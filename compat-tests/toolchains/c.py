"""C programs on librdkafka: a folder of sources each, built by the machine's C compiler.

The library is that of Debian's packages, of which an entry's `debian` names the one with its headers.
"""

from __future__ import annotations

import hashlib
import pathlib
import shutil
import subprocess
from typing import Any

import environment

from . import debian

CLIENTS = pathlib.Path(__file__).resolve().parents[1] / "clients"
COMPILE = ["cc", "-std=c17", "-O1", "-g", "-Wall", "-Wextra", "-Werror"]
HEADER, LIBRARY = "librdkafka/rdkafka.h", "rdkafka"


def missing() -> str | None:
    """Why its tools are absent, or None when they are there."""
    if shutil.which("cc") is None:
        return "no C compiler on this machine"
    return None if has_header(HEADER) else debian.cannot_install(HEADER)


def prepare(client: str, entry: dict[str, Any]) -> list[str]:
    """The entry's `program`, built from the sources in its folder. CalledProcessError when that fails."""
    sources = sorted((CLIENTS / entry["program"]).glob("*.[ch]"))
    key = hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()[:12]
    folder = environment.cache() / "c" / f"{client}-{key}"

    def build() -> None:
        if not has_header(HEADER):
            debian.install(*entry["debian"])
        folder.mkdir(parents=True, exist_ok=True)
        units = [str(path) for path in sources if path.suffix == ".c"]
        environment.run([*COMPILE, "-o", f"{folder}/program", *units, f"-l{LIBRARY}"])

    environment.once(folder, build)
    return [f"{folder}/program"]


def has_header(header: str) -> bool:
    """Whether the compiler finds a header."""
    command = ["cc", "-E", "-include", header, "-x", "c", "/dev/null"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
