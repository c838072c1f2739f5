"""CreatePartitions (API 37): more partitions for a topic (KIP-195).

- A request that would bring too many of them changes nothing at all.
"""

from __future__ import annotations

from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.create_partitions import RESPONSE, RESULT
from ..context import RequestContext
from ..topic_requests import duplicates
from ..topics import MAX_PARTITIONS_PER_CHANGE, Topic, TopicError

_EXCESS = "Excessively large number of additional partitions per request."


def handle(request: Any, context: RequestContext) -> Any:
    twice = duplicates(topic.name for topic in request.topics)
    once = [asked for asked in request.topics if asked.name not in twice]
    if sum(_additional(asked, context) for asked in once) > MAX_PARTITIONS_PER_CHANGE:
        code, message = ErrorCode.POLICY_VIOLATION, _EXCESS
        rows = [RESULT(name=each.name, error_code=code, error_message=message) for each in request.topics]
        return RESPONSE(results=rows)
    rows = []
    for asked in once:
        try:
            _grow(asked, request.validate_only, context)
            rows.append(RESULT(name=asked.name))
        except TopicError as error:
            known = error.code != ErrorCode.UNKNOWN_TOPIC_OR_PARTITION  # of which Kafka says no more
            rows.append(
                RESULT(name=asked.name, error_code=error.code, error_message=str(error) if known else None)
            )
    for name in sorted(twice):
        message = "Duplicate topic name."
        rows.append(RESULT(name=name, error_code=ErrorCode.INVALID_REQUEST, error_message=message))
    return RESPONSE(results=rows)


def _additional(asked: Any, context: RequestContext) -> int:
    topic = context.node.topics.get(asked.name)
    return 0 if topic is None else max(asked.count - len(topic.partitions), 0)


def _grow(asked: Any, validate_only: bool, context: RequestContext) -> None:
    topics = context.node.topics
    topic = topics.get(asked.name)
    if topic is None:
        raise TopicError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    _check(asked, topic, context)
    if not validate_only:
        topics.add_partitions(topic, asked.count, now_ms=context.now_ms)


def _check(asked: Any, topic: Topic, context: RequestContext) -> None:
    present = len(topic.partitions)
    additional = asked.count - present
    if additional == 0:
        raise TopicError(ErrorCode.INVALID_PARTITIONS, f"Topic already has {present} partition(s).")
    if additional < 0:
        raise TopicError(
            ErrorCode.INVALID_PARTITIONS,
            f"The topic {topic.name} currently has {present} partition(s); "
            f"{asked.count} would not be an increase.",
        )
    if asked.assignments is None:
        return
    if len(asked.assignments) != additional:
        raise TopicError(
            ErrorCode.INVALID_REPLICA_ASSIGNMENT,
            f"Attempted to add {additional} additional partition(s), but only {len(asked.assignments)} "
            "assignment(s) were specified.",
        )
    strict = context.node.config["strict.replication"]
    for assignment in asked.assignments:
        context.node.replication.check_assignment(assignment.broker_ids, 1 if strict else None)
