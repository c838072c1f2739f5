"""OffsetCommit: store a group's offsets.

- v0 is of ZooKeeper's time and knows no members; it commits as a simple consumer does.
- v1 has a timestamp for each partition, v2 to v4 a retention for all, KIP-211 (v5) neither.
- KIP-320 (v6): leader epochs. KIP-345 (v7): static members.
- KIP-848 (v9): a group that does not exist is GROUP_ID_NOT_FOUND. v10: topic ids take the place of names.
"""

from __future__ import annotations

from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.offset_commit import RESPONSE, RESPONSE_PARTITION, RESPONSE_TOPIC
from ..context import RequestContext
from ..groups.events import CommitPartition, CommitRequest, Failure


def handle(request: Any, context: RequestContext) -> Any:
    """Commit what names an existing partition, and answer with an error code for each."""
    known: list[CommitPartition] = []
    errors: list[list[ErrorCode | None]] = []  # by topic and partition; None where the group decides
    for topic in request.topics:
        name, topic_id, error = _resolve(topic, context)
        errors.append([])
        for partition in topic.partitions:
            index = partition.partition_index
            if error is ErrorCode.NONE and context.node.topics.partition(name, index) is not None:
                known.append(
                    CommitPartition(
                        name,
                        index,
                        partition.committed_offset,
                        partition.committed_leader_epoch,
                        partition.committed_metadata,
                        partition.commit_timestamp,
                        topic_id,
                    )
                )
                errors[-1].append(None)
            else:
                errors[-1].append(error or ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    if not known:
        return _response(request, errors, ())
    commit = CommitRequest(
        group_id=request.group_id,
        generation_id=request.generation_id_or_member_epoch,
        member_id=request.member_id,
        instance_id=request.group_instance_id,
        partitions=known,
        retention_time_ms=request.retention_time_ms,
        knows_group_errors=context.version >= 9,
    )
    return context.node.groups.ask(
        context,
        request.group_id,
        lambda shard, token, now, effects: shard.commit(commit, token, now, effects),
        lambda reply: _response(request, errors, reply),
    )


def _resolve(topic: Any, context: RequestContext) -> tuple[str, bytes, ErrorCode]:
    """The name and the id of the topic that a request means, and why it is unknown, or NONE."""
    topics = context.node.topics
    found = topics.get(topic.name) if context.version < 10 else topics.by_id(topic.topic_id)
    if found is None:
        unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION if context.version < 10 else ErrorCode.UNKNOWN_TOPIC_ID
        return topic.name, bytes(16), unknown
    return found.name, found.topic_id, ErrorCode.NONE


def _response(
    request: Any, errors: list[list[ErrorCode | None]], reply: tuple[ErrorCode, ...] | Failure
) -> Any:
    decided = iter(() if isinstance(reply, Failure) else reply)
    return RESPONSE(
        topics=[
            RESPONSE_TOPIC(
                name=topic.name,
                topic_id=topic.topic_id,
                partitions=[
                    RESPONSE_PARTITION(
                        partition_index=partition.partition_index,
                        error_code=error
                        if error is not None
                        else reply.error
                        if isinstance(reply, Failure)
                        else next(decided),
                    )
                    for partition, error in zip(topic.partitions, of_topic, strict=True)
                ],
            )
            for topic, of_topic in zip(request.topics, errors, strict=True)
        ]
    )
