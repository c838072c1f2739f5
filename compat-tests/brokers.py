"""Brokers for the suite: an Odradek from this checkout, Apache Kafka, or any that already runs.

A broker keeps its address over stops, kills and starts, as clients expect. Standard library only.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from typing import Protocol

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts" / "lib"))

import apache_kafka  # noqa: E402
import environment  # noqa: E402


class BrokerError(Exception):
    """The broker did not do as it was told; the text says what it printed."""


class Broker(Protocol):
    """What a cell needs of its broker."""

    address: str
    ours: bool  # an Odradek, as far as we know

    def do(self, action: str) -> None:
        """ "start", "stop" (SIGTERM) or "kill" (`kill -9`) it. BrokerError when that does not succeed."""

    def log(self) -> str:
        """The end of what it wrote to stderr, for a failed cell."""

    def close(self) -> None:
        """End it, if it is ours to end, and remove its data."""


class Odradek:
    """One broker process on an ephemeral port with its data in a temporary folder."""

    ours = True

    def __init__(self, *options: str) -> None:
        self._options = options
        self._folder = tempfile.TemporaryDirectory(prefix="odradek-compat-")
        self._process: subprocess.Popen[str] | None = None
        self._log = pathlib.Path(self._folder.name, "stderr")
        self.address = "127.0.0.1:0"
        self.start()

    def do(self, action: str) -> None:
        """As a program asks: "start", "stop" or "kill"."""
        {"start": self.start, "stop": self.stop, "kill": self.kill}[action]()

    def start(self) -> None:
        """Start, and return when the ready line is there; BrokerError with the log if it never comes."""
        command = [str(environment.environment("runtime")), "-P", "-m", "odradek", "serve"]
        command += ["--data", f"{self._folder.name}/data", "--listen", self.address, *self._options]
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=dict(os.environ, PYTHONPATH=str(ROOT)),
            )
        assert self._process.stdout is not None
        watchdog = threading.Timer(60, self._process.kill)
        watchdog.start()
        line = self._process.stdout.readline()
        watchdog.cancel()
        if " ready on " not in line:
            raise BrokerError(f"no ready line but {line!r}; {self.log()}")
        self.address = line.rsplit(" ", 1)[1].strip()

    def kill(self) -> None:
        """`kill -9`."""
        assert self._process is not None
        self._process.kill()
        self._reap()

    def stop(self) -> None:
        """SIGTERM; raises BrokerError unless it then exits with 0 within ten seconds."""
        assert self._process is not None
        self._process.terminate()
        try:
            code = self._reap()
        except subprocess.TimeoutExpired:
            self.kill()
            raise BrokerError("still there ten seconds after SIGTERM") from None
        if code != 0:
            raise BrokerError(f"exit code {code} after SIGTERM; {self.log()}")

    def _reap(self) -> int:
        assert self._process is not None
        code = self._process.wait(10)
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None
        return code

    @property
    def pid(self) -> int:
        """The process that runs."""
        assert self._process is not None
        return self._process.pid

    def log(self) -> str:
        """The end of what the broker wrote to stderr."""
        return self._log.read_text(errors="replace")[-2000:]

    def close(self) -> None:
        """End the process, if it runs, and remove its data."""
        if self._process is not None:
            with contextlib.suppress(BrokerError):
                self.stop()
        self._folder.cleanup()


class ApacheKafka:
    """Apache Kafka of one version, likewise."""

    ours = False

    def __init__(
        self, version: str, settings: Sequence[str] = (), jvm: Sequence[str] = apache_kafka.QUICK_JVM
    ) -> None:
        self._node = apache_kafka.Node(version, settings, jvm=jvm)
        self.address = self._node.address

    def do(self, action: str) -> None:
        """As a program asks: "start", "stop" or "kill"."""
        try:
            {"start": self._node.start, "stop": self._node.stop, "kill": self._node.kill}[action]()
        except RuntimeError as problem:
            raise BrokerError(str(problem)) from problem

    @property
    def pid(self) -> int:
        """The process that runs."""
        return self._node.pid

    def log(self) -> str:
        """The end of what the broker wrote."""
        return self._node.log()[-2000:]

    def close(self) -> None:
        """End it and remove its data."""
        self._node.close()


class Running:
    """A broker that somebody else started: it can't be stopped or killed from here."""

    ours = False  # it may be anything

    def __init__(self, address: str) -> None:
        self.address = address

    def do(self, action: str) -> None:
        """Never possible."""
        raise BrokerError(f"the broker at {self.address} is not ours to {action}")

    def log(self) -> str:
        """Nothing: its log is elsewhere."""
        return ""

    def close(self) -> None:
        """Nothing: it is not ours."""
