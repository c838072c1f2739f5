"""The checkpoint files of the data folder, written in the rounds of the sync queue."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..storage.log_directory import CheckpointTicket
    from .data_folder import DataFolder
    from .sync_queue import SyncQueue

log = logging.getLogger(__name__)

Written = Callable[[OSError | None], None]


class Checkpoints:
    """From where each log has to be recovered, and where it starts: `request` has that written down."""

    def __init__(self, folder: DataFolder, syncs: SyncQueue) -> None:
        self._folder = folder
        self._syncs = syncs
        self._waiting: list[Written] = []
        self._under_way: list[Written] = []

    def request(self, on_written: Written | None = None) -> None:
        """Write them in the next round, and then call `on_written` with what went wrong, if anything."""
        if on_written is not None:
            self._waiting.append(on_written)
        self._syncs.request(self)

    def begin_sync(self, checkpoint: bool) -> CheckpointTicket | None:  # noqa: ARG002
        """For the sync queue: the files, as the logs are now."""
        self._under_way, self._waiting = self._waiting, []
        return self._folder.checkpoint_ticket()

    def finish_sync(self, ticket: CheckpointTicket, error: OSError | None) -> None:  # noqa: ARG002
        """For the sync queue. To a start after a crash older files are as good: it reads more."""
        if error is not None:
            log.error("The checkpoints cannot be written: %s", error)
        written, self._under_way = self._under_way, []
        for callback in written:
            callback(error)
