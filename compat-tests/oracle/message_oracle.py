"""Apache Kafka's own message classes, asked over a pipe: MessageOracle.java on the jars of a version."""

from __future__ import annotations

import contextlib
import json
import pathlib
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

import apache_kafka

SOURCE = pathlib.Path(__file__).with_name("MessageOracle.java")


class Refused(Exception):
    """Kafka does not take these bytes or values."""


class MessageOracle:
    """The running program: `decode` and `encode` give the bytes and the JSON that Kafka makes of a message."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def decode(self, class_name: str, version: int, data: bytes) -> tuple[bytes, Any]:
        """Kafka reads the bytes and writes them again. Raises Refused."""
        return self._ask("decode", class_name, version, data.hex())

    def encode(self, class_name: str, version: int, values: Any) -> tuple[bytes, Any]:
        """Kafka writes the values. Raises Refused."""
        return self._ask("encode", class_name, version, json.dumps(values))

    def _ask(self, *question: object) -> tuple[bytes, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\t".join(map(str, question)) + "\n")
        self._process.stdin.flush()
        verdict, *answer = self._process.stdout.readline().rstrip("\n").split("\t")
        if verdict != "ok":
            raise Refused(*answer)
        return bytes.fromhex(answer[0]), json.loads(answer[1])


@contextlib.contextmanager
def message_oracle(version: str) -> Iterator[MessageOracle]:
    """The oracle on the jars of this version of Apache Kafka, which Maven fetches once; needs Java 17."""
    options = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
    command = ["java", *options, "-cp", f"{apache_kafka.jars(version)}/*", str(SOURCE)]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
    ) as process:
        try:
            yield MessageOracle(process)
        finally:
            process.communicate()


def message_class(name: str) -> str:
    """The Java class of a request or response, such as FetchRequest."""
    return f"org.apache.kafka.common.message.{name}Data"
