"""The configuration of topics, brokers, groups and client metrics, as it changes while the broker runs.

A resource is a type and a name: the topic `orders`, the group `billing`, the broker `1`, the broker of no
name, which means all of them. What is set for it are records in the metadata log, and it takes effect when
they are written.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ...protocol.errors import ErrorCode
from ...protocol.messages.metadata_records import CONFIG
from ..metadata_image import TOPIC_RESOURCE
from ..topic_names import name_problem
from .broker_config import ConfigError, validate_topic_overrides
from .client_metrics import CLIENT_METRICS_KEYS, LONGEST_INTERVAL_MS, SHORTEST_INTERVAL_MS
from .group import validate_group_overrides
from .sources import OF_ALL_BROKERS, OF_BROKER

if TYPE_CHECKING:
    from ..metadata_image import MetadataImage
    from ..metadata_log import MetadataLog
    from ..topics import Topics
    from .broker_config import BrokerConfig

log = logging.getLogger(__name__)

# The types of resources, as requests and records number them.
TOPIC, BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP = TOPIC_RESOURCE, 4, 8, 16, 32

_LONGEST_VALUE = 2**15 - 1  # bytes

Resource = tuple[int, str]
Overrides = Mapping[str, str]


class ConfigRefused(Exception):
    """A change of a configuration was refused: `code` for the client, Kafka's sentence as its text."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code


class ConfigResources:
    """What is set for each resource. `open_node` makes it and `load`s it before the topics are opened."""

    def __init__(
        self, config: BrokerConfig, topics: Topics, metadata_log: MetadataLog, image: MetadataImage
    ) -> None:
        self._config = config
        self._topics = topics
        self._metadata_log = metadata_log
        self._image = image
        self._sources = {str(config.node_id): OF_BROKER, "": OF_ALL_BROKERS}

    def load(self) -> None:
        """Give the broker the dynamic settings that the metadata log names; others than this version knows
        are left out, with a note.
        """
        for name, source in self._sources.items():
            kept: dict[str, str] = {}
            for key, value in self.overrides(BROKER, name).items():
                try:
                    self._config.check_dynamic(source, kept | {key: value})
                    kept[key] = value
                except ConfigError as error:
                    log.warning("Broker settings: %s The setting is ignored.", error)
            self._config.set_dynamic(source, kept)

    def overrides(self, kind: int, name: str) -> Overrides:
        """What is set for a resource, texts by key."""
        return self._image.configs.get((kind, name), {})

    def names(self, kind: int) -> list[str]:
        """The resources of a type for which something is set; of topics, all."""
        if kind == TOPIC:
            return [topic.name for topic in self._topics]
        return [name for (type, name), overrides in self._image.configs.items() if type == kind and overrides]

    def check(self, kind: int, name: str, overrides: Overrides) -> None:
        """Raise ConfigRefused if these cannot be what is set for a resource."""
        for text in overrides.values():
            if len(text.encode()) > _LONGEST_VALUE:
                raise ConfigRefused(
                    ErrorCode.INVALID_CONFIG,
                    "The configuration value cannot be added because it exceeds the maximum value size of "
                    f"{_LONGEST_VALUE} bytes.",
                )
        try:
            if kind == TOPIC:
                self._check_topic(name, overrides)
            elif kind == BROKER:
                self._check_broker(name, overrides)
            elif kind == GROUP:
                if not name:
                    raise _invalid_request("Default group resources are not allowed.")
                validate_group_overrides(self._config, overrides)
            elif kind == CLIENT_METRICS:
                _check_client_metrics(name, overrides)
        except ConfigError as error:
            raise ConfigRefused(ErrorCode.INVALID_CONFIG, str(error)) from None

    def change(self, changed: Iterable[tuple[Resource, Overrides]], now_ms: int) -> None:
        """Let these, which `check` has passed, be what is set for some resources. Raises StorageError, and
        then nothing has changed.
        """
        changed = list(changed)
        records = [
            CONFIG(resource_type=kind, resource_name=name, name=key, value=overrides.get(key))
            for (kind, name), overrides in changed
            for key in {**self.overrides(kind, name), **overrides}
            if overrides.get(key) != self.overrides(kind, name).get(key)
        ]
        if not records:
            return
        self._metadata_log.append([(CONFIG, record) for record in records], now_ms)
        for record in records:
            self._image.apply(CONFIG, record)
        for (kind, name), overrides in changed:
            self._apply(kind, name, overrides)

    def _apply(self, kind: int, name: str, overrides: Overrides) -> None:
        """Groups and client metrics are asked for when they are needed."""
        if kind == TOPIC:
            self._topics.reconfigure(name, overrides)
        elif kind == BROKER and name in self._sources:
            self._config.set_dynamic(self._sources[name], overrides)

    def _check_topic(self, name: str, overrides: Overrides) -> None:
        if not name:
            raise _invalid_request("Default topic resources are not allowed.")
        problem = name_problem(name)
        if problem is not None:
            raise ConfigRefused(ErrorCode.INVALID_TOPIC_EXCEPTION, problem)
        validate_topic_overrides(overrides)
        if self._topics.get(name) is None:
            raise ConfigRefused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, f"The topic '{name}' does not exist.")

    def _check_broker(self, name: str, overrides: Overrides) -> None:
        try:
            self._config.check_dynamic(OF_BROKER if name else OF_ALL_BROKERS, overrides)
        except ConfigError as error:
            raise _invalid_request(str(error)) from None


def _check_client_metrics(name: str, overrides: Overrides) -> None:
    if not name:
        raise _invalid_request("Subscription name can't be empty")
    for key in overrides:
        if key not in CLIENT_METRICS_KEYS:
            raise _invalid_request(f"Unknown client metrics configuration: {key}")
    for key, text in overrides.items():
        value = CLIENT_METRICS_KEYS[key].parse(text)
        if isinstance(value, int) and not SHORTEST_INTERVAL_MS <= value <= LONGEST_INTERVAL_MS:
            raise _invalid_request(
                f"Invalid value {value} for {key}, interval must be between {SHORTEST_INTERVAL_MS} and "
                f"{LONGEST_INTERVAL_MS} (1 hour)"
            )


def _invalid_request(message: str) -> ConfigRefused:
    return ConfigRefused(ErrorCode.INVALID_REQUEST, message)
