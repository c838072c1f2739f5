"""Topics and their partitions, kept as Kafka's metadata records in `__cluster_metadata-0`.

The metadata log is the truth. A topic's directories are made before its records are written, and removed
after the record of its removal was: whatever a crash leaves behind belongs to no topic, and
`DataFolder.clear_strays` clears it away.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ..protocol.errors import ErrorCode
from ..protocol.messages import metadata_records as kinds
from ..storage.errors import StorageError
from ..storage.log import Log
from .config.broker_config import ConfigError, TopicConfig, validate_topic_overrides
from .metadata_image import TOPIC_RESOURCE, MetadataImage, TopicImage
from .partition import Partition
from .removals import Removals
from .topic_names import INTERNAL_TOPICS, collision_key, name_problem
from .topic_policy import TopicPolicy, topic_policy

if TYPE_CHECKING:
    from .config.broker_config import BrokerConfig
    from .data_folder import DataFolder
    from .metadata_log import MetadataLog, MetadataRecord
    from .sync_queue import SyncQueue

log = logging.getLogger(__name__)

MAX_PARTITIONS_PER_CHANGE = 10_000  # Kafka's limit
TOO_MANY_PARTITIONS = "Excessively large number of partitions per request."
_UNASSIGNED_DIRECTORY = bytes(16)


class TopicError(Exception):
    """A change was refused: `code` for the client, and a message near Kafka's as the exception's text."""

    def __init__(self, code: ErrorCode, message: str | None = None) -> None:
        super().__init__(message or code.message)
        self.code = code


class Topic:
    """A topic: `name`, `topic_id` (16 bytes), `partitions` (dense, by index), `config`, `policy`,
    `is_internal`.
    """

    __slots__ = ("config", "is_internal", "name", "partitions", "policy", "topic_id")

    def __init__(self, name: str, topic_id: bytes, config: TopicConfig, policy: TopicPolicy) -> None:
        self.name = name
        self.topic_id = topic_id
        self.config = config
        self.policy = policy
        self.is_internal = name in INTERNAL_TOPICS
        self.partitions: list[Partition] = []

    def __repr__(self) -> str:
        return f"<Topic {self.name} partitions={len(self.partitions)}>"


class Topics:
    """All topics by name and by id. A change is in the metadata log before it is visible.

    `on_deleted` is called after a topic has gone, e.g. to drop its committed offsets; `on_changed` after one
    was made, has grown, or has gone.
    """

    def __init__(
        self,
        config: BrokerConfig,
        directory: DataFolder,
        metadata_log: MetadataLog,
        image: MetadataImage,
        syncs: SyncQueue,
        random_uuid: Callable[[], bytes],
    ) -> None:
        self.on_deleted: list[Callable[[Topic], None]] = []
        self.on_changed: list[Callable[[Topic], None]] = []
        self._config = config
        self._directory = directory
        self._metadata_log = metadata_log
        self._image = image
        self._syncs = syncs
        self._removals = Removals(directory, syncs)
        self._random_uuid = random_uuid
        self._by_name: dict[str, Topic] = {}
        self._by_id: dict[bytes, Topic] = {}
        self._by_collision_key: dict[str, set[str]] = {}

    def __iter__(self) -> Iterator[Topic]:
        return iter(list(self._by_name.values()))

    def __len__(self) -> int:
        return len(self._by_name)

    @property
    def version(self) -> int:
        """A number that grows with every change of the metadata: the end of its log."""
        return self._metadata_log.log.log_end_offset

    def get(self, name: str) -> Topic | None:
        """The topic of that name."""
        return self._by_name.get(name)

    def by_id(self, topic_id: bytes) -> Topic | None:
        """The topic of that id."""
        return self._by_id.get(topic_id)

    def partition(self, name: str, index: int) -> Partition | None:
        """The partition `name-index`."""
        topic = self._by_name.get(name)
        if topic is None or not 0 <= index < len(topic.partitions):
            return None
        return topic.partitions[index]

    def partitions(self) -> Iterator[Partition]:
        """Every partition of every topic."""
        for topic in self:
            yield from topic.partitions

    def open_all(self) -> None:
        """Open what the metadata log names. A partition whose log is damaged stays offline, the others
        serve.
        """
        for topic_image in list(self._image.topics.values()):
            topic = self._new_topic(
                topic_image.name, topic_image.topic_id, self._stored_configs(topic_image.name)
            )
            for index in range(len(topic_image.leader_epochs)):
                topic.partitions.append(self._open_partition(topic, topic_image, index))
            self._attach(topic)

    def check_new(self, name: str, partitions: int, configs: Mapping[str, str | None] | None = None) -> None:
        """Raise TopicError if `create` would refuse this topic."""
        problem = name_problem(name)
        if problem is not None:
            raise TopicError(ErrorCode.INVALID_TOPIC_EXCEPTION, problem)
        if name in self._by_name:
            raise TopicError(ErrorCode.TOPIC_ALREADY_EXISTS, f"Topic '{name}' already exists.")
        colliding = self._by_collision_key.get(collision_key(name))
        if colliding:
            other = min(colliding)
            raise TopicError(
                ErrorCode.INVALID_TOPIC_EXCEPTION, f"Topic '{name}' collides with existing topic: {other}"
            )
        if partitions <= 0:
            raise TopicError(
                ErrorCode.INVALID_PARTITIONS, "Number of partitions was set to an invalid non-positive value."
            )
        _check_count(partitions)
        try:
            validate_topic_overrides(configs or {})
        except ConfigError as error:
            raise TopicError(ErrorCode.INVALID_CONFIG, str(error)) from None

    def create(
        self, name: str, partitions: int, configs: Mapping[str, str | None] | None = None, *, now_ms: int
    ) -> Topic:
        """Make a topic, its directories first and then its records. Raises TopicError, leaving nothing
        half-made.
        """
        self.check_new(name, partitions, configs)
        overrides = {key: value for key, value in (configs or {}).items() if value is not None}
        topic = self._new_topic(name, self._random_uuid(), overrides)
        records: list[MetadataRecord] = [(kinds.TOPIC, kinds.TOPIC(name=name, topic_id=topic.topic_id))]
        for key, value in overrides.items():
            record = kinds.CONFIG(resource_type=TOPIC_RESOURCE, resource_name=name, name=key, value=value)
            records.append((kinds.CONFIG, record))
        self._add(topic, range(partitions), records, now_ms)
        self._attach(topic)
        self._tell(topic, self.on_changed)
        return topic

    def add_partitions(self, topic: Topic, total: int, *, now_ms: int) -> Sequence[Partition]:
        """Grow a topic to `total` partitions; return the new ones. Raises TopicError, leaving nothing
        half-made.
        """
        present = len(topic.partitions)
        if total <= present:
            raise TopicError(ErrorCode.INVALID_PARTITIONS, f"Topic already has {present} partition(s).")
        _check_count(total - present)
        self._add(topic, range(present, total), [], now_ms)
        self._tell(topic, self.on_changed)
        return topic.partitions[present:]

    def delete(self, *topics: Topic, now_ms: int) -> None:
        """Remove topics and their data; who waits for them is told. Raises TopicError, and then all stay.

        Together they cost the disk no more syncs than one does.
        """
        records = [(kinds.REMOVE_TOPIC, kinds.REMOVE_TOPIC(topic_id=topic.topic_id)) for topic in topics]
        self._write(records, now_ms)
        for topic in topics:
            self._detach(topic)
        gone = [partition for topic in topics for partition in topic.partitions]
        for partition in gone:
            partition.retire()
        self._removals.remove((partition.topic, partition.index) for partition in gone)
        for topic in topics:
            self._tell(topic, self.on_deleted)
            self._tell(topic, self.on_changed)

    def reconfigure(self, name: str, overrides: Mapping[str, str]) -> None:
        """Let a topic's running logs go by what is set for it now."""
        topic = self._by_name[name]
        topic.config = TopicConfig(self._config, overrides)
        topic.policy = topic_policy(topic.config, self._config)
        for partition in topic.partitions:
            partition.apply(topic.policy)

    def reconfigure_all(self) -> None:
        """The same for all topics, when the broker's settings have changed."""
        for topic in self:
            self.reconfigure(topic.name, topic.config.overrides)

    def _tell(self, topic: Topic, callbacks: Sequence[Callable[[Topic], None]]) -> None:
        for callback in callbacks:
            callback(topic)

    def _new_topic(self, name: str, topic_id: bytes, overrides: Mapping[str, str]) -> Topic:
        config = TopicConfig(self._config, overrides)
        return Topic(name, topic_id, config, topic_policy(config, self._config))

    def _stored_configs(self, name: str) -> dict[str, str]:
        """The recorded overrides; what this version does not know (or not accept) is left out, with a
        note.
        """
        kept: dict[str, str] = {}
        for key, value in self._image.topic_configs(name).items():
            try:
                validate_topic_overrides({key: value})
                kept[key] = value
            except ConfigError as error:
                log.warning("Topic %s: %s The setting is ignored.", name, error)
        return kept

    def _add(self, topic: Topic, indexes: range, records: list[MetadataRecord], now_ms: int) -> None:
        """Make the partitions `indexes` of `topic`: logs, then records. Raises TopicError with everything
        undone.
        """
        self._require_metadata_log()
        made: list[Log] = []
        try:
            for index in indexes:
                made.append(self._directory.create_log(topic.name, index, topic.policy.log, topic.topic_id))
                records.append((kinds.PARTITION, self._partition_record(topic, index)))
            self._write(records, now_ms)
        except (OSError, StorageError, TopicError) as error:
            self._directory.remove_logs((topic.name, index) for index in indexes[: len(made)])
            if isinstance(error, TopicError):
                raise
            log.error("Topic %s cannot be made: %s", topic.name, error)
            raise TopicError(ErrorCode.KAFKA_STORAGE_ERROR, str(error)) from error
        for index, new in zip(indexes, made, strict=True):
            partition = Partition(topic.name, index, topic.policy, self._syncs, new)
            topic.partitions.append(partition)
            self._syncs.request(partition, checkpoint=True)

    def _partition_record(self, topic: Topic, index: int) -> object:
        replicas = [self._config.node_id]
        return kinds.PARTITION(
            partition_id=index,
            topic_id=topic.topic_id,
            replicas=replicas,
            isr=replicas,
            leader=replicas[0],
            leader_epoch=0,
            partition_epoch=0,
            directories=[_UNASSIGNED_DIRECTORY],
        )

    def _require_metadata_log(self) -> None:
        try:
            self._metadata_log.require_online()
        except StorageError as error:
            raise TopicError(ErrorCode.KAFKA_STORAGE_ERROR, str(error)) from error

    def _write(self, records: Sequence[MetadataRecord], now_ms: int) -> None:
        try:
            self._metadata_log.append(records, now_ms)
        except StorageError as error:
            raise TopicError(ErrorCode.KAFKA_STORAGE_ERROR, str(error)) from error
        for kind, record in records:
            self._image.apply(kind, record)

    def _attach(self, topic: Topic) -> None:
        self._by_name[topic.name] = topic
        self._by_id[topic.topic_id] = topic
        self._by_collision_key.setdefault(collision_key(topic.name), set()).add(topic.name)

    def _detach(self, topic: Topic) -> None:
        del self._by_name[topic.name], self._by_id[topic.topic_id]
        key = collision_key(topic.name)
        self._by_collision_key[key].remove(topic.name)
        if not self._by_collision_key[key]:
            del self._by_collision_key[key]

    def _open_partition(self, topic: Topic, image: TopicImage, index: int) -> Partition:
        opened: Log | None = None
        reason = ""
        try:
            opened = self._directory.open_log(topic.name, index, topic.policy.log, topic.topic_id)
        except StorageError as error:
            reason = str(error)
            log.error("Partition %s-%d stays offline: %s", topic.name, index, error)
        epoch = image.leader_epochs.get(index, 0)
        return Partition(
            topic.name, index, topic.policy, self._syncs, opened, leader_epoch=max(epoch, 0), reason=reason
        )


def _check_count(partitions: int) -> None:
    if partitions > MAX_PARTITIONS_PER_CHANGE:
        raise TopicError(ErrorCode.POLICY_VIOLATION, TOO_MANY_PARTITIONS)
