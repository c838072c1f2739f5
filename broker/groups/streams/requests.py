"""Requests to a shard that concern streams groups: which group they mean, and what becomes of refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....protocol.errors import ErrorCode
from ..classic.group import ClassicGroup
from ..events import Effects, Failure, GroupError, Instant
from ..membership import JOIN_EPOCH
from ..records import Record
from . import heartbeat, leaving
from .events import StreamsHeartbeat
from .group import StreamsGroup

if TYPE_CHECKING:
    from ..shard import Shard


def answer(shard: Shard, request: StreamsHeartbeat, token: Any, now: Instant, effects: Effects) -> None:
    """StreamsGroupHeartbeat: answered with a StreamsHeartbeatReply, or a Failure and nothing written."""
    try:
        if request.member_epoch < JOIN_EPOCH:
            group = _existing(shard, request, "Group")
            reply = leaving.leave(group, request, effects)
        else:
            group = _joined(shard, request, effects)
            reply = heartbeat.beat(group, request, shard.streams_settings, now, effects)
    except GroupError as refused:
        effects.records.clear()
        effects.orders.clear()
        effects.undo = None
        known = shard.groups.get(request.group_id)
        if isinstance(known, StreamsGroup):
            known.forget_topics()
        effects.reply(token, Failure(refused.error, refused.message))
    else:
        if shard.groups.get(request.group_id) is not group:
            # What a group that is not there yet knows of endpoints, it will have forgotten.
            reply = reply._replace(endpoint_epoch=0)
        effects.reply(token, reply)


def _existing(shard: Shard, request: StreamsHeartbeat, what: str) -> StreamsGroup:
    group_id, group = request.group_id, shard.groups.get(request.group_id)
    if isinstance(group, StreamsGroup):
        return group
    problem = f"{what} {group_id} not found." if group is None else _other_kind(group_id)
    raise GroupError(ErrorCode.GROUP_ID_NOT_FOUND, problem)


def _other_kind(group_id: str) -> str:
    return f"Group {group_id} is not a streams group."


def _joined(shard: Shard, request: StreamsHeartbeat, effects: Effects) -> StreamsGroup:
    """The group, as it is once the records so far are written; it may take the place of an empty classic
    group.
    """
    group_id, group = request.group_id, shard.groups.get(request.group_id)
    if request.member_epoch != JOIN_EPOCH or isinstance(group, StreamsGroup):
        return _existing(shard, request, "Streams group")
    records: list[Record] = []
    if isinstance(group, ClassicGroup) and group.is_empty:
        records.extend(group.tombstones())
    elif group is not None:
        raise GroupError(ErrorCode.GROUP_ID_NOT_FOUND, _other_kind(group_id))
    effects.records.extend(records)
    return shard.new_streams_group(group_id)
