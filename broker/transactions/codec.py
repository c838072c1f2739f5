"""The records of transactions as they lie in `__transaction_state`: Apache Kafka's keys and values.

Values are written at version 1, which Kafka has since transaction.version 1.
"""

from __future__ import annotations

from ...protocol.errors import ProtocolError
from ...protocol.messages import group_records, transaction_records
from .records import Record, TransactionRecord, TransactionTombstone
from .transitions import EMPTY, TransactionState

KEY_VERSION = 0
VALUE_VERSION = 1

_STATES = {state.number: state for state in TransactionState}


def encode(record: Record) -> tuple[bytes, bytes | None]:
    """The key and the value of a record in `__transaction_state`."""
    key = transaction_records.TRANSACTION_LOG_KEY(transactional_id=record.transactional_id)
    data = group_records.write_versioned(transaction_records.TRANSACTION_LOG_KEY, key, KEY_VERSION)
    return data, _value(record) if isinstance(record, TransactionRecord) else None


def _value(record: TransactionRecord) -> bytes:
    topics: dict[str, list[int]] = {}
    for topic, partition in record.partitions:
        topics.setdefault(topic, []).append(partition)
    partitions = [
        transaction_records.PARTITIONS(topic=topic, partition_ids=ids) for topic, ids in topics.items()
    ]
    value = transaction_records.TRANSACTION_LOG_VALUE(
        producer_id=record.producer_id,
        previous_producer_id=record.previous_producer_id,
        next_producer_id=record.next_producer_id,
        producer_epoch=record.producer_epoch,
        transaction_timeout_ms=record.timeout_ms,
        transaction_status=record.state.number,
        transaction_partitions=None if record.state is EMPTY else partitions,
        transaction_last_update_timestamp_ms=record.update_ms,
        transaction_start_timestamp_ms=record.start_ms,
        client_transaction_version=record.client_version,
    )
    return group_records.write_versioned(transaction_records.TRANSACTION_LOG_VALUE, value, VALUE_VERSION)


def decode(key: bytes | memoryview | None, value: bytes | memoryview | None) -> Record | None:
    """The record behind a key and a value. Raises ProtocolError when the bytes are malformed."""
    if key is None:
        return None
    about = group_records.read_value(transaction_records.TRANSACTION_LOG_KEY, key)
    if value is None:
        return TransactionTombstone(about.transactional_id)
    stored = group_records.read_value(transaction_records.TRANSACTION_LOG_VALUE, value)
    state = _STATES.get(stored.transaction_status)
    if state is None:
        raise ProtocolError(f"a transaction in the unknown state {stored.transaction_status}")
    return TransactionRecord(
        about.transactional_id,
        stored.producer_id,
        stored.producer_epoch,
        stored.transaction_timeout_ms,
        state,
        tuple(
            (each.topic, index)
            for each in stored.transaction_partitions or ()
            for index in each.partition_ids
        ),
        stored.transaction_start_timestamp_ms,
        stored.transaction_last_update_timestamp_ms,
        stored.client_transaction_version,
        stored.previous_producer_id,
        stored.next_producer_id,
    )
