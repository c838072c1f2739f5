"""DeleteRecords (API 21): delete the records before an offset (KIP-107).

- 1: answers are sent before throttling (KIP-219). 2: flexible (KIP-482).
"""

from ..schema import INT16, INT32, INT64, STRING, Array, Field, Message, Struct

REQUEST_PARTITION = Struct(
    "DeleteRecordsPartition",
    Field("partition_index", INT32),
    Field("offset", INT64),
)

REQUEST_TOPIC = Struct(
    "DeleteRecordsTopic",
    Field("name", STRING),
    Field("partitions", Array(REQUEST_PARTITION)),
)

REQUEST = Message(
    "DeleteRecordsRequest",
    api_key=21,
    versions=range(0, 3),
    flexible=2,
    fields=(
        Field("topics", Array(REQUEST_TOPIC)),
        Field("timeout_ms", INT32),
    ),
)

RESPONSE_PARTITION = Struct(
    "DeleteRecordsPartitionResult",
    Field("partition_index", INT32),
    Field("low_watermark", INT64),
    Field("error_code", INT16),
)

RESPONSE_TOPIC = Struct(
    "DeleteRecordsTopicResult",
    Field("name", STRING),
    Field("partitions", Array(RESPONSE_PARTITION)),
)

RESPONSE = Message(
    "DeleteRecordsResponse",
    api_key=21,
    versions=range(0, 3),
    flexible=2,
    fields=(
        Field("throttle_time_ms", INT32),
        Field("topics", Array(RESPONSE_TOPIC)),
    ),
)
