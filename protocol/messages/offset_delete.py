"""OffsetDelete (API 47): delete offsets of topics to which a group no longer subscribes (KIP-496).

One version, which is not flexible.
"""

from ..schema import INT16, INT32, STRING, Array, Field, Message, Struct

REQUEST_PARTITION = Struct(
    "OffsetDeleteRequestPartition",
    Field("partition_index", INT32),
)

REQUEST_TOPIC = Struct(
    "OffsetDeleteRequestTopic",
    Field("name", STRING),
    Field("partitions", Array(REQUEST_PARTITION)),
)

REQUEST = Message(
    "OffsetDeleteRequest",
    api_key=47,
    versions=range(0, 1),
    flexible=None,
    fields=(
        Field("group_id", STRING),
        Field("topics", Array(REQUEST_TOPIC)),
    ),
)

RESPONSE_PARTITION = Struct(
    "OffsetDeleteResponsePartition",
    Field("partition_index", INT32),
    Field("error_code", INT16),
)

RESPONSE_TOPIC = Struct(
    "OffsetDeleteResponseTopic",
    Field("name", STRING),
    Field("partitions", Array(RESPONSE_PARTITION)),
)

RESPONSE = Message(
    "OffsetDeleteResponse",
    api_key=47,
    versions=range(0, 1),
    flexible=None,
    fields=(
        Field("error_code", INT16),
        Field("throttle_time_ms", INT32),
        Field("topics", Array(RESPONSE_TOPIC)),
    ),
)
