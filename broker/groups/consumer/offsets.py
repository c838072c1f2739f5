"""Whether a consumer group takes commits from a member, and shows it offsets (KIP-848, KIP-1251)."""

from __future__ import annotations

from ....protocol.errors import ErrorCode
from ..events import CommitRequest, GroupError
from .group import ConsumerGroup
from .member import ConsumerMember


def check_commit(group: ConsumerGroup, request: CommitRequest) -> None:
    """Raise GroupError unless the member has each partition, and had it at the epoch it names.

    An epoch that is behind is no obstacle for a partition that the member has kept since: between two
    heartbeats it cannot know that its epoch has grown. A negative epoch is a simple consumer, which is
    welcome as long as the group has no members. Within a transaction who commits may be left out altogether
    (KIP-447), and TxnOffsetCommit knows no stale epoch before topic ids (KIP-1319).
    """
    epoch, in_transaction = request.generation_id, request.producer is not None
    if epoch < 0 and group.is_empty:
        return
    if in_transaction and epoch == -1 and not request.member_id and request.instance_id is None:
        return
    member = _member(group, request.member_id)
    if not (in_transaction or member.uses_classic_protocol or request.knows_group_errors):
        raise GroupError(ErrorCode.UNSUPPORTED_VERSION)
    if _is_stale(member, request):
        is_told = request.knows_group_errors or not in_transaction
        raise GroupError(_stale(member) if is_told else ErrorCode.ILLEGAL_GENERATION)


def _is_stale(member: ConsumerMember, request: CommitRequest) -> bool:
    epoch = request.generation_id
    if epoch >= member.member_epoch:
        return epoch > member.member_epoch
    epochs = (member.assignment_epoch(each.topic_id, each.partition) for each in request.partitions)
    return any(since is None or epoch < since for since in epochs)


def check_fetch(group: ConsumerGroup, member_id: str | None, member_epoch: int) -> None:
    """Raise GroupError unless the member is at the epoch it names, or names neither."""
    if member_id is None and member_epoch < 0:
        return
    member = _member(group, member_id or "")
    if member.member_epoch != member_epoch:
        raise GroupError(_stale(member))


def _member(group: ConsumerGroup, member_id: str) -> ConsumerMember:
    member = group.members.get(member_id)
    if member is None:
        raise GroupError(ErrorCode.UNKNOWN_MEMBER_ID)
    return member


def _stale(member: ConsumerMember) -> ErrorCode:
    return ErrorCode.ILLEGAL_GENERATION if member.uses_classic_protocol else ErrorCode.STALE_MEMBER_EPOCH
