"""Every message at every version: our code, the interpreted schema and codecs of other people agree."""

from __future__ import annotations

import importlib.util
import os
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .codecs import catalogue, coverage, golden, kafka_python_2, kafka_python_3, kio_codec, values
from .codecs.catalogue import Case
from .codecs.kafka_json import to_json

CASES = list(catalogue.cases())
RECORDS = list(catalogue.record_cases())
FLEXIBLE = [case for case in (*CASES, *RECORDS) if case.message.is_flexible(case.version)]
KAFKA_PYTHON_2 = [case for case in CASES if coverage.kafka_python_2_speaks(case)]
EXTREMES = (values.null, values.empty, values.maximal)

# A few random values for each of the 342 pairs on every run; `compat-tests/oracle` tries thousands.
a_few = settings(max_examples=4, database=None, suppress_health_check=list(HealthCheck))


def agree(case: Case, value: Any, codec: ModuleType) -> None:
    """The codec writes the same bytes for a value as we do, and reads them as the same value."""
    data = case.message.write(value, case.version)
    assert codec.encode(case, value) == data
    assert codec.decode(case, data) == codec.expected(case, value)


def check(case: Case, value: Any) -> bytes:
    """Reading undoes writing, and the interpreted schema does the same both ways. Returns the bytes."""
    message, version = case.message, case.version
    data: bytes = message.write(value, version)
    assert message.read(data, version) == value
    reference = message.construct(version)
    assert reference.build(value) == data
    assert reference.parse(data) == value
    return data


def check_with_codecs(case: Case, value: Any) -> None:
    """The same, and the codecs that know the version agree."""
    check(case, value)
    if case.api not in catalogue.RECORDS:
        if coverage.kafka_python_3_speaks(case):
            agree(case, value, kafka_python_3)
        if coverage.kio_speaks(case):
            agree(case, value, kio_codec)


@pytest.fixture(scope="session")
def kafka_python_2_codec() -> ModuleType:
    """kafka-python 2.0.6, which is installed beside the environment (scripts/test does it), not into it.

    Where nobody has put it, its tests are skipped; in CI (CI=true) they fail.
    """
    reason = kafka_python_2.missing()
    if reason and os.environ.get("CI") == "true":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    return kafka_python_2


@pytest.mark.parametrize("case", [*CASES, *RECORDS], ids=str)
def test_codecs_agree_on_the_extremes(case: Case) -> None:
    """Nulls wherever they may be, everything empty, everything large: all codecs agree, both ways."""
    for extreme in EXTREMES:
        check_with_codecs(case, extreme(case.message, case.version))


@pytest.mark.parametrize("case", [*CASES, *RECORDS], ids=str)
def test_codecs_agree_on_any_value(case: Case) -> None:
    """Whatever the value, all codecs agree on its bytes, both ways."""

    @a_few
    @given(values.anything(case.message, case.version))
    def run(value: Any) -> None:
        check_with_codecs(case, value)

    run()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_declarations_agree(case: Case) -> None:
    """Which fields may be null, which are tagged and what they default to is the same in other codecs."""
    if coverage.kafka_python_3_speaks(case):
        assert kafka_python_3.disagreements(case) == []
    if coverage.kio_speaks(case):
        assert kio_codec.disagreements(case) == []


@pytest.mark.parametrize("case", KAFKA_PYTHON_2, ids=str)
def test_kafka_python_2_agrees(case: Case, kafka_python_2_codec: ModuleType) -> None:
    """Codecs of the time before flexible versions agree too, on the extremes and on any value."""
    for extreme in EXTREMES:
        agree(case, extreme(case.message, case.version), kafka_python_2_codec)

    @a_few
    @given(values.anything(case.message, case.version))
    def run(value: Any) -> None:
        agree(case, value, kafka_python_2_codec)

    run()


@pytest.mark.parametrize("case", [*CASES, *RECORDS], ids=str)
def test_apache_kafka_agrees(case: Case) -> None:
    """What Apache Kafka wrote reads as the values it shows, and we write the same bytes, unknown tags too."""
    message, version = case.message, case.version
    vectors = [vector for vector in golden.vectors() if vector.case == case]
    assert vectors
    for vector in vectors:
        value = message.read(vector.data, version)
        assert to_json(message, value, version, records=False) == vector.values
        assert check(case, value) == vector.data


@pytest.mark.parametrize("case", FLEXIBLE, ids=str)
def test_unknown_tags_are_kept(case: Case) -> None:
    """Tags that no declaration knows survive reading and writing, at every level (KIP-482)."""

    @a_few
    @given(values.anything(case.message, case.version, unknown_tags=True))
    def run(value: Any) -> None:
        data = check(case, value)
        if coverage.kafka_python_3_skips_tags(case):
            assert kafka_python_3.decode(case, data) == kafka_python_3.expected(case, value)

    run()


@pytest.mark.parametrize("case", [*CASES, *RECORDS], ids=str)
def test_absent_fields_have_their_defaults(case: Case) -> None:
    """A field that a version lacks is left out when writing, and has its default after reading."""
    message = case.message
    value = message.read(message.write(values.maximal(message, case.version), case.version), case.version)
    present = {field.name for field in catalogue.fields_at(message, case.version)}
    for field in message.fields:
        if field.name not in present:
            assert getattr(value, field.name) == getattr(message(), field.name)


def test_every_version_has_an_independent_codec() -> None:
    """Two other codecs at least know every message, and Apache Kafka knows every record."""
    vectors = {vector.case for vector in golden.vectors()}
    for case in CASES:
        # kafka-python 3 knows all of them; it must not be the only one.
        others = (coverage.kio_speaks(case), coverage.kafka_python_2_speaks(case), case in vectors)
        assert any(others), case
    assert vectors == {*CASES, *RECORDS}


def test_the_table_of_codecs_is_true() -> None:
    """The table of which codec knows which version says neither more nor less than the codecs have."""
    for case in CASES:
        package = f"kio.schema.{case.api}"
        known = bool(importlib.util.find_spec(package)) and bool(
            importlib.util.find_spec(f"{package}.v{case.version}")
        )
        assert known == coverage.kio_speaks(case), case


def test_the_table_of_kafka_python_2_is_true(kafka_python_2_codec: ModuleType) -> None:
    """Every class of kafka-python 2.0.6 is compared with, or listed with its fault."""
    for case in CASES:
        has_class = case.version in kafka_python_2_codec.versions(case.message.api_key, case.direction)
        assert has_class == (
            coverage.kafka_python_2_speaks(case) or tuple(case) in coverage.KAFKA_PYTHON_2_FAULTS
        )


@given(st.data())
@settings(a_few, max_examples=1)
def test_equality_sees_every_field(data: st.DataObject) -> None:
    """The comparisons above mean something: a value that differs in one field is not equal."""
    for case in CASES:
        value = values.maximal(case.message, case.version)
        fields = catalogue.fields_at(case.message, case.version)
        if fields:
            field = data.draw(st.sampled_from(fields))
            other = values.maximal(case.message, case.version)
            setattr(other, field.name, getattr(values.empty(case.message, case.version), field.name))
            assert other != value, (case, field.name)
