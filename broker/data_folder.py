"""The folder of a broker's data: whose it is, which logs it holds, and how to make, open and remove them."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from ..storage.checkpoint import (
    CLEAN_SHUTDOWN,
    LOG_START_OFFSETS,
    META_PROPERTIES,
    RECOVERY_POINTS,
    MetaProperties,
    TopicPartition,
    format_clean_shutdown,
    format_meta_properties,
    format_offsets,
    format_uuid,
    read_meta_properties,
    read_offsets,
    read_topic_id,
)
from ..storage.errors import CheckpointCorrupted, StorageError, StorageFailed
from ..storage.file_system import FileSystem, Volume, parent_directory, write_atomically
from ..storage.log import Log, LogConfig
from .config import ConfigError
from .metadata_image import MetadataImage
from .metadata_log import TOPIC_NAME as METADATA_TOPIC

if TYPE_CHECKING:
    from .clock import Clock

log = logging.getLogger(__name__)

LOCK = ".lock"
_PARTITION = re.compile(r"([a-zA-Z0-9._-]+)-(\d+)").fullmatch
_DELETED = re.compile(r".*-delete").fullmatch


class CheckpointTicket:
    """The checkpoint files as they are to be written; `run` does it in any thread."""

    __slots__ = ("_contents", "_file_system")

    def __init__(self, file_system: FileSystem, contents: list[tuple[str, bytes]]) -> None:
        self._file_system = file_system
        self._contents = contents

    def run(self) -> OSError | None:
        """Write them, durably; return what went wrong."""
        try:
            for path, data in self._contents:
                write_atomically(self._file_system, path, data)
        except OSError as error:
            return error
        return None


class DataFolder:
    """An open data folder. No other broker can open it until it is closed.

    Raises FileSystemLocked when another one has, OSError when it cannot be used, and ConfigError when it is
    another node's.
    """

    def __init__(
        self, file_system: FileSystem, path: str, node_id: int, random_uuid: Callable[[], bytes], clock: Clock
    ) -> None:
        self._file_system = file_system
        self._path = path
        self._random_uuid = random_uuid
        self._clock = clock
        self._logs: dict[TopicPartition, Log] = {}
        _make_durably(file_system, path)
        self._lock = file_system.lock(f"{path}/{LOCK}")
        try:
            self.cluster_id = self._identify(node_id)
            self._clean = file_system.exists(f"{path}/{CLEAN_SHUTDOWN}")
            self._recovery_points = self._read_offsets(RECOVERY_POINTS)
            self._log_start_offsets = self._read_offsets(LOG_START_OFFSETS)
            if self._clean:  # a crash from now on must not look like a clean stop
                file_system.remove(f"{path}/{CLEAN_SHUTDOWN}")
                file_system.sync_directory(path)
        except BaseException:
            self._lock.close()
            raise

    @property
    def absolute_path(self) -> str:
        """The path of the folder from the root."""
        return os.path.abspath(self._path)

    def volume(self) -> Volume:
        """The volume that the folder lies on. Raises OSError."""
        return self._file_system.volume(self._path)

    def log_path(self, topic: str, index: int) -> str:
        """The directory of a partition."""
        return f"{self._path}/{topic}-{index}"

    def create_log(self, topic: str, index: int, config: LogConfig, topic_id: bytes) -> Log:
        """A new, empty log. Raises StorageFailed, FileExistsError."""
        path = self.log_path(topic, index)
        try:
            made = Log.create(self._file_system, path, config, topic_id, now_ms=self._clock.wall_ms())
        except StorageFailed:
            self._remove(f"{topic}-{index}")  # half of a directory would be in the way of the next attempt
            raise
        return self._keep(topic, index, made)

    def open_log(self, topic: str, index: int, config: LogConfig, topic_id: bytes | None) -> Log:
        """The log of a partition that the metadata names; an empty one where a crash has lost it.

        Raises LogCorrupted (it has to stay offline), StorageFailed.
        """
        path, key = self.log_path(topic, index), (topic, index)
        if not self._file_system.exists(path):
            return self.create_log(topic, index, config, topic_id or b"")
        opened = Log.open(
            self._file_system,
            path,
            config,
            clean=self._clean,
            recovery_point=self._recovery_points.get(key, 0),
            log_start_offset=self._log_start_offsets.get(key, 0),
            now_ms=self._clock.wall_ms(),
        )
        if opened.torn is not None:
            log.warning("%s: what a crash left half-written was cut off: %s", path, opened.torn)
        return self._keep(topic, index, opened)

    def open_metadata_log(self) -> Log:
        """The log of `__cluster_metadata-0`, made if it is not there."""
        topic_id = bytes(15) + b"\x01"  # the id that Kafka reserves for it
        return self.open_log(METADATA_TOPIC, 0, LogConfig(), topic_id)

    def remove_log(self, topic: str, index: int) -> None:
        """Remove a log's directory, which has been closed, under another name first, so that its own is free
        at once.
        """
        self._logs.pop((topic, index), None)
        self._recovery_points.pop((topic, index), None)
        self._log_start_offsets.pop((topic, index), None)
        self._remove(f"{topic}-{index}")

    def clear_strays(self, image: MetadataImage) -> None:
        """Clear away directories that belong to no topic: deleted and half-made ones are removed, others
        renamed.
        """
        names = {topic.name: topic for topic in image.topics.values()}
        for name in self._file_system.list(self._path):
            path = f"{self._path}/{name}"
            if not self._file_system.is_directory(path):
                continue
            if _DELETED(name):
                self._file_system.remove_tree(path)
                continue
            match = _PARTITION(name)
            if match is None or match[1] == METADATA_TOPIC:
                continue
            topic = names.get(match[1])
            topic_id = self._topic_id(path)
            known = topic is not None and int(match[2]) in topic.leader_epochs
            if topic is not None and known and topic_id in (None, topic.topic_id):
                continue
            if topic_id in image.removed or self._is_empty(path):
                self._remove(name)
            else:
                stray = f"{path}.{self._random_uuid().hex()}-stray"
                log.warning("%s belongs to no topic and is now %s.", path, stray)
                self._file_system.rename(path, stray)

    def checkpoint_ticket(self) -> CheckpointTicket:
        """Writing down from where each log would have to be recovered, and where it starts, as it is now."""
        points = {key: each.recovery_point for key, each in self._logs.items()}
        starts = {key: each.log_start_offset for key, each in self._logs.items() if each.log_start_offset > 0}
        contents = [
            (f"{self._path}/{name}", format_offsets(offsets))
            for name, offsets in ((RECOVERY_POINTS, points), (LOG_START_OFFSETS, starts))
        ]
        return CheckpointTicket(self._file_system, contents)

    def write_checkpoints(self) -> None:
        """Write the checkpoints at once. Raises OSError."""
        error = self.checkpoint_ticket().run()
        if error is not None:
            raise error

    def close(self, clean: bool) -> None:
        """Let others have the folder. `clean`: all logs were closed cleanly, and the next start may rely on
        it.
        """
        try:
            if clean:
                self.write_checkpoints()
                write_atomically(self._file_system, f"{self._path}/{CLEAN_SHUTDOWN}", format_clean_shutdown())
        except OSError as error:
            log.error("The shutdown is not a clean one: %s", error)
        finally:
            self._lock.close()

    def _keep(self, topic: str, index: int, kept: Log) -> Log:
        self._logs[topic, index] = kept
        kept.on_lower_recovery_point = self.write_checkpoints
        return kept

    def _identify(self, node_id: int) -> str:
        """The cluster id in meta.properties, which is written the first time."""
        path = f"{self._path}/{META_PROPERTIES}"
        try:
            meta = read_meta_properties(self._file_system, path)
        except CheckpointCorrupted as error:
            raise ConfigError(f"{error}.") from error
        if meta is None:
            meta = MetaProperties(format_uuid(self._random_uuid()), node_id, format_uuid(self._random_uuid()))
            write_atomically(self._file_system, path, format_meta_properties(meta))
        elif meta.node_id != node_id:
            raise ConfigError(
                f"The data directory {self._path} is that of node {meta.node_id}, and node.id is {node_id}."
            )
        return meta.cluster_id

    def _read_offsets(self, name: str) -> dict[TopicPartition, int]:
        try:
            return read_offsets(self._file_system, f"{self._path}/{name}")
        except CheckpointCorrupted as error:  # without it the logs are recovered from their beginning
            log.warning("%s: all logs are read from their beginning.", error)
            self._clean = False
            return {}

    def _topic_id(self, path: str) -> bytes | None:
        try:
            return read_topic_id(self._file_system, path)
        except (CheckpointCorrupted, OSError):
            return None

    def _is_empty(self, path: str) -> bool:
        files = [f"{path}/{name}" for name in self._file_system.list(path) if name.endswith(".log")]
        return all(self._file_system.size(file) == 0 for file in files)

    def _remove(self, name: str) -> None:
        gone = f"{self._path}/{name}.{self._random_uuid().hex()}-delete"
        try:
            with suppress(FileNotFoundError):
                self._file_system.rename(f"{self._path}/{name}", gone)
                self._file_system.remove_tree(gone)
        except (OSError, StorageError) as error:
            log.error("What was deleted of %s stays on the disk until the next start: %s", name, error)


def _make_durably(file_system: FileSystem, path: str) -> None:
    """Make a directory whose name, and those of the directories made for it, survive a loss of power."""
    changed = []
    above = path
    while not file_system.exists(above):
        above = parent_directory(above)
        changed.append(above)
    file_system.make_directories(path)
    for directory in changed:
        file_system.sync_directory(directory)
