"""What the machines of consumer groups need beside their groups: settings, topics, ids."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from ..topics_image import NoTopics, TopicsImage


class ConsumerGroupConfig(NamedTuple):
    """The broker's settings for consumer groups (`group.consumer.*`); the defaults are those of Odradek.

    `can_upgrade` and `can_downgrade` say whether a group with members may move to the consumer protocol, and
    back to the classic one.
    """

    session_timeout_ms: int = 45_000
    heartbeat_interval_ms: int = 5_000
    assignment_interval_ms: int = 0
    regex_refresh_interval_ms: int = 600_000
    max_size: int = 2_147_483_647
    classic_max_size: int = 2_147_483_647
    assignors: tuple[str, ...] = ("uniform", "range")
    can_upgrade: bool = True
    can_downgrade: bool = True

    def of_group(self, settings: Mapping[str, int]) -> ConsumerGroupConfig:
        """The same with a group's own settings, by the names they have as configuration of the group."""
        if not settings:
            return self
        return self._replace(
            session_timeout_ms=settings.get("consumer.session.timeout.ms", self.session_timeout_ms),
            heartbeat_interval_ms=settings.get("consumer.heartbeat.interval.ms", self.heartbeat_interval_ms),
            assignment_interval_ms=settings.get(
                "consumer.assignment.interval.ms", self.assignment_interval_ms
            ),
        )


def _no_settings(_: str) -> Mapping[str, int]:
    return {}


class ConsumerSettings:
    """Everything around the consumer groups of a shard.

    `new_id` makes an id that nobody has; `group_settings` gives the settings that a group has of its own.
    """

    def __init__(
        self,
        config: ConsumerGroupConfig | None = None,
        topics: TopicsImage | None = None,
        new_id: Callable[[], str] = lambda: "",
        group_settings: Callable[[str], Mapping[str, int]] = _no_settings,
    ) -> None:
        self.config = config or ConsumerGroupConfig()
        self.topics: TopicsImage = topics or NoTopics()
        self.new_id = new_id
        self._group_settings = group_settings

    def of(self, group_id: str) -> ConsumerGroupConfig:
        """The settings that hold for a group."""
        return self.config.of_group(self._group_settings(group_id))
