"""What the metadata log says, without anything that runs: topics, their partitions and configurations,
producer ids.
"""

from __future__ import annotations

from typing import Any

from ..protocol.messages import metadata_records as kinds
from ..protocol.schema import Message

TOPIC_RESOURCE = 2
_NO_LEADER_CHANGE = -2


class TopicImage:
    """A topic as recorded. `leader_epochs` has one entry for each partition, by index."""

    __slots__ = ("leader_epochs", "name", "topic_id")

    def __init__(self, name: str, topic_id: bytes) -> None:
        self.name = name
        self.topic_id = topic_id
        self.leader_epochs: dict[int, int] = {}


class MetadataImage:
    """The state after some records. `apply` is the only way to change it.

    `configs` holds the overrides of each (resource type, resource name); `removed` the ids of deleted
    topics, whose directories a crash may have left behind.
    """

    def __init__(self) -> None:
        self.topics: dict[bytes, TopicImage] = {}
        self.configs: dict[tuple[int, str], dict[str, str]] = {}
        self.removed: set[bytes] = set()
        self.next_producer_id = 0

    def apply(self, kind: Message, record: Any) -> None:
        """Take in one record. Kinds that say nothing about topics, configurations or producer ids change
        nothing.
        """
        if kind is kinds.TOPIC:
            self.topics[record.topic_id] = TopicImage(record.name, record.topic_id)
        elif kind is kinds.PARTITION:
            if record.topic_id in self.topics:
                self.topics[record.topic_id].leader_epochs[record.partition_id] = record.leader_epoch
        elif kind is kinds.PARTITION_CHANGE:
            self._change_partition(record)
        elif kind is kinds.REMOVE_TOPIC:
            self._remove_topic(record.topic_id)
        elif kind is kinds.CONFIG:
            self._configure(record)
        elif kind is kinds.PRODUCER_IDS:
            self.next_producer_id = max(self.next_producer_id, record.next_producer_id)

    def topic_configs(self, name: str) -> dict[str, str]:
        """The overrides of a topic."""
        return self.configs.get((TOPIC_RESOURCE, name), {})

    def _change_partition(self, record: Any) -> None:
        """A new leader is a new leader epoch (only a Kafka that wrote this log before us does such a
        thing).
        """
        topic = self.topics.get(record.topic_id)
        if (
            topic is not None
            and record.leader != _NO_LEADER_CHANGE
            and record.partition_id in topic.leader_epochs
        ):
            topic.leader_epochs[record.partition_id] += 1

    def _remove_topic(self, topic_id: bytes) -> None:
        topic = self.topics.pop(topic_id, None)
        if topic is not None:
            self.configs.pop((TOPIC_RESOURCE, topic.name), None)
        self.removed.add(topic_id)

    def _configure(self, record: Any) -> None:
        overrides = self.configs.setdefault((record.resource_type, record.resource_name), {})
        if record.value is None:
            overrides.pop(record.name, None)
        else:
            overrides[record.name] = record.value
