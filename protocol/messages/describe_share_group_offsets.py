"""DescribeShareGroupOffsets (API 90): where share groups begin to read partitions (KIP-932).

- 1: the lag (KIP-1226).
"""

from ..schema import INT16, INT32, INT64, STRING, UUID, Array, Field, Message, Struct

REQUEST_TOPIC = Struct(
    "DescribeShareGroupOffsetsRequestTopic",
    Field("topic_name", STRING),
    Field("partitions", Array(INT32)),
)

REQUEST_GROUP = Struct(
    "DescribeShareGroupOffsetsRequestGroup",
    Field("group_id", STRING),
    Field("topics", Array(REQUEST_TOPIC), nullable=0),
)

REQUEST = Message(
    "DescribeShareGroupOffsetsRequest",
    api_key=90,
    versions=range(0, 2),
    flexible=0,
    fields=(Field("groups", Array(REQUEST_GROUP)),),
)

RESPONSE_PARTITION = Struct(
    "DescribeShareGroupOffsetsResponsePartition",
    Field("partition_index", INT32),
    Field("start_offset", INT64),
    Field("leader_epoch", INT32),
    Field("lag", INT64, since=1, default=-1),
    Field("error_code", INT16),
    Field("error_message", STRING, nullable=0, default=None),
)

RESPONSE_TOPIC = Struct(
    "DescribeShareGroupOffsetsResponseTopic",
    Field("topic_name", STRING),
    Field("topic_id", UUID),
    Field("partitions", Array(RESPONSE_PARTITION)),
)

RESPONSE_GROUP = Struct(
    "DescribeShareGroupOffsetsResponseGroup",
    Field("group_id", STRING),
    Field("topics", Array(RESPONSE_TOPIC)),
    Field("error_code", INT16),
    Field("error_message", STRING, nullable=0, default=None),
)

RESPONSE = Message(
    "DescribeShareGroupOffsetsResponse",
    api_key=90,
    versions=range(0, 2),
    flexible=0,
    fields=(
        Field("throttle_time_ms", INT32),
        Field("groups", Array(RESPONSE_GROUP)),
    ),
)
