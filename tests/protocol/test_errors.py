"""Error codes and API keys against tables that were not made here."""

from __future__ import annotations

from kafka.protocol.api_key import ApiKey as KafkaPythonKey
from kio.schema.errors import ErrorCode as KioCode

from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode

NEWER_THAN_KIO = {
    "GROUP_DELETION_FAILED": 134,
    "STREAMS_TOPOLOGY_DESCRIPTION_UPDATE_FAILED": 135,
    "CONTROLLER_ID_NOT_REGISTERED": 136,
}
"""Read from the enumeration of Apache Kafka 4.4.0's client library."""


def test_codes_and_their_retriability_are_kafkas() -> None:
    """Code by code what kio generated from Apache Kafka's sources, and the three that came later."""
    known = {code.name.upper(): (int(code), code.retriable) for code in KioCode}
    known |= {name: (value, False) for name, value in NEWER_THAN_KIO.items()}
    assert {code.name: (code.value, code.retriable) for code in ErrorCode} == known


def test_every_code_but_none_has_a_sentence() -> None:
    """Messages are for people: one sentence each."""
    for code in ErrorCode:
        assert (code.message == "") is (code is ErrorCode.NONE)
        assert code is ErrorCode.NONE or code.message.endswith(".")


def test_api_keys_are_kafkas() -> None:
    """All keys from 0 to 93, with the names that kafka-python has for them."""
    assert [key.value for key in ApiKey] == list(range(94))
    for theirs in KafkaPythonKey:
        assert ApiKey(theirs.value).name.replace("_", "") == theirs.name.upper()
