"""The settings that a group may have of its own (KIP-848, KIP-932, KIP-1071): the resource type GROUP.

A group without a setting has the broker's, whose bounds (`group.consumer.min.session.timeout.ms` ...) hold
for the group's too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .group_keys import BOUNDS, GROUP_KEYS
from .keys import ConfigError, ConfigKey, Value
from .sources import (
    DEFAULT,
    GROUP,
    Synonym,
    source_of,
)

if TYPE_CHECKING:
    from .broker_config import BrokerConfig

_FAMILIES = ("consumer", "share", "streams")


class GroupConfig:
    """The settings of one group: its own overrides, else what the broker says for all.

    `overrides` are texts by key, as the metadata log holds them; those that are not known here are left out.
    """

    def __init__(self, broker: BrokerConfig, overrides: Mapping[str, str]) -> None:
        self._broker = broker
        self.overrides = {name: text for name, text in overrides.items() if name in GROUP_KEYS}

    def __getitem__(self, name: str) -> Value:
        """A setting as it was made."""
        key = GROUP_KEYS[name]
        if name in self.overrides:
            return key.parse(self.overrides[name])
        broker_key = _broker_key(key)
        value: Value = self._broker[broker_key] if broker_key is not None else key.default
        # An assignor is chosen from those that the broker has, the first one when nobody chooses.
        return value[0] if name == "streams.assignor.name" and isinstance(value, tuple) else value

    def effective(self, name: str) -> Value:
        """A setting as it holds: bounds may have been drawn more closely since it was made."""
        value = self[name]
        if name in self.overrides and isinstance(value, int):
            least, most = _bounds(self._broker, name)
            value = value if least is None else max(value, least)
            value = value if most is None else min(value, most)
        return value

    def text(self, name: str) -> str | None:
        """A setting as text."""
        return GROUP_KEYS[name].format(self[name])

    def source(self, name: str) -> str:
        """Where the value comes from, as DescribeConfigs says it."""
        return source_of(self.synonyms(name))

    def synonyms(self, name: str) -> list[Synonym]:
        """(key, text, source) of everything that could give the value, the one in force first (KIP-226)."""
        key = GROUP_KEYS[name]
        own = [(name, self.text(name), GROUP)] if name in self.overrides else []
        broker_key = _broker_key(key)
        if broker_key is None:
            return [*own, (name, key.format(key.default), DEFAULT)]
        return [*own, *self._broker.synonyms(broker_key)]


def _broker_key(key: ConfigKey) -> str | None:
    return key.synonyms[0][0] if key.synonyms else None


def _bounds(broker: BrokerConfig, name: str) -> tuple[int | None, int | None]:
    least, most = BOUNDS.get(name, (None, None))
    return (None if least is None else broker[least]), (None if most is None else broker[most])


def validate_group_overrides(broker: BrokerConfig, overrides: Mapping[str, str]) -> None:
    """Raise ConfigError, with Kafka's sentence, for settings that a group may not have."""
    for name in overrides:
        if name not in GROUP_KEYS:
            raise ConfigError(f"Unknown group config name: {name}")
    tags = [tag.strip() for tag in overrides.get("streams.rack.aware.assignment.tags", "").split(",")]
    if len(set(tags)) < len(tags):
        raise ConfigError("streams.rack.aware.assignment.tags must not contain duplicate tag keys.")
    config = GroupConfig(broker, overrides)
    values = {name: config[name] for name in GROUP_KEYS if name in overrides}
    for name, value in values.items():
        _check_bounds(broker, name, value)
    assignors = broker["group.streams.assignors"]
    assignor = values.get("streams.assignor.name", assignors[0])
    if assignor not in assignors:
        raise ConfigError(
            f"streams.assignor.name '{assignor}' is not a registered task assignor. "
            f"Registered assignors are: [{', '.join(assignors)}]."
        )
    _check_sessions(config)
    if overrides.get("errors.deadletterqueue.topic.name", "").strip().startswith("__"):
        raise ConfigError("errors.deadletterqueue.topic.name: DLQ topic name must not start with '__'")


def _check_bounds(broker: BrokerConfig, name: str, value: Value) -> None:
    least, most = _bounds(broker, name)
    if not isinstance(value, int) or ((least is None or value >= least) and (most is None or value <= most)):
        return
    if least is not None and most is not None:
        raise ConfigError(f"{name} must be in the range {least} to {most} inclusive.")
    if least is not None:
        raise ConfigError(f"{name} must be greater than or equal to {least}")
    raise ConfigError(f"{name} must be less than or equal to {most}")


def _check_sessions(config: GroupConfig) -> None:
    for family in _FAMILIES:
        session, heartbeat = f"{family}.session.timeout.ms", f"{family}.heartbeat.interval.ms"
        if session not in config.overrides and heartbeat not in config.overrides:
            continue
        session_ms, heartbeat_ms = config[session], config[heartbeat]
        if isinstance(session_ms, int) and isinstance(heartbeat_ms, int) and session_ms <= heartbeat_ms:
            raise ConfigError(f"{session} must be greater than {heartbeat}")
