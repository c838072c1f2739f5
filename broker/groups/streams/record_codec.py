"""The records of streams groups as bytes, in Apache Kafka's form. Loaded with the first such record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ....protocol.messages import streams_group_records as messages
from ....protocol.messages.group_records import read_value, write_versioned
from .records import (
    Kind,
    StreamsCurrent,
    StreamsGroupEpoch,
    StreamsMemberMetadata,
    StreamsRecord,
    StreamsTarget,
    StreamsTargetEpoch,
    StreamsTombstone,
    StreamsTopology,
)
from .tasks import HeldTasks, Task, Tasks, TaskSets, by_subtopology
from .topology_codec import read_topology, subtopology_values


class _Form(NamedTuple):
    kind: Kind
    key: Any
    value: Any
    is_of_member: bool = False


_FORMS: dict[type, _Form] = {
    StreamsGroupEpoch: _Form(
        Kind.GROUP_EPOCH, messages.STREAMS_GROUP_METADATA_KEY, messages.STREAMS_GROUP_METADATA_VALUE
    ),
    StreamsMemberMetadata: _Form(
        Kind.MEMBER,
        messages.STREAMS_GROUP_MEMBER_METADATA_KEY,
        messages.STREAMS_GROUP_MEMBER_METADATA_VALUE,
        True,
    ),
    StreamsTargetEpoch: _Form(
        Kind.TARGET_EPOCH,
        messages.STREAMS_GROUP_TARGET_ASSIGNMENT_METADATA_KEY,
        messages.STREAMS_GROUP_TARGET_ASSIGNMENT_METADATA_VALUE,
    ),
    StreamsTarget: _Form(
        Kind.TARGET,
        messages.STREAMS_GROUP_TARGET_ASSIGNMENT_MEMBER_KEY,
        messages.STREAMS_GROUP_TARGET_ASSIGNMENT_MEMBER_VALUE,
        True,
    ),
    StreamsCurrent: _Form(
        Kind.CURRENT,
        messages.STREAMS_GROUP_CURRENT_MEMBER_ASSIGNMENT_KEY,
        messages.STREAMS_GROUP_CURRENT_MEMBER_ASSIGNMENT_VALUE,
        True,
    ),
    StreamsTopology: _Form(
        Kind.TOPOLOGY, messages.STREAMS_GROUP_TOPOLOGY_KEY, messages.STREAMS_GROUP_TOPOLOGY_VALUE
    ),
}
_TYPES = {form.kind: record for record, form in _FORMS.items()}
_KINDS = {form.key: form.kind for form in _FORMS.values()}


def encode(record: StreamsRecord) -> tuple[bytes, bytes | None]:
    """The key and the value of a record in `__consumer_offsets`."""
    form = _FORMS[_TYPES[record.kind] if isinstance(record, StreamsTombstone) else type(record)]
    fields = {"group_id": record.group_id}
    if form.is_of_member:
        assert not isinstance(record, StreamsGroupEpoch | StreamsTargetEpoch | StreamsTopology), record
        fields["member_id"] = record.member_id
    key = write_versioned(form.key, form.key(**fields))
    if isinstance(record, StreamsTombstone):
        return key, None
    return key, write_versioned(form.value, form.value(**_fields(record)))


def decode(key_message: Any, key: Any, data: bytes | memoryview | None) -> StreamsRecord:
    """The record behind a key of a streams group. Raises ProtocolError when the value is malformed."""
    kind = _KINDS[key_message]
    form = _FORMS[_TYPES[kind]]
    member_id = key.member_id if form.is_of_member else ""
    if data is None:
        return StreamsTombstone(key.group_id, kind, member_id)
    return _record(kind, key.group_id, member_id, read_value(form.value, data))


def _fields(record: StreamsRecord) -> dict[str, Any]:
    if isinstance(record, StreamsGroupEpoch):
        configs = [messages.LAST_ASSIGNMENT_CONFIG(key=k, value=v) for k, v in record.assignment_configs]
        return {
            "epoch": record.epoch,
            "metadata_hash": record.metadata_hash,
            "validated_topology_epoch": record.validated_topology_epoch,
            "last_assignment_configs": configs,
        }
    if isinstance(record, StreamsMemberMetadata):
        return _member_fields(record)
    if isinstance(record, StreamsTargetEpoch):
        return {"assignment_epoch": record.epoch, "assignment_timestamp": record.timestamp_ms}
    if isinstance(record, StreamsTarget):
        return {
            "active_tasks": _target_values(record.tasks.active),
            "standby_tasks": _target_values(record.tasks.standby),
            "warmup_tasks": _target_values(record.tasks.warmup),
        }
    if isinstance(record, StreamsCurrent):
        return {
            "member_epoch": record.member_epoch,
            "previous_member_epoch": record.previous_member_epoch,
            "state": record.state,
            **_held_fields(record.assigned, ""),
            **_held_fields(record.pending_revocation, "_pending_revocation"),
        }
    assert isinstance(record, StreamsTopology), record
    topology = record.topology
    return {"epoch": topology.epoch, "subtopologies": subtopology_values(topology)}


def _member_fields(record: StreamsMemberMetadata) -> dict[str, Any]:
    endpoint = record.user_endpoint
    return {
        "instance_id": record.instance_id,
        "rack_id": record.rack_id,
        "client_id": record.client_id,
        "client_host": record.client_host,
        "rebalance_timeout_ms": record.rebalance_timeout_ms,
        "topology_epoch": record.topology_epoch,
        "process_id": record.process_id,
        "user_endpoint": None if endpoint is None else messages.ENDPOINT(host=endpoint[0], port=endpoint[1]),
        "client_tags": [messages.KEY_VALUE(key=key, value=value) for key, value in record.client_tags],
    }


def _target_values(tasks: Tasks) -> list[Any]:
    return [
        messages.TARGET_TASK_IDS(subtopology_id=subtopology_id, partitions=partitions)
        for subtopology_id, partitions in by_subtopology(tasks).items()
    ]


def _held_fields(held: HeldTasks, suffix: str) -> dict[str, list[Any]]:
    return {
        f"active_tasks{suffix}": _held_values(held.active, held.active),
        f"standby_tasks{suffix}": _held_values(held.standby),
        f"warmup_tasks{suffix}": _held_values(held.warmup),
    }


def _held_values(tasks: Iterable[Task], epochs: Mapping[Task, int] | None = None) -> list[Any]:
    """Only active tasks have epochs."""
    return [
        messages.CURRENT_TASK_IDS(
            subtopology_id=subtopology_id,
            partitions=partitions,
            assignment_epochs=[] if epochs is None else [epochs[subtopology_id, p] for p in partitions],
        )
        for subtopology_id, partitions in by_subtopology(tasks).items()
    ]


def _record(kind: Kind, group_id: str, member_id: str, value: Any) -> StreamsRecord:
    if kind is Kind.GROUP_EPOCH:
        configs = tuple((config.key, config.value) for config in value.last_assignment_configs or ())
        return StreamsGroupEpoch(
            group_id, value.epoch, value.metadata_hash, value.validated_topology_epoch, configs
        )
    if kind is Kind.MEMBER:
        return _member_record(group_id, member_id, value)
    if kind is Kind.TARGET_EPOCH:
        return StreamsTargetEpoch(group_id, value.assignment_epoch, value.assignment_timestamp)
    if kind is Kind.TARGET:
        tasks = TaskSets(_tasks(value.active_tasks), _tasks(value.standby_tasks), _tasks(value.warmup_tasks))
        return StreamsTarget(group_id, member_id, tasks)
    if kind is Kind.CURRENT:
        return StreamsCurrent(
            group_id,
            member_id,
            value.member_epoch,
            value.previous_member_epoch,
            value.state,
            HeldTasks(
                _epochs(value.active_tasks, value.member_epoch),
                _tasks(value.standby_tasks),
                _tasks(value.warmup_tasks),
            ),
            HeldTasks(
                _epochs(value.active_tasks_pending_revocation, value.member_epoch),
                _tasks(value.standby_tasks_pending_revocation),
                _tasks(value.warmup_tasks_pending_revocation),
            ),
        )
    return StreamsTopology(group_id, read_topology(value))


def _member_record(group_id: str, member_id: str, value: Any) -> StreamsMemberMetadata:
    endpoint = value.user_endpoint
    return StreamsMemberMetadata(
        group_id,
        member_id,
        value.instance_id,
        value.rack_id,
        value.client_id,
        value.client_host,
        value.rebalance_timeout_ms,
        value.topology_epoch,
        value.process_id,
        None if endpoint is None else (endpoint.host, endpoint.port),
        tuple(sorted((tag.key, tag.value) for tag in value.client_tags)),
    )


def _tasks(values: Iterable[Any]) -> Tasks:
    return frozenset((each.subtopology_id, partition) for each in values for partition in each.partitions)


def _epochs(values: Iterable[Any], member_epoch: int) -> dict[Task, int]:
    """Where no epochs are stored, the member's own stands in."""
    found: dict[Task, int] = {}
    for each in values:
        epochs = each.assignment_epochs
        if epochs is None or len(epochs) != len(each.partitions):
            epochs = [member_epoch] * len(each.partitions)
        for partition, epoch in zip(each.partitions, epochs, strict=True):
            found[each.subtopology_id, partition] = epoch
    return found
