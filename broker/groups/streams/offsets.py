"""Whether a streams group takes commits from a member, and shows it offsets (KIP-1071)."""

from __future__ import annotations

from ....protocol.errors import ErrorCode
from ..events import CommitRequest, GroupError
from .group import StreamsGroup
from .member import StreamsMember


def check_commit(group: StreamsGroup, request: CommitRequest) -> None:
    """Raise GroupError unless the member has the task of each partition, and had it at the epoch it names.

    An epoch that is behind is no obstacle for a task that the member has kept since: between two heartbeats
    it cannot know that its epoch has grown. A negative epoch is a simple consumer, which is welcome while
    the group has no members. Within a transaction who commits may be left out altogether (KIP-447), and
    TxnOffsetCommit knows no stale epoch before topic ids (KIP-1319).
    """
    epoch, in_transaction = request.generation_id, request.producer is not None
    if epoch < 0 and group.is_empty:
        return
    if in_transaction and epoch == -1 and not request.member_id and request.instance_id is None:
        return
    member = _member(group, request.member_id)
    if not (in_transaction or request.knows_group_errors):
        raise GroupError(ErrorCode.UNSUPPORTED_VERSION)
    if _is_stale(group, member, request):
        is_told = request.knows_group_errors or not in_transaction
        raise GroupError(ErrorCode.STALE_MEMBER_EPOCH if is_told else ErrorCode.ILLEGAL_GENERATION)


def _is_stale(group: StreamsGroup, member: StreamsMember, request: CommitRequest) -> bool:
    epoch = request.generation_id
    if epoch >= member.member_epoch:
        return epoch > member.member_epoch
    subtopology_of = {} if group.topology is None else group.topology.subtopology_of
    tasks = ((subtopology_of.get(each.topic, ""), each.partition) for each in request.partitions)
    active, revoking = member.assigned.active, member.pending_revocation.active
    epochs = (active.get(task, revoking.get(task)) for task in tasks)
    return any(since is None or epoch < since for since in epochs)


def check_fetch(group: StreamsGroup, member_id: str | None, member_epoch: int) -> None:
    """Raise GroupError unless the member is at the epoch it names, or names neither."""
    if member_id is None and member_epoch < 0:
        return
    if _member(group, member_id or "").member_epoch != member_epoch:
        raise GroupError(ErrorCode.STALE_MEMBER_EPOCH)


def _member(group: StreamsGroup, member_id: str) -> StreamsMember:
    member = group.members.get(member_id)
    if member is None:
        raise GroupError(ErrorCode.UNKNOWN_MEMBER_ID)
    return member
