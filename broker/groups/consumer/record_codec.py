"""The records of consumer groups as bytes, in Apache Kafka's form. Loaded with the first such record."""

from __future__ import annotations

from typing import Any, NamedTuple

from ....protocol.messages import consumer_group_records as messages
from ....protocol.messages.group_records import read_value, write_versioned
from .records import (
    Assignment,
    ClassicProtocols,
    ConsumerGroupEpoch,
    ConsumerMemberMetadata,
    ConsumerRecord,
    ConsumerTombstone,
    CurrentAssignment,
    Epochs,
    Kind,
    PartitionMetadata,
    ResolvedRegex,
    TargetAssignment,
    TargetAssignmentEpoch,
)


class _Form(NamedTuple):
    kind: Kind
    key: Any
    value: Any
    name: str | None = None  # the field of the key beside the group's id


_FORMS: dict[type, _Form] = {
    ConsumerGroupEpoch: _Form(
        Kind.GROUP_EPOCH, messages.CONSUMER_GROUP_METADATA_KEY, messages.CONSUMER_GROUP_METADATA_VALUE
    ),
    PartitionMetadata: _Form(
        Kind.PARTITION_METADATA,
        messages.CONSUMER_GROUP_PARTITION_METADATA_KEY,
        messages.CONSUMER_GROUP_PARTITION_METADATA_VALUE,
    ),
    ConsumerMemberMetadata: _Form(
        Kind.MEMBER,
        messages.CONSUMER_GROUP_MEMBER_METADATA_KEY,
        messages.CONSUMER_GROUP_MEMBER_METADATA_VALUE,
        "member_id",
    ),
    TargetAssignmentEpoch: _Form(
        Kind.TARGET_EPOCH,
        messages.CONSUMER_GROUP_TARGET_ASSIGNMENT_METADATA_KEY,
        messages.CONSUMER_GROUP_TARGET_ASSIGNMENT_METADATA_VALUE,
    ),
    TargetAssignment: _Form(
        Kind.TARGET,
        messages.CONSUMER_GROUP_TARGET_ASSIGNMENT_MEMBER_KEY,
        messages.CONSUMER_GROUP_TARGET_ASSIGNMENT_MEMBER_VALUE,
        "member_id",
    ),
    CurrentAssignment: _Form(
        Kind.CURRENT,
        messages.CONSUMER_GROUP_CURRENT_MEMBER_ASSIGNMENT_KEY,
        messages.CONSUMER_GROUP_CURRENT_MEMBER_ASSIGNMENT_VALUE,
        "member_id",
    ),
    ResolvedRegex: _Form(
        Kind.REGEX,
        messages.CONSUMER_GROUP_REGULAR_EXPRESSION_KEY,
        messages.CONSUMER_GROUP_REGULAR_EXPRESSION_VALUE,
        "regular_expression",
    ),
}
_TYPES = {form.kind: record for record, form in _FORMS.items()}
_KINDS = {form.key: form.kind for form in _FORMS.values()}


def encode(record: ConsumerRecord) -> tuple[bytes, bytes | None]:
    """The key and the value of a record in `__consumer_offsets`."""
    form = _FORMS[_TYPES[record.kind] if isinstance(record, ConsumerTombstone) else type(record)]
    names = {} if form.name is None else {form.name: _name(record)}
    key = write_versioned(form.key, form.key(group_id=record.group_id, **names))
    if isinstance(record, ConsumerTombstone):
        return key, None
    return key, write_versioned(form.value, form.value(**_fields(record)))


def decode(key_message: Any, key: Any, data: bytes | memoryview | None) -> ConsumerRecord:
    """The record behind a key of a consumer group. Raises ProtocolError when the value is malformed."""
    kind = _KINDS[key_message]
    form = _FORMS[_TYPES[kind]]
    name = "" if form.name is None else getattr(key, form.name)
    if data is None:
        return ConsumerTombstone(key.group_id, kind, name)
    return _record(kind, key.group_id, name, read_value(form.value, data))


def _name(record: ConsumerRecord) -> str:
    if isinstance(record, ConsumerTombstone):
        return record.name
    if isinstance(record, ResolvedRegex):
        return record.regex
    assert isinstance(record, ConsumerMemberMetadata | TargetAssignment | CurrentAssignment), record
    return record.member_id


