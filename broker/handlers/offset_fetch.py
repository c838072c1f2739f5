"""OffsetFetch: the committed offsets of a group, or of several.

- v0 is of ZooKeeper's time: no offset is UNKNOWN_TOPIC_OR_PARTITION. Since v1, it is the offset -1.
- KIP-88 (v2): null asks for all topics, and there is an error code for the whole.
- KIP-709 (v8): several groups. KIP-848: member id and epoch of consumer groups (v9), topic ids (v10).
- KIP-447 (v7): require_stable gets UNSTABLE_OFFSET_COMMIT where an open transaction would change the
  offset.
"""

from __future__ import annotations

from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages import offset_fetch as messages
from ..context import RequestContext
from ..groups.consumer import offsets as consumer_offsets
from ..groups.consumer.group import ConsumerGroup
from ..groups.events import Effects, Failure, GroupError, Instant
from ..groups.offsets import CommittedOffset
from ..groups.records import NO_TOPIC_ID
from ..groups.shard import Shard
from ..groups.streams import offsets as streams_offsets
from ..groups.streams.group import StreamsGroup

NO_OFFSET = CommittedOffset(-1, -1, "", -1, -1, NO_TOPIC_ID)

# One topic of the answer: name, id, and (partition, offset, error) of each partition.
Topic = tuple[str, bytes, list[tuple[int, CommittedOffset, ErrorCode]]]


def handle(request: Any, context: RequestContext) -> Any:
    """Read the offsets of each group."""
    groups = request.groups if context.version >= 8 else [request]
    stable = bool(request.require_stable)
    return context.node.groups.ask_each(
        context,
        [(group.group_id, _fetches(group, stable, context)) for group in groups],
        lambda replies: _response(groups, replies, context.version),
    )


def _fetches(group: Any, stable: bool, context: RequestContext) -> Any:
    def event(shard: Shard, token: Any, _: Instant, effects: Effects) -> None:
        try:
            _check_member(shard, group, context)
        except GroupError as refused:
            effects.reply(token, Failure(refused.error))
            return
        if group.topics is None:
            found = _all_topics(shard, group.group_id, context)
        else:
            found = [_topic(shard, group.group_id, topic, context) for topic in group.topics]
        if stable and shard.offsets.has_unstable(group.group_id):
            found = [_stable(shard, group.group_id, topic) for topic in found]
        effects.reply(token, found)

    return event


def _check_member(shard: Shard, group: Any, context: RequestContext) -> None:
    """Raise GroupError when a member of a group with member epochs has fallen behind (v9)."""
    known = shard.groups.get(group.group_id)
    if context.version < 9:
        return
    if isinstance(known, ConsumerGroup):
        consumer_offsets.check_fetch(known, group.member_id, group.member_epoch)
    elif isinstance(known, StreamsGroup):
        streams_offsets.check_fetch(known, group.member_id, group.member_epoch)


def _stable(shard: Shard, group_id: str, topic: Topic) -> Topic:
    """The same, without the offsets that a transaction may be about to change."""
    name, topic_id, offsets = topic
    return (
        name,
        topic_id,
        [
            (index, NO_OFFSET, ErrorCode.UNSTABLE_OFFSET_COMMIT)
            if shard.offsets.is_unstable(group_id, name, index)
            else (index, committed, error)
            for index, committed, error in offsets
        ],
    )


def _all_topics(shard: Shard, group_id: str, context: RequestContext) -> list[Topic]:
    """Every topic with an offset. Where topics go by id, those that are gone have none and are left out."""
    found: list[Topic] = []
    for name, partitions in shard.offsets.of_group(group_id).items():
        topic = context.node.topics.get(name)
        if topic is not None or context.version < 10:
            topic_id = NO_TOPIC_ID if topic is None else topic.topic_id
            offsets = [(index, committed, ErrorCode.NONE) for index, committed in partitions.items()]
            found.append((name, topic_id, offsets))
    return found


def _topic(shard: Shard, group_id: str, topic: Any, context: RequestContext) -> Topic:
    name, topic_id, missing = topic.name, NO_TOPIC_ID, ErrorCode.NONE
    if context.version == 0:
        missing = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    if context.version >= 10:
        topic_id, known = topic.topic_id, context.node.topics.by_id(topic.topic_id)
        if known is None:
            return (
                "",
                topic_id,
                [(index, NO_OFFSET, ErrorCode.UNKNOWN_TOPIC_ID) for index in topic.partition_indexes],
            )
        name = known.name
    offsets = []
    for index in topic.partition_indexes:
        committed = shard.offsets.get(group_id, name, index)
        if committed is not None and _is_of_another(committed.topic_id, topic_id):
            committed = None
        offsets.append(
            (index, NO_OFFSET, missing) if committed is None else (index, committed, ErrorCode.NONE)
        )
    return name, topic_id, offsets


def _is_of_another(topic_id: bytes, asked_id: bytes) -> bool:
    """Whether an offset is of a topic that had the name before, as far as both ids are known."""
    return topic_id != asked_id and NO_TOPIC_ID not in (topic_id, asked_id)


def _response(groups: list[Any], replies: list[list[Topic] | Failure], version: int) -> Any:
    if version >= 8:
        return messages.RESPONSE(
            groups=[_group(group, reply) for group, reply in zip(groups, replies, strict=True)]
        )
    reply, error = replies[0], ErrorCode.NONE
    if isinstance(reply, Failure):
        error, reply = reply.error, []
        if version < 2:
            # There is no place for an error but beside each partition.
            reply = [
                (topic.name, NO_TOPIC_ID, [(index, NO_OFFSET, error) for index in topic.partition_indexes])
                for topic in groups[0].topics
            ]
    return messages.RESPONSE(
        error_code=error,
        topics=[
            messages.RESPONSE_TOPIC(name=name, partitions=_partitions(messages.RESPONSE_PARTITION, offsets))
            for name, _, offsets in reply
        ],
    )


def _group(group: Any, reply: list[Topic] | Failure) -> Any:
    if isinstance(reply, Failure):
        return messages.RESPONSE_GROUP(group_id=group.group_id, error_code=reply.error)
    return messages.RESPONSE_GROUP(
        group_id=group.group_id,
        topics=[
            messages.RESPONSE_GROUP_TOPIC(
                name=name,
                topic_id=topic_id,
                partitions=_partitions(messages.RESPONSE_GROUP_PARTITION, offsets),
            )
            for name, topic_id, offsets in reply
        ],
    )


def _partitions(struct: Any, offsets: list[tuple[int, CommittedOffset, ErrorCode]]) -> list[Any]:
    return [
        struct(
            partition_index=index,
            committed_offset=committed.offset,
            committed_leader_epoch=committed.leader_epoch,
            metadata=committed.metadata,
            error_code=error,
        )
        for index, committed, error in offsets
    ]
