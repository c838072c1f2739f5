"""JoinGroup on a classic group: new members, members that come back, and static members under a new id."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ....protocol.errors import ErrorCode
from ..events import (
    UNKNOWN_MEMBER_ID,
    Effects,
    GroupError,
    Instant,
    JoinReply,
    JoinRequest,
)
from ..records import GroupMetadata
from .group import ClassicGroup
from .member import Member, select_protocol
from .rebalance import complete_join_if_all_joined, joined, prepare_rebalance, rebalance_or_complete_join
from .transitions import COMPLETING_REBALANCE, EMPTY, PREPARING_REBALANCE, STABLE


class Join:
    """One JoinGroup on its way through a group."""

    def __init__(
        self,
        group: ClassicGroup,
        request: JoinRequest,
        token: Any,
        now: Instant,
        effects: Effects,
        new_member_id: Callable[[str], str],
    ) -> None:
        self.group = group
        self.request = request
        self.token = token
        self.now = now
        self.effects = effects
        self.new_member_id = new_member_id

    def run(self) -> None:
        """Answer the join, or park it."""
        group, request = self.group, self.request
        if not self._has_room():
            group.remove(request.member_id, self.effects)
            self._refuse(ErrorCode.GROUP_MAX_SIZE_REACHED, UNKNOWN_MEMBER_ID)
        elif not group.supports(request.protocol_type, request.protocols):
            self._refuse(ErrorCode.INCONSISTENT_GROUP_PROTOCOL, request.member_id)
        elif request.member_id == UNKNOWN_MEMBER_ID:
            self._join_new()
        elif request.member_id in group.pending_members and request.instance_id is None:
            self._add(request.member_id)
        else:
            try:
                member = group.check_member(request.member_id, request.instance_id)
            except GroupError as refused:
                self._refuse(refused.error, request.member_id)
            else:
                self._rejoin(member)

    def _has_room(self) -> bool:
        group, member_id = self.group, self.request.member_id
        if group.state is EMPTY:
            return True
        member = group.members.get(member_id)
        if group.state is PREPARING_REBALANCE:
            # Whoever joins first gets in: a group over its limit shrinks in its next rebalance.
            if member is not None and member.awaiting_join is not None:
                return True
            waiting = sum(m.awaiting_join is not None for m in group.members.values())
            return waiting < group.config.max_size
        return member is not None or len(group.members) < group.config.max_size

    def _refuse(self, error: ErrorCode, member_id: str) -> None:
        self.effects.reply(self.token, JoinReply(error, member_id))

    def _join_new(self) -> None:
        group, request = self.group, self.request
        if request.instance_id is not None:
            member_id = self.new_member_id(request.instance_id)
            current = group.static_members.get(request.instance_id)
            if current is None:
                self._add(member_id)
            else:
                self._return_static(group.members[current], member_id)
            return
        member_id = self.new_member_id(request.client_id)
        if request.needs_member_id:
            deadline = self.now.monotonic_ms + request.session_timeout_ms
            group.pending_members[member_id] = group.wake_at(deadline)
            self._refuse(ErrorCode.MEMBER_ID_REQUIRED, member_id)
        else:
            self._add(member_id)

    def _add(self, member_id: str) -> None:
        group, request = self.group, self.request
        member = Member(
            member_id,
            request.instance_id,
            request.client_id,
            request.client_host,
            request.rebalance_timeout_ms,
            request.session_timeout_ms,
            request.protocols,
        )
        member.is_new = True
        if group.state is PREPARING_REBALANCE and group.previous_state is EMPTY:
            group.new_member_added = True
        group.add(member, request.protocol_type)
        group.park_join(member, self.token, self.effects)
        group.touch(member, self.now, group.config.new_member_join_timeout_ms)
        rebalance_or_complete_join(group, self.now, self.effects)

    def _rejoin(self, member: Member) -> None:
        group = self.group
        if group.state is EMPTY:
            self._refuse(ErrorCode.UNKNOWN_MEMBER_ID, member.member_id)
            return
        is_leader = group.leader_id == member.member_id
        unchanged = member.protocols == self.request.protocols
        # A repeated join, whose answer was lost, gets it again. In a stable group a leader's join is more
        # than that: it wants to assign anew.
        if unchanged and (group.state is COMPLETING_REBALANCE or (group.state is STABLE and not is_leader)):
            self.effects.reply(self.token, joined(group, member))
        else:
            self._join_again(member)

    def _join_again(self, member: Member) -> None:
        group = self.group
        group.update(member, self.request)
        group.park_join(member, self.token, self.effects)
        rebalance_or_complete_join(group, self.now, self.effects)

    # Static members (KIP-345)

    def _return_static(self, old: Member, member_id: str) -> None:
        """A static member has restarted: it takes its old place under a new member id.

        In a stable group whose protocol stays the same, nothing but the id changes, and nobody needs to
        rebalance.
        """
        group, request = self.group, self.request
        new = Member(
            member_id,
            old.instance_id,
            old.client_id,
            old.client_host,
            request.rebalance_timeout_ms,
            request.session_timeout_ms,
            request.protocols,
            old.assignment,
        )
        if group.state is STABLE:
            members = [new if m is old else m for m in group.members.values()]
            if select_protocol(members) == group.protocol_name:
                self._store_return(old, new)
                return
        group.replace_static(old, new, self.effects)
        group.touch(new, self.now)
        group.park_join(new, self.token, self.effects)
        if group.state is PREPARING_REBALANCE:
            complete_join_if_all_joined(group, self.now, self.effects)
        else:
            prepare_rebalance(group, self.now, self.effects)

    def _store_return(self, old: Member, new: Member) -> None:
        group, protocol = self.group, self.group.protocol_name or ""
        was_leader = group.leader_id == old.member_id
        members = (new if m is old else m for m in group.members.values())
        self.effects.records.append(
            GroupMetadata(
                group.group_id,
                group.protocol_type or "",
                group.generation_id,
                group.protocol_name,
                new.member_id if was_leader else group.leader_id,
                group.state_timestamp_ms,
                tuple(m.stored(protocol, m.assignment) for m in members),
            )
        )
        group.returning = new
        group.touch(new, self.now)
        if old.member_id in group.pending_sync:
            group.pending_sync.remove(old.member_id)
            group.pending_sync.add(new.member_id)
        # Before KIP-814 a returning leader is told of the old one, so that it does not assign over a running
        # group.
        leader = new.member_id if was_leader and self.request.skips_assignment else group.leader_id
        leads = was_leader and self.request.skips_assignment
        self.effects.reply(
            self.token,
            JoinReply(
                ErrorCode.NONE,
                new.member_id,
                group.generation_id,
                group.protocol_type,
                group.protocol_name,
                leader or "",
                skip_assignment=leads,
                members=group.joined_members(returning=new) if leads else (),
            ),
        )
