"""Fetch (API 1): read record batches, waiting for some to arrive.

- 0-3: batches are converted down to message sets (the broker's copy stays as it is). 3: the first batch is
  always whole, and there is a limit on the answer (KIP-74). 4: isolation level (KIP-98). 6:
  KAFKA_STORAGE_ERROR (KIP-112).
- 7: incremental sessions (KIP-227). 9: leader epochs (KIP-320). 10: zstd (KIP-110). 12: the epoch of the
  last record fetched (KIP-595), which tells a reader whose records are not those of the log. 13: topic ids
  (KIP-516).
- Nobody replicates this broker: to a replica it is no leader.
- From 4 on the records are pieces of the log's files, sent as they are.
"""

from __future__ import annotations

from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.message_set import down_convert
from ...protocol.messages.fetch import NODE_ENDPOINT, RESPONSE, RESPONSE_TOPIC
from ...protocol.record_errors import CorruptRecord
from ..context import Pending, RequestContext
from ..fetch_sessions import FetchContext, FetchEntry
from ..fetching import (
    READ_COMMITTED,
    READ_UNCOMMITTED,
    FetchParameters,
    ParkedFetch,
    Wanted,
    available,
    error_row,
    read_all,
)
from ..partition import Partition

_MAX_INFLATED_BYTES = 100 << 20  # of one batch, for conversion down
_FIRST_VERSION_WITH_IDS = 13
_FIRST_VERSION_WITH_LEADERS = 16  # the format has had a place for them since 12
_FENCED = (ErrorCode.NOT_LEADER_OR_FOLLOWER, ErrorCode.FENCED_LEADER_EPOCH)


def handle(request: Any, context: RequestContext) -> Any:
    if request.isolation_level not in (READ_UNCOMMITTED, READ_COMMITTED):
        return _no_such_isolation_level(request, context.version)
    fetch = context.node.fetch_sessions.open(request, context.version, context.monotonic_ms)
    if fetch.error:
        return RESPONSE(error_code=fetch.error)
    return _Fetch(request, context, fetch).answer_or_park()


def _no_such_isolation_level(request: Any, version: int) -> Any:
    """As Kafka, which does not foresee it: UNKNOWN_SERVER_ERROR, before topic ids at every partition."""
    response = RESPONSE(error_code=ErrorCode.UNKNOWN_SERVER_ERROR)
    if version < _FIRST_VERSION_WITH_IDS:
        for topic in request.topics:
            rows = [error_row(each.partition, ErrorCode.UNKNOWN_SERVER_ERROR) for each in topic.partitions]
            response.responses.append(RESPONSE_TOPIC(topic=topic.topic, partitions=rows))
    return response


