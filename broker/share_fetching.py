"""Reading partitions for members of share groups, and waiting until there is something to acquire (KIP-932).

A share fetch looks at the share partitions that have room, reads from each where the next free record is, and
acquires when that is `min_bytes` or more, when a segment ends before that, when something is wrong, or when
its time is up. Until then it is parked: woken when a partition has more records, or when records in flight
become free.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..protocol.errors import ErrorCode
from ..protocol.messages.share_fetch import ACQUIRED_RECORDS, RESPONSE_PARTITION
from ..storage.errors import StorageError
from .partition import Partition, PartitionOffline
from .share.events import Acquisition
from .share.reading import covering, record_batches, whole_batches
from .share_partitions import Held, SharePartitions

if TYPE_CHECKING:
    from ..storage.log import Slice
    from .timers import Timer, Timers

_row = RESPONSE_PARTITION.make


class ShareFetchParameters(NamedTuple):
    """What bounds one share fetch: sizes in bytes, counts in records."""

    acquisition: Acquisition
    max_bytes: int
    min_bytes: int
    committed_only: bool


class _Read(NamedTuple):
    """What was read of a share partition from `fetch_offset` on, or the error. `is_cut`: there is more in
    the next segment, which no single read gives.
    """

    held: Held
    fetch_offset: int
    piece: Slice | None
    aborted: Sequence[tuple[int, int]]
    error: ErrorCode
    is_cut: bool = False

    @property
    def size(self) -> int:
        return 0 if self.piece is None else len(self.piece.records)


def error_row(index: int, error: ErrorCode, message: str | None = None) -> Any:
    """A partition's answer that holds nothing but an error."""
    return _row(partition_index=index, error_code=error, error_message=message, records=b"")


class ShareFetch:
    """One share fetch. `run` gives rows by share partition to `on_done`, perhaps later; where none is, there
    is no news.
    """

    __slots__ = ("_held", "_on_done", "_parameters", "_partitions", "_timer", "now_ms")

    def __init__(
        self,
        partitions: SharePartitions,
        held: Sequence[Held],
        parameters: ShareFetchParameters,
        now_ms: Callable[[], float],
        on_done: Callable[[dict[Held, Any]], None],
    ) -> None:
        self._partitions = partitions
        self._held = held
        self._parameters = parameters
        self._on_done: Callable[[dict[Held, Any]], None] | None = on_done
        self._timer: Timer | None = None
        self.now_ms = now_ms

    def run(self, timers: Timers, deadline_ms: float) -> None:
        """Acquire at once, or as soon as there is enough, or at the deadline."""
        if self._is_hopeless():
            self._complete([])
        elif not self._try() and deadline_ms <= self.now_ms():
            self.finish()
        elif self._on_done is not None:
            self._timer = timers.at(deadline_ms, self.finish)
            for held in self._held:
                held.waiters[self] = None
                held.partition.waiters[self] = None

    def on_change(self, partition: Partition) -> None:  # noqa: ARG002
        """A partition has more to read, or has gone."""
        self.on_free()

    def on_free(self) -> None:
        """Records in flight may be free again."""
        if self._on_done is not None and not self._try() and self._is_hopeless():
            self._complete([])

    def finish(self) -> None:
        """Wait no longer, and make do with what there is."""
        if self._on_done is not None:
            self._complete(self._read())

    def cancel(self) -> None:
        """Forget it: the client has gone."""
        self._on_done = None
        if self._timer is not None:
            self._timer.cancel()
        for held in self._held:
            held.waiters.pop(self, None)
            held.partition.waiters.pop(self, None)

    def _is_hopeless(self) -> bool:
        return all(held.problem is not None for held in self._held)

    def _try(self) -> bool:
        """Acquire if there is enough; whether that is so."""
        read = self._read()
        size = sum(each.size for each in read)
        need_not_wait = any(each.error is not ErrorCode.NONE or each.is_cut for each in read)
        if not read or (size < self._parameters.min_bytes and not need_not_wait):
            return False
        self._complete(read)
        return True

    def _read(self) -> list[_Read]:
        """Whatever may be acquired now. The first partition gives a whole batch at least; together they stay
        below the limit, of which each has an equal share.
        """
        able = [
            held
            for held in self._held
            if held.problem is None and held.machine is not None and held.machine.can_acquire
        ]
        left, found = self._parameters.max_bytes, []
        for held in able:
            share = min(self._parameters.max_bytes // len(able), left)
            read = self._read_one(held, share, min_one=left == self._parameters.max_bytes)
            left = max(0, left - read.size)
            found.append(read)
        return found

    def _read_one(self, held: Held, max_bytes: int, *, min_one: bool) -> _Read:
        assert held.machine is not None
        partition, offset = held.partition, held.machine.next_fetch_offset
        committed_only = self._parameters.committed_only
        try:
            log = partition.log
            upper = partition.last_stable_offset if committed_only else partition.high_watermark
            piece = log.read(offset, max_bytes, min_one=min_one, upper_offset=upper)
            found = log.aborted_transactions(piece, upper) if committed_only and len(piece.records) else ()
            aborted = [(each.producer_id, each.first_offset) for each in found]
            return _Read(held, offset, piece, aborted, ErrorCode.NONE, log.is_cut(piece, upper))
        except (StorageError, PartitionOffline) as failure:
            return _Read(held, offset, None, (), failure.error_code)

    def _complete(self, read: Sequence[_Read]) -> None:
        on_done = self._on_done
        self.cancel()
        if on_done is None:
            return
        rows: dict[Held, Any] = {
            held: error_row(held.key.partition, held.problem.error, held.problem.message)
            for held in self._held
            if held.problem is not None
        }
        left = self._parameters.acquisition.max_records
        for each in read:
            rows[each.held] = row = self._acquire(each, left)
            left -= sum(acquired.last_offset - acquired.first_offset + 1 for acquired in row.acquired_records)
        on_done(rows)

    def _acquire(self, read: _Read, max_records: int) -> Any:
        held, index = read.held, read.held.key.partition
        machine = held.machine
        assert machine is not None
        if read.error is ErrorCode.OFFSET_OUT_OF_RANGE:
            machine.move_start(held.partition.log.log_start_offset)
            return _row(partition_index=index, records=b"")
        if read.piece is None:
            return error_row(index, read.error, read.error.message)
        data = memoryview(read.piece.records.read())
        headers = whole_batches(data)
        acquired = machine.acquire(
            self._parameters.acquisition._replace(max_records=max_records),
            read.fetch_offset,
            record_batches(data, headers, read.aborted),
            self.now_ms(),
        )
        if not acquired:
            return _row(partition_index=index, records=b"")
        self._partitions.acquired(held)
        return _row(
            partition_index=index,
            records=covering(data, headers, acquired),
            acquired_records=[ACQUIRED_RECORDS(**each._asdict()) for each in acquired],
        )
