"""A shard of a coordinator, the partition of the internal topic that it lives in, and the deadlines of both.

An event goes through the shard, the records that come out are appended and replayed into it, and the replies
are given once the partition says that what they rest on may be acknowledged.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ..protocol.control_records import parse_end_transaction_marker
from ..protocol.errors import ErrorCode, ProtocolError
from ..protocol.record_errors import CorruptRecord
from ..storage.errors import StorageError
from .context import Pending
from .effects import Effects, Failure, Instant
from .partition import Partition, PartitionOffline
from .timers import Timer

if TYPE_CHECKING:
    from .coordinator import Coordinator

log = logging.getLogger(__name__)

# One request to a shard: fills the effects, and replies to the token with what `finish` is to get.
Event = Callable[[Any, Any, Instant, Effects], None]

# What goes wrong while appending, as clients of a coordinator are told it.
_TOLD_AS = {
    ErrorCode.KAFKA_STORAGE_ERROR: ErrorCode.NOT_COORDINATOR,
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION: ErrorCode.COORDINATOR_NOT_AVAILABLE,
    ErrorCode.RECORD_LIST_TOO_LARGE: ErrorCode.UNKNOWN_SERVER_ERROR,
    ErrorCode.MESSAGE_TOO_LARGE: ErrorCode.UNKNOWN_SERVER_ERROR,
}


class Machine(Protocol):
    """One group or one transactional id. `wake_ms` is when `expire` has something to do, or may have."""

    @property
    def wake_ms(self) -> float: ...


class Shard(Protocol):
    """The state of one partition. Only `replay` and `replay_marker` change what must outlive the broker."""

    @property
    def machines(self) -> Mapping[str, Machine]:
        """Everything that lives here, by id."""

    def replay(self, record: Any, now: Instant, offset: int = -1, producer_id: int = -1) -> None:
        """Take over one record of the log; with a producer id it waits for the end of a transaction."""

    def replay_marker(self, producer_id: int, committed: bool) -> None:
        """The producer's transaction has ended."""

    def on_loaded(self, now: Instant, effects: Effects) -> None:
        """Everything is replayed."""

    def unload(self, now: Instant, effects: Effects) -> None:
        """The coordinator goes away: answer whoever waits, and forget everything."""

    def expire(self, key: str, now: Instant, effects: Effects) -> None:
        """A deadline of a machine has passed, perhaps."""


class RecordFormat(NamedTuple):
    """How a shard's records are written: `encode(record) -> (key, value)`, and `decode(key, value)`, which
    gives None for kinds that are not known and raises ProtocolError for malformed ones.
    """

    encode: Callable[[Any], tuple[bytes, bytes | None]]
    decode: Callable[[Any, Any], Any]


class Gathering:
    """The replies to one request, which may come from several shards at different times."""

    __slots__ = ("_finish", "_missing", "_pending", "_replies", "_response")

    def __init__(self, parts: int, finish: Callable[[list[Any]], Any]) -> None:
        self._finish = finish
        self._missing = parts
        self._replies: list[Any] = [None] * parts
        self._pending: Pending | None = None
        self._response: Any = finish([]) if parts == 0 else None

    def receive(self, position: int, reply: Any) -> None:
        """One reply is there; with the last one, the response is."""
        self._replies[position] = reply
        self._missing -= 1
        if self._missing == 0:
            self._response = self._finish(self._replies)
            if self._pending is not None:
                self._pending.complete(self._response)

    def answer(self) -> Any | Pending:
        """The response if it is complete, else a Pending for it. To be called once, after all events."""
        if self._missing:
            self._pending = Pending()
            return self._pending
        return self._response


