"""Where settings come from and of what type they are, as DescribeConfigs and CreateTopics tell it (KIP-226,
KIP-569).
"""

from __future__ import annotations

from collections.abc import Sequence

TOPIC = "DYNAMIC_TOPIC_CONFIG"
OF_BROKER = "DYNAMIC_BROKER_CONFIG"
OF_ALL_BROKERS = "DYNAMIC_DEFAULT_BROKER_CONFIG"
STATIC = "STATIC_BROKER_CONFIG"
DEFAULT = "DEFAULT_CONFIG"
BROKER_LOGGER = "DYNAMIC_BROKER_LOGGER_CONFIG"
CLIENT_METRICS = "DYNAMIC_CLIENT_METRICS_CONFIG"
GROUP = "DYNAMIC_GROUP_CONFIG"

_SOURCES = {
    TOPIC: 1,
    OF_BROKER: 2,
    OF_ALL_BROKERS: 3,
    STATIC: 4,
    DEFAULT: 5,
    BROKER_LOGGER: 6,
    CLIENT_METRICS: 7,
    GROUP: 8,
}
_TYPES = ("BOOLEAN", "STRING", "INT", "SHORT", "LONG", "DOUBLE", "LIST", "CLASS", "PASSWORD")

# What could give a value: its key, its text (None if it is not to be shown), and where it comes from.
Synonym = tuple[str, str | None, str]


def source_of(synonyms: Sequence[Synonym]) -> str:
    """Where a value comes from that could come from all these, the one in force first."""
    return synonyms[0][2] if synonyms else DEFAULT


def is_shown(name: str) -> bool:
    """Whether clients are told of a topic's setting. Kafka's internal ones are shown only where they are
    set.
    """
    return not name.startswith("internal.")


def source_code(source: str) -> int:
    """The number of a source."""
    return _SOURCES[source]


def type_code(type: str) -> int:
    """The number of a ConfigKey's type."""
    return _TYPES.index(type) + 1
