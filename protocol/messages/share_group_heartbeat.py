"""ShareGroupHeartbeat (API 76): members of share groups join, live on and leave (KIP-932).

- 0 was a preview in Kafka 4.0. 1: null means that nothing has changed.
"""

from ..schema import INT16, INT32, STRING, UUID, Array, Field, Message, Struct

REQUEST = Message(
    "ShareGroupHeartbeatRequest",
    api_key=76,
    versions=range(1, 2),
    flexible=0,
    fields=(
        Field("group_id", STRING),
        Field("member_id", STRING),
        Field("member_epoch", INT32),
        Field("rack_id", STRING, nullable=0, default=None),
        Field("subscribed_topic_names", Array(STRING), nullable=0, default=None),
    ),
)

TOPIC_PARTITIONS = Struct(
    "TopicPartitions",
    Field("topic_id", UUID),
    Field("partitions", Array(INT32)),
)

ASSIGNMENT = Struct(
    "Assignment",
    Field("topic_partitions", Array(TOPIC_PARTITIONS)),
)

RESPONSE = Message(
    "ShareGroupHeartbeatResponse",
    api_key=76,
    versions=range(1, 2),
    flexible=0,
    fields=(
        Field("throttle_time_ms", INT32),
        Field("error_code", INT16),
        Field("error_message", STRING, nullable=0, default=None),
        Field("member_id", STRING, nullable=0, default=None),
        Field("member_epoch", INT32),
        Field("heartbeat_interval_ms", INT32),
        Field("assignment", ASSIGNMENT, nullable=0, default=None),
    ),
)
