"""DeleteShareGroupOffsets (API 92): have an empty share group forget topics (KIP-932)."""

from ..schema import INT16, INT32, STRING, UUID, Array, Field, Message, Struct

REQUEST_TOPIC = Struct(
    "DeleteShareGroupOffsetsRequestTopic",
    Field("topic_name", STRING),
)

REQUEST = Message(
    "DeleteShareGroupOffsetsRequest",
    api_key=92,
    versions=range(0, 1),
    flexible=0,
    fields=(
        Field("group_id", STRING),
        Field("topics", Array(REQUEST_TOPIC)),
    ),
)

RESPONSE_TOPIC = Struct(
    "DeleteShareGroupOffsetsResponseTopic",
    Field("topic_name", STRING),
    Field("topic_id", UUID),
    Field("error_code", INT16),
    Field("error_message", STRING, nullable=0, default=None),
)

RESPONSE = Message(
    "DeleteShareGroupOffsetsResponse",
    api_key=92,
    versions=range(0, 1),
    flexible=0,
    fields=(
        Field("throttle_time_ms", INT32),
        Field("error_code", INT16),
        Field("error_message", STRING, nullable=0, default=None),
        Field("responses", Array(RESPONSE_TOPIC)),
    ),
)
