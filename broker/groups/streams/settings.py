"""What the machines of streams groups need beside their groups: settings and topics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from ..topics_image import NoTopics, TopicsImage


class StreamsGroupConfig(NamedTuple):
    """The settings for streams groups (`group.streams.*`, and `streams.*` of a group); the defaults are those
    of Odradek.
    """

    session_timeout_ms: int = 45_000
    heartbeat_interval_ms: int = 5_000
    assignment_interval_ms: int = 0
    initial_rebalance_delay_ms: int = 0
    task_offset_interval_ms: int = 60_000
    acceptable_recovery_lag: int = 10_000
    num_standby_replicas: int = 0
    rack_aware_assignment_tags: tuple[str, ...] = ()
    max_size: int = 2_147_483_647

    @property
    def assignment_configs(self) -> tuple[tuple[str, str], ...]:
        """What of the settings an assignment depends on, as the group's log keeps it."""
        configs = [("num.standby.replicas", str(self.num_standby_replicas))]
        if self.rack_aware_assignment_tags:
            configs.append(("rack.aware.assignment.tags", ",".join(self.rack_aware_assignment_tags)))
        return tuple(configs)


ASSIGNOR = "sticky"


def _no_settings(_: str) -> Mapping[str, int | tuple[str, ...]]:
    return {}


class StreamsSettings:
    """Everything around the streams groups of a shard. `group_settings` gives what is set for one group,
    by the names of StreamsGroupConfig.
    """

    def __init__(
        self,
        config: StreamsGroupConfig | None = None,
        topics: TopicsImage | None = None,
        group_settings: Callable[[str], Mapping[str, int | tuple[str, ...]]] = _no_settings,
    ) -> None:
        self.config = config or StreamsGroupConfig()
        self.topics: TopicsImage = topics or NoTopics()
        self._group_settings = group_settings

    def of(self, group_id: str) -> StreamsGroupConfig:
        """The settings that hold for a group."""
        own = self._group_settings(group_id)
        return StreamsGroupConfig(**{**self.config._asdict(), **own}) if own else self.config
