"""What the broker hands to the machines of its consumer groups: settings, and topics as they see them."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from .config.group import GroupConfig
from .config.resources import GROUP
from .groups.consumer.settings import ConsumerGroupConfig, ConsumerSettings
from .groups.topics_image import TopicInfo

if TYPE_CHECKING:
    from .config.broker_config import BrokerConfig
    from .config.resources import ConfigResources
    from .topics import Topic, Topics

_UPGRADES, _DOWNGRADES = ("upgrade", "bidirectional"), ("downgrade", "bidirectional")


class BrokerTopics:
    """The broker's topics, and when the last one of them was created."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        self.newest_topic_version = topics.version

    @property
    def version(self) -> int:
        """The end of the metadata log."""
        return self._topics.version

    def note_change(self, topic: Topic) -> None:
        """A topic was made, has grown, or is gone."""
        if self._topics.get(topic.name) is topic:
            self.newest_topic_version = self.version

    def get(self, name: str) -> TopicInfo | None:
        """The topic of that name."""
        return _info(self._topics.get(name))

    def by_id(self, topic_id: bytes) -> TopicInfo | None:
        """The topic of that id."""
        return _info(self._topics.by_id(topic_id))

    def names(self) -> Iterator[str]:
        """The names of all topics."""
        return (topic.name for topic in self._topics)


def _info(topic: Topic | None) -> TopicInfo | None:
    return None if topic is None else TopicInfo(topic.name, topic.topic_id, len(topic.partitions))


def consumer_settings(
    config: BrokerConfig,
    topics: BrokerTopics,
    random_uuid: Callable[[], bytes],
    resources: ConfigResources,
) -> ConsumerSettings:
    """Everything around the broker's consumer groups; it follows the broker's settings as they change.

    `resources` has what is set for one group.
    """

    def settings_of(group_id: str) -> dict[str, int]:
        group = GroupConfig(config, resources.overrides(GROUP, group_id))
        names = [name for name in group.overrides if name.startswith("consumer.")]
        return {name: value for name in names if isinstance(value := group.effective(name), int)}

    def follow() -> None:
        settings.config = consumer_group_config(config)

    settings = ConsumerSettings(
        consumer_group_config(config), topics, lambda: new_id(random_uuid()), settings_of
    )
    config.on_changed.append(follow)
    return settings


def consumer_group_config(config: BrokerConfig) -> ConsumerGroupConfig:
    """The broker's settings for consumer groups."""
    policy = config["group.consumer.migration.policy"].lower()
    return ConsumerGroupConfig(
        session_timeout_ms=config["group.consumer.session.timeout.ms"],
        heartbeat_interval_ms=config["group.consumer.heartbeat.interval.ms"],
        assignment_interval_ms=config["group.consumer.assignment.interval.ms"],
        regex_refresh_interval_ms=config["group.consumer.regex.refresh.interval.ms"],
        max_size=config["group.consumer.max.size"],
        classic_max_size=config["group.max.size"],
        assignors=tuple(config["group.consumer.assignors"]),
        can_upgrade=policy in _UPGRADES,
        can_downgrade=policy in _DOWNGRADES,
    )


def new_id(uuid: bytes) -> str:
    """A member id in the form of Kafka's Uuid."""
    return b2a_base64(uuid, newline=False).decode().rstrip("=").replace("+", "-").replace("/", "_")
