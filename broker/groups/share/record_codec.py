"""The records of share groups as bytes, in Apache Kafka's form. Loaded with the first such record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ....protocol.messages import share_group_records as messages
from ....protocol.messages.group_records import read_value, write_versioned
from ..consumer.records import Assignment
from .records import (
    ShareCurrent,
    ShareGroupEpoch,
    ShareGroupTombstone,
    ShareKind,
    ShareMemberMetadata,
    ShareRecord,
    ShareStatePartitions,
    ShareTarget,
    ShareTargetEpoch,
    StateTopic,
)


class _Form(NamedTuple):
    kind: ShareKind
    key: Any
    value: Any
    is_of_member: bool = False


_FORMS: dict[type, _Form] = {
    ShareMemberMetadata: _Form(
        ShareKind.MEMBER,
        messages.SHARE_GROUP_MEMBER_METADATA_KEY,
        messages.SHARE_GROUP_MEMBER_METADATA_VALUE,
        is_of_member=True,
    ),
    ShareGroupEpoch: _Form(
        ShareKind.GROUP_EPOCH, messages.SHARE_GROUP_METADATA_KEY, messages.SHARE_GROUP_METADATA_VALUE
    ),
    ShareTargetEpoch: _Form(
        ShareKind.TARGET_EPOCH,
        messages.SHARE_GROUP_TARGET_ASSIGNMENT_METADATA_KEY,
        messages.SHARE_GROUP_TARGET_ASSIGNMENT_METADATA_VALUE,
    ),
    ShareTarget: _Form(
        ShareKind.TARGET,
        messages.SHARE_GROUP_TARGET_ASSIGNMENT_MEMBER_KEY,
        messages.SHARE_GROUP_TARGET_ASSIGNMENT_MEMBER_VALUE,
        is_of_member=True,
    ),
    ShareCurrent: _Form(
        ShareKind.CURRENT,
        messages.SHARE_GROUP_CURRENT_MEMBER_ASSIGNMENT_KEY,
        messages.SHARE_GROUP_CURRENT_MEMBER_ASSIGNMENT_VALUE,
        is_of_member=True,
    ),
    ShareStatePartitions: _Form(
        ShareKind.STATE_PARTITIONS,
        messages.SHARE_GROUP_STATE_PARTITION_METADATA_KEY,
        messages.SHARE_GROUP_STATE_PARTITION_METADATA_VALUE,
    ),
}
_TYPES = {form.kind: record for record, form in _FORMS.items()}


def encode(record: ShareRecord) -> tuple[bytes, bytes | None]:
    """The key and the value of a record in `__consumer_offsets`."""
    form = _FORMS[_TYPES[record.kind] if isinstance(record, ShareGroupTombstone) else type(record)]
    about = {"group_id": record.group_id}
    if form.is_of_member:
        is_gone = isinstance(record, ShareGroupTombstone)
        about["member_id"] = record.name if is_gone else record.member_id  # type: ignore[union-attr]
    key = write_versioned(form.key, form.key(**about))
    if isinstance(record, ShareGroupTombstone):
        return key, None
    return key, write_versioned(form.value, form.value(**_fields(record)))


def decode(key_message: Any, key: Any, data: bytes | memoryview | None) -> ShareRecord:
    """The record behind a key of a share group. Raises ProtocolError when the value is malformed."""
    kind = ShareKind(key_message.versions[0])
    form = _FORMS[_TYPES[kind]]
    name = key.member_id if form.is_of_member else ""
    if data is None:
        return ShareGroupTombstone(key.group_id, kind, name)
    return _record(kind, key.group_id, name, read_value(form.value, data))


def _fields(record: ShareRecord) -> dict[str, Any]:
    if isinstance(record, ShareMemberMetadata):
        return {
            "rack_id": record.rack_id,
            "client_id": record.client_id,
            "client_host": record.client_host,
            "subscribed_topic_names": list(record.subscribed_topic_names),
        }
    if isinstance(record, ShareGroupEpoch):
        return {"epoch": record.epoch, "metadata_hash": record.metadata_hash}
    if isinstance(record, ShareTargetEpoch):
        return {"assignment_epoch": record.epoch, "assignment_timestamp": record.timestamp_ms}
    if isinstance(record, ShareTarget):
        return {"topic_partitions": _partitions(messages.TOPIC_PARTITION, record.partitions)}
    if isinstance(record, ShareCurrent):
        return {
            "member_epoch": record.member_epoch,
            "previous_member_epoch": record.previous_member_epoch,
            "state": record.state,
            "assigned_partitions": _partitions(messages.TOPIC_PARTITIONS, record.assigned),
        }
    assert isinstance(record, ShareStatePartitions), record
    return {
        "initializing_topics": _state_topics(record.initializing),
        "initialized_topics": _state_topics(record.initialized),
        "deleting_topics": [
            messages.TOPIC_INFO(topic_id=topic_id, topic_name=name)
            for topic_id, name in record.deleting.items()
        ],
    }


def _partitions(struct: Any, assignment: Assignment) -> list[Any]:
    return [struct(topic_id=topic_id, partitions=sorted(each)) for topic_id, each in assignment.items()]


def _state_topics(topics: Mapping[bytes, StateTopic]) -> list[Any]:
    return [
        messages.TOPIC_PARTITIONS_INFO(
            topic_id=topic_id, topic_name=topic.name, partitions=sorted(topic.partitions)
        )
        for topic_id, topic in topics.items()
    ]


def _record(kind: ShareKind, group_id: str, name: str, value: Any) -> ShareRecord:
    if kind is ShareKind.MEMBER:
        topics = tuple(value.subscribed_topic_names)
        return ShareMemberMetadata(group_id, name, value.rack_id, value.client_id, value.client_host, topics)
    if kind is ShareKind.GROUP_EPOCH:
        return ShareGroupEpoch(group_id, value.epoch, value.metadata_hash)
    if kind is ShareKind.TARGET_EPOCH:
        return ShareTargetEpoch(group_id, value.assignment_epoch, value.assignment_timestamp)
    if kind is ShareKind.TARGET:
        return ShareTarget(group_id, name, _assignment(value.topic_partitions))
    if kind is ShareKind.CURRENT:
        return ShareCurrent(
            group_id,
            name,
            value.member_epoch,
            value.previous_member_epoch,
            value.state,
            _assignment(value.assigned_partitions),
        )
    return ShareStatePartitions(
        group_id,
        _by_id(value.initializing_topics),
        _by_id(value.initialized_topics),
        {topic.topic_id: topic.topic_name for topic in value.deleting_topics},
    )


def _assignment(topics: list[Any]) -> Assignment:
    return {topic.topic_id: frozenset(topic.partitions) for topic in topics}


def _by_id(topics: list[Any]) -> dict[bytes, StateTopic]:
    return {topic.topic_id: StateTopic(topic.topic_name, frozenset(topic.partitions)) for topic in topics}
