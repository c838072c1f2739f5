"""kio: dataclasses made from Apache Kafka's definitions, with readers in Rust, for what Kafka 4 speaks."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import importlib
import io
import uuid
from collections.abc import Iterator
from typing import Any, get_args

from kio.schema.errors import ErrorCode
from kio.serial import entity_reader, entity_writer

from .catalogue import Case, fields_at

# Kafka has given these other names since, in TxnOffsetCommit and StreamsGroupHeartbeat.
OLD_NAMES = {
    "generation_id_or_member_epoch": "generation_id",
    "acceptable_recovery_lag_legacy": "acceptable_recovery_lag",
}
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def encode(case: Case, value: Any) -> bytes:
    """The bytes that kio makes of a value of ours."""
    out = io.BytesIO()
    _writer(case)(out, expected(case, value))
    return out.getvalue()


def decode(case: Case, data: bytes) -> Any:
    """kio's own object for the bytes, all of which it has to use."""
    entity, size = _reader(case)(data, 0)
    assert size == len(data), f"kio read {size} of {len(data)} bytes"
    return entity


def expected(case: Case, value: Any) -> Any:
    """kio's own object for a value of ours; fails where it has other fields in this version than we."""
    return _entity(_entity_type(case), case.message, value, case.version)


def disagreements(case: Case) -> list[str]:
    """Fields that kio takes for nullable otherwise, or gives another default than we do."""
    return list(_disagreements(_entity_type(case), case.message, case.version, str(case)))


def _disagreements(entity_type: Any, struct: Any, version: int, path: str) -> Iterator[str]:
    defaults = struct()
    theirs = {field.name: field for field in dataclasses.fields(entity_type)}
    for field in fields_at(struct, version):
        other = theirs[field.name if field.name in theirs else _renamed(field.name)]
        # What kio shows as None without its being null on the wire.
        as_none = other.metadata.get("kafka_type") in ("uuid", "datetime_i64")
        nullable = type(None) in get_args(other.type)
        if not as_none and nullable != field.is_nullable(version):
            yield f"{path}.{field.name}: nullable is {nullable}"
        default = _converted(other, getattr(defaults, field.name), field.type, version)
        if other.default not in (dataclasses.MISSING, default):
            yield f"{path}.{field.name}: {other.default!r}, not {default!r}"
        inner = getattr(field.type, "element", field.type)
        if hasattr(inner, "fields"):
            yield from _disagreements(_inner_type(other.type), inner, version, f"{path}.{field.name}")


@functools.cache
def _entity_type(case: Case) -> Any:
    module = importlib.import_module(f"kio.schema.{case.api}.v{case.version}.{case.direction}")
    return getattr(module, case.message.name)


@functools.cache
def _reader(case: Case) -> Any:
    return entity_reader(_entity_type(case))


@functools.cache
def _writer(case: Case) -> Any:
    return entity_writer(_entity_type(case))


def _entity(entity_type: Any, struct: Any, value: Any, version: int) -> Any:
    theirs = {field.name: field for field in dataclasses.fields(entity_type)}
    arguments = {}
    for field in fields_at(struct, version):
        name = field.name if field.name in theirs else _renamed(field.name)
        other = theirs.pop(name)
        arguments[name] = _converted(other, getattr(value, field.name), field.type, version)
    assert not theirs, f"fields we lack: {sorted(theirs)}"
    return entity_type(**arguments)


def _renamed(name: str) -> str:
    # kio drops the unit where it makes a timedelta of a number.
    return OLD_NAMES.get(name, name.removesuffix("_ms"))


def _converted(field: Any, value: Any, kind: Any, version: int) -> Any:
    if value is None:
        return None
    if hasattr(kind, "element"):
        element = kind.element
        if hasattr(element, "fields"):
            inner = _inner_type(field.type)
            return tuple(_entity(inner, element, one, version) for one in value)
        return tuple(_scalar(field, one) for one in value)
    if hasattr(kind, "fields"):
        return _entity(_inner_type(field.type), kind, value, version)
    return _scalar(field, value)


def _inner_type(annotation: Any) -> Any:
    """The dataclass inside `tuple[X, ...]`, `X | None` or both."""
    while not dataclasses.is_dataclass(annotation):
        annotation = next(a for a in get_args(annotation) if a is not Ellipsis and a is not type(None))
    return annotation


def _scalar(field: Any, value: Any) -> Any:
    match field.metadata["kafka_type"]:
        case "error_code":
            return ErrorCode(value)
        case "uuid":
            return uuid.UUID(bytes=value) if any(value) else None
        case "timedelta_i32" | "timedelta_i64":
            return datetime.timedelta(milliseconds=value)
        case "datetime_i64":
            return None if value == -1 else EPOCH + datetime.timedelta(milliseconds=value)
    return value
