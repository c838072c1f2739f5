"""Brokers for the suite: an Odradek from this installation, or any that already runs.

A broker keeps its address over stops, kills and starts, as clients expect. Standard library only.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from typing import Protocol


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


class Start(Protocol):
    """Starts a broker; clients are told `advertise` (HOST:PORT) as its address, if given."""

    def __call__(self, *, advertise: str | None = None) -> Broker: ...


class Odradek:
    """One broker process on an ephemeral port with its data in a temporary folder."""

    ours = True
    command: Sequence[str] = (sys.executable, "-P", "-m", "odradek")
    variables: Mapping[str, str] = {}
    """What its environment has besides this process' own."""

    def __init__(self, *options: str, advertise: str | None = None) -> None:
        self._options = options if advertise is None else (*options, "--advertise", advertise)
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
        command = [*self.command, "serve", "--data", f"{self._folder.name}/data", "--listen", self.address]
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                [*command, *self._options],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, **self.variables},
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


_API_VERSIONS = struct.Struct(">ihhih")
ANSWER_S = 10  # what a broker may take for its first answer


def require_answer(address: str) -> None:
    """Ask the broker at HOST:PORT for its API versions: clients find only by time-outs that there is none.
    BrokerError, with a plain sentence, unless it answers as Kafka's protocol wants.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise BrokerError(f"A broker's address is HOST:PORT, not {address!r}.")
    correlation_id = 0x0D2ADE4
    request = _API_VERSIONS.pack(
        _API_VERSIONS.size - 4, 18, 0, correlation_id, -1
    )  # ApiVersions v0, no client id
    try:
        with socket.create_connection((host.strip("[]"), int(port)), ANSWER_S) as connection:
            connection.sendall(request)
            header = connection.makefile("rb").read(8)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise BrokerError(f"No broker answers at {address}: {reason.lower()}.") from None
    if header[4:] != struct.pack(">i", correlation_id):
        raise BrokerError(f"What listens at {address} does not answer as a Kafka broker without TLS does.")
