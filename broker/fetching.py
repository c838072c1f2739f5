"""Reading partitions for a fetch, and waiting until there is enough to read.

A fetch that finds less than `min_bytes` is parked: it waits on its partitions, is woken by what changes
there, measures that partition alone, and is answered when there is enough, when its time is up, or when
something went wrong. No polling, and no second look at partitions where nothing happened.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..protocol.errors import ErrorCode
from ..protocol.messages.fetch import ABORTED_TRANSACTION, RESPONSE_PARTITION
from ..storage.errors import OffsetOutOfRange, StorageError
from .partition import Partition, PartitionOffline

if TYPE_CHECKING:
    from ..storage.log import Log, Slice
    from .timers import Timers

READ_UNCOMMITTED, READ_COMMITTED = 0, 1

_row = RESPONSE_PARTITION.make


class FetchParameters:
    """What bounds one fetch: sizes in bytes, `max_wait_ms` in milliseconds. `hard_max_bytes`: before v3
    (KIP-74) no batch larger than the limit is sent, so that a consumer can be stuck; later the first one
    always is. `is_replica`: it comes from a broker that takes itself for a follower."""

    __slots__ = ("committed_only", "hard_max_bytes", "is_replica", "max_bytes", "max_wait_ms", "min_bytes")

    def __init__(
        self,
        *,
        max_bytes: int,
        min_bytes: int,
        max_wait_ms: int,
        committed_only: bool,
        hard_max_bytes: bool,
        is_replica: bool = False,
    ) -> None:
        self.max_bytes = max_bytes
        self.min_bytes = min_bytes
        self.max_wait_ms = max_wait_ms
        self.committed_only = committed_only
        self.hard_max_bytes = hard_max_bytes
        self.is_replica = is_replica


class Wanted:
    """One partition of a fetch, as the client wants it. Epochs below 0 are none."""

    __slots__ = ("current_leader_epoch", "fetch_offset", "last_fetched_epoch", "max_bytes", "partition")

    def __init__(
        self,
        partition: Partition,
        fetch_offset: int,
        max_bytes: int,
        current_leader_epoch: int,
        last_fetched_epoch: int = -1,
    ) -> None:
        self.partition = partition
        self.fetch_offset = fetch_offset
        self.max_bytes = max_bytes
        self.current_leader_epoch = current_leader_epoch
        self.last_fetched_epoch = last_fetched_epoch

    def upper_offset(self, committed_only: bool) -> int:
        """Where reading ends for this client."""
        return self.partition.last_stable_offset if committed_only else self.partition.high_watermark


def error_row(index: int, code: int) -> Any:
    """A partition's answer that holds nothing but an error: every offset is -1, as in Kafka."""
    return _row(partition_index=index, error_code=code, high_watermark=-1, records=b"")


def _failed_row(index: int, code: int) -> Any:
    """The same, after an attempt to read."""
    row = error_row(index, code)
    row.aborted_transactions = None
    return row


def epoch_error(partition: Partition, current_leader_epoch: int) -> ErrorCode:
    """What is wrong with the leader epoch that a client believes in (KIP-320); -1 believes in none."""
    if current_leader_epoch in (-1, partition.leader_epoch):
        return ErrorCode.NONE
    if current_leader_epoch < partition.leader_epoch:
        return ErrorCode.FENCED_LEADER_EPOCH
    return ErrorCode.UNKNOWN_LEADER_EPOCH


def read_all(wanted: Sequence[Wanted], parameters: FetchParameters) -> tuple[list[Any], int, bool]:
    """The rows of all partitions in order, how many bytes of records they hold, and whether one of them is
    not worth waiting for.
    """
    left = parameters.max_bytes
    min_one = not parameters.hard_max_bytes
    rows, total, settled = [], 0, False
    for each in wanted:
        row, is_settled = _read(each, min(each.max_bytes, left), min_one, parameters)
        rows.append(row)
        settled = settled or is_settled
        size = len(row.records)
        if size:
            min_one = False
            total += size
            left = max(0, left - size)
    return rows, total, settled


def _read(wanted: Wanted, max_bytes: int, min_one: bool, parameters: FetchParameters) -> tuple[Any, bool]:
    """One partition's row, and whether waiting brings no more there: it is an error, or the reader has
    diverged, or more lies in the next segment, while a read gives a piece of one. As with Kafka, the client
    gets what is there and comes again.
    """
    partition, committed_only = wanted.partition, parameters.committed_only
    error = _refusal(wanted, parameters)
    if error:
        return _failed_row(partition.index, error), True
    try:
        log = partition.log
        row = _row(
            partition_index=partition.index,
            high_watermark=partition.high_watermark,
            last_stable_offset=partition.last_stable_offset,
            log_start_offset=log.log_start_offset,
            aborted_transactions=None,
            records=b"",
        )
        if wanted.last_fetched_epoch >= 0 and _diverges(wanted, log, row):
            return row, True
        upper_offset = wanted.upper_offset(committed_only)
        piece = log.read(wanted.fetch_offset, max(max_bytes, 0), min_one=min_one, upper_offset=upper_offset)
        if committed_only:
            row.aborted_transactions = _aborted(log, piece, upper_offset)
        row.records = piece.records
        return row, log.is_cut(piece, upper_offset)
    except (StorageError, PartitionOffline) as failure:
        return _failed_row(partition.index, failure.error_code), True


