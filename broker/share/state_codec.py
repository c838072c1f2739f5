"""The records of the share coordinator as they lie in `__share_group_state`, in Apache Kafka's form."""

from __future__ import annotations

from typing import Any

from ...protocol.messages import share_state_records as messages
from ...protocol.messages.group_records import read_value, write_versioned
from .state_batches import StateBatch
from .state_records import Record, SharePartitionKey, ShareSnapshot, ShareTombstone, ShareUpdate


def encode(record: Record) -> tuple[bytes, bytes | None]:
    """The key and the value of a record in `__share_group_state`."""
    is_update = isinstance(record, ShareUpdate)
    message = messages.SHARE_UPDATE_KEY if is_update else messages.SHARE_SNAPSHOT_KEY
    key = write_versioned(message, message(**record.key._asdict()))
    if isinstance(record, ShareTombstone):
        return key, None
    fields: dict[str, Any] = {
        "snapshot_epoch": record.snapshot_epoch,
        "leader_epoch": record.leader_epoch,
        "start_offset": record.start_offset,
        "delivery_complete_count": record.delivery_complete_count,
        "state_batches": [messages.STATE_BATCH(**batch._asdict()) for batch in record.batches],
    }
    if isinstance(record, ShareUpdate):
        return key, write_versioned(messages.SHARE_UPDATE_VALUE, messages.SHARE_UPDATE_VALUE(**fields))
    value = messages.SHARE_SNAPSHOT_VALUE(
        state_epoch=record.state_epoch,
        create_timestamp=record.create_timestamp_ms,
        write_timestamp=record.write_timestamp_ms,
        **fields,
    )
    return key, write_versioned(messages.SHARE_SNAPSHOT_VALUE, value)


def decode(key: bytes | memoryview | None, value: bytes | memoryview | None) -> Record | None:
    """The record behind a key and a value; None for a kind that is not known here.

    Raises ProtocolError when the bytes are malformed.
    """
    message = None if key is None else messages.KEY_OF_VERSION.get(int.from_bytes(key[:2], "big"))
    if key is None or message is None:
        return None
    about = read_value(message, key)
    partition = SharePartitionKey(about.group_id, about.topic_id, about.partition)
    if message is messages.SHARE_UPDATE_KEY:
        return None if value is None else _update(partition, read_value(messages.SHARE_UPDATE_VALUE, value))
    if value is None:
        return ShareTombstone(partition)
    return _snapshot(partition, read_value(messages.SHARE_SNAPSHOT_VALUE, value))


def _update(key: SharePartitionKey, value: Any) -> ShareUpdate:
    return ShareUpdate(
        key,
        value.snapshot_epoch,
        value.leader_epoch,
        value.start_offset,
        value.delivery_complete_count,
        _batches(value),
    )


def _snapshot(key: SharePartitionKey, value: Any) -> ShareSnapshot:
    return ShareSnapshot(
        key,
        value.snapshot_epoch,
        value.state_epoch,
        value.leader_epoch,
        value.start_offset,
        value.delivery_complete_count,
        value.create_timestamp,
        value.write_timestamp,
        _batches(value),
    )


def _batches(value: Any) -> tuple[StateBatch, ...]:
    return tuple(
        StateBatch(batch.first_offset, batch.last_offset, batch.delivery_state, batch.delivery_count)
        for batch in value.state_batches
    )
