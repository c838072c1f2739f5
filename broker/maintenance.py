"""What a broker does now and then: recovery points move, checkpoints are written, silent producers are
forgotten.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .sync_queue import SyncQueue
from .timers import Timer, Timers

if TYPE_CHECKING:
    from .checkpoints import Checkpoints
    from .clock import Clock
    from .config.broker_config import BrokerConfig
    from .metadata_log import MetadataLog
    from .topics import Topics

# Between asking for the syncs and writing down where they brought the recovery points.
_CHECKPOINT_DELAY_MS = 5_000


class Maintenance:
    """The broker's recurring work, in its timers. Everything that touches the disk goes through the sync
    queue.
    """

    def __init__(
        self,
        config: BrokerConfig,
        timers: Timers,
        clock: Clock,
        syncs: SyncQueue,
        checkpoints: Checkpoints,
        topics: Topics,
        metadata_log: MetadataLog,
    ) -> None:
        self._timers = timers
        self._clock = clock
        self._syncs = syncs
        self._checkpoints = checkpoints
        self._topics = topics
        self._metadata_log = metadata_log
        self._sync_interval_ms: int = max(config["log.flush.offset.checkpoint.interval.ms"], 1)
        self._expiry_interval_ms: int = max(config["producer.id.expiration.check.interval.ms"], 1)
        self._pending: dict[str, Timer] = {}

    def start(self) -> None:
        """Begin; the first turn of each comes after its interval."""
        self._after(self._sync_interval_ms, "sync", self._sync)
        self._after(self._expiry_interval_ms, "expire", self._expire_producers)

    def stop(self) -> None:
        """End it."""
        for timer in self._pending.values():
            timer.cancel()
        self._pending.clear()

    def _sync(self) -> None:
        self._after(self._sync_interval_ms, "sync", self._sync)
        self._after(_CHECKPOINT_DELAY_MS, "checkpoint", self._checkpoints.request)
        if self._metadata_log.needs_checkpoint:
            self._syncs.request(self._metadata_log, checkpoint=True)
        for partition in self._topics.partitions():
            if partition.needs_checkpoint:
                self._syncs.request(partition, checkpoint=True)

    def _expire_producers(self) -> None:
        self._after(self._expiry_interval_ms, "expire", self._expire_producers)
        now_ms = self._clock.wall_ms()
        for partition in self._topics.partitions():
            if partition.offline is None:
                partition.log.expire_producers(now_ms)

    def _after(self, delay_ms: float, name: str, callback: Callable[[], None]) -> None:
        self._pending[name] = self._timers.at(self._clock.monotonic_ms() + delay_ms, callback)
