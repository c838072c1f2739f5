"""Java clients: jars from the Maven registry, sources compiled once for each version of kafka-clients.

An entry names its `program`, a folder of sources, and its `maven` artefacts as "group:artefact:version", the
first of them with the version of Kafka. Sources, those of clients/java_common too, lie in folders
`since-VERSION`: each version of Kafka compiles the folders up to its own, and of files with the same name the
newest.
"""

from __future__ import annotations

import hashlib
import os
import pathlib
import shutil
import tempfile
from typing import Any

import environment

CLIENTS = pathlib.Path(__file__).resolve().parents[1] / "clients"
QUIET = "org.slf4j:slf4j-nop:1.7.36"  # clients log through SLF4J; nobody reads it here
JVM = ("-Xmx128m", "-Xshare:auto", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


def missing() -> str | None:
    """Why its tools are absent, or None when they are there."""
    absent = [tool for tool in ("java", "javac", "mvn") if shutil.which(tool) is None]
    return f"no {' and no '.join(absent)} on this machine" if absent else None


def prepare(client: str, entry: dict[str, Any]) -> list[str]:
    """The command that runs the entry's program. SystemExit or CalledProcessError when making it fails."""
    version = entry["maven"][0].rsplit(":", 1)[1]
    sources, later = _sources(entry["program"], version)
    libraries = jars([*entry["maven"], QUIET])
    content = [path.read_bytes() for path in sources]
    key = hashlib.sha256(b"\0".join([libraries.name.encode(), *content])).hexdigest()[:12]
    classes = environment.cache() / "java" / f"{client}-{key}"

    def compile_() -> None:
        options = [
            "-nowarn",
            "-XDsuppressNotes",
            "-proc:none",
            "-parameters",
            "-encoding",
            "UTF-8",
            "-cp",
            f"{libraries}/*",
        ]
        command = ["javac", *options, "-d", str(classes), *map(str, sources)]
        environment.run(command)

    environment.once(classes, compile_)
    missing_later = ",".join(f"{name}={since}" for name, since in sorted(later.items()))
    return ["java", *JVM, f"-Dlater={missing_later}", "-cp", f"{classes}{os.pathsep}{libraries}/*", "Program"]


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _sources(program: str, version: str) -> tuple[list[pathlib.Path], dict[str, str]]:
    """The files that `version` compiles, and the version that each class came with which it can't."""
    chosen: dict[str, pathlib.Path] = {}
    later: dict[str, str] = {}
    levels = [*(CLIENTS / "java_common").glob("since-*"), *(CLIENTS / program).glob("since-*")]
    for level in sorted(levels, key=lambda path: _number(path.name[6:])):
        since = level.name.removeprefix("since-")
        for source in sorted(level.glob("*.java")):
            if _number(since) <= _number(version):
                chosen[source.name] = source
            elif source.name not in chosen:
                later.setdefault(source.stem, since)
    return list(chosen.values()), later


def jars(artefacts: list[str]) -> pathlib.Path:
    """A folder with the artefacts and all they need, fetched once with Maven."""
    key = hashlib.sha256("\n".join(artefacts).encode()).hexdigest()[:12]
    folder = environment.cache() / "java" / f"jars-{key}"
    environment.once(folder, lambda: _fetch(artefacts, folder))
    return folder


def _fetch(artefacts: list[str], folder: pathlib.Path) -> None:
    dependencies = "".join(
        f"<dependency><groupId>{group}</groupId><artifactId>{artefact}</artifactId>"
        f"<version>{version}</version></dependency>"
        for group, artefact, version in (one.split(":") for one in artefacts)
    )
    pom = (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        "<groupId>odradek</groupId><artifactId>compat</artifactId><version>1</version>"
        f"<dependencies>{dependencies}</dependencies></project>"
    )
    with tempfile.TemporaryDirectory() as work:
        pathlib.Path(work, "pom.xml").write_text(pom)
        command = ["mvn", "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={folder}"]
        environment.run(command, cwd=work)
