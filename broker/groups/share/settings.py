"""What the machines of share groups need beside their groups: settings and topics."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ..topics_image import NoTopics, TopicsImage


class ShareGroupConfig(NamedTuple):
    """What holds for the members of a share group: its own settings, or the broker's (`group.share.*`)."""

    session_timeout_ms: int = 45_000
    heartbeat_interval_ms: int = 5_000
    assignment_interval_ms: int = 0
    initialize_retry_interval_ms: int = 30_000
    max_size: int = 200


def _defaults(_: str) -> ShareGroupConfig:
    return ShareGroupConfig()


class ShareSettings:
    """Everything around the share groups of a shard. `of` gives the settings that hold for a group."""

    def __init__(
        self, topics: TopicsImage | None = None, of: Callable[[str], ShareGroupConfig] = _defaults
    ) -> None:
        self.topics: TopicsImage = topics or NoTopics()
        self.of = of
