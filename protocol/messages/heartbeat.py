"""Heartbeat (API 12): a member of a classic group is alive.

- 1: throttle time (KIP-124). 2: answers are sent before throttling (KIP-219). 3: static members (KIP-345).
- 4: flexible (KIP-482).
"""

from ..schema import INT16, INT32, STRING, Field, Message

REQUEST = Message(
    "HeartbeatRequest",
    api_key=12,
    versions=range(0, 5),
    flexible=4,
    fields=(
        Field("group_id", STRING),
        Field("generation_id", INT32),
        Field("member_id", STRING),
        Field("group_instance_id", STRING, since=3, nullable=3, default=None),
    ),
)

RESPONSE = Message(
    "HeartbeatResponse",
    api_key=12,
    versions=range(0, 5),
    flexible=4,
    fields=(
        Field("throttle_time_ms", INT32, since=1),
        Field("error_code", INT16),
    ),
)
