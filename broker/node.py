"""The whole broker without sockets.

node = open_node(config, file_system, clock, timers)
response = handler(api_key)(request, RequestContext(node, ...))
node.timers.run_due(clock.monotonic_ms())      # now and then
node.close()
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..storage.errors import StorageError
from .checkpoints import Checkpoints
from .config.resources import ConfigResources
from .data_folder import DataFolder
from .dead_letters import DeadLetters
from .fetch_sessions import FetchSessions
from .group_coordinator import GroupCoordinator
from .internal_topics import OFFSETS_TOPIC, internal_topic_settings
from .maintenance import Maintenance
from .metadata_image import MetadataImage
from .metadata_log import MetadataLog
from .producer_ids import ProducerIds
from .share_coordinator import ShareCoordinator
from .share_groups import ShareGroupSettings
from .share_partitions import SharePartitions
from .sync_queue import SyncQueue
from .topic_requests import Replication
from .topics import Topics
from .transaction_coordinator import TransactionCoordinator

if TYPE_CHECKING:
    from ..storage.file_system import FileSystem
    from .clock import Clock
    from .config.broker_config import BrokerConfig
    from .timers import Timers

log = logging.getLogger(__name__)

# Kafka never gives these as topic ids, nor those that would begin with '-' when written in base64.
_RESERVED_IDS = frozenset((bytes(16), bytes(15) + b"\x01"))


class Node:
    """One broker: what it was configured with, and its rooms. Everything runs on one thread.

    `syncs` holds the partitions that wait for an fdatasync. In a server, `syncer.run_syncer(node.syncs)` is
    a task that does them in a thread, group by group; without a server `node.syncs.run_all()` does what is
    pending at once.
    """

    def __init__(
        self,
        config: BrokerConfig,
        file_system: FileSystem,
        clock: Clock,
        timers: Timers,
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self.config = config
        self.file_system = file_system
        self.clock = clock
        self.timers = timers
        self.node_id = config.node_id
        self.rack: str | None = config["broker.rack"]
        self._random_bytes = random_bytes
        self.folder = DataFolder(file_system, config.data_directory, config.node_id, self.random_uuid, clock)
        self.cluster_id = self.folder.cluster_id
        self.syncs = SyncQueue(timers, clock)
        image = MetadataImage()
        self.metadata_log = metadata_log = self._load_metadata(image)
        self.topics = Topics(config, self.folder, metadata_log, image, self.syncs, self.random_uuid)
        self.producer_ids = ProducerIds(metadata_log, image, self.node_id)
        self.replication = Replication(config)
        self.fetch_sessions = FetchSessions(
            config["max.incremental.fetch.session.cache.slots"],
            _SESSION_EVICTION_MS,
            lambda: int.from_bytes(random_bytes(4), "big"),
        )
        self.config_resources = ConfigResources(config, self.topics, metadata_log, image)
        self.share_settings = ShareGroupSettings(config, self.config_resources)
        self.share_states = ShareCoordinator(config, self.topics, timers, clock)
        self.groups = GroupCoordinator(
            config,
            self.topics,
            timers,
            clock,
            self.random_uuid,
            self.config_resources,
            self.share_states,
            self.share_settings,
        )
        dead_letters = DeadLetters(config, self.topics, self.share_settings, self.replication, timers, clock)
        self.share = SharePartitions(
            config, self.topics, self.share_states, self.share_settings, dead_letters, timers, clock
        )
        self.transactions = TransactionCoordinator(
            config, self.topics, timers, clock, self.producer_ids, self.groups
        )
        self.checkpoints = Checkpoints(self.folder, self.syncs)
        self._maintenance = Maintenance(
            config, timers, clock, self.syncs, self.checkpoints, self.topics, metadata_log
        )

    def _load_metadata(self, image: MetadataImage) -> MetadataLog:
        """Replay the metadata log. What it raises leaves the folder closed."""
        try:
            metadata_log = MetadataLog(self.folder.open_metadata_log(), self.syncs)
            for kind, record in metadata_log.replay():
                image.apply(kind, record)
            self.folder.clear_strays(image)
        except BaseException:
            self.folder.close(clean=False)
            raise
        return metadata_log

    def random_uuid(self) -> bytes:
        """16 random bytes in the form of a version 4 UUID, never one that Kafka reserves."""
        while True:
            bits = bytearray(self._random_bytes(16))
            bits[6] = bits[6] & 0x0F | 0x40
            bits[8] = bits[8] & 0x3F | 0x80
            if bits[0] >> 2 != _DASH and bytes(bits) not in _RESERVED_IDS:
                return bytes(bits)

    def hand_over(self) -> None:
        """Let nobody wait for what may not come before the broker stops.

        Parked fetches are answered with what there is, and who waits for a coordinator with NOT_COORDINATOR.
        Acknowledgements come as ever, when what they are for is durable.
        """
        self.transactions.close()
        self.groups.close()
        self.share_states.close()
        for partition in self.topics.partitions():
            partition.dismiss()

    def close(self, *, clean: bool = True) -> None:
        """Sync and close everything and leave the clean-shutdown mark. `clean=False` only lets go of the
        files.
        """
        self._maintenance.stop()
        self.transactions.close()
        self.groups.close()
        self.share_states.close()
        if clean:
            self.syncs.run_all()
        for close in (*(each.close for each in self.topics.partitions()), self.metadata_log.close):
            try:
                close(clean)
            except StorageError as error:
                log.error("%s", error)
        self.folder.close(clean)

    def _start(self) -> None:
        self.config_resources.load()
        self.topics.open_all()
        self.config.on_changed.append(self.topics.reconfigure_all)
        self._make_internal_topics()
        self.share_states.load()
        self.groups.load()
        self.transactions.load()
        self._maintenance.start()

    def _make_internal_topics(self) -> None:
        if self.topics.get(OFFSETS_TOPIC) is None:
            settings = internal_topic_settings(OFFSETS_TOPIC, self.config)
            if settings is not None:
                partitions, configs = settings
                self.topics.create(OFFSETS_TOPIC, partitions, configs, now_ms=self.clock.wall_ms())


_DASH = 62  # '-' in base64 with the URL alphabet
_SESSION_EVICTION_MS = 120_000  # Kafka's default of min.incremental.fetch.session.eviction.ms


def open_node(
    config: BrokerConfig,
    file_system: FileSystem,
    clock: Clock,
    timers: Timers,
    random_bytes: Callable[[int], bytes] = os.urandom,
) -> Node:
    """Open the data directory of `config["log.dirs"]` in `file_system`, recover every partition, load the
    coordinators.

    `random_bytes` is where ids come from. Raises FileSystemLocked when another broker holds the directory,
    and OSError when it cannot be used. Partitions whose log is damaged go offline; the others serve.
    """
    node = Node(config, file_system, clock, timers, random_bytes)
    try:
        node._start()
    except BaseException:
        node.close(clean=False)
        raise
    return node
