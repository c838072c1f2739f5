"""LeaveGroup (API 13): members leave a classic group.

- 1: throttle time (KIP-124). 2: answers are sent before throttling (KIP-219).
- 3: several members at once, by member id or by instance id (KIP-345). 4: flexible (KIP-482).
- 5: the reason of each (KIP-800).
"""

from ..schema import INT16, INT32, STRING, Array, Field, Message, Struct

REQUEST_MEMBER = Struct(
    "MemberIdentity",
    Field("member_id", STRING),
    Field("group_instance_id", STRING, nullable=0, default=None),
    Field("reason", STRING, since=5, nullable=5, default=None),
)

REQUEST = Message(
    "LeaveGroupRequest",
    api_key=13,
    versions=range(0, 6),
    flexible=4,
    fields=(
        Field("group_id", STRING),
        Field("member_id", STRING, until=2),
        Field("members", Array(REQUEST_MEMBER), since=3),
    ),
)

RESPONSE_MEMBER = Struct(
    "MemberResponse",
    Field("member_id", STRING),
    Field("group_instance_id", STRING, nullable=0),
    Field("error_code", INT16),
)

RESPONSE = Message(
    "LeaveGroupResponse",
    api_key=13,
    versions=range(0, 6),
    flexible=4,
    fields=(
        Field("throttle_time_ms", INT32, since=1),
        Field("error_code", INT16),
        Field("members", Array(RESPONSE_MEMBER), since=3),
    ),
)
