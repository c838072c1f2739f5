"""What groups whose members send heartbeats with an epoch have in common (KIP-848, KIP-932, KIP-1071): the
epochs with a meaning of their own, and who is turned away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar

from ...protocol.errors import ErrorCode
from .events import GroupError

JOIN_EPOCH = 0
LEAVE_EPOCH = -1
STATIC_LEAVE_EPOCH = -2


class EpochMember(Protocol):
    """A member of such a group."""

    @property
    def member_id(self) -> str: ...

    @property
    def member_epoch(self) -> int: ...

    @property
    def previous_member_epoch(self) -> int: ...

    @property
    def instance_id(self) -> str | None: ...


Member = TypeVar("Member", bound=EpochMember)
Kind = TypeVar("Kind", bound=EpochMember, covariant=True)


class StaticGroup(Protocol[Kind]):
    """A group of such members, some of which may be static (KIP-345)."""

    @property
    def group_id(self) -> str: ...

    @property
    def members(self) -> Mapping[str, Kind]: ...

    def static_member(self, instance_id: str | None) -> Kind | None: ...


def invalid_request(message: str) -> GroupError:
    """What is said of a heartbeat that no member may send, in Kafka's words."""
    return GroupError(ErrorCode.INVALID_REQUEST, message)


def check_not_blank(**texts: str | None) -> None:
    """Raise GroupError INVALID_REQUEST for the first of a heartbeat's texts, given by their names in the
    protocol, in which there is nothing but white space. None is no text.
    """
    for name, text in texts.items():
        if text is not None and not text.strip():
            raise invalid_request(f"{name} can't be empty.")


def existing_member(group: StaticGroup[Member], member_id: str, instance_id: str | None) -> Member:
    """The member that a request names. Raises GroupError UNKNOWN_MEMBER_ID or FENCED_INSTANCE_ID."""
    if instance_id is not None:
        return check_static(group.static_member(instance_id), member_id, instance_id)
    member = group.members.get(member_id)
    if member is None:
        raise unknown_member(group.group_id, member_id)
    return member


def check_epoch(kind: str, member: EpochMember, epoch: int, still_own: Callable[[], bool]) -> None:
    """A member that is behind may repeat what it sent an epoch ago, since it may not have got the answer; but
    only with what is `still_own`. `kind` is the group's type in words. Raises GroupError FENCED_MEMBER_EPOCH.
    """
    known = member.member_epoch
    if epoch in (JOIN_EPOCH, known):
        return
    if epoch < known and epoch == member.previous_member_epoch and still_own():
        return
    which = "greater" if epoch > known else "smaller"
    raise GroupError(
        ErrorCode.FENCED_MEMBER_EPOCH,
        f"The {kind} group member has a {which} member epoch ({epoch}) than the one known by the group "
        f"coordinator ({known}). The member must abandon all its partitions and rejoin.",
    )


def check_static(static: Member | None, member_id: str, instance_id: str) -> Member:
    """The static member itself. Raises GroupError UNKNOWN_MEMBER_ID or FENCED_INSTANCE_ID."""
    if static is None:
        raise GroupError(ErrorCode.UNKNOWN_MEMBER_ID, f"Instance id {instance_id} is unknown.")
    if static.member_id != member_id:
        raise GroupError(
            ErrorCode.FENCED_INSTANCE_ID,
            f"Static member {member_id} with instance id {instance_id} was fenced by member "
            f"{static.member_id}.",
        )
    return static


def check_released(static: EpochMember, member_id: str) -> None:
    """An instance id goes over to another member once its owner has said that it leaves for a while. Raises
    GroupError UNRELEASED_INSTANCE_ID.
    """
    if static.member_epoch != STATIC_LEAVE_EPOCH:
        raise GroupError(
            ErrorCode.UNRELEASED_INSTANCE_ID,
            f"Static member {member_id} with instance id {static.instance_id} cannot join the group "
            f"because the instance id is owned by {static.member_id} member.",
        )


def unknown_member(group_id: str, member_id: str) -> GroupError:
    """What a member id that nobody has is told."""
    return GroupError(ErrorCode.UNKNOWN_MEMBER_ID, f"Member {member_id} is not a member of group {group_id}.")


def not_of_kind(group_id: str, group: object | None, kind: str) -> GroupError:
    """What is said of a group that is not there, or is of another kind than the one in words."""
    problem = "not found" if group is None else f"is not a {kind} group"
    return GroupError(ErrorCode.GROUP_ID_NOT_FOUND, f"Group {group_id} {problem}.")
