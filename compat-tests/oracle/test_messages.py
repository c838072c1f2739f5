"""Every message, at every version that Apache Kafka 3.9 or the newest knows, against Kafka's own classes.

python -m pytest compat-tests/oracle       needs Java 17, and Maven to fetch the jars once
ODRADEK_ORACLE_EXAMPLES=1000 ...           tries so many values of each message (20 by default)
"""

from __future__ import annotations

import os
import pathlib
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from message_oracle import NEW, OLD, MessageOracle, class_name, class_version, message_oracle, speakers

from odradek.protocol import schema
from tests.protocol.codecs import catalogue, values
from tests.protocol.codecs.catalogue import Case
from tests.protocol.codecs.kafka_json import name_of, shown, to_json

pytestmark = pytest.mark.usefixtures("needs_apache_kafka")

many = settings(
    max_examples=int(os.environ.get("ODRADEK_ORACLE_EXAMPLES", "20")),
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
PAIRS = [
    pytest.param(case, version, id=f"{case}-apache-kafka-{version}")
    for case in (*catalogue.cases(), *catalogue.record_cases())
    for version in speakers(case)
]


@pytest.fixture(scope="session")
def oracles() -> Iterator[dict[str, MessageOracle]]:
    """Both versions of Apache Kafka, each one process for the whole run."""
    with message_oracle(OLD) as old, message_oracle(NEW) as new:
        yield {OLD: old, NEW: new}


@pytest.mark.parametrize(("case", "version"), PAIRS)
def test_apache_kafka_agrees(case: Case, version: str, oracles: dict[str, MessageOracle]) -> None:
    """Kafka writes the bytes that we write, and reads them as what we meant."""
    message, oracle, name = case.message, oracles[version], class_name(case)

    def check(value: Any) -> None:
        data = message.write(value, case.version)
        meant = to_json(message, value, case.version, records=False)
        assert oracle.encode(name, class_version(case), to_json(message, value, case.version)) == (
            data,
            meant,
        )
        assert oracle.decode(name, class_version(case), data) == (data, meant)

    for extreme in (values.null, values.empty, values.maximal):
        check(extreme(message, case.version))
    many(given(values.anything(message, case.version))(check))()


def declared(struct: Any, version: int) -> list[dict[str, Any]]:
    """A struct's fields in the form of MessageOracle's `describe`: plain ones, then tagged ones by tag."""
    fields = []
    for field in catalogue.fields_at(struct, version):
        one = {"name": field.name, "nullable": field.is_nullable(version)}
        if isinstance(field.type, schema.Array):
            one["array"] = True
        inner = getattr(field.type, "element", field.type)
        if isinstance(inner, schema.Struct):
            one["fields"] = declared(inner, version)
        if field.is_tagged(version):
            one["tag"] = field.tag
        fields.append(one)
    return sorted(fields, key=lambda one: one.get("tag", -1))


def structs_of(struct: Any, version: int) -> Iterator[Any]:
    """The struct and all that it holds in a version."""
    yield struct
    for field in catalogue.fields_at(struct, version):
        inner = getattr(field.type, "element", field.type)
        if isinstance(inner, schema.Struct):
            yield from structs_of(inner, version)


def default_of(field: Any, struct: Any) -> Any:
    """A default of ours as MessageOracle shows it. Kafka's for records is null, even where that cannot be
    written.
    """
    if field.type is schema.RECORDS:
        return None
    value = getattr(struct(), field.name)
    if isinstance(field.type, schema.Struct) and value is not None:
        return "a struct"
    if isinstance(field.type, schema.Array) and value is not None:
        return str(value)
    return shown(field.type, value, version=0, records=False)


@pytest.mark.parametrize(("case", "version"), PAIRS)
def test_apache_kafka_declares_the_same(case: Case, version: str, oracles: dict[str, MessageOracle]) -> None:
    """The same fields in the same order, tags, nulls and defaults as in Kafka's own schemas."""
    described = oracles[version].describe(class_name(case), class_version(case))
    assert declared(case.message, case.version) == described["fields"]
    for struct in structs_of(case.message, case.version):
        theirs = described["defaults"][
            class_name(case).rpartition(".")[2] if struct is case.message else struct.name
        ]
        for field in catalogue.fields_at(struct, case.version):
            assert default_of(field, struct) == theirs[name_of(field.name)], field.name


@pytest.mark.parametrize(
    ("case", "version"),
    [pair for pair in PAIRS if pair.values[0].message.is_flexible(pair.values[0].version)],
)
def test_apache_kafka_keeps_unknown_tags(case: Case, version: str, oracles: dict[str, MessageOracle]) -> None:
    """Kafka reads a message with tags it does not know, and writes it again with them, as we do (KIP-482)."""
    message = case.message

    @many
    @given(values.anything(message, case.version, unknown_tags=True))
    def run(value: Any) -> None:
        data = message.write(value, case.version)
        assert message.read(data, case.version) == value
        assert oracles[version].decode(class_name(case), class_version(case), data)[0] == data

    run()
