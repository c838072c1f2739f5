"""The pure state of one partition of `__consumer_offsets`: its groups and their committed offsets.

Every event is a method that fills Effects; the driver appends `effects.records`, hands each to `replay`, and
then gives the replies. Nothing here knows of time, chance, or files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ...protocol.errors import ErrorCode
from . import leaving, offsets, rebalance, syncing
from .classic import ClassicGroup
from .events import (
    UNKNOWN_MEMBER_ID,
    CommitRequest,
    Effects,
    Failure,
    GroupConfig,
    GroupError,
    Instant,
    JoinReply,
    JoinRequest,
    LeavingMember,
    SyncReply,
    SyncRequest,
)
from .joining import Join
from .records import GroupMetadata, GroupTombstone, OffsetCommit, OffsetTombstone, Record
from .transitions import EMPTY, GroupState, Trigger


class Shard:
    """The groups of one partition. `new_member_id` makes a member id that nobody has, from a prefix."""

    def __init__(self, config: GroupConfig, new_member_id: Callable[[str], str]) -> None:
        self.config = config
        self.new_member_id = new_member_id
        self.groups: dict[str, ClassicGroup] = {}
        self.offsets = offsets.Offsets()

    @property
    def machines(self) -> Mapping[str, ClassicGroup]:
        """The groups, by id."""
        return self.groups

    # Hard state

    def replay(self, record: Record, now: Instant, offset: int = -1, producer_id: int = -1) -> None:
        """Take over one record of the log, when loading and when running alike.

        A commit that lies at `offset` and is part of a producer's transaction waits for its end.
        """
        if isinstance(record, GroupMetadata):
            self._group(record.group_id, now).replay(record)
        elif isinstance(record, GroupTombstone):
            group = self.groups.pop(record.group_id, None)
            if group is not None:
                group.enter(Trigger.REMOVED, now.wall_ms)
        else:
            if isinstance(record, OffsetCommit):
                self._group(record.group_id, now)
            self.offsets.replay(record, offset, producer_id)

    def _group(self, group_id: str, now: Instant) -> ClassicGroup:
        group = self.groups.get(group_id)
        if group is None:
            group = self.groups[group_id] = ClassicGroup(group_id, self.config, now.wall_ms)
        return group

    def replay_marker(self, producer_id: int, committed: bool) -> None:
        """A producer's transaction has ended, and with it the waiting of its commits."""
        self.offsets.replay_marker(producer_id, committed)

    def on_loaded(self, now: Instant, effects: Effects) -> None:
        """Everything is replayed: members keep their place, with a fresh session each."""
        for group in self.groups.values():
            for member in group.members.values():
                group.touch(member, now)
            if len(group.members) > self.config.max_size:
                rebalance.prepare_rebalance(group, now, effects)

    def unload(self, now: Instant, effects: Effects) -> None:
        """The coordinator goes away: whoever waits is sent to look for the next one."""
        for group in self.groups.values():
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
            if request.group_id not in self.groups:
                self._create(request.group_id, now, effects)
            Join(self.groups[request.group_id], request, token, now, effects, self.new_member_id).run()

    def _create(self, group_id: str, now: Instant, effects: Effects) -> None:
        """A group exists from its first join on, whatever becomes of it."""
        group = self._group(group_id, now)
        effects.records.append(GroupMetadata(group_id, "", 0, None, None, now.wall_ms, ()))

        def discard(error: ErrorCode, _: Instant, undone: Effects) -> None:
            for member in group.members.values():
                group.answer_join(member, JoinReply(error, member.member_id), undone)
            del self.groups[group_id]

        effects.undo = discard

    def sync(self, request: SyncRequest, token: Any, now: Instant, effects: Effects) -> None:
        """SyncGroup: answered with a SyncReply, for followers when the leader has assigned."""
        group = self.groups.get(request.group_id)
        if not request.group_id or group is None:
            error = ErrorCode.UNKNOWN_MEMBER_ID if request.group_id else ErrorCode.INVALID_GROUP_ID
            effects.reply(token, SyncReply(error))
        else:
            syncing.sync(group, request, token, now, effects)

    def heartbeat(
        self, group_id: str, member_id: str, instance_id: str | None, generation_id: int, now: Instant
    ) -> ErrorCode:
        """Heartbeat: nothing is written, so the answer is the error code itself."""
        if not group_id:
            return ErrorCode.INVALID_GROUP_ID
        group = self.groups.get(group_id)
        if group is None:
            return ErrorCode.UNKNOWN_MEMBER_ID
        return syncing.heartbeat(group, member_id, instance_id, generation_id, now)

    def leave(
        self, group_id: str, members: Sequence[LeavingMember], token: Any, now: Instant, effects: Effects
    ) -> None:
        """LeaveGroup: answered with a tuple of error codes, one for each member, or a Failure."""
        group = self.groups.get(group_id)
        if not group_id:
            effects.reply(token, Failure(ErrorCode.INVALID_GROUP_ID))
        elif group is None:
            effects.reply(token, (ErrorCode.UNKNOWN_MEMBER_ID,) * len(members))
        else:
            effects.reply(token, leaving.leave(group, members, now, effects))

    def expire(self, group_id: str, now: Instant, effects: Effects) -> None:
        """A deadline of the group has passed, perhaps. See `rebalance.expire`."""
        group = self.groups.get(group_id)
        if group is not None:
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
        elif group.state is not EMPTY:
            effects.reply(token, ErrorCode.NON_EMPTY_GROUP)
        else:
            effects.records.extend(self.offsets.tombstones(group_id))
            effects.records.append(GroupTombstone(group_id))
            effects.reply(token, ErrorCode.NONE)

    def expire_offsets(self, now: Instant, effects: Effects) -> None:
        """Remove the offsets whose retention is over, and the empty groups that have none left."""
        for group in self.groups.values():
            tombstones, nothing_left = offsets.expired(group, self.offsets, now)
            effects.records.extend(tombstones)
            if nothing_left and group.state is EMPTY:
                effects.records.append(GroupTombstone(group.group_id))

    def drop_partitions(self, topic: str, partitions: Iterable[int], effects: Effects) -> None:
        """A topic was deleted: remove every group's offsets in these partitions."""
        gone = set(partitions)
        for group_id in self.offsets.groups():
            for partition in self.offsets.of_group(group_id).get(topic, {}):
                if partition in gone:
                    effects.records.append(OffsetTombstone(group_id, topic, partition))

    def state_of(self, group_id: str) -> GroupState:
        """The state of a group; Dead for one that does not exist."""
        group = self.groups.get(group_id)
        return GroupState.DEAD if group is None else group.state
