"""What a log needs synced, gathered in the loop and done in a thread."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from .file_system import File, FileSystem, write_all


class SyncTicket:
    """The syncs that make everything appended before `begin_sync` durable. `end_offset` is where the log
    ended then.

    With `checkpoint` they cover everything that the log's recovery point promises. `files` are open ones to
    sync, `paths` others by name, `contents` small files to replace (path and bytes), `directories` are synced
    last.
    """

    __slots__ = (
        "_cancelled",
        "_lock",
        "checkpoint",
        "contents",
        "directories",
        "end_offset",
        "file_system",
        "files",
        "paths",
    )

    def __init__(
        self,
        file_system: FileSystem,
        end_offset: int,
        checkpoint: bool,
        files: Sequence[File],
        paths: Sequence[str],
        contents: Sequence[tuple[str, bytes]],
        directories: Sequence[str],
    ) -> None:
        self.file_system = file_system
        self.end_offset = end_offset
        self.checkpoint = checkpoint
        self.files = files
        self.paths = paths
        self.contents = contents
        self.directories = directories
        self._lock = threading.Lock()
        self._cancelled = False

    def covers(self, path: str) -> bool:
        """Whether this small file is durable once the ticket has run."""
        return path in self.paths or any(path == written for written, _ in self.contents)

    def run(self) -> OSError | None:
        """Do them, in any thread; return the failure, if any. At most one ticket of a log may be under
        way.
        """
        with self._lock:
            if self._cancelled:
                return None
            try:
                self._run()
            except OSError as error:
                return error
            return None

    def _run(self) -> None:
        for file in self.files:
            file.sync()
        for path in self.paths:
            file = self.file_system.open(path)
            try:
                file.sync()
            finally:
                file.close()
        for path, data in self.contents:
            _replace(self.file_system, path, data)
        for directory in self.directories:
            self.file_system.sync_directory(directory)

    def cancel(self) -> None:
        """Do nothing from now on: the log goes away. Waits while the ticket runs, so that it never touches
        files which another log of the same name makes later.
        """
        with self._lock:
            self._cancelled = True


def _replace(file_system: FileSystem, path: str, data: bytes) -> None:
    """As `write_atomically`, but for the sync of the directory: the ticket does that once for all."""
    file = file_system.open(path + ".tmp", create=True)
    try:
        file.truncate(0)
        write_all(file, 0, data)
        file.sync()
    finally:
        file.close()
    file_system.rename(path + ".tmp", path)
