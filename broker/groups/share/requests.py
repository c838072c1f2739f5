"""Requests to a shard that concern share groups: which group they mean, and what becomes of refusals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ....protocol.errors import ErrorCode
from ..events import (
    Effects,
    Failure,
    GroupError,
    Instant,
)
from ..membership import JOIN_EPOCH, not_of_kind
from . import heartbeat as share_heartbeat
from . import state as share_state
from .group import ShareGroup
from .heartbeat import ShareHeartbeat, ShareHeartbeatReply
from .records import StateTopic
from .state import InitializeState, Partitions

if TYPE_CHECKING:
    from ..shard import Shard


class DoomedState(NamedTuple):
    """The reply to a request to delete states: the partitions that the share coordinator is to be asked to
    delete, by topic id; and the names of topics that have none to delete, each with a message.
    """

    partitions: Partitions
    refused: Mapping[str, str] = {}


def heartbeat(shard: Shard, request: ShareHeartbeat, token: Any, now: Instant, effects: Effects) -> None:
    """ShareGroupHeartbeat: answered with a ShareHeartbeatReply, or a Failure and nothing written."""
    settings = shard.share_settings
    try:
        if request.member_epoch < JOIN_EPOCH:
            share_heartbeat.leave(existing(shard, request.group_id), request.member_id, settings, effects)
            reply = ShareHeartbeatReply(request.member_id, request.member_epoch)
        else:
            group = _joined(shard, request)
            reply = share_heartbeat.beat(group, request, settings, now, effects)
    except GroupError as refused:
        effects.records.clear()
        effects.orders.clear()
        effects.reply(token, Failure(refused.error, refused.message))
    else:
        effects.reply(token, reply)


def existing(shard: Shard, group_id: str) -> ShareGroup:
    """The share group. Raises GroupError GROUP_ID_NOT_FOUND."""
    group = shard.groups.get(group_id)
    if isinstance(group, ShareGroup):
        return group
    raise not_of_kind(group_id, group, "share")


def _joined(shard: Shard, request: ShareHeartbeat) -> ShareGroup:
    group_id, group = request.group_id, shard.groups.get(request.group_id)
    if isinstance(group, ShareGroup):
        return group
    if group is not None:
        raise not_of_kind(group_id, group, "share")
    if request.member_epoch != JOIN_EPOCH:
        raise GroupError(ErrorCode.GROUP_ID_NOT_FOUND, f"Share group {group_id} not found.")
    return shard.new_share_group(group_id)


# States


def state_initialized(shard: Shard, group_id: str, partitions: Partitions, effects: Effects) -> None:
    """The share coordinator has made these states."""
    group = shard.groups.get(group_id)
    if isinstance(group, ShareGroup) and partitions:
        effects.records.append(share_state.initialized(group.state, partitions, shard.share_settings.topics))


def state_not_initialized(shard: Shard, group_id: str, partitions: Partitions, effects: Effects) -> None:
    """The share coordinator could not make these states: the next heartbeat asks again."""
    group = shard.groups.get(group_id)
    if isinstance(group, ShareGroup) and group.state.initializing and partitions:
        effects.records.append(share_state.not_initialized(group.state, partitions))


def alter_offsets(
    shard: Shard,
    group_id: str,
    offsets: Mapping[bytes, Mapping[int, int]],
    token: Any,
    effects: Effects,
) -> None:
    """AlterShareGroupOffsets on partitions that exist: answered with the InitializeState that the share
    coordinator is to be given, or a Failure.
    """
    group = shard.groups.get(group_id)
    if group is not None and not isinstance(group, ShareGroup):
        failure = Failure(ErrorCode.GROUP_ID_NOT_FOUND, f"Group {group_id} is not a share group.")
        effects.reply(token, failure)
        return
    group = group or shard.new_share_group(group_id)
    if not group.is_empty:
        effects.reply(token, Failure(ErrorCode.NON_EMPTY_GROUP, ErrorCode.NON_EMPTY_GROUP.message))
        return
    topics = {
        topic.topic_id: StateTopic(topic.name, frozenset(offsets[topic.topic_id]))
        for topic in map(shard.share_settings.topics.by_id, offsets)
        if topic is not None
    }
    if topics:
        effects.records.append(share_state.initializing(group.state, topics))
    effects.reply(token, InitializeState(group_id, group.epoch, offsets))


def doom_offsets(shard: Shard, group_id: str, names: Sequence[str], token: Any, effects: Effects) -> None:
    """DeleteShareGroupOffsets, first half: answered with a DoomedState or a Failure."""
    try:
        group = existing(shard, group_id)
        if not group.is_empty:
            raise GroupError(ErrorCode.NON_EMPTY_GROUP, ErrorCode.NON_EMPTY_GROUP.message)
    except GroupError as refused:
        effects.reply(token, Failure(refused.error, refused.message))
        return
    doomed: dict[bytes, frozenset[int]] = {}
    without: dict[str, str] = {}
    if group.has_state_record:
        for name in names:
            topic = shard.share_settings.topics.get(name)
            if topic is None:
                without[name] = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION.message
            elif topic.topic_id in group.state.initialized:
                doomed[topic.topic_id] = group.state.initialized[topic.topic_id].partitions
            elif topic.topic_id in group.state.deleting:
                doomed[topic.topic_id] = frozenset(range(topic.partition_count))
            else:
                without[name] = "There is no offset information to delete."
        effects.records.append(share_state.deleting(group.state, doomed))
    effects.reply(token, DoomedState(doomed, without))


def forget_offsets(
    shard: Shard, group_id: str, topic_ids: Sequence[bytes], token: Any, effects: Effects
) -> None:
    """DeleteShareGroupOffsets, second half, when states are deleted: answered with NONE."""
    group = shard.groups.get(group_id)
    if isinstance(group, ShareGroup):
        effects.records.append(share_state.deleted(group.state, topic_ids))
    effects.reply(token, ErrorCode.NONE)


def doom_group(shard: Shard, group_id: str, token: Any, effects: Effects) -> None:
    """DeleteGroups, first half: answered with a DoomedState, empty for a group of another type or none, or a
    Failure.
    """
    group = shard.groups.get(group_id)
    if not isinstance(group, ShareGroup) or not group.has_state_record:
        effects.reply(token, DoomedState({}))
    elif not group.is_empty:
        effects.reply(token, Failure(ErrorCode.NON_EMPTY_GROUP))
    else:
        doomed = share_state.partitions_of(group.state, shard.share_settings.topics)
        effects.records.append(share_state.deleting_all(group.state))
        effects.reply(token, DoomedState(doomed))
