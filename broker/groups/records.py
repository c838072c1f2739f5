"""The records of a coordinator, as tuples, and their form in `__consumer_offsets`.

Keys and values are Apache Kafka's: a key starts with its version, which also says what kind of record it is;
a value starts with its own. A null value is a tombstone. Keys of kinds that are not known here are left
alone, so that a log written by a newer or another broker can be read.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ...protocol.messages import group_records as messages
from .consumer.records import ConsumerRecord
from .consumer.records import Kind as ConsumerKind
from .share.records import ShareKind, ShareRecord
from .streams.records import Kind as StreamsKind
from .streams.records import StreamsRecord

_CONSUMER_KINDS, _STREAMS_KINDS = frozenset(ConsumerKind), frozenset(StreamsKind)
_SHARE_KINDS = frozenset(ShareKind)
OFFSET_COMMIT_KEY_VERSION = 1
GROUP_METADATA_KEY_VERSION = 2
GROUP_METADATA_VALUE_VERSION = 3
OFFSET_COMMIT_VALUE_VERSION = 4
OFFSET_COMMIT_VALUE_VERSION_WITH_EXPIRY = 1
NO_TOPIC_ID = bytes(16)  # of an offset that was committed by its topic's name alone


class StoredMember(NamedTuple):
    """A member of a stored generation. `subscription` is its metadata for the group's protocol."""

    member_id: str
    instance_id: str | None
    client_id: str
    client_host: str
    rebalance_timeout_ms: int
    session_timeout_ms: int
    subscription: bytes
    assignment: bytes


class GroupMetadata(NamedTuple):
    """One generation of a classic group with its members and their assignments."""

    group_id: str
    protocol_type: str
    generation_id: int
    protocol_name: str | None
    leader: str | None
    state_timestamp_ms: int
    members: tuple[StoredMember, ...]


class GroupTombstone(NamedTuple):
    """The group is gone."""

    group_id: str


class OffsetCommit(NamedTuple):
    """A committed offset. `leader_epoch` and `expire_timestamp_ms` are -1 when there is none."""

    group_id: str
    topic: str
    partition: int
    offset: int
    leader_epoch: int
    metadata: str
    commit_timestamp_ms: int
    expire_timestamp_ms: int = -1
    topic_id: bytes = NO_TOPIC_ID


class OffsetTombstone(NamedTuple):
    """The group has no committed offset for the partition any more."""

    group_id: str
    topic: str
    partition: int


ClassicRecord = GroupMetadata | GroupTombstone
OffsetRecord = OffsetCommit | OffsetTombstone
Record = ClassicRecord | OffsetRecord | ConsumerRecord | ShareRecord | StreamsRecord


def encode(record: Record) -> tuple[bytes, bytes | None]:
    """The key and the value of a record in `__consumer_offsets`."""
    if isinstance(record, OffsetCommit):
        return _offset_key(record), _offset_value(record)
    if isinstance(record, OffsetTombstone):
        return _offset_key(record), None
    if isinstance(record, StreamsRecord):
        from .streams.record_codec import encode as encode_streams_record

        return encode_streams_record(record)
    if isinstance(record, ShareRecord):
        from .share.record_codec import encode as encode_share_record

        return encode_share_record(record)
    if not isinstance(record, ClassicRecord):
        from .consumer.record_codec import encode as encode_consumer_record

        return encode_consumer_record(record)
    key = messages.write_versioned(
        messages.GROUP_METADATA_KEY,
        messages.GROUP_METADATA_KEY(group=record.group_id),
        GROUP_METADATA_KEY_VERSION,
    )
    return key, _group_value(record) if isinstance(record, GroupMetadata) else None


