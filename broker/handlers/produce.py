"""Produce (API 0): append record batches to partitions.

- acks 0: no answer; an error closes the connection, which is how the producer learns of it. acks 1 and all
  (-1) are the same with one replica: answered when appended, or when synced where the topic asks for it
  (`flush.messages=1`).
- 0-2: message sets are converted to batches of magic 2. 3: exactly one batch of magic 2 a partition (KIP-98).
- 8: which records were refused, and why (KIP-467). 13: topics by id (KIP-516).
- A batch that begins a transaction's part in a partition is taken only if the coordinator knows of it
  (KIP-890), so that no transaction stays open for ever. 11: TRANSACTION_ABORTABLE for one that it does not
  know of, before that INVALID_TXN_STATE. 12: the batch itself adds the partition to the transaction; one that
  comes while the last transaction is being ended waits for that, before it is CONCURRENT_TRANSACTIONS.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.produce import RECORD_ERROR, RESPONSE, RESPONSE_PARTITION, RESPONSE_TOPIC
from ...protocol.record_batch import BatchHeader
from ...protocol.record_errors import BrokenCompression, CorruptRecord, InvalidRecord, NotOneBatch
from ...protocol.record_validation import prepare
from ...storage.errors import OutOfOrderSequence, StorageError
from ..admission import admit
from ..connection import CloseConnection
from ..context import Pending, RequestContext, when_answered
from ..partition import Partition, PartitionOffline
from ..topics import Topic
from ..transactions.events import Producer

_ADMIN_CLIENT = "__admin_client"  # Kafka's own tools may write to internal topics by this client id
_FIRST_VERSION_WITH_STORAGE_ERROR = 4
_FIRST_VERSION_WITH_ABORTABLE = 11
_FIRST_VERSION_THAT_ADDS = 12
# What a producer would not know how to try again after; this it does (as from Kafka).
_TOLD_AS_TRY_AGAIN = (ErrorCode.NOT_COORDINATOR, ErrorCode.COORDINATOR_NOT_AVAILABLE)

# Errors beside which Kafka says where the log starts; it finds the others before it looks at the log.
_FOUND_AT_THE_LOG = (InvalidRecord, BrokenCompression, StorageError)

_partition = RESPONSE_PARTITION.make


class _Refused(Exception):
    """The partition's data is not taken: `code` and, where single records are at fault, which."""

    def __init__(self, code: ErrorCode, message: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def handle(request: Any, context: RequestContext) -> Any:
    """Append at once, or when the producer's last transaction has ended."""
    if context.version >= _FIRST_VERSION_THAT_ADDS and request.transactional_id is not None:
        pending = _after_end(request, context)
        if pending is not None:
            return pending
    return _produce(request, context)


def _after_end(request: Any, context: RequestContext) -> Pending | None:
    """A Pending for the response to a request that comes while the transaction before is being ended."""
    node, transactional_id = context.node, request.transactional_id
    transactions, wait_ms = node.transactions, node.config["add.partitions.to.txn.retry.backoff.max.ms"]
    if not wait_ms or not request.acks or not transactions.is_ending(transactional_id):
        return None
    pending = Pending()

    def resume() -> None:
        context.now_ms, context.monotonic_ms = node.clock.wall_ms(), node.clock.monotonic_ms()
        when_answered(_produce(request, context), pending.complete)

    rows = [row for topic in request.topic_data for row in topic.partition_data]
    size = sum(len(row.records or b"") for row in rows)
    forget = transactions.ends.wait(transactional_id, size, context.monotonic_ms + wait_ms, resume)
    if forget is None:
        return None
    for row in rows:
        if row.records is not None:  # the connection uses its memory again
            row.records = memoryview(bytearray(row.records))
    pending.on_abandon = forget
    return pending


def _produce(request: Any, context: RequestContext) -> Any:
    acks = request.acks
    touched: list[Partition] = []
    waits: list[tuple[Partition, int, Any]] = []  # partition, end offset, its answer
    topics, version = context.node.topics, context.version
    answers = []
    for asked in _each_once(request.topic_data):
        topic = topics.get(asked.name) if version < 13 else topics.by_id(asked.topic_id)
        rows = [_append(topic, data, request, context, touched, waits) for data in asked.partition_data]
        answers.append(RESPONSE_TOPIC(name=asked.name, topic_id=asked.topic_id, partition_responses=rows))
    for partition in touched:
        partition.wake()
    if acks == 0:
        _close_on_error(answers)
        return None
    response = RESPONSE(responses=answers)
    return _after_sync(response, waits) if waits else response


def _each_once(topic_data: list[Any]) -> list[Any]:
    """As Kafka: of what is sent twice for a partition the last counts, and no partitions make no topic."""
    if len(topic_data) == 1 and len(topic_data[0].partition_data) == 1:
        return topic_data
    topics: dict[tuple[str, bytes], tuple[Any, dict[int, Any]]] = {}
    for topic in topic_data:
        _, rows = topics.setdefault((topic.name, topic.topic_id), (topic, {}))
        rows.update((row.index, row) for row in topic.partition_data)
    for topic, rows in topics.values():
        topic.partition_data = list(rows.values())
    return [topic for topic, rows in topics.values() if rows]


def _append(
    topic: Topic | None,
    data: Any,
    request: Any,
    context: RequestContext,
    touched: list[Partition],
    waits: list[tuple[Partition, int, Any]],
) -> Any:
    """The answer for one partition, whose batch has been appended unless the answer says otherwise."""
    index, log_start_offset = data.index, -1
    try:
        partition = _find(topic, index, request.acks, context)
        policy = partition.policy
        if context.version < 3 and not data.records:
            return _partition(index=index, base_offset=-1)  # Kafka, too, appends nothing and says so
        log_start_offset = partition.log.log_start_offset
        batch, header = prepare(
            data.records or b"", policy.produce, api_version=context.version, now_ms=context.now_ms
        )
        rests_on = _admit(partition, header, request.transactional_id, context)
        result = partition.append(batch, (header,), context.now_ms)
    except (_Refused, CorruptRecord, StorageError, PartitionOffline) as error:
        return _error_row(index, error, log_start_offset, context.version)
    touched.append(partition)
    row = _partition(index=index, base_offset=result.base_offset, log_start_offset=result.log_start_offset)
    if result.duplicate or policy.appends_time:  # as Kafka: a duplicate tells the time of what it repeats
        row.log_append_time_ms = result.max_timestamp
    if result.last_offset >= partition.high_watermark:
        waits.append((partition, result.last_offset + 1, row))
    if rests_on is not None and rests_on[1] > rests_on[0].high_watermark:
        waits.append((*rests_on, row))
    return row


def _admit(
    partition: Partition, header: BatchHeader, transactional_id: str | None, context: RequestContext
) -> tuple[Partition, int] | None:
    """Let a batch into its transaction; what that rests on, if on anything. Raises _Refused."""
    if not header.is_transactional:
        return None
    if transactional_id is None:
        raise _Refused(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
    version = context.version
    producer = Producer(transactional_id, header.producer_id, header.producer_epoch)
    error, rests_on = admit(partition, producer, version >= _FIRST_VERSION_THAT_ADDS, context)
    if error is ErrorCode.TRANSACTION_ABORTABLE and version < _FIRST_VERSION_WITH_ABORTABLE:
        raise _Refused(ErrorCode.INVALID_TXN_STATE, "Partition was not added to the transaction")
    if error in _TOLD_AS_TRY_AGAIN or (
        error is ErrorCode.CONCURRENT_TRANSACTIONS and version < _FIRST_VERSION_THAT_ADDS
    ):
        raise _Refused(ErrorCode.NOT_ENOUGH_REPLICAS, f"The transaction cannot be verified: {error.name}.")
    if error is not ErrorCode.NONE:
        raise _Refused(error)
    if version >= _FIRST_VERSION_THAT_ADDS and header.base_sequence != 0:
        _check_known(partition, header)
    return rests_on


def _check_known(partition: Partition, header: BatchHeader) -> None:
    """Raise OutOfOrderSequence for a batch in the middle of a transaction whose beginning is not here.

    The first may have been refused while the markers of the transaction before were being written, and is
    yet to come again.
    """
    if header.producer_id not in partition.log.producers.entries:
        raise OutOfOrderSequence(
            f"producer {header.producer_id} begins its transaction with sequence {header.base_sequence}"
        )


def _find(topic: Topic | None, index: int, acks: int, context: RequestContext) -> Partition:
    """The partition to append to. Raises _Refused."""
    if topic is None:
        by_id = context.version >= 13
        raise _Refused(ErrorCode.UNKNOWN_TOPIC_ID if by_id else ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    if not 0 <= index < len(topic.partitions):
        raise _Refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    if not -1 <= acks <= 1:
        raise _Refused(ErrorCode.INVALID_REQUIRED_ACKS)
    if topic.is_internal and context.client_id != _ADMIN_CLIENT:
        raise _Refused(ErrorCode.INVALID_TOPIC_EXCEPTION, f"Cannot append to internal topic {topic.name}")
    if acks == -1 and topic.policy.min_insync_replicas > 1:
        raise _Refused(
            ErrorCode.NOT_ENOUGH_REPLICAS,
            f"There is 1 in-sync replica, and {topic.policy.min_insync_replicas} are required.",
        )
    return topic.partitions[index]


def _error_row(index: int, error: Exception, log_start_offset: int, version: int) -> Any:
    code: int = error.code if isinstance(error, _Refused) else error.error_code  # type: ignore[attr-defined]
    if code == ErrorCode.KAFKA_STORAGE_ERROR and version < _FIRST_VERSION_WITH_STORAGE_ERROR:
        code = ErrorCode.NOT_LEADER_OR_FOLLOWER
    message = error.message if isinstance(error, _Refused) else str(error)
    records = error.record_errors if isinstance(error, InvalidRecord) else ()
    if not isinstance(error, _FOUND_AT_THE_LOG) or isinstance(error, NotOneBatch):
        log_start_offset = -1
    return _partition(
        index=index,
        error_code=code,
        base_offset=-1,
        log_start_offset=log_start_offset,
        record_errors=[RECORD_ERROR(batch_index=at, batch_index_error_message=text) for at, text in records],
        error_message=message,
    )


def _close_on_error(answers: list[Any]) -> None:
    """acks=0: nobody reads an answer, so that an error has to show in the connection's end."""
    for answer in answers:
        for row in answer.partition_responses:
            if row.error_code:
                name = next(code.name for code in ErrorCode if code == row.error_code)
                raise CloseConnection(
                    f"it produced with acks=0 to {answer.name or answer.topic_id.hex()}-{row.index}: {name}"
                )


def _after_sync(response: Any, waits: list[tuple[Partition, int, Any]]) -> Any:
    """The response, once every append in it is durable; or a Pending that gives it then."""
    pending = Pending()
    missing = len(waits)

    def settle(row: Any, error: ErrorCode) -> None:
        nonlocal missing
        if error:
            row.error_code = error
            row.base_offset = row.log_append_time_ms = -1
        missing -= 1
        if missing == 0:
            pending.complete(response)

    for partition, end_offset, row in waits:
        partition.when_committed(end_offset, partial(settle, row))
    return pending.settled()
