"""ListPartitionReassignments (API 46): which partitions are moving to other brokers (KIP-455)."""

from ..schema import INT16, INT32, STRING, Array, Field, Message, Struct

REQUEST_TOPIC = Struct(
    "ListPartitionReassignmentsTopics",
    Field("name", STRING),
    Field("partition_indexes", Array(INT32)),
)

REQUEST = Message(
    "ListPartitionReassignmentsRequest",
    api_key=46,
    versions=range(0, 1),
    flexible=0,
    fields=(
        Field("timeout_ms", INT32, default=60000),
        Field("topics", Array(REQUEST_TOPIC), nullable=0, default=None),
    ),
)

RESPONSE_PARTITION = Struct(
    "OngoingPartitionReassignment",
    Field("partition_index", INT32),
    Field("replicas", Array(INT32)),
    Field("adding_replicas", Array(INT32)),
    Field("removing_replicas", Array(INT32)),
)

RESPONSE_TOPIC = Struct(
    "OngoingTopicReassignment",
    Field("name", STRING),
    Field("partitions", Array(RESPONSE_PARTITION)),
)

RESPONSE = Message(
    "ListPartitionReassignmentsResponse",
    api_key=46,
    versions=range(0, 1),
    flexible=0,
    fields=(
        Field("throttle_time_ms", INT32),
        Field("error_code", INT16),
        Field("error_message", STRING, nullable=0),
        Field("topics", Array(RESPONSE_TOPIC)),
    ),
)
