"""A new target assignment for a whole streams group."""

from __future__ import annotations

from collections.abc import Mapping

from ..events import Instant
from ..java_order import hash_map_order
from ..records import Record
from . import sticky_assignor
from .group import NO_TASKS, StreamsGroup
from .member import StreamsMember
from .records import StreamsTarget, StreamsTargetEpoch
from .settings import StreamsGroupConfig
from .tasks import TaskSets
from .topic_configuration import ConfiguredTopology


def members_after(group: StreamsGroup, updated: StreamsMember | None) -> dict[str, StreamsMember]:
    """The members once `updated` is one of them, without the static member whose place it takes."""
    members = dict(group.members)
    if updated is not None:
        replaced = group.static_members.get(updated.instance_id or "")
        if replaced is not None and replaced != updated.member_id:
            del members[replaced]
        members[updated.member_id] = updated
    return members


def target_after(group: StreamsGroup, updated: StreamsMember) -> TaskSets:
    """What a member is to have by the present target; a static member inherits it."""
    former = group.static_members.get(updated.instance_id or "", updated.member_id)
    return group.target.get(former, NO_TASKS)


def retarget(
    group: StreamsGroup,
    epoch: int,
    updated: StreamsMember | None,
    configured: ConfiguredTopology,
    config: StreamsGroupConfig,
    now: Instant,
) -> tuple[list[Record], Mapping[str, TaskSets]]:
    """The records of a new target for `epoch`, when `updated` is in the group; and the target."""
    members = members_after(group, updated)
    if configured.is_ready:
        target = sticky_assignor.assign(_problem(group, members, configured, config))
    else:
        target = dict.fromkeys(members, NO_TASKS)
    records: list[Record] = []
    for member_id in hash_map_order(members):
        former = group.target.get(member_id)
        if member_id not in group.members and updated is not None:
            # A static member that takes another's place has had its record with the replacement.
            former = group.target.get(group.static_members.get(updated.instance_id or "", ""))
        if former != target[member_id]:
            records.append(StreamsTarget(group.group_id, member_id, target[member_id]))
    records.append(StreamsTargetEpoch(group.group_id, epoch, now.wall_ms))
    return records, target


def _problem(
    group: StreamsGroup,
    members: Mapping[str, StreamsMember],
    configured: ConfiguredTopology,
    config: StreamsGroupConfig,
) -> sticky_assignor.Problem:
    return sticky_assignor.Problem(
        {
            member_id: sticky_assignor.MemberSpec(
                member.process_id,
                frozenset(member.assigned.active),
                member.assigned.standby,
                group.offsets_of(member_id).offsets,
            )
            for member_id, member in members.items()
        },
        tuple(
            sticky_assignor.SubtopologySpec(each_id, each.task_count, bool(each.state_changelog_topics))
            for each_id, each in configured.subtopologies.items()
        ),
        config.num_standby_replicas,
    )
