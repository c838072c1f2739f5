"""CreatePartitions (API 37): give a topic more partitions (KIP-195).

- 1: answers are sent before throttling (KIP-219). 2: flexible (KIP-482).
- 3: THROTTLING_QUOTA_EXCEEDED (KIP-599).
"""

from ..schema import BOOL, INT16, INT32, STRING, Array, Field, Message, Struct

ASSIGNMENT = Struct(
    "CreatePartitionsAssignment",
    Field("broker_ids", Array(INT32)),
)

TOPIC = Struct(
    "CreatePartitionsTopic",
    Field("name", STRING),
    Field("count", INT32),
    Field("assignments", Array(ASSIGNMENT), nullable=0),
)

REQUEST = Message(
    "CreatePartitionsRequest",
    api_key=37,
    versions=range(0, 4),
    flexible=2,
    fields=(
        Field("topics", Array(TOPIC)),
        Field("timeout_ms", INT32),
        Field("validate_only", BOOL),
    ),
)

RESULT = Struct(
    "CreatePartitionsTopicResult",
    Field("name", STRING),
    Field("error_code", INT16),
    Field("error_message", STRING, nullable=0, default=None),
)

RESPONSE = Message(
    "CreatePartitionsResponse",
    api_key=37,
    versions=range(0, 4),
    flexible=2,
    fields=(
        Field("throttle_time_ms", INT32),
        Field("results", Array(RESULT)),
    ),
)
