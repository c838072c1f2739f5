"""ConsumerGroupDescribe (API 69): epochs, members and assignments of consumer groups (KIP-848).

- 1: whether a member speaks the classic or the consumer protocol (KIP-1099).
"""

from ..schema import BOOL, INT8, INT16, INT32, STRING, UUID, Array, Field, Message, Struct

REQUEST = Message(
    "ConsumerGroupDescribeRequest",
    api_key=69,
    versions=range(0, 2),
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

ASSIGNMENT = Struct("Assignment", Field("topic_partitions", Array(TOPIC_PARTITIONS)))

MEMBER = Struct(
    "Member",
    Field("member_id", STRING),
    Field("instance_id", STRING, nullable=0, default=None),
    Field("rack_id", STRING, nullable=0, default=None),
    Field("member_epoch", INT32),
    Field("client_id", STRING),
    Field("client_host", STRING),
    Field("subscribed_topic_names", Array(STRING)),
    Field("subscribed_topic_regex", STRING, nullable=0, default=None),
    Field("assignment", ASSIGNMENT),
    Field("target_assignment", ASSIGNMENT),
    Field("member_type", INT8, since=1, default=-1),
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
    Field("authorized_operations", INT32, default=-(2**31)),
)

RESPONSE = Message(
    "ConsumerGroupDescribeResponse",
    api_key=69,
    versions=range(0, 2),
    flexible=0,
    fields=(
        Field("throttle_time_ms", INT32),
        Field("groups", Array(GROUP)),
    ),
)
