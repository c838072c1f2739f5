"""Every message at every version: our code, the interpreted schema and codecs of other people agree."""

from __future__ import annotations

import importlib.util
import os
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .codecs import catalogue, coverage, kafka_python_2, kafka_python_3, kio_codec, values
from .codecs.catalogue import Case

CASES = list(catalogue.cases())
FLEXIBLE = [case for case in CASES if case.message.is_flexible(case.version)]
KAFKA_PYTHON_2 = [case for case in CASES if coverage.kafka_python_2_speaks(case)]
EXTREMES = (values.null, values.empty, values.maximal)

# A few random values for each of the 342 pairs on every run; `compat-tests/oracle` tries thousands.
a_few = settings(max_examples=5, deadline=None, database=None, suppress_health_check=list(HealthCheck))


def agree(case: Case, value: Any, codec: ModuleType) -> None:
    """The codec writes the same bytes for a value as we do, and reads them as the same value."""
    data = case.message.write(value, case.version)
    assert codec.encode(case, value) == data
    assert codec.decode(case, data) == codec.expected(case, value)


def check(case: Case, value: Any) -> None:
    """Reading undoes writing, and the interpreted schema and the codecs that know the version do the same."""
    message, version = case.message, case.version
    data = message.write(value, version)
    assert message.read(data, version) == value
    reference = message.construct(version)
    assert reference.build(value) == data
    assert reference.parse(data) == value
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


@pytest.mark.parametrize("case", CASES, ids=str)
def test_codecs_agree_on_the_extremes(case: Case) -> None:
    """Nulls wherever they may be, everything empty, everything large: all codecs agree, both ways."""
    for extreme in EXTREMES:
        check(case, extreme(case.message, case.version))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_codecs_agree_on_any_value(case: Case) -> None:
    """Whatever the value, all codecs agree on its bytes, both ways."""

    @a_few
    @given(values.anything(case.message, case.version))
    def run(value: Any) -> None:
        check(case, value)

    run()


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


@pytest.mark.parametrize("case", FLEXIBLE, ids=str)
def test_unknown_tags_are_kept(case: Case) -> None:
    """Tags that no declaration knows survive reading and writing, at every level, among known ones (KIP-482)."""

    @a_few
    @given(values.anything(case.message, case.version, unknown_tags=True))
    def run(value: Any) -> None:
        data = case.message.write(value, case.version)
        assert case.message.read(data, case.version) == value
        reference = case.message.construct(case.version)
        assert reference.build(value) == data
        assert reference.parse(data) == value
        if coverage.kafka_python_3_skips_tags(case):
            assert kafka_python_3.decode(case, data) == kafka_python_3.expected(case, value)

    run()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_absent_fields_have_their_defaults(case: Case) -> None:
    """A field that a version lacks is left out when writing, and has its default after reading."""
    message = case.message
    value = message.read(message.write(values.maximal(message, case.version), case.version), case.version)
    present = {field.name for field in catalogue.fields_at(message, case.version)}
    for field in message.fields:
        if field.name not in present:
            assert getattr(value, field.name) == getattr(message(), field.name)


def test_the_table_of_codecs_is_true() -> None:
    """The table of which codec knows which version says neither more nor less than the codecs have."""
    for case in CASES:
        known = importlib.util.find_spec(f"kio.schema.{case.api}.v{case.version}") is not None
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
