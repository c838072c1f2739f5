"""The settings of a subscription to clients' metrics (KIP-714), which are kept and shown: nobody collects
any.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from .keys import (
    INT,
    LIST,
    ConfigError,
    ConfigKey,
    Value,
    not_empty_items,
    table,
)
from .sources import CLIENT_METRICS, Synonym

_MATCHED = (
    "client_instance_id",
    "client_id",
    "client_software_name",
    "client_software_version",
    "client_source_address",
    "client_source_port",
)


def _patterns(name: str, value: Value) -> None:
    """Every item is `PROPERTY=PATTERN`, about a property of the client."""
    not_empty_items(name, value)
    for item in value if isinstance(value, tuple) else ():
        what, equals, pattern = item.partition("=")
        if not equals or not pattern or "=" in pattern or what.strip() not in _MATCHED:
            raise ConfigError(f"Illegal client matching pattern: {item}")
        try:
            re.compile(pattern.strip())
        except re.error:
            raise ConfigError(f"Illegal client matching pattern: {item}") from None


CLIENT_METRICS_KEYS: dict[str, ConfigKey] = table(
    (
        ConfigKey("interval.ms", INT, 300_000, "How often clients are to send their metrics."),
        ConfigKey(
            "match", LIST, (), "PROPERTY=PATTERN of the clients that are asked; empty: all.", _patterns
        ),
        ConfigKey(
            "metrics", LIST, (), "Prefixes of the metrics that clients are asked for.", not_empty_items
        ),
    )
)

SHORTEST_INTERVAL_MS, LONGEST_INTERVAL_MS = 100, 3_600_000


class ClientMetricsConfig:
    """The settings of one subscription. `overrides` are texts by key, as the metadata log holds them."""

    def __init__(self, overrides: Mapping[str, str]) -> None:
        self._overrides = overrides

    def text(self, name: str) -> str | None:
        """A setting as text."""
        key = CLIENT_METRICS_KEYS[name]
        text = self._overrides.get(name)
        return key.format(key.default if text is None else key.parse(text))

    def synonyms(self, name: str) -> list[Synonym]:
        """What was set, if it was: here Kafka names no defaults."""
        return [(name, self.text(name), CLIENT_METRICS)] if name in self._overrides else []
