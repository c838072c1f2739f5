"""The dead letter queues of share groups (KIP-1191): what a group gives up is written to a topic of its own.

Each record there tells in its headers where it comes from and why; key and value are there where the group
wants copies and the record can still be read. Whatever goes wrong is logged, and the share group goes on: a
record that cannot be written must not hold it up.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..protocol.errors import ErrorCode
from ..protocol.record_batch import HEADER_SIZE, build_batch, records
from ..protocol.record_errors import CorruptRecord
from ..protocol.record_format import Record, encode_records
from ..protocol.record_validation import FIRST_VERSION_OF_BATCHES, prepare
from ..storage.errors import StorageError
from .partition import Partition, PartitionOffline
from .share.events import DeadLetter
from .share.reading import whole_batches
from .topics import TopicError

if TYPE_CHECKING:
    from .clock import Clock
    from .config.broker_config import BrokerConfig
    from .share_groups import ShareGroupSettings
    from .timers import Timers
    from .topic_requests import Replication
    from .topics import Topic, Topics

log = logging.getLogger(__name__)

_READ_BYTES = 1 << 20  # of the source at a time, as Kafka reads
_PREFIX = "__dlq.errors."


class _Unwritable(Exception):
    """Why records do not come into the queue, as a sentence."""


_Wanted = tuple[int, DeadLetter]  # an offset of the source, and what it belongs to


class _Copies(NamedTuple):
    """Records of the source by offset, and how far it has been read; what is absent cannot be had."""

    records: dict[int, Record]
    last_offset: int


class DeadLetters:
    """The queues of all share groups."""

    def __init__(
        self,
        config: BrokerConfig,
        topics: Topics,
        settings: ShareGroupSettings,
        replication: Replication,
        timers: Timers,
        clock: Clock,
    ) -> None:
        self._config = config
        self._topics = topics
        self._settings = settings
        self._replication = replication
        self._timers = timers
        self._clock = clock

    def write(
        self, group_id: str, source: Partition, letters: Sequence[DeadLetter], done: Callable[[], None]
    ) -> None:
        """Write letters to the group's queue, and call `done` when that is safe or has failed."""
        wanted = [(at, each) for each in letters for at in range(each.first_offset, each.last_offset + 1)]

        def proceed(position: int) -> None:
            if position == len(wanted):
                done()
            else:  # the loop has others to serve between two batches
                self._timers.at(self._clock.monotonic_ms() + 1, lambda: advance(position))

        def advance(position: int) -> None:
            end = len(wanted)
            try:
                partition = self._partition(group_id, source)
                rows = self._rows(group_id, source, wanted[position:], partition)
                end = position + len(rows)
                end_offset = self._append(partition, rows)
            except (_Unwritable, TopicError, CorruptRecord, StorageError, PartitionOffline) as problem:
                fail(str(problem), position, end)
                proceed(end)
            else:
                partition.when_committed(end_offset, lambda error: settle(error, position, end))

        def settle(error: ErrorCode, position: int, end: int) -> None:
            if error is not ErrorCode.NONE:
                fail(error.message, position, end)
            proceed(end)

        def fail(reason: str, position: int, end: int) -> None:
            place = f"{source.topic}-{source.index}, offsets {wanted[position][0]} to {wanted[end - 1][0]}"
            log.error("Not in the dead letter queue of group %s: %s. %s", group_id, place, reason)

        advance(0)

    def _rows(
        self, group_id: str, source: Partition, wanted: Sequence[_Wanted], partition: Partition
    ) -> Sequence[Record]:
        """What comes first of what is wanted, as much as one batch of a partition may hold."""
        max_bytes = partition.policy.produce.max_message_bytes
        copies = _Copies({}, wanted[-1][0])
        if self._settings.copies_dead_letters(group_id):
            copies = _copies(source, [offset for offset, _ in wanted], max_bytes)
        return _fitting(_records(group_id, source, wanted, copies, self._clock.wall_ms()), max_bytes)

    def _append(self, partition: Partition, rows: Sequence[Record]) -> int:
        """Append one batch. The end offset that has to be durable."""
        now_ms, rules = self._clock.wall_ms(), partition.policy.produce
        data = build_batch(rows)
        batch, header = prepare(data, rules, api_version=FIRST_VERSION_OF_BATCHES, now_ms=now_ms)
        result = partition.append(batch, (header,), now_ms)
        partition.wake()
        return result.last_offset + 1

    def _partition(self, group_id: str, source: Partition) -> Partition:
        """Where the queue has what comes from a partition. Raises _Unwritable, TopicError."""
        topic = self._topic(group_id)
        return topic.partitions[source.index % len(topic.partitions)]

    def _topic(self, group_id: str) -> Topic:
        """The queue's topic, which is made where that is wanted. Raises _Unwritable, TopicError."""
        name = self._settings.dead_letter_topic(group_id)
        prefix = self._config["errors.deadletterqueue.topic.name.prefix"]
        topic = self._topics.get(name)
        if not name or name.startswith("__"):
            raise _Unwritable(f"The group has no topic for it, or one that cannot be: '{name}'.")
        if topic is not None and not topic.config["errors.deadletterqueue.group.enable"]:
            raise _Unwritable(f"Topic {name} is not for it: errors.deadletterqueue.group.enable is false.")
        if topic is None and not self._config["errors.deadletterqueue.auto.create.topics.enable"]:
            raise _Unwritable(
                f"There is no topic {name}, and errors.deadletterqueue.auto.create.topics.enable is false."
            )
        if prefix and not name.startswith(prefix):
            raise _Unwritable(f"The name of topic {name} does not begin with {prefix}.")
        return topic or self._create(name)

    def _create(self, name: str) -> Topic:
        self._replication.check_factor(-1)
        settings = {"errors.deadletterqueue.group.enable": "true", "message.timestamp.type": "CreateTime"}
        partitions: int = self._config["num.partitions"]
        return self._topics.create(name, partitions, settings, now_ms=self._clock.wall_ms())


