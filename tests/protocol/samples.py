"""Messages made for tests of the engine: every type, every form of null, tags that were once plain fields."""

from __future__ import annotations

from odradek.protocol.schema import (
    BOOL,
    BYTES,
    FLOAT64,
    INT8,
    INT16,
    INT32,
    INT64,
    RECORDS,
    STRING,
    UINT16,
    UINT32,
    UUID,
    Array,
    Field,
    Message,
    Struct,
)

POINT = Struct("Point", Field("x", INT32), Field("y", INT32, default=-1), Field("label", STRING, since=1))
"""Two or three fields, no tags of its own."""

PIECE = Struct(
    "Piece",
    Field("index", INT32),
    Field("records", RECORDS, nullable=1),
    Field("points", Array(POINT), nullable=1),
    Field("note", STRING, since=2, nullable=2, default=None, tag=0),
    Field("centre", POINT, since=2, tag=1),
    Field("best", POINT, since=3, nullable=3, default=None, tag=5),
)
"""Records, arrays in arrays, and tagged fields of three kinds, with a gap among the tags."""

EVERYTHING = Message(
    "Everything",
    api_key=1000,
    versions=range(0, 4),
    flexible=2,
    fields=(
        Field("truth", BOOL, default=True),
        Field("tiny", INT8),
        Field("small", INT16),
        Field("medium", INT32),
        Field("large", INT64),
        Field("port", UINT16),
        Field("address", UINT32),
        Field("ratio", FLOAT64),
        Field("id", UUID),
        Field("text", STRING),
        Field("blob", BYTES, nullable=1),
        Field("old", STRING, until=1, default="gone"),
        Field("client", STRING, nullable=0, compact=False, default=None),
        Field("numbers", Array(INT32), nullable=0, default=None),
        Field("truths", Array(BOOL)),
        Field("ids", Array(UUID)),
        Field("names", Array(STRING), tag=3, tag_since=3),
        Field("blobs", Array(BYTES)),
        Field("origin", POINT),
        Field("cursor", POINT, since=1, nullable=1, default=None),
        Field("pieces", Array(PIECE)),
        Field("weight", INT64, since=2, default=-1, tag=0),
    ),
)

PLAIN = Message(
    "Plain",
    versions=range(0, 2),
    flexible=1,
    fields=(Field("names", Array(STRING), nullable=0), Field("numbers", Array(INT8))),
)
"""No records: read from a copy of the buffer."""

TREE = Message(
    "Tree",
    versions=range(0, 2),
    flexible=1,
    fields=(
        Field(
            "branches",
            Array(Struct("Branch", Field("leaves", Array(Struct("Leaf", Field("id", INT8)))))),
        ),
    ),
)
"""Objects that cost the reader most for the fewest bytes."""

TAGGED = Message(
    "Tagged",
    versions=range(0, 1),
    flexible=0,
    fields=(
        Field("number", INT32),
        Field("first", STRING, tag=0),
        Field("third", INT16, tag=2),
        Field("fourth", Array(INT32), tag=3, nullable=0, default=None),
        Field("fifth", POINT, tag=4, nullable=0, default=None),
    ),
)

EMPTY = Message("Empty", versions=range(0, 2), flexible=1, fields=())
