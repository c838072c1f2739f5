"""ConsumerGroupHeartbeat on a consumer group (KIP-848): joining, living on, and reconciling.

A heartbeat may do all of this at once: take the member in, note what it wants, begin a new group epoch,
compute a target for it, and move the member one step towards it.
"""

from __future__ import annotations

from typing import Any

from ..events import (
    ConsumerHeartbeat,
    ConsumerHeartbeatReply,
    Effects,
    Instant,
)
from ..membership import (
    JOIN_EPOCH,
    check_epoch,
    check_released,
    existing_member,
)
from .group import ConsumerGroup
from .member import ConsumerMember
from .settings import ConsumerSettings
from .update import MemberUpdate, check_room, replace_static


def beat(
    group: ConsumerGroup,
    request: ConsumerHeartbeat,
    settings: ConsumerSettings,
    now: Instant,
    effects: Effects,
) -> ConsumerHeartbeatReply:
    """One heartbeat of a member that is, or becomes, part of the group. Raises GroupError."""
    check_room(group, request.member_id, request.instance_id, settings)
    member = _member(group, request, request.member_id or settings.new_id(), effects)
    update = MemberUpdate(group, member, _updated(member, request), settings, now, effects)
    update.note()
    update.advance_epoch()
    reached = update.reconcile(request.owned)
    group.session_timeout_ms = update.config.session_timeout_ms
    if reached.member_id in group.members:
        group.touch(reached, now)
    is_full = (
        request.rebalance_timeout_ms != -1
        and (request.topic_names is not None or request.topic_regex is not None)
        and request.owned is not None
    )
    tells = request.member_epoch == JOIN_EPOCH or is_full or reached.assigned != member.assigned
    return ConsumerHeartbeatReply(
        reached.member_id,
        reached.member_epoch,
        update.config.heartbeat_interval_ms,
        {topic_id: frozenset(p) for topic_id, p in reached.assigned.items()} if tells else None,
    )


def announce(
    group: ConsumerGroup,
    request: ConsumerHeartbeat,
    settings: ConsumerSettings,
    now: Instant,
    effects: Effects,
) -> None:
    """A member comes, with others: take it in, and begin the group epoch that it asks for. What it is to have
    it learns by its heartbeat, which follows once all of them are announced. Raises GroupError.

    One that takes the place of a static member is not new, and has nothing to announce.
    """
    check_room(group, request.member_id, request.instance_id, settings)
    if request.member_id in group.members or group.static_member(request.instance_id) is not None:
        return
    member = ConsumerMember(request.member_id)
    update = MemberUpdate(group, member, _updated(member, request), settings, now, effects)
    update.note()
    update.advance_epoch()


def _updated(member: ConsumerMember, request: ConsumerHeartbeat) -> ConsumerMember:
    """The member with everything that the request says of it. From now on it speaks the consumer protocol."""
    says: dict[str, Any] = {
        "instance_id": request.instance_id,
        "rack_id": request.rack_id,
        "rebalance_timeout_ms": None if request.rebalance_timeout_ms == -1 else request.rebalance_timeout_ms,
        "server_assignor": request.server_assignor,
        "topic_names": request.topic_names,
        "topic_regex": request.topic_regex,
        "client_id": request.client_id,
        "client_host": request.client_host,
    }
    said = {field: value for field, value in says.items() if value is not None}
    return member._replace(classic=None, **said)


def _member(
    group: ConsumerGroup, request: ConsumerHeartbeat, member_id: str, effects: Effects
) -> ConsumerMember:
    """The member that the request means; a new one if it joins."""
    if request.member_epoch != JOIN_EPOCH:
        member = existing_member(group, member_id, request.instance_id)
        _check_epoch(member, request)
        return member
    static = group.static_member(request.instance_id)
    is_announced = static is not None and static.member_id == member_id and static.member_epoch == JOIN_EPOCH
    if static is None or is_announced:
        return group.members.get(member_id) or ConsumerMember(member_id)
    if not static.uses_classic_protocol:
        check_released(static, member_id)
    return replace_static(group, static, member_id, effects)


def _check_epoch(member: ConsumerMember, request: ConsumerHeartbeat) -> None:
    def still_own() -> bool:
        return request.owned is not None and all(
            partitions <= member.assigned.get(topic_id, {}).keys()
            for topic_id, partitions in request.owned.items()
        )

    check_epoch("consumer", member, request.member_epoch, still_own)
