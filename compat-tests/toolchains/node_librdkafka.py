"""Node clients on librdkafka: it and its binding are built from the sources in the client's npm package.

Left to itself the package fetches a binary from outside the npm registry, or else builds the library with as
many compilers at a time as it has files. An entry names its `package`, and in `debian` those with the headers
of the codecs.
"""

from __future__ import annotations

import functools
import os
import pathlib
import shutil
import subprocess
from typing import Any

import environment

from . import c, debian, node

CODECS = ("zlib.h", "zstd.h")
"""Headers of the codecs that librdkafka does not bring itself."""
FEATURES = ("zlib", "zstd", "strip")
NO_FEATURES = ("ssl", "gssapi", "curl", "lz4-ext", "debug-symbols")


def missing() -> str | None:
    """Why its tools are absent, or None when they are there."""
    if lacking := node.missing():
        return lacking
    absent = [tool for tool in ("gcc", "g++", "make") if shutil.which(tool) is None]
    if absent:
        return f"no {' and no '.join(absent)} on this machine"
    if not (node_prefix() / "include" / "node" / "node.h").exists():
        return "no headers of Node.js on this machine"
    without = [header for header in CODECS if not c.has_header(header)]
    return debian.cannot_install(without[0]) if without else None


def prepare(client: str, entry: dict[str, Any]) -> list[str]:
    """As for other Node clients, with the entry's `package` built. CalledProcessError when that fails."""
    return node.prepare(client, entry, functools.partial(_build, entry))


def _build(entry: dict[str, Any], folder: pathlib.Path) -> None:
    """Build the package that lies below `folder`: librdkafka first, then the binding that is linked to it."""
    if not all(map(c.has_header, CODECS)):
        debian.install(*entry["debian"])
    package = folder / "node_modules" / entry["package"]
    sources, library = package / "deps" / "librdkafka", package / "build" / "deps"
    switches = [f"--enable-{name}" for name in FEATURES] + [f"--disable-{name}" for name in NO_FEATURES]
    environment.run(["./configure", f"--prefix={library}", f"--libdir={library}", *switches], cwd=sources)
    jobs = os.cpu_count() or 1
    environment.run(["make", "--silent", f"-j{jobs}", "install-subdirs"], cwd=sources)
    settings = {
        "BUILD_LIBRDKAFKA": "0",
        # Before the package's own folders, where another version of the library may lie.
        "CXX": f"g++ -I{library}/include/librdkafka",
        "CXXFLAGS": "-w",
        "LDFLAGS": f"-L{library} -Wl,-rpath,{library}",
        "JOBS": str(jobs),
        "npm_config_nodedir": str(node_prefix()),
    }
    with_settings = ["env", *(f"{name}={value}" for name, value in settings.items())]
    for script in ("configure", "build"):
        environment.run([*with_settings, "npm", "run", "--silent", script], cwd=package)


def node_prefix() -> pathlib.Path:
    """Where Node.js is installed: its headers lie there too."""
    found = subprocess.run(["node", "-p", "process.execPath"], check=True, capture_output=True, text=True)
    return pathlib.Path(found.stdout.strip()).resolve().parents[1]
