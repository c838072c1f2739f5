"""Values to try a codec on: the plain extremes of every message, and Hypothesis strategies for the rest."""

from __future__ import annotations

import functools
from typing import Any

from hypothesis import strategies as st

from odradek.protocol import schema

from .catalogue import fields_at

INTEGERS = {
    schema.INT8: (-(2**7), 2**7 - 1),
    schema.INT16: (-(2**15), 2**15 - 1),
    schema.INT32: (-(2**31), 2**31 - 1),
    schema.INT64: (-(2**63), 2**63 - 1),
    schema.UINT16: (0, 2**16 - 1),
    schema.UINT32: (0, 2**32 - 1),
}

# Error codes from this range exist in every codec; kio reads no others.
ERROR_CODES = (-1, 0, 1, 3, 27, 64, 87, 100, 119)
# kio turns these into datetime and timedelta, which do not reach as far as an int64, and cannot write -1 for
# every time that is none.
TIMES = {
    "log_append_time_ms": (-1, 0, 253_402_300_799_000),
    "transaction_start_time_ms": (0, 253_402_300_799_000),
    "retention_time_ms": (-1, 0, 2**45),
}

TEXTS = (
    "",
    "a",
    "orders.eu-1",
    "Kafka könnte müssen",
    "日本語のトピック",
    "\0\x7f\x80",
    "𐀀\U0010ffff",
    "x" * 127,
    "é" * 150,
)
BLOBS = (b"", b"\0", bytes(range(256)))
UUIDS = (bytes(16), bytes(15) + b"\1", bytes(range(200, 216)), b"\xff" * 16)
# The largest tag stays free: Apache Kafka reads it but cannot write it, taking it for the end of its own.
UNKNOWN_TAGS = st.dictionaries(
    st.sampled_from([20, 21, 127, 128, 16383, 2**31 - 2]), st.sampled_from(BLOBS), max_size=3
)


def null(struct: Any, version: int) -> Any:
    """Null wherever it is allowed, otherwise one element with everything at its default."""
    return _fixed(struct, version, "null")


def empty(struct: Any, version: int) -> Any:
    """Every field at zero or empty, also where the default is something else."""
    return _fixed(struct, version, "empty")


def maximal(struct: Any, version: int) -> Any:
    """Every number at its largest, strings beyond a one-byte length, arrays that need a two-byte count."""
    return _fixed(struct, version, "maximal")


def _fixed(struct: Any, version: int, kind: str) -> Any:
    fields = fields_at(struct, version)
    return struct(**{f.name: _fixed_field(f, version, kind) for f in fields})


def _fixed_field(field: Any, version: int, kind: str) -> Any:
    if kind == "null" and field.is_nullable(version):
        return None
    if field.name in ("error_code", "partition_error_code"):
        return 0 if kind != "maximal" else ERROR_CODES[-1]
    if field.name in TIMES and kind == "maximal":
        return TIMES[field.name][-1]
    return _fixed_type(field.type, version, kind)


def _fixed_type(kind_of: Any, version: int, kind: str) -> Any:
    if isinstance(kind_of, schema.Array):
        element = kind_of.element
        one = _fixed_type(element, version, kind)
        if kind == "empty":
            return []
        return [one] * (2 if isinstance(element, schema.Struct) else 130) if kind == "maximal" else [one]
    if isinstance(kind_of, schema.Struct):
        return _fixed(kind_of, version, kind)
    return _largest(kind_of) if kind == "maximal" else _zero(kind_of)


def _zero(kind: Any) -> Any:
    if kind is schema.BOOL:
        return False
    if kind is schema.STRING:
        return ""
    if kind is schema.UUID:
        return bytes(16)
    if kind is schema.BYTES or kind is schema.RECORDS:
        return b""
    return 0


def _largest(kind: Any) -> Any:
    if kind is schema.BOOL:
        return True
    if kind is schema.STRING:
        return "𐀀é" * 60
    if kind is schema.UUID:
        return UUIDS[2]
    if kind is schema.BYTES or kind is schema.RECORDS:
        return bytes(range(256))
    return INTEGERS[kind][1]


@functools.cache
def anything(struct: Any, version: int, unknown_tags: bool = False) -> st.SearchStrategy[Any]:
    """A strategy for values of a struct or message; `unknown_tags` adds tags that no declaration knows."""
    defaults = struct()
    known = {
        field.name: _of_field(field, getattr(defaults, field.name), version, unknown_tags)
        for field in fields_at(struct, version)
    }
    if unknown_tags:
        known["unknown_tags"] = UNKNOWN_TAGS
    return st.fixed_dictionaries(known).map(lambda fields: struct(**fields))


def _of_field(field: Any, default: Any, version: int, unknown_tags: bool) -> st.SearchStrategy[Any]:
    if field.name in ("error_code", "partition_error_code"):
        strategy: st.SearchStrategy[Any] = st.sampled_from(ERROR_CODES)
    elif field.name in TIMES:
        strategy = st.sampled_from(TIMES[field.name])
    else:
        strategy = _of_type(field.type, version, unknown_tags)
    if field.is_nullable(version):
        strategy = st.none() | strategy
    if field.is_tagged(version):
        # The default of a tagged field is told by its absence, so it has to come up often.
        strategy = st.just(default) | strategy
    return strategy


def _of_type(kind: Any, version: int, unknown_tags: bool) -> st.SearchStrategy[Any]:
    if isinstance(kind, schema.Array):
        return st.lists(_of_type(kind.element, version, unknown_tags), max_size=2)
    if isinstance(kind, schema.Struct):
        return anything(kind, version, unknown_tags)
    if kind is schema.BOOL:
        return st.booleans()
    if kind is schema.STRING:
        return st.sampled_from(TEXTS) | st.text(st.characters(codec="utf-8"), max_size=20)
    if kind is schema.UUID:
        return st.sampled_from(UUIDS)
    if kind is schema.BYTES or kind is schema.RECORDS:
        return st.sampled_from(BLOBS) | st.binary(max_size=20)
    low, high = INTEGERS[kind]
    return st.sampled_from((0, 1, low, high)) | st.integers(low, high)
