"""JoinGroup (API 11): enter a classic group, or take part in its rebalance.

- 0: the session timeout bounds the rebalance too. 1: a rebalance timeout of its own (KIP-62).
- 2: throttle time (KIP-124). 3: answers are sent before throttling (KIP-219).
- 4: no new fields; a new member is told its id by MEMBER_ID_REQUIRED and joins again (KIP-394).
- 5: static members (KIP-345). 6: flexible (KIP-482). 7: the answer names the protocol type, and its
  protocol name may be null (KIP-559).
- 8: the reason of the join (KIP-800). 9: a leader may be told to skip the assignment (KIP-814).
"""

from ..schema import BOOL, BYTES, INT16, INT32, STRING, Array, Field, Message, Struct

PROTOCOL = Struct(
    "JoinGroupRequestProtocol",
    Field("name", STRING),
    Field("metadata", BYTES),
)

REQUEST = Message(
    "JoinGroupRequest",
    api_key=11,
    versions=range(0, 10),
    flexible=6,
    fields=(
        Field("group_id", STRING),
        Field("session_timeout_ms", INT32),
        Field("rebalance_timeout_ms", INT32, since=1, default=-1),
        Field("member_id", STRING),
        Field("group_instance_id", STRING, since=5, nullable=5, default=None),
        Field("protocol_type", STRING),
        Field("protocols", Array(PROTOCOL)),
        Field("reason", STRING, since=8, nullable=8, default=None),
    ),
)

MEMBER = Struct(
    "JoinGroupResponseMember",
    Field("member_id", STRING),
    Field("group_instance_id", STRING, since=5, nullable=5, default=None),
    Field("metadata", BYTES),
)

RESPONSE = Message(
    "JoinGroupResponse",
    api_key=11,
    versions=range(0, 10),
    flexible=6,
    fields=(
        Field("throttle_time_ms", INT32, since=2),
        Field("error_code", INT16),
        Field("generation_id", INT32, default=-1),
        Field("protocol_type", STRING, since=7, nullable=7, default=None),
        Field("protocol_name", STRING, nullable=7),
        Field("leader", STRING),
        Field("skip_assignment", BOOL, since=9),
        Field("member_id", STRING),
        Field("members", Array(MEMBER)),
    ),
)
