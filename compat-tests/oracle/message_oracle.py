"""Apache Kafka's own message classes, asked over a pipe: MessageOracle.java on the jars of a version."""

from __future__ import annotations

import contextlib
import json
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from typing import IO, Any

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).parents[2]))

import apache_kafka

from tests.protocol.codecs.catalogue import APIS, RECORDS, SHARE_APIS, STREAMS_APIS, Case
from tests.protocol.codecs.coverage import KAFKA_4_FLOOR

OLD, NEW = "3.9.1", "4.4.0"
"""The last Apache Kafka that speaks everything from version 0 on, and the newest."""

# The newest versions that Kafka 3.9 knows, where Kafka 4 has newer ones.
OLD_NEWEST = {
    "produce": 11,
    "fetch": 17,
    "list_offsets": 9,
    "metadata": 12,
    "offset_commit": 9,
    "offset_fetch": 9,
    "describe_groups": 5,
    "delete_groups": 2,
    "api_versions": 4,
    "init_producer_id": 5,
    "describe_cluster": 1,
    "write_txn_markers": 1,
    "list_transactions": 1,
    # Kafka 4 has another name for it and its structs.
    "list_config_resources": -1,
    "describe_log_dirs": 4,
    "alter_partition_reassignments": 0,
    "end_txn": 4,
    # From 3 on Kafka 4 has another name for the generation.
    "txn_offset_commit": 2,
    # The schemas of 3.9 do not say that a struct can be null.
    "describe_topic_partitions": -1,
    # 3.9 has them as a preview, or not at all.
    "consumer_group_heartbeat": -1,
    "consumer_group_describe": -1,
    **dict.fromkeys((*SHARE_APIS, *STREAMS_APIS), -1),
}

# Where the classes of records lie that are not the group coordinator's.
_PACKAGES = {
    "metadata_records": "common.metadata",
    "transaction_records": "coordinator.transaction.generated",
    "share_state_records": "coordinator.share.generated",
}

SOURCE = pathlib.Path(__file__).with_name("MessageOracle.java")


class Refused(Exception):
    """Kafka does not take these bytes or values."""


class MessageOracle:
    """The running program: `decode` and `encode` give the bytes and JSON that Kafka makes of it."""

    def __init__(self, process: subprocess.Popen[str], complaints: IO[str]) -> None:
        self._process, self._complaints = process, complaints

    def decode(self, class_name: str, version: int, data: bytes) -> tuple[bytes, Any]:
        """Kafka reads the bytes and writes them again. Raises Refused."""
        return self._ask("decode", class_name, version, data.hex())

    def encode(self, class_name: str, version: int, values: Any) -> tuple[bytes, Any]:
        """Kafka writes the values. Raises Refused."""
        return self._ask("encode", class_name, version, json.dumps(values))

    def describe(self, class_name: str, version: int) -> Any:
        """The schema of a version and the defaults of all its structs, as MessageOracle.java puts them."""
        return self._ask("describe", class_name, version)[1]

    def _ask(self, *question: object) -> tuple[bytes, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\t".join(map(str, question)) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            self._complaints.seek(0)
            raise RuntimeError("the oracle has ended: " + self._complaints.read()[-2000:])
        verdict, *answer = line.rstrip("\n").split("\t")
        if verdict != "ok":
            raise Refused(*answer)
        return bytes.fromhex(answer[0]), json.loads(answer[1])


@contextlib.contextmanager
def message_oracle(version: str) -> Iterator[MessageOracle]:
    """The oracle on the jars of this version of Apache Kafka, which Maven fetches once; needs Java 17."""
    options = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
    command = ["java", *options, "-cp", f"{apache_kafka.jars(version)}/*", str(SOURCE)]
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as complaints,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            encoding="utf-8",
        ) as process,
    ):
        try:
            yield MessageOracle(process, complaints)
        finally:
            process.communicate()


def speakers(case: Case) -> list[str]:
    """The versions of Apache Kafka that know the message at its version."""
    if case.api == "group_records":
        # Kafka 4 has a class for each version of a key; 3.9 does not know the topic id in offset values.
        return [OLD] if case.direction.endswith("key") else [NEW]
    if case.api == "consumer_group_records":
        # 3.9 calls a key's version what Kafka 4 calls its type, but does not know regular expressions.
        return [OLD] if case.direction.endswith("key") and case.version != 16 else [NEW]
    if case.api in RECORDS:
        return [NEW]
    old = case.version <= OLD_NEWEST.get(case.api, case.version)
    return [OLD] * old + [NEW] * (case.version >= KAFKA_4_FLOOR.get(case.api, 0))


def class_version(case: Case) -> int:
    """The version by which the Java class goes: Kafka 4's keys are all at 0."""
    is_key = case.api not in APIS and case.direction.endswith("key")
    return 0 if is_key and speakers(case) == [NEW] else case.version


def class_name(case: Case) -> str:
    """The Java class of the message."""
    if case.api in APIS:
        return f"org.apache.kafka.common.message.{case.message.name}Data"
    package = _PACKAGES.get(case.api, "coordinator.group.generated")
    return f"org.apache.kafka.{package}.{case.message.name}"
