"""The data folder: its lock, whose it is, how it was left, and the logs in it.

    folder = LogDirectory.open(file_system, "data")    # FileSystemLocked: another broker has it
    log = folder.open_log("flights", 0, LogConfig())   # recovered, if the last stop was not a clean one
    folder.write_checkpoints()                         # now and then: from where to recover, where logs start
    for log in logs:
        log.close()
    folder.close()                                     # checkpoints, and the mark of a clean stop

The mark `.kafka_cleanshutdown` is removed, durably, before anything else is written: a crash during the very
start finds none. What the checkpoints say about logs that are not open stays in them. A log's entries go
before its name is free again: they must not be taken for those of another log of the same name.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from threading import Lock as Mutex

from .checkpoint import (
    CLEAN_SHUTDOWN,
    CLEANER_OFFSETS,
    LOG_START_OFFSETS,
    META_PROPERTIES,
    RECOVERY_POINTS,
    MetaProperties,
    TopicPartition,
    format_clean_shutdown,
    format_meta_properties,
    format_offsets,
    read_meta_properties,
    read_offsets,
    read_topic_id,
)
from .errors import CheckpointCorrupted, LogCorrupted, StorageError, StorageFailed
from .file_system import FileSystem, Lock, parent_directory, write_atomically
from .log import Log
from .log_config import LogConfig

LOCK = ".lock"
DELETED = "-delete"
STRAY = "-stray"
_MAX_NAME = 255


def partition_of(name: str) -> TopicPartition | None:
    """Topic and number of the partition whose directory has this name; None for other names."""
    topic, dash, index = name.rpartition("-")
    if dash and topic and index.isdecimal() and str(int(index)) == index:
        return topic, int(index)
    return None


class CheckpointTicket:
    """The checkpoints as they are to be written; `run` does it in any thread. Once newer ones have been
    written it does nothing: it may speak of logs that have been removed since.
    """

    __slots__ = ("_contents", "_directory", "_number")

    def __init__(self, directory: LogDirectory, number: int, contents: list[tuple[str, bytes]]) -> None:
        self._directory = directory
        self._number = number
        self._contents = contents

    def run(self) -> OSError | None:
        """Write them, durably; return what went wrong."""
        try:
            self._directory.write(self._number, self._contents)
        except OSError as error:
            return error
        return None


class LogDirectory:
    """An open data folder. `clean` tells how it was left, `meta` whose it is (None: it is new), `unreadable`
    which checkpoints could not be read, `damaged` which logs could not be opened and why.
    """

    def __init__(self, file_system: FileSystem, path: str, lock: Lock) -> None:
        self._file_system = file_system
        self.path = path
        self._lock = lock
        self._logs: dict[TopicPartition, Log] = {}
        self._removed = 0
        self._writing = Mutex()
        self._last_ticket = self._last_written = 0
        self._forgotten_by = 0  # the first ticket that says nothing of logs that were let go
        self.unreadable: list[CheckpointCorrupted] = []
        self.damaged: dict[TopicPartition, StorageError] = {}
        self.meta = read_meta_properties(file_system, self._file(META_PROPERTIES))
        self.clean = file_system.exists(self._file(CLEAN_SHUTDOWN))
        self._recovery_points = self._read_offsets(RECOVERY_POINTS)
        self._log_start_offsets = self._read_offsets(LOG_START_OFFSETS)
        self._compacted = set(self._read_offsets(CLEANER_OFFSETS))

    @classmethod
    def open(cls, file_system: FileSystem, path: str) -> LogDirectory:
        """Lock the folder, which is made if need be, and clear away what deletions have left.

        Raises FileSystemLocked when another broker has it, CheckpointCorrupted when it cannot be told whose
        it is, OSError.
        """
        _make_durably(file_system, path)
        lock = file_system.lock(f"{path}/{LOCK}")
        try:
            folder = cls(file_system, path, lock)
            if file_system.exists(folder._file(CLEAN_SHUTDOWN)):
                file_system.remove(folder._file(CLEAN_SHUTDOWN))
            # The mark is gone now, and what a crash has left under which name is settled.
            file_system.sync_directory(path)
            folder._finish_removals()
        except BaseException:
            lock.close()
            raise
        return folder

    def _finish_removals(self) -> None:
        """The folder has been synced: were the new names lost now, logs of the old ones would lack a part."""
        for name in self._file_system.list(self.path):
            if name.endswith(DELETED) and self._file_system.is_directory(self._file(name)):
                self._file_system.remove_tree(self._file(name))

    def _file(self, name: str) -> str:
        return f"{self.path}/{name}"

    def _read_offsets(self, name: str) -> dict[TopicPartition, int]:
        """Without this checkpoint the logs have to be read from their beginning."""
        try:
            return read_offsets(self._file_system, self._file(name))
        except CheckpointCorrupted as error:
            self.unreadable.append(error)
            self.clean = False
            return {}

    def identify(self, meta: MetaProperties) -> None:
        """Write down whose folder it is. Raises OSError."""
        write_atomically(self._file_system, self._file(META_PROPERTIES), format_meta_properties(meta))
        self.meta = meta

    # Logs

    def log_path(self, topic: str, index: int) -> str:
        """The directory of a partition."""
        return f"{self.path}/{topic}-{index}"

    def partitions(self) -> list[TopicPartition]:
        """The partitions that have a directory, those of unknown topics too."""
        found = map(partition_of, self._file_system.list(self.path))
        return [
            key for key in found if key is not None and self._file_system.is_directory(self.log_path(*key))
        ]

    def topic_id(self, topic: str, index: int) -> bytes | None:
        """The topic id that a partition's directory names; None if it names none that can be read."""
        try:
            return read_topic_id(self._file_system, self.log_path(topic, index))
        except (CheckpointCorrupted, OSError):
            return None

    def create_log(
        self, topic: str, index: int, config: LogConfig, topic_id: bytes | None, *, now_ms: int = 0
    ) -> Log:
        """A new, empty log. Raises StorageFailed, FileExistsError."""
        key = (topic, index)
        try:
            self._forget([key])
        except OSError as error:
            raise StorageFailed(f"the checkpoints speak of another {topic}-{index}: {error}") from error
        log = Log.create(self._file_system, self.log_path(topic, index), config, topic_id, now_ms=now_ms)
        return self._keep(key, log)

    def open_log(
        self, topic: str, index: int, config: LogConfig, topic_id: bytes | None = None, *, now_ms: int = 0
    ) -> Log:
        """The log of a partition; an empty one, if a crash took the directory of one that had never been
        synced.

        `topic_id`, if given, is the one that counts: a directory of another topic with that name, left by a
        crash, is removed. Raises LogCorrupted, and then the partition stays offline and the folder is not
        left clean; StorageFailed.
        """
        key = (topic, index)
        try:
            try:
                log = self._open(key, config, now_ms)
            except FileNotFoundError:
                return self._create_lost(key, config, topic_id, now_ms)
            if topic_id is not None and log.topic_id != topic_id:
                if log.topic_id is None:
                    log.set_topic_id(topic_id)
                else:
                    log.close(clean=False)
                    self.remove_log(topic, index)
                    return self.create_log(topic, index, config, topic_id, now_ms=now_ms)
        except StorageError as error:
            self.damaged[key] = error
            raise
        return self._keep(key, log)

    def _open(self, key: TopicPartition, config: LogConfig, now_ms: int) -> Log:
        return Log.open(
            self._file_system,
            self.log_path(*key),
            config._replace(compacted=True) if key in self._compacted else config,
            clean=self.clean,
            recovery_point=self._recovery_points.get(key, 0),
            log_start_offset=self._log_start_offsets.get(key, 0),
            now_ms=now_ms,
        )

    def _create_lost(
        self, key: TopicPartition, config: LogConfig, topic_id: bytes | None, now_ms: int
    ) -> Log:
        start = self._log_start_offsets.get(key, 0)
        if self._recovery_points.get(key, 0) > start:
            raise LogCorrupted(self.log_path(*key), 0, "the directory is missing")
        log = Log.create(
            self._file_system, self.log_path(*key), config, topic_id, now_ms=now_ms, start_offset=start
        )
        return self._keep(key, log)

    def _keep(self, key: TopicPartition, log: Log) -> Log:
        self._logs[key] = log
        self.damaged.pop(key, None)
        log.on_lower_recovery_point = self.write_checkpoints
        return log

    def remove_log(self, topic: str, index: int) -> None:
        """Remove one log. See `remove_logs`."""
        self.remove_logs([(topic, index)])

    def remove_logs(self, keys: Iterable[TopicPartition]) -> None:
        """Remove logs, closing them if they are open. Their names are free then, and durably so. Raises
        StorageFailed.
        """
        error = self.clear(self.take_away(keys))
        if error is not None:
            raise StorageFailed(f"logs in {self.path} cannot be removed: {error}") from error

    def take_away(self, keys: Iterable[TopicPartition]) -> list[str]:
        """Close logs and free their names, durably. Return the paths at which their directories lie now, for
        `clear`.

        They end in `<topic>-<n>.<unique>-delete`: what is left of them by a crash is removed at the next
        start. Raises StorageFailed.
        """
        keys = list(keys)
        renamed: list[str] = []
        try:
            self._let_go(keys)
            for key in keys:
                if self._file_system.exists(self.log_path(*key)):
                    renamed.append(self._file(self._spare_name(*key, DELETED)))
                    self._file_system.rename(self.log_path(*key), renamed[-1])
            self._file_system.sync_directory(self.path)
        except OSError as error:
            raise StorageFailed(f"logs in {self.path} cannot be removed: {error}") from error
        return renamed

    def clear(self, paths: Iterable[str]) -> OSError | None:
        """Remove directories that were taken away, in any thread; return what went wrong."""
        try:
            for path in paths:
                self._file_system.remove_tree(path)
        except OSError as error:
            return error
        return None

    def set_aside(self, topic: str, index: int) -> str:
        """Free the name of a log and keep its files, as `<topic>-<n>.<unique>-stray`. Return their new path.
        Raises StorageFailed.
        """
        path = self._file(self._spare_name(topic, index, STRAY))
        try:
            self._let_go([(topic, index)])
            self._file_system.rename(self.log_path(topic, index), path)
            self._file_system.sync_directory(self.path)
        except OSError as error:
            raise StorageFailed(f"{self.log_path(topic, index)} cannot be set aside: {error}") from error
        return path

    def _let_go(self, keys: Iterable[TopicPartition]) -> None:
        """Close logs, and forget them durably before their directories go: a checkpoint that speaks of a
        directory which is not there means damage, if a loss of power undoes the deletion of the topic.

        Where the checkpoints cannot be written the directories go all the same, for a disk that is full gets
        room by nothing else. As long as the topic stays deleted nobody looks for them, and before a log of
        that name is made the checkpoints are written, or it is not made. Should its deletion be undone, the
        records are gone in either case, and its partitions are offline where they would have been empty:
        until it is deleted again.
        """
        for key in keys:
            log = self._logs.pop(key, None)
            if log is not None:
                log.close(clean=False)
            self.damaged.pop(key, None)
        with contextlib.suppress(OSError):
            self._forget(keys)

    def _spare_name(self, topic: str, index: int, suffix: str) -> str:
        """A name for the directory that nothing has."""
        while True:
            self._removed += 1
            ending = f"-{index}.{self._removed:032x}{suffix}"
            name = topic[: _MAX_NAME - len(ending)] + ending
            if not self._file_system.exists(self._file(name)):
                return name

    def _forget(self, keys: Iterable[TopicPartition]) -> None:
        """Drop what the checkpoints say of these logs, durably. Raises OSError when they cannot be written;
        the next that are will not have it.
        """
        for key in keys:
            if key in self._recovery_points or key in self._log_start_offsets:
                self._recovery_points.pop(key, None)
                self._log_start_offsets.pop(key, None)
                self._forgotten_by = self._last_ticket + 1
        if self._last_written < self._forgotten_by:
            self.write_checkpoints()

    # Checkpoints

    def checkpoint_ticket(self) -> CheckpointTicket:
        """Writing down, as it is now, from where each log would have to be recovered, and where it starts."""
        for key, log in self._logs.items():
            self._recovery_points[key] = log.recovery_point
            if log.log_start_offset > 0 or key in self._log_start_offsets:
                self._log_start_offsets[key] = log.log_start_offset
        contents = [
            (self._file(LOG_START_OFFSETS), format_offsets(self._log_start_offsets)),
            (self._file(RECOVERY_POINTS), format_offsets(self._recovery_points)),
        ]
        self._last_ticket += 1
        return CheckpointTicket(self, self._last_ticket, contents)

    def write_checkpoints(self) -> None:
        """Write the checkpoints at once. Raises OSError."""
        error = self.checkpoint_ticket().run()
        if error is not None:
            raise error

    def write(self, number: int, contents: list[tuple[str, bytes]]) -> None:
        """For tickets, in any thread: write these files unless a ticket of a higher number has been here."""
        with self._writing:
            if number > self._last_written:
                for path, data in contents:
                    write_atomically(self._file_system, path, data)
                self._last_written = number

    def close(self, clean: bool = True) -> None:
        """Let others have the folder, all logs being closed. With `clean` it is marked as left cleanly, if it
        is: if every log was closed so, and none of those that were to be opened was damaged. Raises OSError.
        """
        try:
            if clean:
                self.write_checkpoints()
                if not self.damaged and all(log.closed_cleanly for log in self._logs.values()):
                    write_atomically(self._file_system, self._file(CLEAN_SHUTDOWN), format_clean_shutdown())
        finally:
            for log in self._logs.values():
                log.close(clean=False)
            self._lock.close()


def _make_durably(file_system: FileSystem, path: str) -> None:
    """Make a directory whose name, and those of the directories made for it, survive a loss of power."""
    changed = []
    above = path
    while not file_system.exists(above):
        above = parent_directory(above)
        changed.append(above)
    file_system.make_directories(path)
    for directory in changed:
        file_system.sync_directory(directory)
