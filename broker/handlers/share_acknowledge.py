"""ShareAcknowledge (API 79): what became of records that a member of a share group has acquired (KIP-932).

- 2: renewed locks (KIP-1222).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.share_acknowledge import (
    CURRENT_LEADER,
    NODE_ENDPOINT,
    RESPONSE,
    RESPONSE_PARTITION,
    RESPONSE_TOPIC,
)
from ..context import Pending, RequestContext
from ..share.events import ShareError
from ..share.sessions import FINAL_EPOCH, INITIAL_EPOCH, SessionKey
from ..share_acknowledging import Acknowledging, Outcomes, session_key


def handle(request: Any, context: RequestContext) -> Any:
    """Store what the member says, in its session."""
    try:
        key = session_key(request)
        if request.share_session_epoch == INITIAL_EPOCH:
            raise ShareError(ErrorCode.INVALID_SHARE_SESSION_EPOCH)
        context.node.share.sessions.advance(key, request.share_session_epoch)
    except ShareError as refused:
        return RESPONSE(error_code=refused.error)
    pending = Pending()

    def finish(outcomes: Outcomes) -> None:
        if request.share_session_epoch == FINAL_EPOCH:
            context.node.share.close_session(key)
        pending.complete(_response(context, key, outcomes))

    Acknowledging(context.node, key, knows_renew=context.version >= 2, is_renew=request.is_renew_ack).run(
        request.topics, finish
    )
    return pending.settled()


def _response(context: RequestContext, key: SessionKey, outcomes: Outcomes) -> Any:
    topics: dict[bytes, Any] = {}
    for (topic_id, index), problem in outcomes.items():
        row = RESPONSE_PARTITION(partition_index=index)
        if problem is not None:
            row.error_code, row.error_message = problem.error, problem.message
            if problem.error is ErrorCode.NOT_LEADER_OR_FOLLOWER:
                row.current_leader = current_leader(context, topic_id, index)
        topics.setdefault(topic_id, RESPONSE_TOPIC(topic_id=topic_id)).partitions.append(row)
    return RESPONSE(
        acquisition_lock_timeout_ms=context.node.share_settings.record_lock_duration_ms(key.group_id),
        responses=list(topics.values()),
        node_endpoints=node_endpoints(context, (p.error for p in outcomes.values() if p is not None)),
    )


def current_leader(context: RequestContext, topic_id: bytes, index: int) -> Any:
    """Who leads a partition, for a client that is to look again."""
    topic = context.node.topics.by_id(topic_id)
    if topic is None or index >= len(topic.partitions):
        return CURRENT_LEADER(leader_id=-1, leader_epoch=-1)
    return CURRENT_LEADER(leader_id=context.node.node_id, leader_epoch=topic.partitions[index].leader_epoch)


def node_endpoints(context: RequestContext, errors: Iterable[int]) -> list[Any]:
    """Where the leaders are that errors send a client to."""
    if ErrorCode.NOT_LEADER_OR_FOLLOWER not in errors:
        return []
    host, port = context.advertised
    return [NODE_ENDPOINT(node_id=context.node.node_id, host=host, port=port, rack=context.node.rack)]
