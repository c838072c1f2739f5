"""The folder of a broker's data: whose it is, which logs it holds, and how to make, open and remove them."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from ..storage.checkpoint import MetaProperties, TopicPartition, format_uuid
from ..storage.errors import CheckpointCorrupted, StorageFailed
from ..storage.file_system import FileSystem, Volume
from ..storage.log import Log, LogConfig
from ..storage.log_directory import CheckpointTicket, LogDirectory
from .config.broker_config import ConfigError
from .metadata_image import MetadataImage
from .metadata_log import TOPIC_NAME as METADATA_TOPIC

if TYPE_CHECKING:
    from .clock import Clock

log = logging.getLogger(__name__)


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
        try:
            self._directory = LogDirectory.open(file_system, path)
        except CheckpointCorrupted as error:
            raise ConfigError(f"{error}.") from error
        try:
            self.cluster_id = self._identify(node_id)
        except BaseException:
            self._directory.close(clean=False)
            raise
        for problem in self._directory.unreadable:
            log.warning("%s: all logs are read from their beginning.", problem)

    @property
    def absolute_path(self) -> str:
        """The path of the folder from the root."""
        return os.path.abspath(self._path)

    def volume(self) -> Volume:
        """The volume that the folder lies on. Raises OSError."""
        return self._file_system.volume(self._path)

    def log_path(self, topic: str, index: int) -> str:
        """The directory of a partition."""
        return self._directory.log_path(topic, index)

    def create_log(self, topic: str, index: int, config: LogConfig, topic_id: bytes) -> Log:
        """A new, empty log. Raises StorageFailed, FileExistsError."""
        try:
            return self._directory.create_log(topic, index, config, topic_id, now_ms=self._clock.wall_ms())
        except StorageFailed:
            # Half of a directory would be in the way of the next attempt.
            self.remove_logs([(topic, index)])
            raise

    def open_log(self, topic: str, index: int, config: LogConfig, topic_id: bytes) -> Log:
        """The log of a partition that the metadata names; an empty one where a crash took one of which
        nothing had been synced.

        Raises LogCorrupted (it has to stay offline), StorageFailed.
        """
        now_ms = self._clock.wall_ms()
        opened = self._directory.open_log(topic, index, config, topic_id, now_ms=now_ms)
        if opened.torn is not None:
            path = self.log_path(topic, index)
            log.warning("%s: what a crash left half-written was cut off: %s", path, opened.torn)
        return opened

    def open_metadata_log(self) -> Log:
        """The log of `__cluster_metadata-0`, made if it is not there."""
        topic_id = bytes(15) + b"\x01"  # the id that Kafka reserves for it
        return self.open_log(METADATA_TOPIC, 0, LogConfig(), topic_id)

    def remove_logs(self, keys: Iterable[TopicPartition]) -> None:
        """Remove logs, open or not; their names are free then. What cannot be removed is told in the log."""
        self.tell_of_what_is_left(self.clear(self.take_away(keys)))

    def take_away(self, keys: Iterable[TopicPartition]) -> list[str]:
        """Free the names of logs; the paths of what is left to be removed by `clear`. What goes wrong is told
        in the log.
        """
        try:
            return self._directory.take_away(keys)
        except StorageFailed as error:
            self.tell_of_what_is_left(error)
            return []

    def clear(self, paths: Iterable[str]) -> OSError | None:
        """Remove what was taken away, in any thread; return what went wrong."""
        return self._directory.clear(paths)

    @staticmethod
    def tell_of_what_is_left(error: Exception | None) -> None:
        """Tell in the log why something could not be removed, if so."""
        if error is not None:
            log.error("What was deleted stays on the disk until the next start: %s", error)

    def clear_strays(self, image: MetadataImage) -> None:
        """Clear away directories that belong to no topic: deleted and half-made ones are removed, others
        renamed. Raises StorageFailed.
        """
        names = {topic.name: topic for topic in image.topics.values()}
        gone = []
        for name, index in self._directory.partitions():
            if name == METADATA_TOPIC:
                continue
            topic, topic_id = names.get(name), self._directory.topic_id(name, index)
            known = topic is not None and index in topic.leader_epochs
            if topic is not None and known and topic_id in (None, topic.topic_id):
                continue
            if topic_id in image.removed or self._is_empty(name, index):
                gone.append((name, index))
            else:
                path = self._directory.set_aside(name, index)
                log.warning("%s belongs to no topic and is now %s.", self.log_path(name, index), path)
        self.remove_logs(gone)

    def _is_empty(self, topic: str, index: int) -> bool:
        path = self.log_path(topic, index)
        files = [f"{path}/{name}" for name in self._file_system.list(path) if name.endswith(".log")]
        return all(self._file_system.size(file) == 0 for file in files)

    def checkpoint_ticket(self) -> CheckpointTicket:
        """Writing down from where each log would have to be recovered, and where it starts, as it is now."""
        return self._directory.checkpoint_ticket()

    def write_checkpoints(self) -> None:
        """Write the checkpoints at once. Raises OSError."""
        self._directory.write_checkpoints()

    def close(self, clean: bool) -> None:
        """Let others have the folder. With `clean` the next start may rely on it, if all logs were closed
        cleanly and none is damaged.
        """
        try:
            self._directory.close(clean)
        except OSError as error:
            log.error("The shutdown is not a clean one: %s", error)

    def _identify(self, node_id: int) -> str:
        """The cluster id in meta.properties, which is written the first time."""
        meta = self._directory.meta
        if meta is None:
            meta = MetaProperties(format_uuid(self._random_uuid()), node_id, format_uuid(self._random_uuid()))
            self._directory.identify(meta)
        elif meta.node_id != node_id:
            raise ConfigError(
                f"The data directory {self._path} is that of node {meta.node_id}, and node.id is {node_id}."
            )
        return meta.cluster_id
