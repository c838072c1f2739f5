"""The pure state of one partition of `__consumer_offsets`: its groups and their committed offsets.

Every event is a method that fills Effects; the driver appends `effects.records`, hands each to `replay`, and
then gives the replies. Nothing here knows of time, chance, or files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import ModuleType
from typing import Any

from ...protocol.errors import ErrorCode
from . import offsets
from .classic import leaving, rebalance, syncing
from .classic.group import ClassicGroup
from .classic.joining import Join
from .classic.transitions import Trigger
from .consumer.group import ConsumerGroup
from .events import (
    UNKNOWN_MEMBER_ID,
    CommitRequest,
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
from .hard_state import Group as Group
from .hard_state import HardState
from .records import NO_TOPIC_ID, GroupMetadata, OffsetTombstone
from .share.group import ShareGroup
from .share.records import ShareStatePartitions
from .streams.events import StreamsHeartbeat
from .streams.group import StreamsGroup


def _consumer_requests() -> ModuleType:
    """What answers consumer groups; a broker without any starts without it."""
    from .consumer import requests as consumer_requests

    return consumer_requests


class Shard(HardState):
    """The groups of one partition, and every event that there is for them."""

    def on_loaded(self, now: Instant, effects: Effects) -> None:
        """Everything is replayed: members keep their place, with a fresh session each."""
        for group in self.groups.values():
            if isinstance(group, StreamsGroup):
                group.on_loaded(now)
                continue
            if isinstance(group, ConsumerGroup):
                for consumer in group.members.values():
                    group.touch(consumer, now)
                continue
            if isinstance(group, ShareGroup):
                for member_id in group.members:
                    group.touch(member_id, now)
                continue
            for member in group.members.values():
                group.touch(member, now)
            if len(group.members) > self.config.max_size:
                rebalance.prepare_rebalance(group, now, effects)

    def unload(self, now: Instant, effects: Effects) -> None:
        """The coordinator goes away: whoever waits is sent to look for the next one."""
        for group in self.groups.values():
            if not isinstance(group, ClassicGroup):
                continue
            for member in group.members.values():
                group.answer_join(member, JoinReply(ErrorCode.NOT_COORDINATOR, member.member_id), effects)
                group.answer_sync(member, SyncReply(ErrorCode.NOT_COORDINATOR), effects)
            group.enter(Trigger.REMOVED, now.wall_ms)
        self.groups.clear()

    # Members

    def join(self, request: JoinRequest, token: Any, now: Instant, effects: Effects) -> None:
        """JoinGroup: answered with a JoinReply, often much later."""
        timeout_ms = request.session_timeout_ms
        if not request.group_id:
            effects.reply(token, JoinReply(ErrorCode.INVALID_GROUP_ID, request.member_id))
        elif not self.config.min_session_timeout_ms <= timeout_ms <= self.config.max_session_timeout_ms:
            effects.reply(token, JoinReply(ErrorCode.INVALID_SESSION_TIMEOUT, request.member_id))
        elif request.group_id not in self.groups and request.member_id != UNKNOWN_MEMBER_ID:
            effects.reply(token, JoinReply(ErrorCode.UNKNOWN_MEMBER_ID, request.member_id))
        else:
            group = self.groups.get(request.group_id)
            if isinstance(group, ShareGroup):
                effects.reply(token, JoinReply(ErrorCode.INCONSISTENT_GROUP_PROTOCOL, UNKNOWN_MEMBER_ID))
            elif isinstance(group, ConsumerGroup) and not group.is_empty:
                _consumer_requests().join(self, group, request, token, now, effects)
            elif isinstance(group, StreamsGroup) and not group.is_empty:
                effects.reply(token, JoinReply(ErrorCode.INCONSISTENT_GROUP_PROTOCOL, UNKNOWN_MEMBER_ID))
            elif not isinstance(group, ClassicGroup) and request.member_id != UNKNOWN_MEMBER_ID:
                effects.reply(token, JoinReply(ErrorCode.UNKNOWN_MEMBER_ID, request.member_id))
            else:
                if not isinstance(group, ClassicGroup):
                    group = self._create(request.group_id, group, now, effects)
                Join(group, request, token, now, effects, self.new_member_id).run()

    def _create(
        self, group_id: str, emptied: ConsumerGroup | StreamsGroup | None, now: Instant, effects: Effects
    ) -> ClassicGroup:
        """A group exists from its first join on, whatever becomes of it. It may take the place of an empty
        group of another kind.
        """
        if emptied is not None:
            effects.records.extend(emptied.tombstones())
        group = self.classic_group(group_id, now)
        effects.records.append(GroupMetadata(group_id, "", 0, None, None, now.wall_ms, ()))

        def discard(error: ErrorCode, _: Instant, undone: Effects) -> None:
            for member in group.members.values():
                group.answer_join(member, JoinReply(error, member.member_id), undone)
            del self.groups[group_id]
            if emptied is not None:
                self.groups[group_id] = emptied

        effects.undo = discard
        return group

    def _joinable(self, group_id: str) -> ClassicGroup | ConsumerGroup | None:
        """The group, if members of the classic protocol may be in it."""
        group = self.groups.get(group_id)
        return group if isinstance(group, ClassicGroup | ConsumerGroup) else None

    def sync(self, request: SyncRequest, token: Any, now: Instant, effects: Effects) -> None:
        """SyncGroup: answered with a SyncReply, for followers when the leader has assigned."""
        group = self._joinable(request.group_id)
        if not request.group_id or group is None:
            error = ErrorCode.UNKNOWN_MEMBER_ID if request.group_id else ErrorCode.INVALID_GROUP_ID
            effects.reply(token, SyncReply(error))
        elif isinstance(group, ConsumerGroup):
            _consumer_requests().sync(self, group, request, token, now, effects)
        else:
            syncing.sync(group, request, token, now, effects)

    def heartbeat(
        self, group_id: str, member_id: str, instance_id: str | None, generation_id: int, now: Instant
    ) -> ErrorCode:
        """Heartbeat: nothing is written, so the answer is the error code itself."""
        if not group_id:
            return ErrorCode.INVALID_GROUP_ID
        group = self._joinable(group_id)
        if group is None:
            return ErrorCode.UNKNOWN_MEMBER_ID
        if isinstance(group, ConsumerGroup):
            error: ErrorCode = _consumer_requests().heartbeat(
                self, group, member_id, instance_id, generation_id, now
            )
            return error
        return syncing.heartbeat(group, member_id, instance_id, generation_id, now)

    def leave(
        self, group_id: str, members: Sequence[LeavingMember], token: Any, now: Instant, effects: Effects
    ) -> None:
        """LeaveGroup: answered with a tuple of error codes, one for each member, or a Failure."""
        group = self._joinable(group_id)
        if not group_id:
            effects.reply(token, Failure(ErrorCode.INVALID_GROUP_ID))
        elif group is None:
            effects.reply(token, (ErrorCode.UNKNOWN_MEMBER_ID,) * len(members))
        elif isinstance(group, ConsumerGroup):
            _consumer_requests().leave(self, group, members, token, now, effects)
        else:
            effects.reply(token, leaving.leave(group, members, now, effects))

    def consumer_heartbeat(
        self, request: ConsumerHeartbeat, token: Any, now: Instant, effects: Effects
    ) -> None:
        """ConsumerGroupHeartbeat: answered with a ConsumerHeartbeatReply or a Failure."""
        _consumer_requests().heartbeat_of_consumer(self, request, token, now, effects)

    def announce_consumer(self, request: ConsumerHeartbeat, now: Instant, effects: Effects) -> None:
        """The member of a joining ConsumerGroupHeartbeat comes, with others. Not answered."""
        _consumer_requests().announce(self, request, now, effects)

    def streams_heartbeat(
        self, request: StreamsHeartbeat, token: Any, now: Instant, effects: Effects
    ) -> None:
        """StreamsGroupHeartbeat: answered with a StreamsHeartbeatReply or a Failure."""
        from .streams.requests import answer

        answer(self, request, token, now, effects)

    def note_failed_topics(self, group_id: str, errors: Mapping[str, str], now: Instant) -> None:
        """Internal topics of a streams group could not be made, for these reasons by name."""
        group = self.groups.get(group_id)
        if isinstance(group, StreamsGroup):
            group.note_failed_topics(errors, now)

    def refresh_topics(self, names: Iterable[str]) -> None:
        """These topics have come, grown, or gone: groups that want them look at them with their next
        heartbeat.
        """
        changed = set(names)
        for group in self.groups.values():
            if (
                isinstance(group, ConsumerGroup | ShareGroup) and any(map(group.is_subscribed_to, changed))
            ) or (isinstance(group, StreamsGroup) and any(map(group.wants, changed))):
                group.topics_are_known = False

    def expire(self, group_id: str, now: Instant, effects: Effects) -> None:
        """A deadline of the group has passed, perhaps. What that means is up to its kind."""
        group = self.groups.get(group_id)
        if isinstance(group, ConsumerGroup):
            _consumer_requests().expire(self, group, now, effects)
        elif isinstance(group, StreamsGroup):
            from .streams.leaving import expire

            expire(group, now, effects)
        elif isinstance(group, ShareGroup):
            from .share import heartbeat as share_heartbeat

            share_heartbeat.expire(group, self.share_settings, now, effects)
        elif group is not None:
            rebalance.expire(group, now, effects)

    # Offsets

    def commit(self, request: CommitRequest, token: Any, now: Instant, effects: Effects) -> None:
        """OffsetCommit: answered with a tuple of error codes, one for each partition, or a Failure."""
        group = self.groups.get(request.group_id)
        try:
            errors = offsets.commit(group, request, self.config.offset_metadata_max_bytes, now, effects)
        except GroupError as refused:
            effects.reply(token, Failure(refused.error))
        else:
            effects.reply(token, errors)

    def delete_offsets(
        self, group_id: str, partitions: Sequence[tuple[str, int]], token: Any, effects: Effects
    ) -> None:
        """OffsetDelete: answered with a tuple of error codes, one for each partition, or a Failure."""
        group = self.groups.get(group_id)
        try:
            if not group_id:
                raise GroupError(ErrorCode.INVALID_GROUP_ID)
            errors = offsets.delete(group, self.offsets, group_id, partitions, effects)
        except GroupError as refused:
            effects.reply(token, Failure(refused.error))
        else:
            effects.reply(token, errors)

    # Groups

    def delete_group(self, group_id: str, token: Any, effects: Effects) -> None:
        """DeleteGroups, one group: answered with an error code or a Failure."""
        group = self.groups.get(group_id)
        if group is None:
            effects.reply(token, ErrorCode.GROUP_ID_NOT_FOUND)
        elif not group.is_empty:
            effects.reply(token, ErrorCode.NON_EMPTY_GROUP)
        else:
            effects.records.extend(self.offsets.tombstones(group_id))
            effects.records.extend(group.tombstones())
            effects.reply(token, ErrorCode.NONE)

    def expire_offsets(self, now: Instant, effects: Effects) -> None:
        """Remove the offsets whose retention is over, and the empty groups that have none left."""
        for group in self.groups.values():
            if isinstance(group, ShareGroup):  # which commits none, and stays until it is deleted
                continue
            tombstones, nothing_left = offsets.expired(
                group, self.offsets, self.config.offsets_retention_ms, now
            )
            effects.records.extend(tombstones)
            if nothing_left and group.is_empty:
                effects.records.extend(group.tombstones())

    def drop_offsets(self, topic: str, topic_id: bytes, effects: Effects) -> None:
        """A topic was deleted: remove every group's offsets in it, those of open transactions too, but not
        those of another topic that had the name.
        """
        effects.records.extend(
            OffsetTombstone(*key)
            for key in dict.fromkeys(
                key
                for key, committed in self.offsets.of_topic(topic)
                if committed.topic_id in (NO_TOPIC_ID, topic_id)
            )
        )

    def drop_topic(self, topic_id: bytes, effects: Effects) -> None:
        """A topic was deleted: share groups have nothing left to do with its state."""
        for group in self.groups.values():
            if isinstance(group, ShareGroup):
                effects.records.extend(group.without_topic(topic_id))

    def drop_share_states(self, effects: Effects) -> None:
        """All states of share groups were deleted: the next heartbeat of a group asks for new ones."""
        for group in self.groups.values():
            if isinstance(group, ShareGroup) and group.has_state_record:
                effects.records.append(ShareStatePartitions(group.group_id, {}, {}, {}))
