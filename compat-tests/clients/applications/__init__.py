"""What the programs that are built on Kafka share: their own commands run as a person runs them."""

from __future__ import annotations

import contextlib
import os
import pathlib
import signal
import subprocess
import sys
from collections.abc import Iterator

HERE = pathlib.Path(sys.argv[0]).resolve().parent  # the client's own folder


def script(name: str) -> str:
    """A command that a package of this environment has installed."""
    return str(pathlib.Path(sys.executable).parent / name)


@contextlib.contextmanager
def running(*command: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """A process in the client's folder, ended by SIGINT as by Ctrl-C; what it prints goes to stderr."""
    environment = {**os.environ, "PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1", **variables}
    process = subprocess.Popen(
        command, cwd=HERE, stdin=subprocess.DEVNULL, stdout=sys.stderr, env=environment, text=True
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def run(*command: str, **variables: str) -> None:
    """A process in the client's folder, to its end; CalledProcessError unless that is exit code 0."""
    with running(*command, **variables) as process:
        code = process.wait(60)
    if code != 0:
        raise subprocess.CalledProcessError(code, command)
