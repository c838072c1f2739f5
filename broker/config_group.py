"""The settings that a group may have of its own (KIP-848): the resource GROUP of DescribeConfigs.

A group without a setting has the broker's, whose bounds hold for the group's too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .config_keys import INT, ConfigError, ConfigKey, Value, at_least

if TYPE_CHECKING:
    from .config import BrokerConfig

# The type of resource that groups are in DescribeConfigs and in the metadata log.
GROUP_RESOURCE = 32

GROUP, STATIC, DEFAULT = "DYNAMIC_GROUP_CONFIG", "STATIC_BROKER_CONFIG", "DEFAULT_CONFIG"

GROUP_KEYS: dict[str, ConfigKey] = {
    key.name: key
    for key in (
        ConfigKey(
            "consumer.session.timeout.ms",
            INT,
            45_000,
            "Session timeout of the members of the consumer group.",
            at_least(1),
            synonyms=(("group.consumer.session.timeout.ms", 1),),
        ),
        ConfigKey(
            "consumer.heartbeat.interval.ms",
            INT,
            5_000,
            "Heartbeat interval that members of the consumer group are told.",
            at_least(1),
            synonyms=(("group.consumer.heartbeat.interval.ms", 1),),
        ),
        ConfigKey(
            "consumer.assignment.interval.ms",
            INT,
            1_000,
            "Least time between two target assignments of the consumer group.",
            at_least(0),
            synonyms=(("group.consumer.assignment.interval.ms", 1),),
        ),
    )
}


class GroupConfig:
    """The settings of one group: its own overrides, else what the broker says for all.

    `overrides` are texts by key, as the metadata log holds them; those that are not known here are left out.
    """

    def __init__(self, broker: BrokerConfig, overrides: Mapping[str, str]) -> None:
        self._broker = broker
        self.overrides = {name: text for name, text in overrides.items() if name in GROUP_KEYS}

    def __getitem__(self, name: str) -> Value:
        key = GROUP_KEYS[name]
        return key.parse(self.overrides[name]) if name in self.overrides else self._broker[_synonym(key)]

    def text(self, name: str) -> str | None:
        """A setting as text."""
        return GROUP_KEYS[name].format(self[name])

    def source(self, name: str) -> str:
        """`DYNAMIC_GROUP_CONFIG`, `STATIC_BROKER_CONFIG` or `DEFAULT_CONFIG`."""
        if name in self.overrides:
            return GROUP
        return STATIC if self._broker.is_set(_synonym(GROUP_KEYS[name])) else DEFAULT

    def synonyms(self, name: str) -> list[tuple[str, str | None, str]]:
        """(key, text, source) of everything that could give the value, the one in force first (KIP-226)."""
        broker_key = _synonym(GROUP_KEYS[name])
        found: list[tuple[str, str | None, str]] = []
        if name in self.overrides:
            found.append((name, self.text(name), GROUP))
        if self._broker.is_set(broker_key):
            found.append((broker_key, self._broker.text(broker_key), STATIC))
        return [*found, (broker_key, self._broker.default_text(broker_key), DEFAULT)]


def _synonym(key: ConfigKey) -> str:
    return key.synonyms[0][0]


def validate_group_overrides(broker: BrokerConfig, overrides: Mapping[str, str]) -> None:
    """Raise ConfigError, with Kafka's sentence, for settings that a group may not have."""
    for name in overrides:
        if name not in GROUP_KEYS:
            raise ConfigError(f"Unknown group config name: {name}")
    config = GroupConfig(broker, overrides)
    for name in overrides:
        value, family = config[name], name.removeprefix("consumer.")
        least = broker[f"group.consumer.min.{family}"]
        most = broker[f"group.consumer.max.{family}"]
        if not isinstance(value, int) or not least <= value <= most:
            raise ConfigError(f"{name} must be in the range {least} to {most} inclusive.")
    session, heartbeat = config["consumer.session.timeout.ms"], config["consumer.heartbeat.interval.ms"]
    assert isinstance(session, int)
    assert isinstance(heartbeat, int)
    if overrides and session <= heartbeat:
        raise ConfigError("consumer.session.timeout.ms must be greater than consumer.heartbeat.interval.ms")
