"""ConsumerGroupHeartbeat (API 68): members of consumer groups join, live on, reconcile and leave (KIP-848).

- 0: null, and -1 for the rebalance timeout, mean that nothing has changed.
- 1: subscription by a regular expression; the member makes its own id (KIP-1082).
"""

from ..schema import INT16, INT32, STRING, UUID, Array, Field, Message, Struct

TOPIC_PARTITIONS = Struct(
    "TopicPartitions",
    Field("topic_id", UUID),
    Field("partitions", Array(INT32)),
)

REQUEST = Message(
    "ConsumerGroupHeartbeatRequest",
    api_key=68,
    versions=range(0, 2),
    flexible=0,
    fields=(
        Field("group_id", STRING),
        Field("member_id", STRING),
        Field("member_epoch", INT32),
        Field("instance_id", STRING, nullable=0, default=None),
        Field("rack_id", STRING, nullable=0, default=None),
        Field("rebalance_timeout_ms", INT32, default=-1),
        Field("subscribed_topic_names", Array(STRING), nullable=0, default=None),
        Field("subscribed_topic_regex", STRING, since=1, nullable=1, default=None),
        Field("server_assignor", STRING, nullable=0, default=None),
        Field("topic_partitions", Array(TOPIC_PARTITIONS), nullable=0, default=None),
    ),
)

ASSIGNMENT = Struct("Assignment", Field("topic_partitions", Array(TOPIC_PARTITIONS)))

RESPONSE = Message(
    "ConsumerGroupHeartbeatResponse",
    api_key=68,
    versions=range(0, 2),
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
