"""The form in which Apache Kafka's JsonConverters show a message."""

from __future__ import annotations

import base64
from typing import Any

from .catalogue import fields_at


def to_json(struct: Any, value: Any, version: int, records: bool = True) -> dict[str, Any]:
    """A value of ours as Kafka would show it: a tagged field only where it differs from its default.

    `records=False` leaves the bytes of records empty, as Kafka's converters do when they write.
    """
    defaults = struct()
    return {
        name_of(field.name): shown(field.type, getattr(value, field.name), version, records)
        for field in fields_at(struct, version)
        if not field.is_tagged(version) or getattr(value, field.name) != getattr(defaults, field.name)
    }


def name_of(name: str) -> str:
    """The name of a field in Kafka's JSON."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def shown(kind: Any, value: Any, version: int, records: bool) -> Any:
    """A value of any type in Kafka's JSON."""
    if value is None:
        return None
    if hasattr(kind, "element"):
        return [shown(kind.element, one, version, records) for one in value]
    if hasattr(kind, "fields"):
        return to_json(kind, value, version, records)
    if kind.name == "UUID":
        return base64.urlsafe_b64encode(value).decode().rstrip("=")
    if kind.name == "RECORDS":
        return base64.b64encode(value).decode() if records else ""
    return base64.b64encode(value).decode() if kind.name == "BYTES" else value
