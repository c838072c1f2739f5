"""Members of a consumer group that speak the classic protocol: JoinGroup, SyncGroup, Heartbeat and LeaveGroup
on behalf of the state machine of KIP-848.

Such a member has its epoch for a generation. It joins to say what it wants and still has, syncs to learn what
it is to have, and is told by REBALANCE_IN_PROGRESS that it is to do so again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ....protocol.errors import ErrorCode, ProtocolError
from ....protocol.messages import consumer_protocol
from ..events import (
    UNKNOWN_MEMBER_ID,
    Effects,
    GroupError,
    Instant,
    JoinReply,
    JoinRequest,
    LeavingMember,
    SyncReply,
    SyncRequest,
)
from ..membership import check_static, existing_member
from ..target_assignment import metadata_hash
from .group import ConsumerGroup
from .leaving import fence
from .member import ConsumerMember, MemberState
from .migration import assignment_bytes, by_topic_id, can_downgrade_by, downgrade
from .records import ClassicProtocols
from .settings import ConsumerSettings
from .update import MemberUpdate, check_room, replace_static


def join(
    group: ConsumerGroup,
    request: JoinRequest,
    settings: ConsumerSettings,
    now: Instant,
    effects: Effects,
) -> JoinReply:
    """JoinGroup. Raises GroupError."""
    if not (settings.config.can_upgrade or settings.config.can_downgrade):
        raise GroupError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
    member_id = request.member_id or settings.new_id()
    check_room(group, member_id, request.instance_id, settings)
    if not _supports(group, request):
        raise GroupError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
    if not request.member_id and request.instance_id is None and request.needs_member_id:
        return JoinReply(ErrorCode.MEMBER_ID_REQUIRED, member_id)
    subscription = _subscription(request)
    replaced = group.static_member(request.instance_id)
    member = _member(group, request, member_id, effects)
    updated = member._replace(
        instance_id=request.instance_id or member.instance_id,
        rack_id=subscription.rack_id or member.rack_id,
        rebalance_timeout_ms=request.rebalance_timeout_ms,
        client_id=request.client_id,
        client_host=request.client_host,
        topic_names=frozenset(subscription.topics),
        topic_regex="",
        classic=ClassicProtocols(request.session_timeout_ms, request.protocols),
    )
    update = MemberUpdate(group, member, updated, settings, now, effects)
    update.note()
    update.asks_for_epoch = update.subscription_changed
    update.advance_epoch()
    owned = by_topic_id(subscription.owned_partitions, settings.topics)
    if replaced is not None and can_downgrade_by(group, replaced, settings):
        reached = _downgrade(update, owned)
    else:
        reached = update.reconcile(owned)
        _await_sync(group, reached, request, now)
    name = reached.classic_protocol[0]
    return JoinReply(ErrorCode.NONE, member_id, reached.member_epoch, group.protocol_type, name)


def _supports(group: ConsumerGroup, request: JoinRequest) -> bool:
    """Whether the member shares a protocol with all classic members there are."""
    if request.protocol_type != group.protocol_type or not request.protocols:
        return False
    return any(group.classic_protocols[name] == group.classic_members for name, _ in request.protocols)


def _subscription(request: JoinRequest) -> Any:
    try:
        return consumer_protocol.read(consumer_protocol.SUBSCRIPTION, request.protocols[0][1])
    except ProtocolError as error:
        raise GroupError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL) from error


def _member(group: ConsumerGroup, request: JoinRequest, member_id: str, effects: Effects) -> ConsumerMember:
    if request.instance_id is None:
        return group.members.get(member_id) or ConsumerMember(member_id)
    static = group.static_member(request.instance_id)
    if request.member_id:
        return check_static(static, member_id, request.instance_id)
    if static is None:
        return ConsumerMember(member_id)
    return replace_static(group, static, member_id, effects)


def _downgrade(update: MemberUpdate, owned: dict[bytes, frozenset[int]] | Any) -> ConsumerMember:
    """With this member there is nobody left who speaks the consumer protocol.

    All others go on with what they have if they have arrived at the target. (Apache Kafka lets them go on
    even if some have not, and what those still wait for stays nobody's.)
    """
    group, reached = update.group, update.updated
    replaced = group.static_members.get(reached.instance_id or "")
    others = (member for member in group.members.values() if member.member_id != replaced)
    have_arrived = all(member.is_reconciled_to(group.target_epoch) for member in others)
    rebalances = group.target_epoch < update.epoch or not have_arrived
    if not rebalances:
        reached = update.move(group.target_epoch, group.target_of(reached), owned)
    downgrade(group, (), update.settings.topics, update.now, update.effects, reached, rebalances=rebalances)
    return reached


def _await_sync(group: ConsumerGroup, member: ConsumerMember, request: JoinRequest, now: Instant) -> None:
    group.joins.pop(member.member_id, None)
    group.sessions[member.member_id] = group.wake_at(now.monotonic_ms + request.session_timeout_ms)
    deadline_ms = group.wake_at(now.monotonic_ms + request.rebalance_timeout_ms)
    group.syncs[member.member_id] = deadline_ms


def sync(group: ConsumerGroup, request: SyncRequest, settings: ConsumerSettings, now: Instant) -> SyncReply:
    """SyncGroup: the assignment is there already. Raises GroupError."""
    member = _classic_member(group, request.member_id, request.instance_id)
    if member.member_epoch != request.generation_id:
        raise GroupError(ErrorCode.ILLEGAL_GENERATION)
    name, metadata = member.classic_protocol
    is_other_type = request.protocol_type not in (None, group.protocol_type)
    if is_other_type or request.protocol_name not in (None, name):
        raise GroupError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
    is_behind = group.target_epoch > member.member_epoch
    if is_behind and member.state is not MemberState.UNREVOKED_PARTITIONS:
        _await_join(group, member, now)
        raise GroupError(ErrorCode.REBALANCE_IN_PROGRESS)
    group.syncs.pop(member.member_id, None)
    group.touch(member, now)
    assignment = assignment_bytes(member.assigned, metadata, settings.topics)
    return SyncReply(ErrorCode.NONE, request.protocol_type, request.protocol_name, assignment)


def heartbeat(
    group: ConsumerGroup,
    member_id: str,
    instance_id: str | None,
    generation_id: int,
    settings: ConsumerSettings,
    now: Instant,
) -> ErrorCode:
    """Heartbeat. REBALANCE_IN_PROGRESS tells the member to join again. Raises GroupError."""
    member = _classic_member(group, member_id, instance_id)
    if member.member_epoch != generation_id:
        raise GroupError(ErrorCode.ILLEGAL_GENERATION)
    group.touch(member, now)
    if (
        member.member_epoch < group.target_epoch
        or _wants_target(group, settings)
        or member.state is MemberState.UNREVOKED_PARTITIONS
        or (member.state is MemberState.UNRELEASED_PARTITIONS and not _waits_for_others(group, member))
    ):
        _await_join(group, member, now)
        return ErrorCode.REBALANCE_IN_PROGRESS
    return ErrorCode.NONE


def _wants_target(group: ConsumerGroup, settings: ConsumerSettings) -> bool:
    """Whether the group is to have a new target, and a join has to bring it, since there is nobody whose
    heartbeats would. Apache Kafka waits for a member with the consumer protocol, however long that takes.
    """
    if group.classic_members < len(group.members):
        return False
    if group.epoch == group.target_epoch and not group.topics_are_known:
        group.topics_are_known = (
            metadata_hash(group.subscriptions.topics, settings.topics) == group.metadata_hash
        )
    return group.epoch > group.target_epoch or not group.topics_are_known


def _waits_for_others(group: ConsumerGroup, member: ConsumerMember) -> bool:
    """Whether others still have something of what the member is to have."""
    return any(
        partition not in member.assigned.get(topic_id, {}) and (topic_id, partition) in group.owner_epochs
        for topic_id, partitions in group.target_of(member).items()
        for partition in partitions
    )


def _await_join(group: ConsumerGroup, member: ConsumerMember, now: Instant) -> None:
    if member.member_id not in group.joins:
        deadline_ms = group.wake_at(now.monotonic_ms + member.rebalance_timeout_ms)
        group.joins[member.member_id] = deadline_ms


def _classic_member(group: ConsumerGroup, member_id: str, instance_id: str | None) -> ConsumerMember:
    member = existing_member(group, member_id, instance_id)
    if not member.uses_classic_protocol:
        raise GroupError(ErrorCode.UNKNOWN_MEMBER_ID)
    return member


def leave(
    group: ConsumerGroup,
    leaving: Sequence[LeavingMember],
    settings: ConsumerSettings,
    now: Instant,
    effects: Effects,
) -> tuple[ErrorCode, ...]:
    """LeaveGroup, of members of either protocol. One error code for each, in order."""
    gone: dict[str, ConsumerMember] = {}
    errors = []
    for each in leaving:
        try:
            member = _leaving_member(group, each)
        except GroupError as refused:
            errors.append(refused.error)
        else:
            errors.append(ErrorCode.NONE)
            gone[member.member_id] = member
    fence(group, gone.values(), settings, now, effects)
    return tuple(errors)


def _leaving_member(group: ConsumerGroup, leaving: LeavingMember) -> ConsumerMember:
    static = group.static_member(leaving.instance_id)
    if static is not None and leaving.member_id == UNKNOWN_MEMBER_ID:
        return static
    return existing_member(group, leaving.member_id, leaving.instance_id)
