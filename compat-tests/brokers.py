"""Brokers for the repository's own suites: an Odradek from this checkout, and Apache Kafka."""

from __future__ import annotations

import pathlib
import sys
from collections.abc import Sequence

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts" / "lib")]

import apache_kafka  # noqa: E402
import environment  # noqa: E402

from odradek.compat import brokers as suite  # noqa: E402


class Odradek(suite.Odradek):
    """An Odradek from this checkout, on the pinned versions of what it needs."""

    def __init__(self, *options: str, advertise: str | None = None) -> None:
        self.command = (str(environment.environment("runtime")), "-P", "-m", "odradek")
        self.variables = {"PYTHONPATH": str(ROOT)}
        super().__init__(*options, advertise=advertise)


class ApacheKafka:
    """Apache Kafka of one version, likewise."""

    ours = False

    def __init__(
        self,
        version: str,
        settings: Sequence[str] = (),
        jvm: Sequence[str] = apache_kafka.QUICK_JVM,
        advertise: str | None = None,
    ) -> None:
        if advertise is not None:
            settings = (*settings, f"advertised.listeners=PLAINTEXT://{advertise}")
        self._node = apache_kafka.Node(version, settings, jvm=jvm)
        self.address = self._node.address

    def do(self, action: str) -> None:
        """As a program asks: "start", "stop" or "kill"."""
        try:
            {"start": self._node.start, "stop": self._node.stop, "kill": self._node.kill}[action]()
        except RuntimeError as problem:
            raise suite.BrokerError(str(problem)) from problem

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
