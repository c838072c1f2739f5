"""The whole broker without sockets.

    node = open_node(config, file_system, clock, timers)
    response = handler(api_key)(request, RequestContext(node, ...))
    node.timers.run_due(clock.monotonic_ms())      # now and then
    node.close()
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..storage.file_system import FileSystem
    from .clock import Clock
    from .config import BrokerConfig
    from .coordinator import GroupCoordinator
    from .fetch_sessions import FetchSessions
    from .producer_ids import ProducerIds
    from .sync_queue import SyncQueue
    from .timers import Timers
    from .topics import Topics


class Node:
    """One broker: what it was configured with, and its rooms. Everything runs on one thread.

    `syncs` holds the partitions that wait for an fdatasync. In a server, `syncer.run_syncer(node.syncs)` is a task that
    does them in a thread, group by group; without a server `node.syncs.run_all()` does what is pending at once.
    """

    config: BrokerConfig
    file_system: FileSystem
    clock: Clock
    timers: Timers
    node_id: int
    cluster_id: str
    rack: str | None
    topics: Topics
    groups: GroupCoordinator
    producer_ids: ProducerIds
    fetch_sessions: FetchSessions
    syncs: SyncQueue

    def random_uuid(self) -> bytes:
        """16 random bytes in the form of a version 4 UUID, never one that Kafka reserves. `open_node` sets its source."""

    def close(self, *, clean: bool = True) -> None:
        """Sync and close everything and leave the clean-shutdown mark. `clean=False` only lets go of the files."""


def open_node(config: BrokerConfig, file_system: FileSystem, clock: Clock, timers: Timers) -> Node:
    """Open the data directory of `config["log.dirs"]` in `file_system`, recover every partition, load the coordinators.

    Raises FileSystemLocked when another broker holds the directory, and OSError when it cannot be used. Partitions whose
    log is damaged go offline; the others serve.
    """