def _records(
    group_id: str, source: Partition, wanted: Sequence[_Wanted], copies: _Copies, now_ms: int
) -> Iterator[Record]:
    """A record for each offset of which it is known whether it can be copied, for the first one in any
    case.
    """
    for number, (offset, letter) in enumerate(wanted):
        if number and offset > copies.last_offset:
            return
        copy = copies.records.get(offset)
        about = {
            "topic": source.topic,
            "partition": source.index,
            "offset": offset,
            "group": group_id,
            "delivery.count": letter.delivery_count,
            "message": letter.cause.value,
        }
        headers = tuple((f"{_PREFIX}{name}".encode(), f"{value}".encode()) for name, value in about.items())
        key, value = (None, None) if copy is None else (copy.key, copy.value)
        yield Record(number, now_ms, key, value, headers)


def _fitting(rows: Iterator[Record], max_bytes: int) -> Sequence[Record]:
    """As many as one batch may hold, and one at least: whether that is too large the log says."""
    fitting: list[Record] = []
    size = HEADER_SIZE
    for row in rows:
        size += len(encode_records((row,), 0, row.timestamp))
        if size > max_bytes and fitting:
            break
        fitting.append(row)
    return fitting


def _copies(source: Partition, offsets: Sequence[int], max_bytes: int) -> _Copies:
    """What one read of the source gives of some offsets, of records not larger than `max_bytes` together.

    Batches that inflate beyond that, or are damaged, give nothing; where nothing can be read at all, none of
    the others can be had.
    """
    first_offset, last_offset, wanted = offsets[0], offsets[-1], set(offsets)
    found: dict[int, Record] = {}
    read_to, size = first_offset - 1, 0
    try:
        piece = source.log.read(first_offset, _READ_BYTES, upper_offset=source.high_watermark)
        data = memoryview(piece.records.read())
    except (StorageError, PartitionOffline) as problem:
        log.warning("%s-%d cannot be read for a dead letter queue: %s", source.topic, source.index, problem)
        return _Copies(found, last_offset)
    for header in whole_batches(data):
        try:
            rows = records(data, header, max_bytes if header.compression else len(data))
        except CorruptRecord:
            rows = []
        for row in rows:
            if row.offset not in wanted:
                continue
            row_size = len(encode_records((row,), row.offset, row.timestamp))
            if row_size > max_bytes:
                continue
            size += row_size
            if size > max_bytes:
                return _Copies(found, read_to)
            found[row.offset], read_to = row, row.offset
        read_to = max(read_to, min(header.last_offset, last_offset))
    return _Copies(found, read_to if read_to >= first_offset else last_offset)
