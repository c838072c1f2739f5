"""SyncGroup (API 14): the leader hands in the assignment, every member receives its own.

- 1: throttle time (KIP-124). 2: answers are sent before throttling (KIP-219). 3: static members (KIP-345).
- 4: flexible (KIP-482). 5: protocol type and name on both ways, to be compared (KIP-559).
"""

from ..schema import BYTES, INT16, INT32, STRING, Array, Field, Message, Struct

ASSIGNMENT = Struct(
    "SyncGroupRequestAssignment",
    Field("member_id", STRING),
    Field("assignment", BYTES),
)

REQUEST = Message(
    "SyncGroupRequest",
    api_key=14,
    versions=range(0, 6),
    flexible=4,
    fields=(
        Field("group_id", STRING),
        Field("generation_id", INT32),
        Field("member_id", STRING),
        Field("group_instance_id", STRING, since=3, nullable=3, default=None),
        Field("protocol_type", STRING, since=5, nullable=5, default=None),
        Field("protocol_name", STRING, since=5, nullable=5, default=None),
        Field("assignments", Array(ASSIGNMENT)),
    ),
)

RESPONSE = Message(
    "SyncGroupResponse",
    api_key=14,
    versions=range(0, 6),
    flexible=4,
    fields=(
        Field("throttle_time_ms", INT32, since=1),
        Field("error_code", INT16),
        Field("protocol_type", STRING, since=5, nullable=5, default=None),
        Field("protocol_name", STRING, since=5, nullable=5, default=None),
        Field("assignment", BYTES),
    ),
)
