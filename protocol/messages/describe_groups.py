"""DescribeGroups (API 15): state and members of classic groups.

- 1: throttle time (KIP-124). 2: answers are sent before throttling (KIP-219).
- 3: authorized operations (KIP-430). 4: static members (KIP-345). 5: flexible (KIP-482).
- 6: a message beside the error, and GROUP_ID_NOT_FOUND for groups that do not exist (KIP-1043).
"""

from ..schema import BOOL, BYTES, INT16, INT32, STRING, Array, Field, Message, Struct

REQUEST = Message(
    "DescribeGroupsRequest",
    api_key=15,
    versions=range(0, 7),
    flexible=5,
    fields=(
        Field("groups", Array(STRING)),
        Field("include_authorized_operations", BOOL, since=3),
    ),
)

MEMBER = Struct(
    "DescribedGroupMember",
    Field("member_id", STRING),
    Field("group_instance_id", STRING, since=4, nullable=4, default=None),
    Field("client_id", STRING),
    Field("client_host", STRING),
    Field("member_metadata", BYTES),
    Field("member_assignment", BYTES),
)

GROUP = Struct(
    "DescribedGroup",
    Field("error_code", INT16),
    Field("error_message", STRING, since=6, nullable=6, default=None),
    Field("group_id", STRING),
    Field("group_state", STRING),
    Field("protocol_type", STRING),
    Field("protocol_data", STRING),
    Field("members", Array(MEMBER)),
    Field("authorized_operations", INT32, since=3, default=-(2**31)),
)

RESPONSE = Message(
    "DescribeGroupsResponse",
    api_key=15,
    versions=range(0, 7),
    flexible=5,
    fields=(
        Field("throttle_time_ms", INT32, since=1),
        Field("groups", Array(GROUP)),
    ),
)
