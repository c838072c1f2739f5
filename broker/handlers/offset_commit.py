"""OffsetCommit: store a group's offsets.

- v0 is of ZooKeeper's time and knows no members; it commits as a simple consumer does.
- v1 has a timestamp for each partition, v2 to v4 a retention for all, KIP-211 (v5) neither.
- KIP-320 (v6): leader epochs. KIP-345 (v7): static members.
- KIP-848 (v9): a group that does not exist is GROUP_ID_NOT_FOUND. v10: topic ids take the place of names.
"""

from __future__ import annotations

from typing import Any

from ...protocol.messages.offset_commit import RESPONSE, RESPONSE_PARTITION, RESPONSE_TOPIC
from ..committed_topics import Errors, Reply, answered, resolve
from ..context import RequestContext
from ..groups.events import CommitPartition, CommitRequest


def handle(request: Any, context: RequestContext) -> Any:
    """Commit what names an existing partition, and answer with an error code for each."""
    known, errors = resolve(request.topics, context.node.topics, by_id=context.version >= 10)
    if not known:
        return _response(request, errors, ())
    commit = CommitRequest(
        group_id=request.group_id,
        generation_id=request.generation_id_or_member_epoch,
        member_id=request.member_id,
        instance_id=request.group_instance_id,
        partitions=[
            CommitPartition(
                topic.name,
                row.partition_index,
                row.committed_offset,
                row.committed_leader_epoch,
                row.committed_metadata,
                row.commit_timestamp,
                topic.topic_id,
            )
            for topic, row in known
        ],
        retention_time_ms=request.retention_time_ms,
        knows_group_errors=context.version >= 9,
    )
    return context.node.groups.ask(
        context,
        request.group_id,
        lambda shard, token, now, effects: shard.commit(commit, token, now, effects),
        lambda reply: _response(request, errors, reply),
    )


def _response(request: Any, errors: Errors, reply: Reply) -> Any:
    return RESPONSE(topics=answered(request.topics, errors, reply, RESPONSE_TOPIC, RESPONSE_PARTITION))
