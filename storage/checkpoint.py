"""The small text files beside the logs, in Apache Kafka's own formats.

Checkpoints (`recovery-point-offset-checkpoint`, `log-start-offset-checkpoint`, `leader-epoch-checkpoint`,
...) have a line with the version 0, a line with the number of entries, and a line an entry, its fields
divided by blanks. `partition.metadata` names the topic id, `meta.properties` the cluster,
`.kafka_cleanshutdown` that the last stop was a clean one.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from .errors import CheckpointCorrupted
from .file_system import FileSystem

RECOVERY_POINTS = "recovery-point-offset-checkpoint"
LOG_START_OFFSETS = "log-start-offset-checkpoint"
CLEANER_OFFSETS = "cleaner-offset-checkpoint"
PARTITION_METADATA = "partition.metadata"
META_PROPERTIES = "meta.properties"
CLEAN_SHUTDOWN = ".kafka_cleanshutdown"

TopicPartition = tuple[str, int]


def format_entries(entries: Iterable[str]) -> bytes:
    """A checkpoint file with these lines."""
    lines = list(entries)
    return "".join(f"{line}\n" for line in ["0", str(len(lines)), *lines]).encode()


def parse_entries(path: str, data: bytes, fields: int) -> list[list[str]]:
    """The entries of a checkpoint file, each divided into its `fields`. An empty file has none, as in Kafka.

    Raises CheckpointCorrupted if version, number of entries or fields are not as they should be.
    """
    try:
        lines = data.decode().splitlines()
    except UnicodeDecodeError as error:
        raise CheckpointCorrupted(f"{path} is not text") from error
    if not lines:
        return []
    if lines[0] != "0":
        raise CheckpointCorrupted(f"{path} has the unknown version {lines[0][:20]!r}")
    entries = [line.split() for line in lines[2:]]
    if len(lines) < 2 or lines[1] != str(len(entries)):
        raise CheckpointCorrupted(f"{path} does not have as many entries as it says")
    for number, entry in enumerate(entries, 3):
        if len(entry) != fields:
            raise CheckpointCorrupted(f"{path} has a malformed line {number}")
    return entries


def format_offsets(offsets: Mapping[TopicPartition, int]) -> bytes:
    """A checkpoint of one offset a partition."""
    return format_entries(f"{topic} {index} {offset}" for (topic, index), offset in offsets.items())


def read_offsets(file_system: FileSystem, path: str) -> dict[TopicPartition, int]:
    """Read a checkpoint of one offset a partition; a missing file has none. Raises CheckpointCorrupted,
    OSError.
    """
    try:
        data = file_system.read_bytes(path)
    except FileNotFoundError:
        return {}
    try:
        return {(topic, int(index)): int(offset) for topic, index, offset in parse_entries(path, data, 3)}
    except ValueError as error:
        raise CheckpointCorrupted(f"{path} has an entry that is not a number") from error


def format_uuid(uuid: bytes) -> str:
    """16 bytes as Kafka writes ids: base64 with the URL alphabet, unpadded, 22 characters."""
    return binascii.b2a_base64(uuid, newline=False).rstrip(b"=").translate(_TO_URL).decode()


def parse_uuid(text: str) -> bytes:
    """The 16 bytes of an id. Raises ValueError."""
    uuid = binascii.a2b_base64(text.encode("ascii").translate(_FROM_URL) + b"==")
    if len(uuid) != 16:
        raise ValueError(f"{text!r} is no id of 16 bytes")
    return uuid


_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_", b"+/")


def format_partition_metadata(topic_id: bytes) -> bytes:
    """The contents of `partition.metadata`."""
    return f"version: 0\ntopic_id: {format_uuid(topic_id)}".encode()


def read_topic_id(file_system: FileSystem, directory: str) -> bytes | None:
    """The topic id in a partition's directory; None without `partition.metadata`, or if a crash left it
    empty.

    Raises CheckpointCorrupted, OSError.
    """
    path = f"{directory}/{PARTITION_METADATA}"
    try:
        data = file_system.read_bytes(path)
    except FileNotFoundError:
        return None
    fields = [line.partition(b":") for line in data.splitlines()]
    values = {name.strip(): value.strip() for name, _, value in fields}
    try:
        return parse_uuid(values[b"topic_id"].decode())
    except (KeyError, ValueError) as error:
        if not data.strip(b"\0"):
            return None
        raise CheckpointCorrupted(f"{path} names no topic id") from error


class MetaProperties(NamedTuple):
    """Who a data folder belongs to. `directory_id` is None in folders of Kafka before 3.7 (KIP-858)."""

    cluster_id: str
    node_id: int
    directory_id: str | None = None


def format_meta_properties(meta: MetaProperties) -> bytes:
    """The contents of `meta.properties`, version 1 (KRaft)."""
    properties = {"cluster.id": meta.cluster_id, "node.id": str(meta.node_id), "version": "1"}
    if meta.directory_id is not None:
        properties["directory.id"] = meta.directory_id
    return "".join(f"{name}={properties[name]}\n" for name in sorted(properties)).encode()


def read_meta_properties(file_system: FileSystem, path: str) -> MetaProperties | None:
    """Read `meta.properties`; None if there is none. Raises CheckpointCorrupted, OSError."""
    try:
        lines = file_system.read_bytes(path).decode("latin-1").splitlines()
    except FileNotFoundError:
        return None
    properties = {}
    for line in lines:
        name, _, value = line.strip().partition("=")
        if name and name[0] not in "#!":
            properties[name.strip()] = value.strip().replace("\\", "")
    node_id = properties.get("node.id", properties.get("broker.id"))
    try:
        return MetaProperties(properties["cluster.id"], int(node_id or ""), properties.get("directory.id"))
    except (KeyError, ValueError) as error:
        raise CheckpointCorrupted(f"{path} does not name cluster.id and node.id") from error


def format_clean_shutdown(broker_epoch: int = -1) -> bytes:
    """The contents of `.kafka_cleanshutdown` (KIP-966). Its being there is what counts."""
    return b'{"version":0,"brokerEpoch":%d}' % broker_epoch
