"""Which partitions OffsetCommit and TxnOffsetCommit are about, and the row of each in the answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..protocol.errors import ErrorCode
from .effects import Failure

if TYPE_CHECKING:
    from .topics import Topic, Topics

Errors = list[list[ErrorCode | None]]  # by topic and partition; None where the group decides
Reply = tuple[ErrorCode, ...] | Failure


def resolve(asked: Iterable[Any], topics: Topics, *, by_id: bool) -> tuple[list[tuple[Topic, Any]], Errors]:
    """(topic, row of the request) of each partition that there is, and what is wrong with the others."""
    known: list[tuple[Topic, Any]] = []
    errors: Errors = []
    for topic in asked:
        found = topics.by_id(topic.topic_id) if by_id else topics.get(topic.name)
        unknown = (
            ErrorCode.UNKNOWN_TOPIC_ID if by_id and found is None else ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        )
        errors.append([])
        for row in topic.partitions:
            if found is None or not 0 <= row.partition_index < len(found.partitions):
                errors[-1].append(unknown)
            else:
                errors[-1].append(None)
                known.append((found, row))
    return known, errors


def answered(asked: Iterable[Any], errors: Errors, reply: Reply, topic_type: Any, row_type: Any) -> list[Any]:
    """The topics of the response: what the group decided, in order, or one failure for all it was asked."""
    decided = iter(() if isinstance(reply, Failure) else reply)

    def code(error: ErrorCode | None) -> ErrorCode:
        if error is not None:
            return error
        return reply.error if isinstance(reply, Failure) else next(decided)

    return [
        topic_type(
            name=topic.name,
            topic_id=topic.topic_id,
            partitions=[
                row_type(partition_index=row.partition_index, error_code=code(error))
                for row, error in zip(topic.partitions, of_topic, strict=True)
            ],
        )
        for topic, of_topic in zip(asked, errors, strict=True)
    ]