def _fields(record: ConsumerRecord) -> dict[str, Any]:
    if isinstance(record, ConsumerMemberMetadata):
        return _member_fields(record)
    if isinstance(record, ConsumerGroupEpoch):
        return {"epoch": record.epoch, "metadata_hash": record.metadata_hash}
    if isinstance(record, TargetAssignmentEpoch):
        return {"assignment_epoch": record.epoch, "assignment_timestamp": record.timestamp_ms}
    if isinstance(record, TargetAssignment):
        return {"topic_partitions": _target_partitions(record.partitions)}
    if isinstance(record, CurrentAssignment):
        return {
            "member_epoch": record.member_epoch,
            "previous_member_epoch": record.previous_member_epoch,
            "state": record.state,
            "assigned_partitions": _current_partitions(record.assigned),
            "partitions_pending_revocation": _current_partitions(record.pending_revocation),
        }
    assert isinstance(record, ResolvedRegex), record
    return {"topics": list(record.topics), "version": record.version, "timestamp": record.timestamp_ms}


def _member_fields(record: ConsumerMemberMetadata) -> dict[str, Any]:
    classic = record.classic
    return {
        "instance_id": record.instance_id,
        "rack_id": record.rack_id,
        "client_id": record.client_id,
        "client_host": record.client_host,
        "subscribed_topic_names": list(record.subscribed_topic_names),
        "subscribed_topic_regex": record.subscribed_topic_regex,
        "rebalance_timeout_ms": record.rebalance_timeout_ms,
        "server_assignor": record.server_assignor,
        "classic_member_metadata": None
        if classic is None
        else messages.CLASSIC_MEMBER_METADATA(
            session_timeout_ms=classic.session_timeout_ms,
            supported_protocols=[
                messages.CLASSIC_PROTOCOL(name=name, metadata=metadata)
                for name, metadata in classic.protocols
            ],
        ),
    }


def _target_partitions(assignment: Assignment) -> list[Any]:
    return [
        messages.TARGET_PARTITIONS(topic_id=topic_id, partitions=sorted(partitions))
        for topic_id, partitions in assignment.items()
    ]


def _current_partitions(epochs: Epochs) -> list[Any]:
    return [
        messages.CURRENT_PARTITIONS(
            topic_id=topic_id, partitions=list(partitions), assignment_epochs=list(partitions.values())
        )
        for topic_id, partitions in epochs.items()
    ]


def _record(kind: Kind, group_id: str, name: str, value: Any) -> ConsumerRecord:
    if kind is Kind.MEMBER:
        return _member_record(group_id, name, value)
    if kind is Kind.GROUP_EPOCH:
        return ConsumerGroupEpoch(group_id, value.epoch, value.metadata_hash)
    if kind is Kind.PARTITION_METADATA:
        return PartitionMetadata(group_id)
    if kind is Kind.TARGET_EPOCH:
        return TargetAssignmentEpoch(group_id, value.assignment_epoch, value.assignment_timestamp)
    if kind is Kind.TARGET:
        partitions = {topic.topic_id: frozenset(topic.partitions) for topic in value.topic_partitions}
        return TargetAssignment(group_id, name, partitions)
    if kind is Kind.CURRENT:
        return CurrentAssignment(
            group_id,
            name,
            value.member_epoch,
            value.previous_member_epoch,
            value.state,
            _epochs(value.assigned_partitions, value.member_epoch),
            _epochs(value.partitions_pending_revocation, value.member_epoch),
        )
    return ResolvedRegex(group_id, name, tuple(value.topics), value.version, value.timestamp)


def _member_record(group_id: str, member_id: str, value: Any) -> ConsumerMemberMetadata:
    classic = value.classic_member_metadata
    return ConsumerMemberMetadata(
        group_id,
        member_id,
        value.instance_id,
        value.rack_id,
        value.client_id,
        value.client_host,
        tuple(value.subscribed_topic_names),
        value.subscribed_topic_regex,
        value.rebalance_timeout_ms,
        value.server_assignor,
        None
        if classic is None
        else ClassicProtocols(
            classic.session_timeout_ms,
            tuple((protocol.name, protocol.metadata) for protocol in classic.supported_protocols),
        ),
    )


def _epochs(topics: list[Any], member_epoch: int) -> Epochs:
    """Kafka before 4.1 stored no epochs: the member's own stands in."""
    found: dict[bytes, dict[int, int]] = {}
    for topic in topics:
        epochs = topic.assignment_epochs
        if epochs is None or len(epochs) != len(topic.partitions):
            epochs = [max(member_epoch, 0)] * len(topic.partitions)
        found[topic.topic_id] = dict(zip(topic.partitions, epochs, strict=True))
    return found