class _Fetch:
    """One fetch on its way."""

    __slots__ = ("_context", "_entries", "_fetch", "_parameters", "_wanted")

    def __init__(self, request: Any, context: RequestContext, fetch: FetchContext) -> None:
        self._context = context
        self._fetch = fetch
        replica_id = request.replica_id if context.version < 15 else request.replica_state.replica_id
        max_bytes = min(request.max_bytes, context.node.config["fetch.max.bytes"])
        self._parameters = FetchParameters(
            max_bytes=max_bytes,
            min_bytes=min(request.min_bytes, max_bytes),
            max_wait_ms=request.max_wait_ms,
            committed_only=request.isolation_level == READ_COMMITTED,
            hard_max_bytes=context.version < 3,
            is_replica=replica_id >= 0,
        )
        # The rows of what cannot be read are in place already; `_wanted` holds the rest, by position.
        self._entries: list[Any] = []
        self._wanted: list[tuple[int, Wanted]] = []
        for position, entry in enumerate(fetch.entries):
            partition = self._find(entry)
            if isinstance(partition, Partition):
                self._wanted.append((position, _wanted(entry, partition)))
                self._entries.append(None)
            else:
                self._entries.append(error_row(entry.index, partition))

    def answer_or_park(self) -> Any:
        parameters = self._parameters
        wanted = [each for _, each in self._wanted]
        rows, size, settled = read_all(wanted, parameters)
        if size >= parameters.min_bytes or settled or parameters.max_wait_ms <= 0 or not wanted:
            return self._response(rows)
        # Together the limits may let through less than each partition has by itself.
        sizes = [available(each, parameters) for each in wanted]
        if sum(sizes) >= parameters.min_bytes:
            return self._response(rows)
        context, pending = self._context, Pending()
        parked = ParkedFetch(
            wanted,
            sizes,
            parameters,
            context.node.timers,
            context.monotonic_ms + parameters.max_wait_ms,
            lambda: pending.complete(self._response(read_all(wanted, parameters)[0])),
        )
        pending.on_abandon = parked.cancel
        return pending

    def _find(self, entry: FetchEntry) -> Partition | ErrorCode:
        """The partition that `entry` means, looked up again after its topic was deleted; or what is wrong."""
        known = entry.partition
        if known is not None and not known.deleted:
            return known
        topics = self._context.node.topics
        topic = topics.get(entry.topic) if isinstance(entry.topic, str) else topics.by_id(entry.topic)
        if topic is None and isinstance(entry.topic, bytes):
            return ErrorCode.UNKNOWN_TOPIC_ID
        if topic is None or not 0 <= entry.index < len(topic.partitions):
            return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        entry.partition = topic.partitions[entry.index]
        return entry.partition

    def _response(self, rows: list[Any]) -> Any:
        context = self._context
        for (position, wanted), row in zip(self._wanted, rows, strict=True):
            self._entries[position] = self._fit(wanted, row) if context.version < 10 else row
            if context.version >= _FIRST_VERSION_WITH_LEADERS and row.error_code in _FENCED:
                row.current_leader.leader_id = context.node.node_id
                row.current_leader.leader_epoch = wanted.partition.leader_epoch
        session_id, error, pairs = self._fetch.answer(self._entries, context.node.clock.monotonic_ms())
        response = RESPONSE(session_id=session_id, error_code=error, responses=_by_topic(pairs))
        if context.version >= _FIRST_VERSION_WITH_LEADERS and any(
            row.error_code in _FENCED for _, row in pairs
        ):
            host, port = context.advertised
            node = context.node
            response.node_endpoints = [
                NODE_ENDPOINT(node_id=node.node_id, host=host, port=port, rack=node.rack)
            ]
        return response

    def _fit(self, wanted: Wanted, row: Any) -> Any:
        """What an older client understands of `row`."""
        version, partition = self._context.version, wanted.partition
        if row.error_code == ErrorCode.KAFKA_STORAGE_ERROR and version < 6:
            row.error_code = ErrorCode.NOT_LEADER_OR_FOLLOWER
        codec = partition.policy.produce.compression
        if codec is not None and codec.name == "ZSTD":
            return error_row(partition.index, ErrorCode.UNSUPPORTED_COMPRESSION_TYPE)
        if version < 4 and len(row.records):
            magic = 0 if version < 2 else 1
            data = row.records.read()
            try:
                row.records = down_convert(data, magic, _MAX_INFLATED_BYTES, wanted.fetch_offset)
            except CorruptRecord as error:
                return error_row(partition.index, error.error_code)
        return row


def _wanted(entry: FetchEntry, partition: Partition) -> Wanted:
    return Wanted(
        partition,
        entry.fetch_offset,
        entry.max_bytes,
        entry.current_leader_epoch,
        entry.last_fetched_epoch,
    )


def _by_topic(pairs: list[tuple[FetchEntry, Any]]) -> list[Any]:
    """Rows under their topics; neighbours of one topic share its element."""
    topics: list[Any] = []
    last: str | bytes | None = None
    for entry, row in pairs:
        if entry.topic != last:
            last = entry.topic
            topics.append(
                RESPONSE_TOPIC(topic=last) if isinstance(last, str) else RESPONSE_TOPIC(topic_id=last)
            )
        topics[-1].partitions.append(row)
    return topics
