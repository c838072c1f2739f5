"""Requests to a shard that concern consumer groups: which group they mean, and what becomes of refusals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ....protocol.errors import ErrorCode
from ..classic.group import ClassicGroup
from ..events import (
    UNKNOWN_MEMBER_ID,
    ConsumerHeartbeat,
    Effects,
    Failure,
    GroupError,
    Instant,
    JoinReply,
    JoinRequest,
    LeavingMember,
    SyncReply,
    SyncRequest,
)
from ..membership import JOIN_EPOCH, not_of_kind
from ..records import Record
from . import classic_members, leaving
from .group import ConsumerGroup
from .heartbeat import announce as announce_member
from .heartbeat import beat
from .migration import upgrade
from .update import forget_topics

if TYPE_CHECKING:
    from ..shard import Shard


def heartbeat_of_consumer(
    shard: Shard, request: ConsumerHeartbeat, token: Any, now: Instant, effects: Effects
) -> None:
    """ConsumerGroupHeartbeat: answered with a ConsumerHeartbeatReply, or a Failure and nothing written."""
    try:
        if request.member_epoch < JOIN_EPOCH:
            group = _existing(shard, request.group_id)
            reply = leaving.leave(group, request, shard.consumer_settings, now, effects)
        else:
            group = _joined(shard, request, now, effects)
            reply = beat(group, request, shard.consumer_settings, now, effects)
    except GroupError as refused:
        _discard(shard, request.group_id, effects)
        effects.reply(token, Failure(refused.error, refused.message))
    else:
        effects.reply(token, reply)


def announce(shard: Shard, request: ConsumerHeartbeat, now: Instant, effects: Effects) -> None:
    """A member comes, with others (see `heartbeat.announce`). Its heartbeat follows, and tells of refusals.
    One that has no id yet cannot be announced.
    """
    if not request.member_id:
        return
    try:
        group = _joined(shard, request, now, effects)
        announce_member(group, request, shard.consumer_settings, now, effects)
    except GroupError:
        _discard(shard, request.group_id, effects)


def _discard(shard: Shard, group_id: str, effects: Effects) -> None:
    """Nothing is written of what a refused request has begun."""
    effects.records.clear()
    effects.undo = None
    group = shard.groups.get(group_id)
    if isinstance(group, ConsumerGroup):
        forget_topics(group)


def _existing(shard: Shard, group_id: str) -> ConsumerGroup:
    group = shard.groups.get(group_id)
    if isinstance(group, ConsumerGroup):
        return group
    raise not_of_kind(group_id, group, "consumer")


def _joined(shard: Shard, request: ConsumerHeartbeat, now: Instant, effects: Effects) -> ConsumerGroup:
    """The group, as it is once the records so far are written: a new one, or one that was a classic group."""
    group_id, group = request.group_id, shard.groups.get(request.group_id)
    if isinstance(group, ConsumerGroup):
        return group
    if group is None and request.member_epoch != JOIN_EPOCH:
        raise GroupError(ErrorCode.GROUP_ID_NOT_FOUND, f"Consumer group {group_id} not found.")
    is_convertible = isinstance(group, ClassicGroup) and request.member_epoch == JOIN_EPOCH
    if group is not None and not is_convertible:
        raise not_of_kind(group_id, group, "consumer")
    records: list[Record] = []
    if isinstance(group, ClassicGroup):
        empty = group.is_empty
        records.extend(group.tombstones() if empty else upgrade(group, shard.consumer_settings, effects))
    effects.records.extend(records)
    return shard.preview(group_id, records, now)


def join(
    shard: Shard, group: ConsumerGroup, request: JoinRequest, token: Any, now: Instant, effects: Effects
) -> None:
    """JoinGroup on a consumer group: answered with a JoinReply."""
    try:
        reply = classic_members.join(group, request, shard.consumer_settings, now, effects)
    except GroupError as refused:
        _discard(shard, request.group_id, effects)
        reply = JoinReply(refused.error, UNKNOWN_MEMBER_ID)
    effects.reply(token, reply)


def sync(
    shard: Shard, group: ConsumerGroup, request: SyncRequest, token: Any, now: Instant, effects: Effects
) -> None:
    """SyncGroup on a consumer group: answered with a SyncReply."""
    try:
        reply = classic_members.sync(group, request, shard.consumer_settings, now)
    except GroupError as refused:
        reply = SyncReply(refused.error)
    effects.reply(token, reply)


def leave(
    shard: Shard,
    group: ConsumerGroup,
    members: Sequence[LeavingMember],
    token: Any,
    now: Instant,
    effects: Effects,
) -> None:
    """LeaveGroup on a consumer group: answered with a tuple of error codes, one for each member."""
    effects.reply(token, classic_members.leave(group, members, shard.consumer_settings, now, effects))


def expire(shard: Shard, group: ConsumerGroup, now: Instant, effects: Effects) -> None:
    """A deadline of the group has passed, perhaps."""
    leaving.expire(group, shard.consumer_settings, now, effects)


def heartbeat(
    shard: Shard,
    group: ConsumerGroup,
    member_id: str,
    instance_id: str | None,
    generation_id: int,
    now: Instant,
) -> ErrorCode:
    """Heartbeat on a consumer group."""
    settings = shard.consumer_settings
    try:
        return classic_members.heartbeat(group, member_id, instance_id, generation_id, settings, now)
    except GroupError as refused:
        return refused.error