def _refusal(wanted: Wanted, parameters: FetchParameters) -> ErrorCode:
    """Why the partition is not read at all."""
    if wanted.current_leader_epoch >= 0:
        error = epoch_error(wanted.partition, wanted.current_leader_epoch)
        if error:
            return error
    if wanted.partition.deleted:
        return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    if parameters.is_replica:
        return ErrorCode.NOT_LEADER_OR_FOLLOWER
    if wanted.max_bytes < 0:  # Kafka does not foresee it
        return ErrorCode.UNKNOWN_SERVER_ERROR
    return ErrorCode.NONE


def _diverges(wanted: Wanted, log: Log, row: Any) -> bool:
    """Whether what the client has fetched is not what the log has (KIP-595); the row then says up to where.

    Raises OffsetOutOfRange for an epoch that the log never had.
    """
    epoch, end_offset = log.leader_epochs.end_offset(wanted.last_fetched_epoch, log.log_end_offset)
    if epoch < 0:
        raise OffsetOutOfRange(wanted.fetch_offset, log.log_start_offset, log.log_end_offset)
    if epoch == wanted.last_fetched_epoch and end_offset >= wanted.fetch_offset:
        return False
    row.diverging_epoch.epoch, row.diverging_epoch.end_offset = epoch, end_offset
    return True


def _aborted(log: Log, piece: Slice, upper_offset: int) -> list[Any]:
    """The aborted transactions whose records a reader of committed ones has to leave out (KIP-98)."""
    if not len(piece.records):
        return []
    return [
        ABORTED_TRANSACTION(producer_id=each.producer_id, first_offset=each.first_offset)
        for each in log.aborted_transactions(piece, upper_offset)
    ]


def available(wanted: Wanted, parameters: FetchParameters) -> int:
    """How many of `min_bytes` a partition has, as Kafka counts while a fetch waits: what is there up to the
    client's limit, though a first batch beyond it will be sent whole; all of them where waiting brings no
    more.
    """
    if wanted.upper_offset(parameters.committed_only) <= wanted.fetch_offset:
        return 0
    row, settled = _read(wanted, wanted.max_bytes, not parameters.hard_max_bytes, parameters)
    return parameters.min_bytes if settled else min(len(row.records), wanted.max_bytes)


class ParkedFetch:
    """A fetch that waits; `sizes` are what each wanted partition has `available`. `on_done` is called once,
    when it should read again and be answered.
    """

    __slots__ = ("_on_done", "_parameters", "_sizes", "_timer", "_total", "_wanted")

    def __init__(
        self,
        wanted: Sequence[Wanted],
        sizes: Sequence[int],
        parameters: FetchParameters,
        timers: Timers,
        deadline_ms: float,
        on_done: Callable[[], None],
    ) -> None:
        self._parameters = parameters
        self._on_done: Callable[[], None] | None = on_done
        self._wanted = {each.partition: each for each in wanted}
        self._sizes = {each.partition: size for each, size in zip(wanted, sizes, strict=True)}
        self._total = sum(self._sizes.values())
        for partition in self._wanted:
            partition.waiters[self] = None
        self._timer = timers.at(deadline_ms, self.finish)

    def on_change(self, partition: Partition) -> None:
        """`partition` has more to read, or has gone."""
        parameters, wanted = self._parameters, self._wanted[partition]
        if partition.deleted or partition.offline is not None:
            self.finish()
            return
        if wanted.upper_offset(parameters.committed_only) <= wanted.fetch_offset:
            return
        # Without gaps there is at least a byte now.
        if parameters.min_bytes > 1 or partition.log.config.compacted:
            size = available(wanted, parameters)
            self._total += size - self._sizes[partition]
            self._sizes[partition] = size
            if self._total < parameters.min_bytes:
                return
        self.finish()

    def finish(self) -> None:
        """Wait no longer."""
        on_done = self._on_done
        self.cancel()
        if on_done is not None:
            on_done()

    def cancel(self) -> None:
        """Forget it: the client has gone."""
        self._on_done = None
        self._timer.cancel()
        for partition in self._wanted:
            partition.waiters.pop(self, None)
