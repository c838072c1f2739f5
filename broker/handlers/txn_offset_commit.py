"""TxnOffsetCommit (API 28): offsets that count when their transaction is committed (KIP-98).

- 3: who in the group commits: a member of the present generation, or nobody in particular (KIP-447).
- 4: TRANSACTION_ABORTABLE where the group was not added to the transaction, before that INVALID_TXN_STATE.
  5: the commit itself adds it (both KIP-890).
"""

from __future__ import annotations

from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.txn_offset_commit import RESPONSE, RESPONSE_PARTITION, RESPONSE_TOPIC
from ..admission import ADMITTED, Admission, admit
from ..context import Pending, RequestContext
from ..effects import Failure
from ..groups.events import CommitPartition, CommitRequest
from ..partition import PartitionOffline
from ..transactions.events import Producer

Errors = list[list[ErrorCode | None]]  # by topic and partition; None where the group decides


def handle(request: Any, context: RequestContext) -> Any:
    """Commit what names an existing partition, and answer with an error code for each."""
    known, errors = _known(request, context)
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
        partitions=known,
        knows_group_errors=False,
        producer=(request.producer_id, request.producer_epoch),
    )
    answer = context.node.groups.ask(
        context,
        request.group_id,
        lambda shard, token, now, effects: shard.commit(commit, token, now, effects),
        lambda reply: _response(request, errors, reply),
    )
    return _once_durable(answer, admission)


def _known(request: Any, context: RequestContext) -> tuple[list[CommitPartition], Errors]:
    known: list[CommitPartition] = []
    errors: Errors = []
    for topic in request.topics:
        found = context.node.topics.get(topic.name)
        errors.append([])
        for partition in topic.partitions:
            index = partition.partition_index
            if found is None or not 0 <= index < len(found.partitions):
                errors[-1].append(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
                continue
            errors[-1].append(None)
            known.append(
                CommitPartition(
                    topic.name,
                    index,
                    partition.committed_offset,
                    partition.committed_leader_epoch,
                    partition.committed_metadata,
                    topic_id=found.topic_id,
                )
            )
    return known, errors


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


def _once_durable(answer: Any, admission: Admission) -> Any:
    """The answer, not before the transaction is known to include the group."""
    if admission is ADMITTED or admission.rests_on is None:
        return answer
    partition, end_offset = admission.rests_on
    if end_offset <= partition.high_watermark:
        return answer
    pending = Pending()

    def wait(response: Any) -> None:
        partition.when_committed(end_offset, lambda _: pending.complete(response))

    if isinstance(answer, Pending):
        answer.on_complete = lambda: wait(answer.response)
    else:
        wait(answer)
    return pending.response if pending.done else pending


def _response(request: Any, errors: Errors, reply: tuple[ErrorCode, ...] | Failure) -> Any:
    decided = iter(() if isinstance(reply, Failure) else reply)

    def code(error: ErrorCode | None) -> ErrorCode:
        if error is not None:
            return error
        return reply.error if isinstance(reply, Failure) else next(decided)

    return RESPONSE(
        topics=[
            RESPONSE_TOPIC(
                name=topic.name,
                partitions=[
                    RESPONSE_PARTITION(partition_index=row.partition_index, error_code=code(error))
                    for row, error in zip(topic.partitions, of_topic, strict=True)
                ],
            )
            for topic, of_topic in zip(request.topics, errors, strict=True)
        ]
    )
