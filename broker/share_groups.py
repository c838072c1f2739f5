"""The settings of share groups: a group's own, or the broker's, as they hold now (KIP-932)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .config.group import GroupConfig
from .config.iso_durations import duration_ms
from .config.resources import GROUP
from .groups.share.settings import ShareGroupConfig, ShareSettings
from .share.events import DeliveryConfig

if TYPE_CHECKING:
    from .config.broker_config import BrokerConfig
    from .config.resources import ConfigResources
    from .groups.topics_image import TopicsImage

_BY_DURATION = "by_duration:"


class ShareGroupSettings:
    """What is set for share groups."""

    def __init__(self, config: BrokerConfig, resources: ConfigResources) -> None:
        self._config = config
        self._resources = resources

    def of_members(self, topics: TopicsImage) -> ShareSettings:
        """What the machines of share groups need."""
        return ShareSettings(topics, self._member_config)

    def _member_config(self, group_id: str) -> ShareGroupConfig:
        group = self._group(group_id)
        return ShareGroupConfig(
            session_timeout_ms=_int(group.effective("share.session.timeout.ms")),
            heartbeat_interval_ms=_int(group.effective("share.heartbeat.interval.ms")),
            assignment_interval_ms=_int(group.effective("share.assignment.interval.ms")),
            initialize_retry_interval_ms=self._config["group.share.initialize.retry.interval.ms"],
            max_size=self._config["group.share.max.size"],
        )

    def of_deliveries(self, group_id: str) -> DeliveryConfig:
        """What holds for the records of a group."""
        group = self._group(group_id)
        return DeliveryConfig(
            delivery_count_limit=_int(group.effective("share.delivery.count.limit")),
            record_lock_duration_ms=self.record_lock_duration_ms(group_id),
            partition_max_record_locks=_int(group.effective("share.partition.max.record.locks")),
            renew_is_enabled=bool(group.effective("share.renew.acknowledge.enable")),
            has_dead_letters=bool(group["errors.deadletterqueue.topic.name"]),
        )

    def dead_letter_topic(self, group_id: str) -> str:
        """The topic of the group's dead letter queue (KIP-1191); empty without."""
        return str(self._group(group_id)["errors.deadletterqueue.topic.name"])

    def copies_dead_letters(self, group_id: str) -> bool:
        """Whether the dead letter queue has the records themselves, too."""
        return bool(self._group(group_id)["errors.deadletterqueue.copy.record.enable"])

    def record_lock_duration_ms(self, group_id: str) -> int:
        """How long a record is locked for who acquires it."""
        return _int(self._group(group_id).effective("share.record.lock.duration.ms"))

    def committed_only(self, group_id: str) -> bool:
        """Whether the group gets records of committed transactions only."""
        return self._group(group_id).effective("share.isolation.level") == "read_committed"

    def offset_reset(self, group_id: str) -> str | int:
        """Where the group begins: `earliest`, `latest`, or so many milliseconds before now (KIP-1106)."""
        text = str(self._group(group_id).effective("share.auto.offset.reset"))
        age_ms = duration_ms(text.removeprefix(_BY_DURATION)) if text.startswith(_BY_DURATION) else None
        return text if age_ms is None else age_ms

    def _group(self, group_id: str) -> GroupConfig:
        return GroupConfig(self._config, self._resources.overrides(GROUP, group_id))


def _int(value: Any) -> int:
    assert isinstance(value, int)
    return value
