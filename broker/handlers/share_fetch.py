"""ShareFetch (API 78): acquire records for a member of a share group, and say what became of earlier ones
(KIP-932).

- 2: how records are acquired (KIP-1206), renewed locks (KIP-1222).
"""

from __future__ import annotations

from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.share_fetch import (
    CURRENT_LEADER,
    NODE_ENDPOINT,
    RESPONSE,
    RESPONSE_PARTITION,
    RESPONSE_TOPIC,
)
from ..context import Pending, RequestContext
from ..share.events import Acquisition, ShareError
from ..share.sessions import FINAL_EPOCH, INITIAL_EPOCH, SessionKey, TopicPartition
from ..share_acknowledging import Acknowledging, Outcomes, session_key
from ..share_fetching import ShareFetch, ShareFetchParameters, error_row
from ..share_partitions import Held

_RECORD_LIMIT = 1  # the acquire mode; 0 is for batches as they were written

Rows = dict[TopicPartition, Any]


def handle(request: Any, context: RequestContext) -> Any:
    """Take in acknowledgements, then fetch."""
    try:
        key = session_key(request)
        if request.is_renew_ack and (
            request.max_bytes or request.min_bytes or request.max_records or request.max_wait_ms
        ):
            raise ShareError(ErrorCode.INVALID_REQUEST)
        fetch = _Fetch(request, context, key)
    except ShareError as refused:
        if refused.error is ErrorCode.SHARE_SESSION_LIMIT_REACHED:
            return _later(request, context, refused)
        return RESPONSE(error_code=refused.error)
    return fetch.run()


def _later(request: Any, context: RequestContext, refused: ShareError) -> Any:
    """Where there is no room for a session, the client is kept from asking again at once."""
    pending = Pending()
    deadline_ms = context.monotonic_ms + request.max_wait_ms
    timer = context.node.timers.at(deadline_ms, lambda: pending.complete(RESPONSE(error_code=refused.error)))
    pending.on_abandon = timer.cancel
    return pending


