"""What the broker gives to the machines of its streams groups: settings, and the topics they ask for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .config.group import GroupConfig
from .config.resources import GROUP
from .groups.streams.settings import StreamsGroupConfig, StreamsSettings
from .topics import TopicError

if TYPE_CHECKING:
    from .config.broker_config import BrokerConfig
    from .config.resources import ConfigResources
    from .consumer_groups import BrokerTopics
    from .groups.streams.topology import InternalTopic
    from .topics import Topics

# The fields of StreamsGroupConfig that a group may have of its own, by their keys.
_OF_GROUP = {
    "streams.session.timeout.ms": "session_timeout_ms",
    "streams.heartbeat.interval.ms": "heartbeat_interval_ms",
    "streams.assignment.interval.ms": "assignment_interval_ms",
    "streams.initial.rebalance.delay.ms": "initial_rebalance_delay_ms",
    "streams.task.offset.interval.ms": "task_offset_interval_ms",
    "streams.acceptable.recovery.lag": "acceptable_recovery_lag",
    "streams.num.standby.replicas": "num_standby_replicas",
    "streams.rack.aware.assignment.tags": "rack_aware_assignment_tags",
}


def streams_settings(
    config: BrokerConfig, topics: BrokerTopics, resources: ConfigResources
) -> StreamsSettings:
    """Everything around the broker's streams groups; it follows the broker's settings as they change.

    `resources` has what is set for one group.
    """

    def settings_of(group_id: str) -> dict[str, int | tuple[str, ...]]:
        group = GroupConfig(config, resources.overrides(GROUP, group_id))
        found = {field: group.effective(key) for key, field in _OF_GROUP.items() if key in group.overrides}
        return {field: value for field, value in found.items() if isinstance(value, int | tuple)}

    def follow() -> None:
        settings.config = streams_group_config(config)

    settings = StreamsSettings(streams_group_config(config), topics, settings_of)
    config.on_changed.append(follow)
    return settings


def streams_group_config(config: BrokerConfig) -> StreamsGroupConfig:
    """The broker's settings for streams groups."""
    of_groups = {field: config[f"group.{key}"] for key, field in _OF_GROUP.items()}
    return StreamsGroupConfig(**of_groups, max_size=config["group.streams.max.size"])


def make_internal_topics(topics: Topics, wanted: Iterable[InternalTopic], now_ms: int) -> dict[str, str]:
    """Make topics, with one replica as every topic here; what went wrong, by name. One that has come since
    it was found missing is fine.
    """
    errors = {}
    for topic in wanted:
        if topics.get(topic.name) is None:
            try:
                topics.create(topic.name, topic.partitions, dict(topic.configs), now_ms=now_ms)
            except TopicError as error:
                errors[topic.name] = str(error)
    return errors
