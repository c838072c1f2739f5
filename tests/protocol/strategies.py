"""Values for any message, made from its layout: Hypothesis strategies, and quick ones by chance."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

from hypothesis import strategies as st

from odradek.protocol import messages
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.layout import Fixed, Node, Record, Repeated, Run
from odradek.protocol.schema import STRING, Message

SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "BOOL": st.booleans(),
    "INT8": st.integers(-(2**7), 2**7 - 1),
    "INT16": st.integers(-(2**15), 2**15 - 1),
    "INT32": st.integers(-(2**31), 2**31 - 1),
    "INT64": st.integers(-(2**63), 2**63 - 1),
    "UINT16": st.integers(0, 2**16 - 1),
    "UINT32": st.integers(0, 2**32 - 1),
    "FLOAT64": st.floats(allow_nan=False),
    "UUID": st.binary(min_size=16, max_size=16),
}
TEXTS = st.text(max_size=5) | st.sampled_from(["", "x" * 126, "x" * 127, "é" * 100, "\0", "𐀀" * 50])
BLOBS = st.binary(max_size=5) | st.sampled_from([b"", bytes(126), bytes(127), bytes(20_000)])
UNKNOWN_TAGS = st.dictionaries(
    st.sampled_from([1, 9, 127, 128, 2**31 - 1]), st.binary(max_size=3), max_size=3
)


def declared_messages() -> list[Message]:
    """Requests and responses of all APIs that have a declaration."""
    found: list[Message] = []
    for api_key in ApiKey:
        with suppress(KeyError):
            found += messages.request(api_key), messages.response(api_key)
    return found


def values(message: Message, version: int) -> st.SearchStrategy[Any]:
    """Values of a message that this version can carry whole: what it lacks is at its default."""
    return _record(message.layout(version))


def _record(layout: Record) -> st.SearchStrategy[Any]:
    fields = {field.name: _node(node) for field, node in [*layout.plain, *layout.tagged]}
    if layout.flexible:
        known = {field.tag for field, _ in layout.tagged}
        fields["unknown_tags"] = UNKNOWN_TAGS.map(
            lambda tags: {tag: data for tag, data in tags.items() if tag not in known}
        )
    made = st.builds(layout.struct.make, **fields)
    return made if layout.marker is None else st.none() | made


def _node(node: Node) -> st.SearchStrategy[Any]:
    if isinstance(node, Fixed):
        return SCALARS[node.scalar.name]
    if isinstance(node, Record):
        return _record(node)
    if isinstance(node, Repeated):
        made: st.SearchStrategy[Any] = st.lists(_node(node.element), max_size=2)
    else:
        assert isinstance(node, Run)
        made = TEXTS if node.type is STRING else BLOBS
    return st.none() | made if node.nullable else made


def by_chance(chance: random.Random, layout: Node) -> Any:
    """A small value for a node; for the layout of a message, a value of the message."""
    nullable = layout.marker is not None if isinstance(layout, Record) else getattr(layout, "nullable", False)
    if nullable and chance.random() < 0.2:
        return None
    if isinstance(layout, Fixed):
        size = layout.scalar.size
        return chance.randbytes(size) if size == 16 else chance.choice([0, 1, 2 ** (4 * size) - 1])
    if isinstance(layout, Run):
        text = chance.choice(["", "a", "flights", "é" * 70])
        return text if layout.type is STRING else text.encode()
    if isinstance(layout, Repeated):
        return [by_chance(chance, layout.element) for _ in range(chance.choice([0, 1, 1, 2]))]
    fields = {field.name: by_chance(chance, node) for field, node in [*layout.plain, *layout.tagged]}
    return layout.struct(
        **fields, unknown_tags={77: b"?"} if layout.flexible and chance.random() < 0.2 else None
    )
