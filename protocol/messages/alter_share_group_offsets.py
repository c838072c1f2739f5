"""AlterShareGroupOffsets (API 91): have an empty share group begin at other offsets (KIP-932)."""

from ..schema import INT16, INT32, INT64, STRING, UUID, Array, Field, Message, Struct

REQUEST_PARTITION = Struct(
    "AlterShareGroupOffsetsRequestPartition",
    Field("partition_index", INT32),
    Field("start_offset", INT64),
)

REQUEST_TOPIC = Struct(
    "AlterShareGroupOffsetsRequestTopic",
    Field("topic_name", STRING),
    Field("partitions", Array(REQUEST_PARTITION)),
)

REQUEST = Message(
    "AlterShareGroupOffsetsRequest",
    api_key=91,
    versions=range(0, 1),
    flexible=0,
    fields=(
        Field("group_id", STRING),
        Field("topics", Array(REQUEST_TOPIC)),
    ),
)

RESPONSE_PARTITION = Struct(
    "AlterShareGroupOffsetsResponsePartition",
    Field("partition_index", INT32),
    Field("error_code", INT16),
    Field("error_message", STRING, nullable=0, default=None),
)

RESPONSE_TOPIC = Struct(
    "AlterShareGroupOffsetsResponseTopic",
    Field("topic_name", STRING),
    Field("topic_id", UUID),
    Field("partitions", Array(RESPONSE_PARTITION)),
)

RESPONSE = Message(
    "AlterShareGroupOffsetsResponse",
    api_key=91,
    versions=range(0, 1),
    flexible=0,
    fields=(
        Field("throttle_time_ms", INT32),
        Field("error_code", INT16),
        Field("error_message", STRING, nullable=0, default=None),
        Field("responses", Array(RESPONSE_TOPIC)),
    ),
)
