"""Numbers of DescribeConfigs and CreateTopics for where a setting comes from and of what type it is
(KIP-226, KIP-569).
"""

from __future__ import annotations

_SOURCES = {
    "DYNAMIC_TOPIC_CONFIG": 1,
    "STATIC_BROKER_CONFIG": 4,
    "DEFAULT_CONFIG": 5,
    "DYNAMIC_GROUP_CONFIG": 8,
}
_TYPES = ("BOOLEAN", "STRING", "INT", "SHORT", "LONG", "DOUBLE", "LIST", "CLASS", "PASSWORD")

DEFAULT_SOURCE = 5


def is_shown(name: str) -> bool:
    """Whether clients are told of a topic's setting. Kafka's internal ones can be set, but are not listed."""
    return not name.startswith("internal.")


def source_code(source: str) -> int:
    """The number of a source that `TopicConfig.source` or `BrokerConfig.source` names."""
    return _SOURCES[source]


def type_code(type: str) -> int:
    """The number of a ConfigKey's type."""
    return _TYPES.index(type) + 1
