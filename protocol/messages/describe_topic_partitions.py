"""DescribeTopicPartitions (API 75): topics with their partitions, a page at a time, eligible leader replicas
included (KIP-966).

- The cursor is the first partition wanted in a request, and the first one left out in a response.
"""

from ..schema import BOOL, INT16, INT32, STRING, UUID, Array, Field, Message, Struct

REQUEST_TOPIC = Struct("TopicRequest", Field("name", STRING))
CURSOR = Struct("Cursor", Field("topic_name", STRING), Field("partition_index", INT32))

REQUEST = Message(
    "DescribeTopicPartitionsRequest",
    api_key=75,
    versions=range(0, 1),
    flexible=0,
    fields=(
        Field("topics", Array(REQUEST_TOPIC)),
        Field("response_partition_limit", INT32, default=2000),
        Field("cursor", CURSOR, nullable=0, default=None),
    ),
)

RESPONSE_PARTITION = Struct(
    "DescribeTopicPartitionsResponsePartition",
    Field("error_code", INT16),
    Field("partition_index", INT32),
    Field("leader_id", INT32),
    Field("leader_epoch", INT32, default=-1),
    Field("replica_nodes", Array(INT32)),
    Field("isr_nodes", Array(INT32)),
    Field("eligible_leader_replicas", Array(INT32), nullable=0, default=None),
    Field("last_known_elr", Array(INT32), nullable=0, default=None),
    Field("offline_replicas", Array(INT32)),
)

RESPONSE_TOPIC = Struct(
    "DescribeTopicPartitionsResponseTopic",
    Field("error_code", INT16),
    Field("name", STRING, nullable=0),
    Field("topic_id", UUID),
    Field("is_internal", BOOL),
    Field("partitions", Array(RESPONSE_PARTITION)),
    Field("topic_authorized_operations", INT32, default=-(2**31)),
)

RESPONSE = Message(
    "DescribeTopicPartitionsResponse",
    api_key=75,
    versions=range(0, 1),
    flexible=0,
    fields=(
        Field("throttle_time_ms", INT32),
        Field("topics", Array(RESPONSE_TOPIC)),
        Field("next_cursor", CURSOR, nullable=0, default=None),
    ),
)
