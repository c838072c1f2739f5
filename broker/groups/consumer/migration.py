"""A group moves from one protocol to the other while it runs (KIP-848): as records, so that a restart finds
it where it was.

A classic group becomes a consumer group when the first member with the consumer protocol joins, and the
members it has go on with the classic protocol (`classic_members`). It becomes a classic group again when the
last member with the consumer protocol goes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from ....protocol.errors import ErrorCode, ProtocolError
from ....protocol.messages import consumer_protocol
from ..classic.group import ClassicGroup
from ..classic.member import Member, select_protocol
from ..events import (
    Effects,
    GroupError,
    Instant,
    JoinReply,
    SyncReply,
)
from ..records import GroupMetadata, GroupTombstone, Record
from ..target_assignment import metadata_hash
from ..topics_image import TopicsImage
from .group import ConsumerGroup
from .member import ConsumerMember
from .records import (
    Assignment,
    ClassicProtocols,
    ConsumerGroupEpoch,
    TargetAssignment,
)
from .records import TargetAssignmentEpoch as TargetEpoch
from .settings import ConsumerSettings


def upgrade(classic: ClassicGroup, settings: ConsumerSettings, effects: Effects) -> list[Record]:
    """The records that make a classic group with members a consumer group; parked requests are told to try
    again. Raises GroupError GROUP_ID_NOT_FOUND, which is what Kafka says to groups that cannot be moved.
    """
    if not settings.config.can_upgrade:
        raise _refused(classic, "online upgrade is disabled")
    if not classic.is_consumer_group:
        raise _refused(classic, "the group does not use the consumer embedded protocol")
    if len(classic.members) > settings.config.max_size:
        raise _refused(classic, "the group size exceeds the consumer group maximum size")
    try:
        members = [_upgraded(member, classic, settings.topics) for member in classic.members.values()]
    except (ProtocolError, KeyError) as error:
        raise _refused(classic, "the embedded consumer protocol is malformed") from error
    for member in classic.members.values():
        refused = JoinReply(ErrorCode.REBALANCE_IN_PROGRESS, member.member_id)
        classic.answer_join(member, refused, effects)
        classic.answer_sync(member, SyncReply(ErrorCode.REBALANCE_IN_PROGRESS), effects)
    group_id, epoch = classic.group_id, classic.generation_id
    return [
        GroupTombstone(group_id),
        *(member.metadata_record(group_id) for member in members),
        ConsumerGroupEpoch(group_id, epoch, _assigned_hash(members, settings.topics)),
        *(TargetAssignment(group_id, m.member_id, _without_epochs(m)) for m in members),
        TargetEpoch(group_id, epoch, 0),
        *(member.current_record(group_id) for member in members),
    ]


def _assigned_hash(members: Collection[ConsumerMember], topics: TopicsImage) -> int:
    """The hash of the subscribed topics, or 0 when some of their partitions are nobody's: the members have
    not noticed yet that the topics have grown. Apache Kafka lets that pass, and then nobody notices.
    """
    names = {name for member in members for name in member.topic_names}
    wanted = sum(topic.partition_count for topic in map(topics.get, names) if topic is not None)
    assigned = sum(len(partitions) for member in members for partitions in member.assigned.values())
    return metadata_hash(names, topics) if assigned == wanted else 0


def _refused(classic: ClassicGroup, reason: str) -> GroupError:
    return GroupError(
        ErrorCode.GROUP_ID_NOT_FOUND,
        f"Cannot upgrade classic group {classic.group_id} to consumer group because {reason}.",
    )


def _without_epochs(member: ConsumerMember) -> Assignment:
    return {topic_id: frozenset(partitions) for topic_id, partitions in member.assigned.items()}


def _upgraded(member: Member, group: ClassicGroup, topics: TopicsImage) -> ConsumerMember:
    epoch = group.generation_id
    assigned: Assignment = {}
    if member.assignment:
        assignment = consumer_protocol.read(consumer_protocol.ASSIGNMENT, member.assignment)
        if assignment.user_data:
            raise _refused(
                group,
                "an unsupported custom assignor is in use. Please refer to the documentation "
                "or switch to a default assignor before re-attempting the upgrade",
            )
        assigned = by_topic_id(assignment.assigned_partitions, topics)
    subscription = consumer_protocol.read(
        consumer_protocol.SUBSCRIPTION, member.metadata(group.protocol_name)
    )
    return ConsumerMember(
        member.member_id,
        epoch,
        epoch,
        instance_id=member.instance_id,
        rack_id=subscription.rack_id or None,
        rebalance_timeout_ms=member.rebalance_timeout_ms,
        client_id=member.client_id,
        client_host=member.client_host,
        topic_names=frozenset(subscription.topics),
        assigned={topic_id: dict.fromkeys(sorted(p), epoch) for topic_id, p in assigned.items()},
        classic=ClassicProtocols(member.session_timeout_ms, member.protocols),
    )


def by_topic_id(named: Iterable[Any], topics: TopicsImage) -> Assignment:
    """Partitions that a consumer has named by topic, as far as the topics exist."""
    found = ((topics.get(topic.topic), topic.partitions) for topic in named)
    return {topic.topic_id: frozenset(partitions) for topic, partitions in found if topic is not None}


def assignment_bytes(
    assignment: Mapping[bytes, Iterable[int]], metadata: bytes, topics: TopicsImage
) -> bytes:
    """An assignment as consumers of the classic protocol read it, in the version of their subscription."""
    partitions = [
        consumer_protocol.TOPIC_PARTITION(topic=topic.name, partitions=sorted(indexes))
        for topic, indexes in ((topics.by_id(topic_id), p) for topic_id, p in assignment.items())
        if topic is not None
    ]
    value = consumer_protocol.ASSIGNMENT(assigned_partitions=partitions)
    version = consumer_protocol.read_version(metadata)
    return consumer_protocol.write(consumer_protocol.ASSIGNMENT, value, version)


def can_downgrade(
    group: ConsumerGroup, leaving: Collection[ConsumerMember], settings: ConsumerSettings
) -> bool:
    """Whether all that stay speak the classic protocol, and may go on as a classic group."""
    left = len(group.members) - len(leaving)
    classic_left = group.classic_members - sum(member.uses_classic_protocol for member in leaving)
    return (
        0 < left == classic_left
        and settings.config.can_downgrade
        and (left <= settings.config.classic_max_size)
    )


def can_downgrade_by(group: ConsumerGroup, replaced: ConsumerMember, settings: ConsumerSettings) -> bool:
    """Whether the group becomes a classic one when a classic member takes the place of a static member."""
    others_are_classic = group.classic_members == len(group.members) - 1
    return (
        others_are_classic
        and not replaced.uses_classic_protocol
        and settings.config.can_downgrade
        and len(group.members) <= settings.config.classic_max_size
    )


def downgrade(
    group: ConsumerGroup,
    leaving: Collection[ConsumerMember],
    topics: TopicsImage,
    now: Instant,
    effects: Effects,
    joining: ConsumerMember | None = None,
    *,
    rebalances: bool = True,
) -> None:
    """Make a consumer group a classic one, without those that leave. `joining` has taken the place of the
    static member with its instance id. With `rebalances`, the members are to join again at once.
    """
    replaced = None if joining is None else group.static_member(joining.instance_id)
    renamed = {replaced.member_id: joining.member_id} if replaced is not None and joining is not None else {}
    effects.records.extend(group.tombstones(renamed))
    members = list(_downgraded(group, leaving, replaced, joining, topics))
    protocol = select_protocol(members)
    effects.records.append(
        GroupMetadata(
            group.group_id,
            group.protocol_type,
            group.epoch,
            protocol,
            members[0].member_id,
            now.wall_ms,
            tuple(member.stored(protocol, member.assignment) for member in members),
        )
    )
    group.ends_in_rebalance = rebalances
    before = effects.undo

    def stay(error: ErrorCode, later: Instant, undone: Effects) -> None:
        group.ends_in_rebalance = True
        if before is not None:
            before(error, later, undone)

    effects.undo = stay


def _downgraded(
    group: ConsumerGroup,
    leaving: Collection[ConsumerMember],
    replaced: ConsumerMember | None,
    joining: ConsumerMember | None,
    topics: TopicsImage,
) -> Iterator[Member]:
    gone = {member.member_id for member in leaving}
    for member in group.members.values():
        if member is replaced or member.member_id in gone:
            continue
        yield _classic_member(member, group.target.get(member.member_id, {}), topics)
    if joining is not None and replaced is not None:
        yield _classic_member(joining, group.target.get(replaced.member_id, {}), topics)


def _classic_member(member: ConsumerMember, target: Assignment, topics: TopicsImage) -> Member:
    assert member.classic is not None
    return Member(
        member.member_id,
        member.instance_id,
        member.client_id,
        member.client_host,
        member.rebalance_timeout_ms,
        member.classic.session_timeout_ms,
        member.classic.protocols,
        assignment_bytes(target, member.classic_protocol[1], topics),
    )
