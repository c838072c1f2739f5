"""The broker's configuration: Kafka's keys from a file, the environment and the command line; topics' above
it.

config = BrokerConfig.load(file="server.properties", environment=os.environ, settings=["num.partitions=3"])
config["log.segment.bytes"]                                   # 1073741824
topic = TopicConfig(config, {"retention.ms": "60000"})
topic["retention.ms"], topic["max.message.bytes"]             # 60000, 1048588
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from itertools import dropwhile
from typing import Any

from .broker_keys import KEYS, OWN_KEYS
from .dynamic import (
    check_dynamic_names,
    check_together,
    dynamic_key,
    is_sensitive,
    listener_names,
)
from .inert_keys import KEYS as INERT_KEYS
from .inert_keys import REMOVED
from .keys import (
    LIST,
    ConfigError,
    ConfigKey,
    Value,
    table,
    to_text,
)
from .log_keys import KEYS as LOG_KEYS
from .security_keys import KEYS as SECURITY_KEYS
from .share_keys import KEYS as SHARE_KEYS
from .sources import (
    DEFAULT,
    OF_ALL_BROKERS,
    OF_BROKER,
    STATIC,
    TOPIC,
    Synonym,
    source_of,
)
from .streams_keys import KEYS as STREAMS_KEYS
from .topic_keys import TOPIC_KEYS

__all__ = [
    "BROKER_KEYS",
    "DEVIATIONS",
    "TOPIC_KEYS",
    "BrokerConfig",
    "ConfigError",
    "ConfigKey",
    "TopicConfig",
    "validate_topic_overrides",
]

log = logging.getLogger(__name__)

BROKER_KEYS: dict[str, ConfigKey] = table(
    (*KEYS, *LOG_KEYS, *SECURITY_KEYS, *SHARE_KEYS, *STREAMS_KEYS, *INERT_KEYS, *OWN_KEYS)
)

# Where this broker starts from another default than Kafka 4.4, and why.
DEVIATIONS: dict[str, Value] = {
    # One node is a whole cluster: both roles, an id, no quorum to name, one replica of everything.
    "process.roles": ("broker", "controller"),
    "node.id": 1,
    "controller.listener.names": ("CONTROLLER",),
    "offsets.topic.replication.factor": 1,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    # A first consumer should read at once; three seconds of waiting serve large groups only.
    "group.initial.rebalance.delay.ms": 0,
    # So should a second one get its share: nothing here makes it worth a second to wait for a third.
    "group.consumer.assignment.interval.ms": 0,
    "group.share.assignment.interval.ms": 0,
    "group.streams.initial.rebalance.delay.ms": 0,
    "group.streams.assignment.interval.ms": 0,
    # Only what is served.
    "sasl.enabled.mechanisms": (),
    # Next to the person who typed the command, on the loopback interface.
    "log.dir": ("odradek-data",),
    "listeners": ("PLAINTEXT://127.0.0.1:9092",),
    # The system sizes socket buffers better than a constant does.
    "socket.send.buffer.bytes": -1,
    "socket.receive.buffer.bytes": -1,
}

# Keys that mean the same in different units, the finest first: a topic's setting falls back on them in turn.
_FAMILIES: dict[str, tuple[str, ...]] = {
    name: tuple(each for each, _ in key.synonyms)
    for key in TOPIC_KEYS.values()
    for name, _ in key.synonyms
    if len(key.synonyms) > 1
}

ENVIRONMENT_PREFIX = "KAFKA_CFG_"
# Families of keys: one listener's, tiered storage plugins', config providers', one vendor's image's.
_PREFIXES = ("listener.name.", "rsm.config.", "rlmm.config.", "config.providers.", "confluent.")


class BrokerConfig:
    """Every broker key with its value. Reading an unknown one raises KeyError, setting one ConfigError.

    `overrides` maps key names to values as Python or as text: `{"num.partitions": 3, "log.retention.ms":
    "-1"}`. They are static; above them lie the dynamic ones (KIP-226), which change while the broker runs:
    then everyone in `on_changed` is called.
    """

    def __init__(self, overrides: Mapping[str, object] | None = None) -> None:
        self.on_changed: list[Callable[[], None]] = []
        self._values: dict[str, Value] = {name: key.default for name, key in BROKER_KEYS.items()} | DEVIATIONS
        self._set: set[str] = set()
        self._dynamic: dict[str, Mapping[str, str]] = {OF_BROKER: {}, OF_ALL_BROKERS: {}}
        for name, value in (overrides or {}).items():
            self._override(name, value)
        self._static = self._values
        self._check()

    @classmethod
    def load(
        cls,
        *,
        file: str | None = None,
        environment: Mapping[str, str] | None = None,
        settings: Iterable[str] = (),
        overrides: Mapping[str, object] | None = None,
    ) -> BrokerConfig:
        """Defaults, then a properties file, KAFKA_CFG_* variables, `key=value` settings, and `overrides`.

        Raises ConfigError for an unreadable file, an unknown key or a value that cannot be.
        """
        merged: dict[str, object] = {}
        if file is not None:
            from .properties import read_properties

            merged.update(read_properties(file))
        merged.update(_from_environment(environment or {}))
        for setting in settings:
            name, equals, value = setting.partition("=")
            if not equals or not name.strip():
                raise ConfigError(f"--set takes key=value, not {setting!r}.")
            merged[name.strip()] = value
        return cls(merged | dict(overrides or {}))

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def is_set(self, name: str) -> bool:
        """Whether somebody chose this value, so that it is not the default."""
        return name in self._set

    def source(self, name: str) -> str:
        """Where the value comes from, as DescribeConfigs says it."""
        return source_of(self.synonyms(name))

    def synonyms(self, name: str) -> list[Synonym]:
        """Everything that could give the value of a key, the one in force first (KIP-226).

        Coarser keys for the same (`log.retention.hours`), or that of all listeners, are among them. As in
        Kafka, the list is empty where only such a one is set: it begins with the key itself.
        """
        names = _FAMILIES.get(name) or listener_names(name)
        found: list[Synonym] = []
        for source, overrides in self._dynamic.items():
            found += [
                (each, None if is_sensitive(each, BROKER_KEYS) else overrides[each], source)
                for each in names
                if each in overrides
            ]
        for each in names:
            if each in self._set:
                found.append((each, self._static_text(each), STATIC))
        for each in names:
            default = self.default_text(each) if each in BROKER_KEYS else None
            if default is not None:
                found.append((each, default, DEFAULT))
        return list(dropwhile(lambda synonym: synonym[0] != name, found))

    def origin(self, names: Iterable[str]) -> str:
        """Where a value comes from that any of these keys can give, as CreateTopics says it."""
        wanted = set(names)
        for source, overrides in self._dynamic.items():
            if not wanted.isdisjoint(overrides):
                return source
        return DEFAULT if wanted.isdisjoint(self._set) else STATIC

    def dynamic(self, source: str) -> Mapping[str, str]:
        """The dynamic settings of one source, `DYNAMIC_BROKER_CONFIG` or `DYNAMIC_DEFAULT_BROKER_CONFIG`."""
        return self._dynamic[source]

    def check_dynamic(self, source: str, overrides: Mapping[str, str]) -> None:
        """Raise ConfigError if these cannot be the dynamic settings of `source`."""
        check_dynamic_names(overrides, BROKER_KEYS, of_one_broker=source == OF_BROKER)
        check_together(overrides, self._layered({**self._dynamic, source: overrides}))

    def set_dynamic(self, source: str, overrides: Mapping[str, str]) -> None:
        """Put these settings, texts by key, in the place of those that `source` had. Raises ConfigError."""
        dynamic = {**self._dynamic, source: dict(overrides)}
        self._values = self._layered(dynamic)
        self._dynamic = dynamic
        for callback in self.on_changed:
            callback()

    def text(self, name: str) -> str | None:
        """The value as text, as DescribeConfigs answers it; None for an unset key and for a password."""
        key = BROKER_KEYS[name]
        return None if key.is_sensitive else key.format(self._values[name])

    def default_text(self, name: str) -> str | None:
        """The default of this broker as text."""
        key = BROKER_KEYS[name]
        return key.format(DEVIATIONS.get(name, key.default))

    @property
    def node_id(self) -> int:
        """`node.id`, or the older `broker.id` if only that one is set."""
        if not self.is_set("node.id") and self["broker.id"] >= 0:
            return int(self["broker.id"])
        return int(self["node.id"])

    @property
    def data_directory(self) -> str:
        """The folder of the data: the first of `log.dirs`, or else of `log.dir`."""
        directories = self["log.dirs"] or self["log.dir"]
        if len(directories) > 1:
            log.warning("log.dirs names %d folders; only %s is used.", len(directories), directories[0])
        return str(directories[0])

    def _static_text(self, name: str) -> str | None:
        key = BROKER_KEYS[name]
        return None if key.is_sensitive else key.format(self._static[name])

    def _layered(self, dynamic: Mapping[str, Mapping[str, str]]) -> dict[str, Value]:
        """The values under these dynamic settings. Raises ConfigError."""
        values = dict(self._static)
        for source in (OF_ALL_BROKERS, OF_BROKER):
            for name, text in dynamic[source].items():
                key = dynamic_key(name, BROKER_KEYS)
                if key is not None:
                    value = key.parse(text)
                    if name == key.name:
                        values[name] = value
        return values

    def _override(self, name: str, value: object) -> None:
        key = BROKER_KEYS.get(name)
        if key is not None:
            if value is None:
                return
            if key.type == LIST and isinstance(value, (list, tuple)):
                # An item may hold a comma, as a path may.
                self._values[name] = key.check(tuple(map(str, value)))
            else:
                self._values[name] = key.parse(to_text(value))
            self._set.add(name)
            if key.note and self._values[name] != key.default:
                log.info("%s has no effect. %s", name, key.note)
        elif name in REMOVED:
            log.warning("%s is a setting of older Kafkas and has no effect.", name)
        elif not name.startswith(_PREFIXES):
            raise ConfigError(_unknown(name, BROKER_KEYS))

    def _check(self) -> None:
        if self["process.roles"] and "broker" not in self["process.roles"]:
            raise ConfigError(
                "process.roles has to hold broker: there is nothing here that is a controller alone."
            )
        if not (self["log.dirs"] or self["log.dir"]):
            raise ConfigError("log.dirs names no folder.")


def _from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """KAFKA_CFG_LOG_RETENTION_MS=5 as {"log.retention.ms": "5"}."""
    return {
        name.removeprefix(ENVIRONMENT_PREFIX).lower().replace("_", "."): value
        for name, value in environment.items()
        if name.startswith(ENVIRONMENT_PREFIX)
    }


def _unknown(name: str, keys: Mapping[str, ConfigKey]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, keys, n=1, cutoff=0.75)
    return f"Unknown configuration key {name!r}." + (f" Is {near[0]!r} meant?" if near else "")


class TopicConfig:
    """The settings of one topic: its own overrides, else what the broker says for all. Lookups are cheap.

    `overrides` are texts by key, as CreateTopics and the metadata log hold them. Raises ConfigError for a bad
    one.
    """

    __slots__ = ("_broker", "_values", "overrides")

    def __init__(self, broker: BrokerConfig, overrides: Mapping[str, str] | None = None) -> None:
        self._broker = broker
        self.overrides: dict[str, str] = dict(overrides or {})
        self._values: dict[str, Value] = {}
        for name, key in TOPIC_KEYS.items():
            if name in self.overrides:
                self._values[name] = key.parse(self.overrides[name])
            else:
                self._values[name] = self._from_broker(key)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __repr__(self) -> str:
        return f"TopicConfig({self.overrides})"

    @property
    def is_compacted(self) -> bool:
        return "compact" in self["cleanup.policy"]

    def source(self, name: str) -> str:
        """Where the value comes from, as DescribeConfigs says it."""
        return source_of(self.synonyms(name))

    def origin(self, name: str) -> str:
        """Where the value comes from, as CreateTopics says it: a setting in another unit counts there."""
        if name in self.overrides:
            return TOPIC
        return self._broker.origin(key for key, _ in TOPIC_KEYS[name].synonyms)

    def text(self, name: str) -> str | None:
        return TOPIC_KEYS[name].format(self._values[name])

    def synonyms(self, name: str) -> list[Synonym]:
        """Everything that could give the value, the one in force first (KIP-226)."""
        own = [(name, self.text(name), TOPIC)] if name in self.overrides else []
        broker_keys = [key for key, _ in TOPIC_KEYS[name].synonyms]
        return [*own, *self._broker.synonyms(broker_keys[0])] if broker_keys else own

    def _from_broker(self, key: ConfigKey) -> Value:
        for name, factor in key.synonyms:
            value: Value = self._broker[name]
            if value is None:
                continue
            if factor == 1 or not isinstance(value, int):
                return value
            return value * factor if value >= 0 else -1  # log.retention.hours=-1: for ever
        return key.default


def validate_topic_overrides(overrides: Mapping[str, str | None]) -> None:
    """Check the settings of CreateTopics or AlterConfigs. ConfigError is for INVALID_CONFIG (40)."""
    values: dict[str, Value] = {}
    for name in overrides:
        if name not in TOPIC_KEYS:
            raise ConfigError(f"Unknown topic config name: {name}")
    for name, text in overrides.items():
        if text is None:
            raise ConfigError(f"Null value not supported for topic configs: {name}")
        values[name] = TOPIC_KEYS[name].parse(text)
    if values.get("remote.storage.enable"):
        raise ConfigError(
            "Tiered Storage functionality is disabled in the broker. "
            "Topic cannot be configured with remote log storage."
        )
    least = values.get("min.compaction.lag.ms", TOPIC_KEYS["min.compaction.lag.ms"].default)
    most = values.get("max.compaction.lag.ms", TOPIC_KEYS["max.compaction.lag.ms"].default)
    if isinstance(least, int) and isinstance(most, int) and least > most:
        raise ConfigError(
            f"conflict topic config setting min.compaction.lag.ms ({least}) > max.compaction.lag.ms ({most})"
        )
