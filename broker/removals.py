"""The directories of deleted topics, removed in the rounds of the sync queue: a file system may take its time
for each of their files, and the loop has others to serve.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..storage.checkpoint import TopicPartition
    from .data_folder import DataFolder
    from .sync_queue import SyncQueue

# Directories in one round: who waits for an acknowledgement shall not wait for a thousand of them.
_A_ROUND = 8


class RemovalTicket:
    """Some directories to remove."""

    def __init__(self, folder: DataFolder, paths: Sequence[str]) -> None:
        self._folder = folder
        self._paths = paths

    def run(self) -> OSError | None:
        """Do it, in any thread; return what went wrong."""
        return self._folder.clear(self._paths)


class Removals:
    """What is left to be removed. A crash does no harm: the next start removes it."""

    def __init__(self, folder: DataFolder, syncs: SyncQueue) -> None:
        self._folder = folder
        self._syncs = syncs
        self._left: deque[str] = deque()

    def remove(self, keys: Iterable[TopicPartition]) -> None:
        """Free the names of logs at once, and remove their files soon."""
        self._left += self._folder.take_away(keys)
        if self._left:
            self._syncs.request(self)

    def begin_sync(self, checkpoint: bool) -> RemovalTicket | None:  # noqa: ARG002
        """For the sync queue: some of them."""
        paths = [self._left.popleft() for _ in range(min(_A_ROUND, len(self._left)))]
        return RemovalTicket(self._folder, paths) if paths else None

    def finish_sync(self, ticket: RemovalTicket, error: OSError | None) -> None:  # noqa: ARG002
        """For the sync queue: go on with the others."""
        self._folder.tell_of_what_is_left(error)
        if self._left:
            self._syncs.request(self)