class Home:
    """One shard and the partition it lives in.

    `end_offset` is the end of what the shard has replayed: no reply leaves before that is committed, since
    any reply may rest on any of it. When a sync fails, the shard knows of records that may not exist after a
    restart: it closes, and whoever asks is answered NOT_COORDINATOR from then on.
    """

    def __init__(self, coordinator: Coordinator, shard: Shard, partition: Partition) -> None:
        self.shard = shard
        self.partition = partition
        self._coordinator = coordinator
        self._format = coordinator.record_format()
        self._timers = coordinator.timers
        self._now = coordinator.now
        self._alarms: dict[str, Timer] = {}
        self._is_open = partition.offline is None
        self._end_offset = 0

    def load(self) -> None:
        """Replay the partition. Records that cannot be read are passed over with a line in the log."""
        if not self._is_open:
            return
        now, effects = self._now(), Effects()
        try:
            self._replay(now)
        except (PartitionOffline, StorageError, CorruptRecord) as error:
            log.error("%s cannot be loaded, and what lives there is closed: %s", self.partition, error)
            self.shard.unload(now, Effects())
            self._is_open = False
            return
        self.shard.on_loaded(now, effects)
        self._carry_out(effects, now)
        for key in self.shard.machines:
            self._arm(key)

    def _replay(self, now: Instant) -> None:
        for header, records in self.partition.replay():
            self._end_offset = header.last_offset + 1
            if header.is_control:
                for record in records:
                    committed, _ = parse_end_transaction_marker(record)
                    self.shard.replay_marker(header.producer_id, committed)
                continue
            producer_id = header.producer_id if header.is_transactional else -1
            for record in records:
                try:
                    known = self._format.decode(record.key, record.value)
                except ProtocolError as malformed:
                    log.warning("%s at offset %d: %s", self.partition, record.offset, malformed)
                else:
                    if known is not None:
                        self.shard.replay(known, now, record.offset, producer_id)

    def submit(self, token: Any, event: Event, now: Instant, key: str | None = None) -> None:
        """Run one event, and see to the deadlines of what it was about."""
        if not self._is_open:
            if token is not None:
                _give(token, Failure(ErrorCode.NOT_COORDINATOR))
            return
        effects = Effects()
        event(self.shard, token, now, effects)
        self._carry_out(effects, now)
        if key is not None:
            self._arm(key)

    def answer(self, key: str, event: Event, now: Instant) -> tuple[Any, tuple[Partition, int] | None]:
        """Run one event that replies once and at once; the reply, and what it rests on."""
        if not self._is_open:
            return Failure(ErrorCode.NOT_COORDINATOR), None
        effects = Effects()
        event(self.shard, None, now, effects)
        ((_, reply),) = effects.replies
        effects.replies = []
        error = self._carry_out(effects, now)
        self._arm(key)
        if error is not ErrorCode.NONE:
            return Failure(error), None
        return reply, (self.partition, self._end_offset)

    def shut(self) -> None:
        """Answer everything that is parked, and take no more."""
        if self.partition.offline is not None and not self.partition.deleted:
            log.error("%s has failed: what lives there is closed until the broker restarts.", self.partition)
        self._is_open = False
        effects = Effects()
        self.shard.unload(self._now(), effects)
        for alarm in self._alarms.values():
            alarm.cancel()
        self._alarms.clear()
        for token, reply in effects.replies:
            _give(token, reply)

    def _carry_out(self, effects: Effects, now: Instant) -> ErrorCode:
        replies, orders, error = effects.replies, effects.orders, ErrorCode.NONE
        if effects.records:
            error = self._append(effects, now)
            if error is not ErrorCode.NONE:
                orders = []
                undone = Effects()
                if effects.undo is not None:
                    effects.undo(error, now, undone)
                replies = [*((token, Failure(error)) for token, _ in replies), *undone.replies]
        if orders:
            self.partition.when_committed(self._end_offset, lambda error: self._obey(orders, error))
        if replies:
            self.partition.when_committed(self._end_offset, lambda error: self._release(replies, error))
        if self._is_open and self.partition.offline is not None:
            self.shut()
        return error

    def _append(self, effects: Effects, now: Instant) -> ErrorCode:
        try:
            rows = [self._format.encode(record) for record in effects.records]
            result = self.partition.append_records(rows, now.wall_ms, **_batch_fields(effects.producer))
        except PartitionOffline:
            return ErrorCode.NOT_COORDINATOR
        except StorageError as error:
            return _TOLD_AS.get(error.error_code, error.error_code)
        self._end_offset = result.last_offset + 1
        producer_id = -1 if effects.producer is None else effects.producer[0]
        for offset, record in enumerate(effects.records, result.base_offset):
            self.shard.replay(record, now, offset, producer_id)
        return ErrorCode.NONE

    def replay_marker(self, producer_id: int, committed: bool, end_offset: int) -> None:
        """A marker was appended to the partition, which ends with `end_offset` now."""
        self._end_offset = end_offset
        self.shard.replay_marker(producer_id, committed)

    def _obey(self, orders: Sequence[Any], error: ErrorCode) -> None:
        if error is ErrorCode.NONE and self._is_open:
            for order in orders:
                self._coordinator.carry_out(order, self._now())

    def _release(self, replies: Sequence[tuple[Any, Any]], error: ErrorCode) -> None:
        if error is not ErrorCode.NONE:
            replies = [(token, Failure(_TOLD_AS.get(error, error))) for token, _ in replies]
        for token, reply in replies:
            _give(token, reply)
        if error is not ErrorCode.NONE and self._is_open:
            self.shut()

    def _arm(self, key: str) -> None:
        """Have a machine woken at its next deadline. An alarm that is too early finds out when it rings."""
        machine = self.shard.machines.get(key)
        alarm = self._alarms.get(key)
        if machine is None:
            if alarm is not None:
                alarm.cancel()
                del self._alarms[key]
        elif machine.wake_ms != float("inf") and (alarm is None or machine.wake_ms < alarm.deadline_ms):
            if alarm is not None:
                alarm.cancel()
            self._alarms[key] = self._timers.at(machine.wake_ms, lambda: self._ring(key))

    def _ring(self, key: str) -> None:
        del self._alarms[key]
        while self._is_open:
            now = self._now()
            machine = self.shard.machines.get(key)
            if machine is None or machine.wake_ms > now.monotonic_ms:
                break
            effects = Effects()
            self.shard.expire(key, now, effects)
            self._carry_out(effects, now)
        self._arm(key)


def _give(token: tuple[Gathering, int], reply: Any) -> None:
    gathering, position = token
    gathering.receive(position, reply)


def _batch_fields(producer: tuple[int, int] | None) -> dict[str, int | bool]:
    """What makes a batch part of a producer's transaction."""
    if producer is None:
        return {}
    producer_id, producer_epoch = producer
    return {"producer_id": producer_id, "producer_epoch": producer_epoch, "is_transactional": True}
