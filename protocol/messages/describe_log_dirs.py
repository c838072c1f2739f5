"""DescribeLogDirs (API 35): the broker's folders, and the logs in them with their sizes (KIP-113).

- 1: answers are sent before throttling (KIP-219). 2: flexible (KIP-482). 3: an error for the whole answer.
- 4: size and free space of the volume, in bytes (KIP-827). 5: whether a folder takes new logs (KIP-1066).
"""

from ..schema import BOOL, INT16, INT32, INT64, STRING, Array, Field, Message, Struct

REQUEST_TOPIC = Struct(
    "DescribableLogDirTopic",
    Field("topic", STRING),
    Field("partitions", Array(INT32)),
)

REQUEST = Message(
    "DescribeLogDirsRequest",
    api_key=35,
    versions=range(0, 6),
    flexible=2,
    fields=(Field("topics", Array(REQUEST_TOPIC), nullable=0),),
)

RESPONSE_PARTITION = Struct(
    "DescribeLogDirsPartition",
    Field("partition_index", INT32),
    Field("partition_size", INT64),
    Field("offset_lag", INT64),
    Field("is_future_key", BOOL),
)

RESPONSE_TOPIC = Struct(
    "DescribeLogDirsTopic",
    Field("name", STRING),
    Field("partitions", Array(RESPONSE_PARTITION)),
)

RESULT = Struct(
    "DescribeLogDirsResult",
    Field("error_code", INT16),
    Field("log_dir", STRING),
    Field("topics", Array(RESPONSE_TOPIC)),
    Field("total_bytes", INT64, since=4, default=-1),
    Field("usable_bytes", INT64, since=4, default=-1),
    Field("is_cordoned", BOOL, since=5),
)

RESPONSE = Message(
    "DescribeLogDirsResponse",
    api_key=35,
    versions=range(0, 6),
    flexible=2,
    fields=(
        Field("throttle_time_ms", INT32),
        Field("error_code", INT16, since=3),
        Field("results", Array(RESULT)),
    ),
)
