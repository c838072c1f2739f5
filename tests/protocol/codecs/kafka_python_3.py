"""kafka-python 3: message classes made at run time from the definitions it ships, for Kafka 4 and before."""

from __future__ import annotations

import functools
import importlib
import uuid
from collections.abc import Iterator
from typing import Any

from kafka.protocol.api_message import ApiMessage
from kafka.protocol.schemas.fields.codecs import BitField

from .catalogue import Case, fields_at

# Fields that it calls otherwise than Kafka's definitions do.
NAMES = {
    "cluster_authorized_operations": "authorized_operations",
    "topic_authorized_operations": "authorized_operations",
    "generation_id_or_member_epoch": "generation_id",
}
# Defaults that it replaces by what suits its users.
OTHER_DEFAULTS = {("list_offsets", "replica_id"), ("create_partitions", "assignments")}
PACKAGES = ("producer", "metadata", "consumer", "admin")


def encode(case: Case, value: Any) -> bytes:
    """The bytes that kafka-python makes of a value of ours."""
    theirs = _message_class(case)
    return bytes(
        theirs(version=case.version, **_keywords(theirs._struct, case, case.message, value)).encode()
    )


def decode(case: Case, data: bytes) -> Any:
    """kafka-python's dictionary for the bytes."""
    # Not the class's own `decode`: the one of ApiVersions takes every error for an answer of version 0.
    decoded = ApiMessage.decode.__func__(_message_class(case), data, version=case.version)
    return _plain(decoded.to_dict(json=False))


def expected(case: Case, value: Any) -> Any:
    """The dictionary that `decode` ought to give for a value of ours."""
    theirs = _message_class(case)._struct
    known = theirs.untagged_fields(case.version), theirs.tagged_fields(case.version)._fields
    ours = {_name(theirs, field) for field in fields_at(case.message, case.version)}
    assert ours == {field.name for fields in known for field in fields}, "not the same fields"
    return _plain(_keywords(theirs, case, case.message, value))


@functools.cache
def _message_class(case: Case) -> Any:
    for package in PACKAGES:
        module = importlib.import_module(f"kafka.protocol.{package}")
        if hasattr(module, case.message.name):
            return getattr(module, case.message.name)
    raise LookupError(f"kafka-python has no {case.message.name}")


def _name(theirs: Any, field: Any) -> str:
    return field.name if field.name in theirs.fields else NAMES[field.name]


def _keywords(theirs: Any, case: Case, struct: Any, value: Any) -> dict[str, Any]:
    keywords = {}
    for field in fields_at(struct, case.version):
        name = _name(theirs, field)
        one = getattr(value, field.name)
        if hasattr(field.type, "fields") and field.is_tagged(case.version) and one == field.type():
            one = None  # its default for a tagged struct
        keywords[name] = _converted(theirs.fields[name], case, field.type, one)
    return keywords


def _converted(theirs: Any, case: Case, kind: Any, value: Any) -> Any:
    if value is None:
        return None
    if hasattr(kind, "element"):
        element = kind.element if hasattr(kind.element, "fields") else None
        return [_converted(theirs, case, element or kind.element, one) for one in value]
    if hasattr(kind, "fields"):
        return theirs.data_class(version=case.version, **_keywords(theirs, case, kind, value))
    return _scalar(theirs, kind, value)


def _scalar(theirs: Any, kind: Any, value: Any) -> Any:
    if getattr(theirs, "_type", None) is BitField:
        return None if value == -(2**31) else {bit for bit in range(32) if value >> bit & 1}
    if kind.name == "UUID":
        return uuid.UUID(bytes=value) if any(value) else None
    return value


def _plain(value: Any) -> Any:
    if hasattr(value, "to_dict"):
        return _plain(value.to_dict(json=False))
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return bytes(value) if isinstance(value, memoryview | bytearray) else value


def disagreements(case: Case) -> list[str]:
    """Fields that it tags otherwise, takes for nullable otherwise, or gives another default than we do."""
    return list(_disagreements(_message_class(case)._struct, case, case.message, str(case)))


def _disagreements(theirs: Any, case: Case, struct: Any, path: str) -> Iterator[str]:
    defaults = struct()
    for field in fields_at(struct, case.version):
        other = theirs.fields[_name(theirs, field)]
        tag = other.tag if other.tagged_field_q(case.version) else None
        said = tag, other.nullable_for_version_q(case.version)
        meant = field.tag if field.is_tagged(case.version) else None, field.is_nullable(case.version)
        if said != meant:
            yield f"{path}.{field.name}: tag and nullable are {said}, not {meant}"
        default = _default(other, field, getattr(defaults, field.name))
        if (case.api, field.name) not in OTHER_DEFAULTS and other.default != default:
            yield f"{path}.{field.name}: {other.default!r}, not {default!r}"
        inner = getattr(field.type, "element", field.type)
        if hasattr(inner, "fields"):
            yield from _disagreements(other, case, inner, f"{path}.{field.name}")


def _default(theirs: Any, field: Any, value: Any) -> Any:
    """A default of ours in its form: tagged structs and zero UUIDs are None, and records empty."""
    if hasattr(field.type, "fields"):
        return None
    if getattr(field.type, "name", "") == "RECORDS":
        return b""
    return value if hasattr(field.type, "element") else _scalar(theirs, field.type, value)
