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

    def write(self, group_id: str, source: Partition, letter: DeadLetter, done: Callable[[], None]) -> None:
        """Write a letter to the group's queue, and call `done` when that is safe or has failed."""

        def settle(error: ErrorCode, next_offset: int) -> None:
            if error is not ErrorCode.NONE:
                fail(error.message)
            elif next_offset > letter.last_offset:
                done()
            else:  # the loop has others to serve between two batches
                later = self._clock.monotonic_ms() + 1
                self._timers.at(later, lambda: advance(next_offset))

        def advance(offset: int) -> None:
            try:
                partition, next_offset, end_offset = self._append(group_id, source, letter, offset)
            except (_Unwritable, TopicError, CorruptRecord, StorageError, PartitionOffline) as problem:
                fail(str(problem))
            else:
                partition.when_committed(end_offset, lambda error: settle(error, next_offset))

        def fail(reason: str) -> None:
            place = f"{source.topic}-{source.index}, offsets {letter.first_offset} to {letter.last_offset}"
            log.error("Not in the dead letter queue of group %s: %s. %s", group_id, place, reason)
            done()

        advance(letter.first_offset)

    def _append(
        self, group_id: str, source: Partition, letter: DeadLetter, offset: int
    ) -> tuple[Partition, int, int]:
        """Append one batch, from an offset of the source on. Where to, the offset after the last one in it,
        and the end offset that has to be durable.
        """
        topic = self._topic(group_id)
        partition = topic.partitions[source.index % len(topic.partitions)]
        rules = partition.policy.produce
        copies = _Copies({}, letter.last_offset)
        if self._settings.copies_dead_letters(group_id):
            copies = _copies(source, offset, letter.last_offset, rules.max_message_bytes)
        now_ms = self._clock.wall_ms()
        rows = _fitting(_rows(group_id, source, letter, offset, copies, now_ms), rules.max_message_bytes)
        data = build_batch(rows)
        batch, header = prepare(data, rules, api_version=FIRST_VERSION_OF_BATCHES, now_ms=now_ms)
        result = partition.append(batch, (header,), now_ms)
        partition.wake()
        return partition, offset + len(rows), result.last_offset + 1

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


def _rows(
    group_id: str, source: Partition, letter: DeadLetter, first_offset: int, copies: _Copies, now_ms: int
) -> Iterator[Record]:
    """A record for each offset of which it is known whether it can be copied, for the first one in any
    case.
    """
    last_offset = max(first_offset, min(letter.last_offset, copies.last_offset))
    for number, offset in enumerate(range(first_offset, last_offset + 1)):
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


def _copies(source: Partition, first_offset: int, last_offset: int, max_bytes: int) -> _Copies:
    """What one read of the source gives of a range, of records not larger than `max_bytes` together.

    Batches that inflate beyond that, or are damaged, give nothing; where nothing can be read at all, nothing
    of the rest of the range can be had.
    """
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
            if not first_offset <= row.offset <= last_offset:
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