class _Fetch:
    """One share fetch on its way: `_outcomes` are of its acknowledgements, `_rows` of what it reads."""

    def __init__(self, request: Any, context: RequestContext, key: SessionKey) -> None:
        self._request, self._context, self._key = request, context, key
        self._pending = Pending()
        self._acknowledges = any(
            partition.acknowledgement_batches for topic in request.topics for partition in topic.partitions
        )
        self._is_first = request.share_session_epoch == INITIAL_EPOCH
        self._wanted = self._open_session()
        session = context.node.share.sessions.get(key)
        self._next_epoch = 0 if session is None else session.epoch
        self._outcomes: Outcomes | None = None
        self._rows: Rows | None = None

    def _open_session(self) -> list[TopicPartition]:
        """The partitions to read. Raises ShareError."""
        request, sessions = self._request, self._context.node.share.sessions
        named = [
            (topic.topic_id, partition.partition_index)
            for topic in request.topics
            for partition in topic.partitions
        ]
        if request.share_session_epoch == FINAL_EPOCH:
            sessions.advance(self._key, FINAL_EPOCH)
            return []
        if self._is_first:
            if self._acknowledges:
                raise ShareError(ErrorCode.INVALID_REQUEST)
            sessions.open(self._key, named, self._context.connection_id)
            return named
        session = sessions.advance(self._key, request.share_session_epoch)
        forgotten = [(t.topic_id, index) for t in request.forgotten_topics_data for index in t.partitions]
        session.update(named, forgotten)
        return _rotated(list(session.partitions), request.share_session_epoch)

    def run(self) -> Any:
        """The response, or the Pending."""
        request, context = self._request, self._context
        if self._acknowledges:
            Acknowledging(
                context.node,
                self._key,
                knows_renew=context.version >= 2,
                is_renew=request.is_renew_ack,
            ).run(request.topics, self._acknowledged)
        else:
            self._outcomes = {}
        self._fetch({} if request.is_renew_ack else self._found())
        return self._pending.settled()

    def _found(self) -> dict[TopicPartition, Held | Any]:
        """The share partitions to read, with rows in place of those that cannot be."""
        node, found = self._context.node, {}
        for place in self._wanted:
            topic_id, index = place
            topic = node.topics.by_id(topic_id)
            if topic is None:
                found[place] = error_row(index, ErrorCode.UNKNOWN_TOPIC_ID)
            elif not 0 <= index < len(topic.partitions):
                found[place] = error_row(index, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
            else:
                found[place] = node.share.hold(self._key.group_id, topic_id, topic.partitions[index])
        return found

    def _fetch(self, found: dict[TopicPartition, Held | Any]) -> None:
        request, context = self._request, self._context
        rows = {place: each for place, each in found.items() if not isinstance(each, Held)}
        held = {each: place for place, each in found.items() if isinstance(each, Held)}
        max_bytes = min(request.max_bytes, context.node.config["fetch.max.bytes"])
        if not held or request.max_records == 0 or max_bytes == 0:
            self._fetched(rows)
            return
        parameters = ShareFetchParameters(
            Acquisition(
                self._key.member_id,
                request.max_records,
                request.batch_size,
                request.share_acquire_mode == _RECORD_LIMIT,
            ),
            max_bytes,
            min(request.min_bytes, max_bytes),
            context.node.share_settings.committed_only(self._key.group_id),
        )
        fetch = ShareFetch(
            context.node.share,
            list(held),
            parameters,
            context.node.clock.monotonic_ms,
            lambda read: self._fetched({**{held[each]: row for each, row in read.items()}, **rows}),
        )
        self._pending.on_abandon = fetch.cancel
        fetch.run(context.node.timers, context.monotonic_ms + request.max_wait_ms)

    def _acknowledged(self, outcomes: Outcomes) -> None:
        self._outcomes = outcomes
        self._complete()

    def _fetched(self, rows: Rows) -> None:
        self._rows = rows
        self._complete()

    def _complete(self) -> None:
        if self._rows is None or self._outcomes is None:
            return
        context, share = self._context, self._context.node.share
        session = share.sessions.get(self._key)
        rows, is_stale = self._rows, False
        if not self._is_first and session is not None and self._request.share_session_epoch != FINAL_EPOCH:
            is_stale = session.epoch != self._next_epoch
            rows = {
                place: row
                for place, row in rows.items()
                if not is_stale and session.is_news(place, len(row.records) > 0, row.error_code != 0)
            }
        _add_outcomes(rows, self._outcomes)
        if self._request.share_session_epoch == FINAL_EPOCH:
            share.close_session(self._key)
        response = RESPONSE(
            error_code=ErrorCode.INVALID_SHARE_SESSION_EPOCH if is_stale else ErrorCode.NONE,
            acquisition_lock_timeout_ms=context.node.share_settings.record_lock_duration_ms(
                self._key.group_id
            ),
            responses=_by_topic(rows),
        )
        self._point_to_leaders(response, rows)
        self._pending.complete(response)

    def _point_to_leaders(self, response: Any, rows: Rows) -> None:
        """Tell a client that is to look again where to look."""
        node, (host, port) = self._context.node, self._context.advertised
        for (topic_id, index), row in rows.items():
            if row.error_code == ErrorCode.NOT_LEADER_OR_FOLLOWER:
                topic = node.topics.by_id(topic_id)
                epoch = -1 if topic is None else topic.partitions[index].leader_epoch
                row.current_leader = CURRENT_LEADER(leader_id=node.node_id, leader_epoch=epoch)
                response.node_endpoints = [
                    NODE_ENDPOINT(node_id=node.node_id, host=host, port=port, rack=node.rack)
                ]


def _rotated(partitions: list[TopicPartition], epoch: int) -> list[TopicPartition]:
    """The partitions, beginning with another one in every request."""
    at = epoch % len(partitions) if partitions else 0
    return [*partitions[at:], *partitions[:at]]


def _add_outcomes(rows: Rows, outcomes: Outcomes) -> None:
    for place, problem in outcomes.items():
        row = rows.get(place)
        if row is None:
            row = rows[place] = RESPONSE_PARTITION(partition_index=place[1], records=b"")
        if problem is not None:
            row.acknowledge_error_code = problem.error
            row.acknowledge_error_message = problem.message


def _by_topic(rows: Rows) -> list[Any]:
    topics: dict[bytes, Any] = {}
    for (topic_id, _), row in rows.items():
        topics.setdefault(topic_id, RESPONSE_TOPIC(topic_id=topic_id)).partitions.append(row)
    return list(topics.values())
