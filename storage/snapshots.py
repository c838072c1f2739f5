"""The snapshot files of producers' state in one log's directory, and how the state is made from them and the
log.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

from ..protocol.record_batch import CorruptRecord, parse_header, records
from .batch_scan import Batch, walk
from .errors import LogCorrupted
from .file_system import FileSystem, write_all, write_atomically
from .producer_snapshot import SnapshotCorrupted, from_snapshot, snapshot_name, to_snapshot
from .producer_state import EndMarker, ProducerState
from .segment import Segment

SUFFIX = ".snapshot"
_ABORT, _COMMIT = 0, 1
_MAX_CONTROL_RECORD = 1 << 16


class SnapshotFiles:
    """Which snapshots there are (`offsets`, ascending), and which of them are known to be synced
    (`synced`).
    """

    __slots__ = ("_directory", "_file_system", "offsets", "synced")

    def __init__(self, file_system: FileSystem, directory: str, offsets: Collection[int] = ()) -> None:
        self._file_system = file_system
        self._directory = directory
        self.offsets = sorted(offsets)
        self.synced: set[int] = set()

    def path(self, offset: int) -> str:
        """Where the snapshot of the state below `offset` lies."""
        return f"{self._directory}/{snapshot_name(offset)}"

    @property
    def unsynced(self) -> list[int]:
        """Those that a crash may take."""
        return [offset for offset in self.offsets if offset not in self.synced]

    def noted(self, offset: int, synced: bool) -> None:
        """The file of `offset` was written."""
        if offset not in self.offsets:
            self.offsets.append(offset)
            self.offsets.sort()
        if synced:
            self.synced.add(offset)

    def write(self, offset: int, state: ProducerState) -> None:
        """Write a snapshot without syncing it: whoever is to rely on it syncs it first. Raises OSError."""
        file = self._file_system.open(self.path(offset), create=True)
        try:
            file.truncate(0)
            write_all(file, 0, to_snapshot(state))
        finally:
            file.close()
        self.noted(offset, synced=False)

    def write_synced(self, offset: int, state: ProducerState) -> None:
        """Write a snapshot durably. Raises OSError."""
        write_atomically(self._file_system, self.path(offset), to_snapshot(state))
        self.noted(offset, synced=True)

    def remove(self, offsets: Collection[int]) -> bool:
        """Remove these. Return whether there was one. Raises OSError."""
        for offset in offsets:
            self._file_system.remove(self.path(offset))
            self.offsets.remove(offset)
            self.synced.discard(offset)
        return bool(offsets)

    def remove_above(self, end_offset: int) -> bool:
        """Remove those of batches that are gone. Return whether there was one."""
        return self.remove([offset for offset in self.offsets if offset > end_offset])

    def remove_torn_above(self, offset: int) -> bool:
        """Remove those of later offsets that a crash has left half-written. Return whether there was one."""
        return self.remove([later for later in self.offsets if later > offset and self._is_torn(later)])

    def _is_torn(self, offset: int) -> bool:
        try:
            from_snapshot(self._file_system.read_bytes(self.path(offset)), offset)
        except SnapshotCorrupted:
            return True
        return False

    def remove_strays(self, base_offsets: Collection[int]) -> None:
        """Remove what is older than the newest synced one and does not belong to a segment's beginning, as
        Kafka does.
        """
        if self.synced:
            newest, keep = max(self.synced), set(base_offsets)
            self.remove([offset for offset in self.offsets if offset < newest and offset not in keep])

    def newest(self, end_offset: int) -> ProducerState | None:
        """The state in the newest whole snapshot that does not reach beyond `end_offset`. Torn ones are
        removed.
        """
        for offset in reversed(self.offsets[:]):
            if offset <= end_offset:
                try:
                    return from_snapshot(self._file_system.read_bytes(self.path(offset)), offset)
                except SnapshotCorrupted:
                    self.remove([offset])
        return None

    def state_at(
        self, end_offset: int, segments: Sequence[Segment], gaps: bool, *, index_from: int | None = None
    ) -> ProducerState:
        """The state after all batches below `end_offset`: the newest snapshot and the headers behind it.

        With `index_from`, transactions that are aborted there or behind are entered into the transaction
        indexes, which hold those before.

        Batches below the log start offset count: a producer stays known when its records are deleted (KIP-360
        accepts any sequence of one that is not).

        Raises LogCorrupted, OSError.
        """
        state = self._begin(end_offset, segments)
        if index_from is not None and index_from < state.end_offset:
            # By a state of its own: the snapshot of that offset may be gone, and with it the producers whose
            # records have been deleted.
            earlier = self._begin(index_from, segments)
            _replay_all(segments, earlier, state.end_offset, gaps, index_from)
        _replay_all(segments, state, end_offset, gaps, end_offset if index_from is None else index_from)
        state.end_offset = end_offset
        return state

    def _begin(self, end_offset: int, segments: Sequence[Segment]) -> ProducerState:
        """The newest state up to an offset that need not be read from the log."""
        state = self.newest(end_offset)
        return ProducerState(segments[0].base_offset) if state is None else state


def _replay_all(
    segments: Sequence[Segment], state: ProducerState, end_offset: int, gaps: bool, index_from: int
) -> None:
    """Bring a state from its end to `end_offset`."""
    for number, segment in enumerate(segments):
        following = segments[number + 1].base_offset if number + 1 < len(segments) else end_offset
        if state.end_offset < following and segment.base_offset < end_offset:
            _replay(segment, state, end_offset, gaps, index_from)


def _replay(segment: Segment, state: ProducerState, end_offset: int, gaps: bool, index_from: int) -> None:
    start = segment.locate(max(state.end_offset, segment.base_offset), gaps)
    if start is None:
        return
    for batch in walk(segment.file, start[0], segment.size, gaps=gaps):
        if batch.base_offset >= end_offset:
            return
        if batch.base_offset >= state.end_offset:
            aborted = state.replay(batch, batch.base_offset, partial(_end_marker, segment, batch))
            for each in aborted:
                if each.last_offset >= index_from:
                    segment.transaction_index.append(each)


def _end_marker(segment: Segment, batch: Batch) -> EndMarker | None:
    try:
        return read_end_marker(segment.file.read_at(batch.position, batch.size))
    except CorruptRecord as error:
        raise LogCorrupted(
            segment.path, batch.position, f"a control batch cannot be read: {error}"
        ) from error


def read_end_marker(buffer: bytes | bytearray | memoryview, position: int = 0) -> EndMarker | None:
    """The record of the control batch at `position`: how a transaction ended (KIP-98); None for other control
    batches (those of Raft) and emptied ones. Raises CorruptRecord.
    """
    header = parse_header(buffer, position)
    for record in records(buffer, header, _MAX_CONTROL_RECORD):
        key, value = record.key or b"", record.value or b""
        if len(key) < 4:
            raise CorruptRecord("a control record without a type")
        kind = int.from_bytes(key[2:4], "big")
        if kind in (_ABORT, _COMMIT):
            if len(value) < 6:
                raise CorruptRecord("an end of a transaction without a coordinator epoch")
            return EndMarker(
                kind == _COMMIT, int.from_bytes(value[2:6], "big", signed=True), record.timestamp
            )
    return None
