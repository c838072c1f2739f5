"""The broker's own topics: how many partitions they have, and their configuration."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .config.broker_config import BrokerConfig
    from .topics import Topics

log = logging.getLogger(__name__)

OFFSETS_TOPIC = "__consumer_offsets"
TRANSACTIONS_TOPIC = "__transaction_state"
SHARE_STATE_TOPIC = "__share_group_state"


def internal_topic_settings(name: str, config: BrokerConfig) -> tuple[int, dict[str, str]] | None:
    """Partitions and configuration of the internal topic `name`; None for any other topic."""
    if name == OFFSETS_TOPIC:
        return config["offsets.topic.num.partitions"], {
            "cleanup.policy": "compact",
            "compression.type": "producer",
            "segment.bytes": str(config["offsets.topic.segment.bytes"]),
        }
    if name == TRANSACTIONS_TOPIC:
        return config["transaction.state.log.num.partitions"], {
            "cleanup.policy": "compact",
            "compression.type": "uncompressed",
            "min.insync.replicas": str(config["transaction.state.log.min.isr"]),
            "segment.bytes": str(config["transaction.state.log.segment.bytes"]),
            "unclean.leader.election.enable": "false",
        }
    if name == SHARE_STATE_TOPIC:
        return config["share.coordinator.state.topic.num.partitions"], {
            "cleanup.policy": "delete",
            "compression.type": "producer",
            "min.insync.replicas": str(config["share.coordinator.state.topic.min.isr"]),
            "segment.bytes": str(config["share.coordinator.state.topic.segment.bytes"]),
            "retention.ms": "-1",
        }
    return None


def make_internal_topic(name: str, topics: Topics, config: BrokerConfig, now_ms: int) -> bool:
    """Make the internal topic `name` unless it is there; whether there is one now."""
    from .topics import TopicError

    settings = internal_topic_settings(name, config)
    assert settings is not None
    partitions, configs = settings
    try:
        if topics.get(name) is None:
            topics.create(name, partitions, configs, now_ms=now_ms)
    except TopicError as error:
        log.error("%s cannot be made: %s", name, error)
        return False
    return True
