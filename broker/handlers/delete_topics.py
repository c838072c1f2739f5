"""DeleteTopics (API 20).

- 3: TOPIC_DELETION_DISABLED (KIP-322). 5: messages. 6: by name or by id (KIP-516).
- When the answer goes out a topic is gone with its data, and the name is free. `__consumer_offsets` cannot
  be deleted, for the groups live in it. `__transaction_state` and `__share_group_state` can, and are made
  anew when somebody needs them.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.delete_topics import RESPONSE, RESPONSE_TOPIC
from ..context import RequestContext
from ..internal_topics import OFFSETS_TOPIC
from ..topic_requests import duplicates
from ..topics import Topic, TopicError

_NO_ID = bytes(16)
_BOTH_WAYS = TopicError(ErrorCode.INVALID_REQUEST, "The topic is asked for by its id too.")


def handle(request: Any, context: RequestContext) -> Any:
    asked = [(each.name, each.topic_id) for each in request.topics] if context.version >= 6 else []
    asked += [(name, _NO_ID) for name in request.topic_names]
    names = duplicates(name for name, topic_id in asked if name is not None and topic_id == _NO_ID)
    ids = duplicates(topic_id for name, topic_id in asked if name is None and topic_id != _NO_ID)
    rows = []
    going: list[tuple[Topic, Any]] = []
    once = dict.fromkeys(asked)
    for name, topic_id in once:
        known = _both_ways(name, topic_id, once, context)
        if known is not None:
            if name is not None:
                rows.append(_refused(name, known.topic_id, _BOTH_WAYS))
            continue
        try:
            topic = _find(name, topic_id, names, ids, context)
        except TopicError as error:
            rows.append(_refused(name, topic_id, error))
        else:
            rows.append(RESPONSE_TOPIC(name=topic.name, topic_id=topic.topic_id))
            going.append((topic, rows[-1]))
    _delete(going, context)
    return RESPONSE(responses=rows)


def _delete(going: list[tuple[Topic, Any]], context: RequestContext) -> None:
    """Delete topics, all or none, and tell in their rows if that failed."""
    if not going:
        return
    try:
        context.node.topics.delete(*(topic for topic, _ in going), now_ms=context.now_ms)
    except TopicError as error:
        for _, row in going:
            row.error_code, row.error_message = error.code, str(error)


def _both_ways(
    name: str | None, topic_id: bytes, asked: Container[tuple[str | None, bytes]], context: RequestContext
) -> Topic | None:
    """The topic, if it is asked for by its name and, in another place, by its id."""
    topics = context.node.topics
    topic = topics.by_id(topic_id) if name is None else topics.get(name)
    if topic is None or (topic.name, _NO_ID) not in asked or (None, topic.topic_id) not in asked:
        return None
    return topic


def _find(
    name: str | None, topic_id: bytes, names: set[str], ids: set[bytes], context: RequestContext
) -> Topic:
    """The topic to delete. Raises TopicError."""
    by_id = topic_id != _NO_ID
    if by_id and name is not None:
        raise TopicError(ErrorCode.INVALID_REQUEST, "You may not specify both topic name and topic id.")
    if not by_id and name is None:
        raise TopicError(ErrorCode.INVALID_REQUEST, "Neither topic name nor id were specified.")
    if name in names:
        raise TopicError(ErrorCode.INVALID_REQUEST, "Duplicate topic name.")
    if topic_id in ids:
        raise TopicError(ErrorCode.INVALID_REQUEST, "Duplicate topic id.")
    topics = context.node.topics
    topic = topics.by_id(topic_id) if by_id else topics.get(name or "")
    if topic is None:
        raise TopicError(ErrorCode.UNKNOWN_TOPIC_ID if by_id else ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    disabled = ErrorCode.INVALID_REQUEST if context.version < 3 else ErrorCode.TOPIC_DELETION_DISABLED
    if not context.node.config["delete.topic.enable"]:
        raise TopicError(disabled)
    if topic.name == OFFSETS_TOPIC:
        raise TopicError(disabled, f"{OFFSETS_TOPIC} holds the groups and cannot be deleted.")
    return topic


def _refused(name: str | None, topic_id: bytes, error: TopicError) -> Any:
    return RESPONSE_TOPIC(name=name, topic_id=topic_id, error_code=error.code, error_message=str(error))
