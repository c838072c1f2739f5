"""AlterPartitionReassignments (API 45): move partitions to other brokers, or stop doing so (KIP-455).

- 1: whether the number of replicas may change (KIP-860).
"""

from ..schema import BOOL, INT16, INT32, STRING, Array, Field, Message, Struct

REQUEST_PARTITION = Struct(
    "ReassignablePartition",
    Field("partition_index", INT32),
    Field("replicas", Array(INT32), nullable=0, default=None),
)

REQUEST_TOPIC = Struct(
    "ReassignableTopic",
    Field("name", STRING),
    Field("partitions", Array(REQUEST_PARTITION)),
)

REQUEST = Message(
    "AlterPartitionReassignmentsRequest",
    api_key=45,
    versions=range(0, 2),
    flexible=0,
    fields=(
        Field("timeout_ms", INT32, default=60000),
        Field("allow_replication_factor_change", BOOL, since=1, default=True),
        Field("topics", Array(REQUEST_TOPIC)),
    ),
)

RESPONSE_PARTITION = Struct(
    "ReassignablePartitionResponse",
    Field("partition_index", INT32),
    Field("error_code", INT16),
    Field("error_message", STRING, nullable=0),
)

RESPONSE_TOPIC = Struct(
    "ReassignableTopicResponse",
    Field("name", STRING),
    Field("partitions", Array(RESPONSE_PARTITION)),
)

RESPONSE = Message(
    "AlterPartitionReassignmentsResponse",
    api_key=45,
    versions=range(0, 2),
    flexible=0,
    fields=(
        Field("throttle_time_ms", INT32),
        Field("allow_replication_factor_change", BOOL, since=1, default=True),
        Field("error_code", INT16),
        Field("error_message", STRING, nullable=0),
        Field("responses", Array(RESPONSE_TOPIC)),
    ),
)
