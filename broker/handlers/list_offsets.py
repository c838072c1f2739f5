"""ListOffsets (API 2): offsets by timestamp (KIP-79), and special ones.

- -1 latest (the high watermark, or the last stable offset for isolation level 1), -2 earliest, -3 the record
  of the largest timestamp (KIP-734, from 7), -4 earliest local (KIP-405, from 8): the same as earliest, for
  nothing is tiered; -5 latest tiered (KIP-1005, from 9) and -6 earliest pending upload (KIP-1023, from 11):
  none.
- 0: several offsets a partition: base offsets of segments, newest first, before them the log end.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ...protocol.errors import ErrorCode
from ...protocol.messages.list_offsets import RESPONSE, RESPONSE_PARTITION, RESPONSE_TOPIC
from ...storage.errors import StorageError
from ...storage.log import TimestampOffset
from ..context import RequestContext
from ..fetching import READ_COMMITTED, READ_UNCOMMITTED, epoch_error
from ..partition import Partition, PartitionOffline
from ..topic_requests import duplicates

LATEST, EARLIEST, MAX_TIMESTAMP, EARLIEST_LOCAL, LATEST_TIERED, EARLIEST_PENDING_UPLOAD = range(-1, -7, -1)
_SINCE = {
    LATEST: 0,
    EARLIEST: 0,
    MAX_TIMESTAMP: 7,
    EARLIEST_LOCAL: 8,
    LATEST_TIERED: 9,
    EARLIEST_PENDING_UPLOAD: 11,
}
_NEVER = 2**15

_NOTHING = TimestampOffset(-1, -1, -1)


class _Question(NamedTuple):
    asked: Any
    committed_only: bool
    version: int


def handle(request: Any, context: RequestContext) -> Any:
    twice = duplicates(
        (topic.name, each.partition_index) for topic in request.topics for each in topic.partitions
    )
    committed_only = request.isolation_level == READ_COMMITTED
    level_exists = request.isolation_level in (READ_UNCOMMITTED, READ_COMMITTED)
    answers = []
    for topic in request.topics:
        rows = {}
        for asked in topic.partitions:
            index = asked.partition_index
            if (topic.name, index) in twice:
                rows[index] = _error(asked, ErrorCode.INVALID_REQUEST)
            elif not level_exists:  # Kafka does not foresee it
                rows[index] = _error(asked, ErrorCode.UNKNOWN_SERVER_ERROR)
            else:
                question = _Question(asked, committed_only, context.version)
                rows[index] = _answer(question, context.node.topics.partition(topic.name, index))
        answers.append(RESPONSE_TOPIC(name=topic.name, partitions=list(rows.values())))
    return RESPONSE(topics=answers)


def _answer(question: _Question, partition: Partition | None) -> Any:
    asked = question.asked
    if partition is None:
        return _error(asked, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    if asked.timestamp < 0 and question.version < _SINCE.get(asked.timestamp, _NEVER):
        return _error(asked, ErrorCode.UNSUPPORTED_VERSION)
    error = epoch_error(partition, asked.current_leader_epoch)
    if error:
        return _error(asked, error)
    try:
        if question.version == 0:
            offsets = _old_style(partition, asked.timestamp, asked.max_num_offsets)
            return RESPONSE_PARTITION(partition_index=asked.partition_index, old_style_offsets=offsets)
        found = _find(partition, asked.timestamp, question.committed_only)
    except (StorageError, PartitionOffline) as failure:
        return _error(asked, failure.error_code)
    return RESPONSE_PARTITION(
        partition_index=asked.partition_index,
        timestamp=found.timestamp,
        offset=found.offset,
        leader_epoch=found.leader_epoch,
    )


def _find(partition: Partition, timestamp: int, committed_only: bool) -> TimestampOffset:
    log, epoch = partition.log, partition.leader_epoch
    end = partition.last_stable_offset if committed_only else partition.high_watermark
    if timestamp == LATEST:
        return TimestampOffset(-1, end, epoch)
    if timestamp in (EARLIEST, EARLIEST_LOCAL):
        known = log.leader_epochs.epoch_at(log.log_start_offset)
        return TimestampOffset(-1, log.log_start_offset, known if known >= 0 else epoch)
    if timestamp in (LATEST_TIERED, EARLIEST_PENDING_UPLOAD):
        return _NOTHING
    found = log.max_timestamp() if timestamp == MAX_TIMESTAMP else log.find_by_timestamp(timestamp)
    return found if found is not None and found.offset < end else _NOTHING


def _old_style(partition: Partition, timestamp: int, max_num_offsets: int) -> list[int]:
    """Offsets at or before which to begin for records of `timestamp`, newest first: the log end and
    segments' starts.
    """
    log, end = partition.log, partition.high_watermark
    starts = [segment for segment in reversed(log.segments) if segment.base_offset < end]
    if timestamp == LATEST:
        offsets = [end, *(segment.base_offset for segment in starts)]
    elif timestamp == EARLIEST:
        offsets = [log.log_start_offset]
    else:
        offsets = [segment.base_offset for segment in starts if segment.largest[0] <= timestamp]
    return offsets[: max(max_num_offsets, 0)]


def _error(asked: Any, code: int) -> Any:
    return RESPONSE_PARTITION(partition_index=asked.partition_index, error_code=code)
