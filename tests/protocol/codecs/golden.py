"""Bytes and values as Apache Kafka's own classes gave them, kept in `tests/protocol/vectors`.

A line is a vector: the case, the bytes in hex, and the values as Kafka's JsonConverters show them. The values
come from our strategies; Kafka made the bytes of them, or read bytes with unknown tags and wrote them again.
`compat-tests/oracle/make_vectors.py` makes the files anew.
"""

from __future__ import annotations

import functools
import json
import pathlib
from collections.abc import Iterable
from typing import Any, NamedTuple

from .catalogue import Case

FOLDER = pathlib.Path(__file__).parents[1] / "vectors"
FILES = ("apache_kafka_3.9.1_messages.jsonl", "apache_kafka_4.4.0_messages.jsonl")


class Vector(NamedTuple):
    """One message as Kafka writes and shows it."""

    case: Case
    data: bytes
    values: Any


@functools.cache
def vectors() -> list[Vector]:
    """All vectors."""
    return [vector for name in FILES for vector in _load(name)]


def _load(name: str) -> list[Vector]:
    with open(FOLDER / name, encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [Vector(Case(*case), bytes.fromhex(data), values) for case, data, values in rows]


def store(name: str, vectors: Iterable[Vector]) -> None:
    """Write one file of the folder."""
    FOLDER.mkdir(exist_ok=True)
    with open(FOLDER / name, "w", encoding="utf-8") as lines:
        for vector in vectors:
            row = (vector.case, vector.data.hex(), vector.values)
            lines.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