def decode(key: bytes | memoryview | None, value: bytes | memoryview | None) -> Record | None:
    """The record behind a key and a value, or None for a kind that is not known here.

    Raises ProtocolError when the bytes are malformed.
    """
    known = None if key is None else messages.read_key(key)
    if known is None:
        return None
    message, about = known
    if message is messages.OFFSET_COMMIT_KEY:
        return _decode_offset(about, value)
    if message is messages.GROUP_METADATA_KEY:
        return GroupTombstone(about.group) if value is None else _decode_group(about.group, value)
    if message.versions.start in _SHARE_KINDS:
        from .share.record_codec import decode as decode_share_record

        return decode_share_record(message, about, value)
    if message.versions.start in _CONSUMER_KINDS:
        from .consumer.record_codec import decode as decode_consumer_record

        return decode_consumer_record(message, about, value)
    if message.versions.start in _STREAMS_KINDS:
        from .streams.record_codec import decode as decode_streams_record

        return decode_streams_record(message, about, value)
    return None


def _offset_key(record: OffsetCommit | OffsetTombstone) -> bytes:
    key = messages.OFFSET_COMMIT_KEY(group=record.group_id, topic=record.topic, partition=record.partition)
    return messages.write_versioned(messages.OFFSET_COMMIT_KEY, key, OFFSET_COMMIT_KEY_VERSION)


def _offset_value(record: OffsetCommit) -> bytes:
    value = messages.OFFSET_COMMIT_VALUE(
        offset=record.offset,
        leader_epoch=record.leader_epoch,
        metadata=record.metadata,
        commit_timestamp=record.commit_timestamp_ms,
        expire_timestamp=record.expire_timestamp_ms,
        topic_id=record.topic_id,
    )
    expires = record.expire_timestamp_ms != -1
    version = OFFSET_COMMIT_VALUE_VERSION_WITH_EXPIRY if expires else OFFSET_COMMIT_VALUE_VERSION
    return messages.write_versioned(messages.OFFSET_COMMIT_VALUE, value, version)


def _decode_offset(key: Any, data: bytes | memoryview | None) -> OffsetCommit | OffsetTombstone:
    if data is None:
        return OffsetTombstone(key.group, key.topic, key.partition)
    value = messages.read_value(messages.OFFSET_COMMIT_VALUE, data)
    return OffsetCommit(
        key.group,
        key.topic,
        key.partition,
        value.offset,
        value.leader_epoch,
        value.metadata,
        value.commit_timestamp,
        value.expire_timestamp,
        value.topic_id,
    )


def _group_value(record: GroupMetadata) -> bytes:
    members = [
        messages.MEMBER(
            member_id=member.member_id,
            group_instance_id=member.instance_id,
            client_id=member.client_id,
            client_host=member.client_host,
            rebalance_timeout=member.rebalance_timeout_ms,
            session_timeout=member.session_timeout_ms,
            subscription=member.subscription,
            assignment=member.assignment,
        )
        for member in record.members
    ]
    value = messages.GROUP_METADATA_VALUE(
        protocol_type=record.protocol_type,
        generation=record.generation_id,
        protocol=record.protocol_name,
        leader=record.leader,
        current_state_timestamp=record.state_timestamp_ms,
        members=members,
    )
    return messages.write_versioned(messages.GROUP_METADATA_VALUE, value, GROUP_METADATA_VALUE_VERSION)


def _decode_group(group_id: str, data: bytes | memoryview) -> GroupMetadata:
    value = messages.read_value(messages.GROUP_METADATA_VALUE, data)
    members = tuple(
        StoredMember(
            member.member_id,
            member.group_instance_id,
            member.client_id,
            member.client_host,
            # Version 0 had no rebalance timeout; the session timeout bounded both (KIP-62).
            member.session_timeout if member.rebalance_timeout == -1 else member.rebalance_timeout,
            member.session_timeout,
            member.subscription,
            member.assignment,
        )
        for member in value.members
    )
    return GroupMetadata(
        group_id,
        value.protocol_type,
        value.generation,
        value.protocol,
        value.leader,
        value.current_state_timestamp,
        members,
    )
