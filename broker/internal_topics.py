"""The broker's own topics: how many partitions they have, and their configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .config import BrokerConfig

OFFSETS_TOPIC = "__consumer_offsets"
TRANSACTIONS_TOPIC = "__transaction_state"


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
            "segment.bytes": str(config["transaction.state.log.segment.bytes"]),
            "unclean.leader.election.enable": "false",
        }
    return None
