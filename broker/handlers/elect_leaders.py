"""ElectLeaders (API 43): of the one replica of each partition, which leads already (KIP-183, KIP-460)."""

from __future__ import annotations

from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.elect_leaders import RESPONSE, RESPONSE_PARTITION, RESPONSE_TOPIC
from ..context import RequestContext
from ..topics import Topics

_PREFERRED, _UNCLEAN = 0, 1


def handle(request: Any, context: RequestContext) -> Any:
    topics, asked = context.node.topics, request.topic_partitions
    if asked == []:
        return RESPONSE()
    if context.version >= 1 and request.election_type not in (_PREFERRED, _UNCLEAN):
        error = ErrorCode.INVALID_REQUEST, f"Unknown election type {request.election_type}"
        refused = [
            _results(each.topic, [(index, *error) for index in each.partitions]) for each in asked or ()
        ]
        return RESPONSE(error_code=ErrorCode.INVALID_REQUEST, replica_election_results=refused)
    if asked is None:  # all; those that need no election are not named then
        return RESPONSE(replica_election_results=[_results(topic.name, []) for topic in topics])
    results = [
        _results(each.topic, [(index, *_verdict(topics, each.topic, index)) for index in each.partitions])
        for each in asked
    ]
    return RESPONSE(replica_election_results=results)


def _results(topic: str, verdicts: list[tuple[int, ErrorCode, str]]) -> Any:
    return RESPONSE_TOPIC(
        topic=topic,
        partition_result=[
            RESPONSE_PARTITION(partition_id=index, error_code=code, error_message=message)
            for index, code, message in verdicts
        ],
    )


def _verdict(topics: Topics, name: str, index: int) -> tuple[ErrorCode, str]:
    if topics.get(name) is None:
        return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, f"No such topic as {name}"
    if topics.partition(name, index) is None:
        return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, f"No such partition as {name}-{index}"
    return ErrorCode.ELECTION_NOT_NEEDED, ErrorCode.ELECTION_NOT_NEEDED.message
