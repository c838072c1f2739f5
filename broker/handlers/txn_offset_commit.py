"""TxnOffsetCommit (API 28): offsets that count when their transaction is committed (KIP-98).

- 3: who in the group commits: a member of the present generation, or nobody in particular (KIP-447).
- 4: TRANSACTION_ABORTABLE where the group was not added to the transaction, before that INVALID_TXN_STATE.
  5: the commit itself adds it (both KIP-890).
- 6: topic ids take the place of names; a group that does not exist is GROUP_ID_NOT_FOUND, and an epoch that
  is behind STALE_MEMBER_EPOCH, before that ILLEGAL_GENERATION both (KIP-1319).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.txn_offset_commit import RESPONSE, RESPONSE_PARTITION, RESPONSE_TOPIC
from ..admission import ADMITTED, Admission, admit
from ..committed_topics import Errors, Reply, answered, resolve
from ..context import Pending, RequestContext, when_answered
from ..effects import Failure
from ..groups.events import CommitPartition, CommitRequest
from ..partition import PartitionOffline
from ..transactions.events import Producer


def handle(request: Any, context: RequestContext) -> Any:
    """Commit what names an existing partition, and answer with an error code for each."""
    known, errors = resolve(request.topics, context.node.topics, by_id=context.version >= 6)
    if not known:
        return _response(request, errors, ())
    admission = _admit(request, context)
    if admission.error is not ErrorCode.NONE:
        return _response(request, errors, Failure(admission.error))
    commit = CommitRequest(
        group_id=request.group_id,
        generation_id=request.generation_id_or_member_epoch,
        member_id=request.member_id,
        instance_id=request.group_instance_id,
        partitions=[
            CommitPartition(
                topic.name,
                row.partition_index,
                row.committed_offset,
                row.committed_leader_epoch,
                row.committed_metadata,
                topic_id=topic.topic_id,
            )
            for topic, row in known
        ],
        knows_group_errors=context.version >= 6,
        producer=(request.producer_id, request.producer_epoch),
    )
    answer = context.node.groups.ask(
        context,
        request.group_id,
        lambda shard, token, now, effects: shard.commit(commit, token, now, effects),
        lambda reply: _response(request, errors, reply),
    )
    lost = Failure(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    return _once_durable(answer, admission, lambda: _response(request, errors, lost))


def _admit(request: Any, context: RequestContext) -> Admission:
    """Whether the offsets of the group are part of the transaction."""
    if not request.group_id:
        return Admission(ErrorCode.INVALID_GROUP_ID)
    node = context.node
    home = node.topics.partition(*node.groups.partition_of(request.group_id))
    if home is None:
        return Admission(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    producer = Producer(request.transactional_id, request.producer_id, request.producer_epoch)
    try:
        admission = admit(home, producer, context.version >= 5, context)
    except PartitionOffline:
        return Admission(ErrorCode.NOT_COORDINATOR)
    error = admission.error
    if error is ErrorCode.TRANSACTION_ABORTABLE and context.version < 4:
        return Admission(ErrorCode.INVALID_TXN_STATE)
    if error is ErrorCode.NOT_COORDINATOR or (
        error is ErrorCode.CONCURRENT_TRANSACTIONS and context.version < 5
    ):
        return Admission(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    return admission


def _once_durable(answer: Any, admission: Admission, lost: Callable[[], Any]) -> Any:
    """The answer, not before the transaction is known to include the group; that of `lost` if it cannot be
    written.
    """
    if admission is ADMITTED or admission.rests_on is None:
        return answer
    partition, end_offset = admission.rests_on
    if end_offset <= partition.high_watermark:
        return answer
    pending = Pending()

    def wait(response: Any) -> None:
        partition.when_committed(end_offset, lambda error: pending.complete(lost() if error else response))

    when_answered(answer, wait)
    return pending.settled()


def _response(request: Any, errors: Errors, reply: Reply) -> Any:
    return RESPONSE(topics=answered(request.topics, errors, reply, RESPONSE_TOPIC, RESPONSE_PARTITION))
