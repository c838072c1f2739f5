"""ShareGroupDescribe (API 77): epochs, members and assignments of share groups (KIP-932).

- 0 was a preview in Kafka 4.0.
"""

from ..schema import BOOL, INT16, INT32, STRING, UUID, Array, Field, Message, Struct

REQUEST = Message(
    "ShareGroupDescribeRequest",
    api_key=77,
    versions=range(1, 2),
    flexible=0,
    fields=(
        Field("group_ids", Array(STRING)),
        Field("include_authorized_operations", BOOL),
    ),
)

TOPIC_PARTITIONS = Struct(
    "TopicPartitions",
    Field("topic_id", UUID),
    Field("topic_name", STRING),
    Field("partitions", Array(INT32)),
)

ASSIGNMENT = Struct(
    "Assignment",
    Field("topic_partitions", Array(TOPIC_PARTITIONS)),
)

MEMBER = Struct(
    "Member",
    Field("member_id", STRING),
    Field("rack_id", STRING, nullable=0, default=None),
    Field("member_epoch", INT32),
    Field("client_id", STRING),
    Field("client_host", STRING),
    Field("subscribed_topic_names", Array(STRING)),
    Field("assignment", ASSIGNMENT),
)

GROUP = Struct(
    "DescribedGroup",
    Field("error_code", INT16),
    Field("error_message", STRING, nullable=0, default=None),
    Field("group_id", STRING),
    Field("group_state", STRING),
    Field("group_epoch", INT32),
    Field("assignment_epoch", INT32),
    Field("assignor_name", STRING),
    Field("members", Array(MEMBER)),
    Field("authorized_operations", INT32, default=-2147483648),
)

RESPONSE = Message(
    "ShareGroupDescribeResponse",
    api_key=77,
    versions=range(1, 2),
    flexible=0,
    fields=(
        Field("throttle_time_ms", INT32),
        Field("groups", Array(GROUP)),
    ),
)
