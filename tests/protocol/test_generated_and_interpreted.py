"""The generated functions against the construct schema of the same layout, on values and on damaged bytes."""

from __future__ import annotations

from typing import Any

import construct
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odradek.protocol.errors import ProtocolError
from odradek.protocol.framing import RequestHeader
from odradek.protocol.schema import Message

from .samples import EMPTY, EVERYTHING, PLAIN, TAGGED, TREE
from .strategies import declared_messages, values

DECLARED = declared_messages()
MESSAGES = [EVERYTHING, PLAIN, TREE, TAGGED, EMPTY, RequestHeader]
ALL = [
    pytest.param(message, version, id=f"{message.name}-{version}")
    for message in MESSAGES
    for version in message.versions
]


def generated(message: Message, version: int, data: bytes) -> Any:
    """What the generated function makes of the bytes, written again; None if it refuses them."""
    try:
        return message.write(message.read(data, version), version)
    except ProtocolError:
        return None


def interpreted(message: Message, version: int, data: bytes) -> Any:
    """What construct makes of the bytes, written again; None if it refuses them."""
    try:
        return message.write(message.construct(version).parse(data), version)
    except construct.ConstructError:
        return None


@pytest.mark.parametrize(("message", "version"), ALL)
def test_both_write_the_same_bytes_and_read_the_value_back(message: Message, version: int) -> None:
    """For any value, generated and interpreted bytes are equal, and either reads what the other wrote."""
    schema = message.construct(version)
    compiled = schema.compile()

    @settings(max_examples=40, database=None)
    @given(values(message, version))
    def check(value: Any) -> None:
        data = message.write(value, version)
        assert schema.build(value) == data
        assert message.read(data, version) == value
        assert schema.parse(data) == value
        assert compiled.parse(data) == value

    check()


@pytest.mark.parametrize(("message", "version"), ALL)
def test_both_refuse_the_same_bytes(message: Message, version: int) -> None:
    """Of bytes with a piece cut out or replaced, both make the same value, or both refuse them."""

    @settings(max_examples=120, database=None)
    @given(values(message, version), st.data())
    def check(value: Any, data: st.DataObject) -> None:
        whole = message.write(value, version)
        start = data.draw(st.integers(0, max(0, len(whole) - 1)))
        stop = data.draw(st.integers(start, min(len(whole), start + 3)))
        middle = data.draw(st.binary(max_size=2) | st.sampled_from([b"\x80\x00", b"\xff\xff\xff\xff"]))
        damaged = whole[:start] + middle + whole[stop:]
        assert generated(message, version, damaged) == interpreted(message, version, damaged)

    check()


@pytest.mark.parametrize("message", DECLARED, ids=lambda message: message.name)
def test_both_agree_on_every_declared_message(message: Message) -> None:
    """What is declared for the APIs, in whichever version: the same bytes from both, and the value back."""
    versioned = {
        version: (values(message, version), message.construct(version)) for version in message.versions
    }

    @settings(max_examples=4 * len(message.versions), database=None)
    @given(st.sampled_from(message.versions), st.data())
    def check(version: int, data: st.DataObject) -> None:
        strategy, schema = versioned[version]
        value = data.draw(strategy)
        written = message.write(value, version)
        assert schema.build(value) == written
        assert message.read(written, version) == value
        assert schema.parse(written) == value

    check()
