"""ReadShareGroupStateSummary (API 87): where a share group begins in a partition, as stored (KIP-932).

- 1: how many records from there on are done with (KIP-1226).
"""

from ..schema import INT16, INT32, INT64, STRING, UUID, Array, Field, Message, Struct

REQUEST_PARTITION = Struct(
    "PartitionData",
    Field("partition", INT32),
    Field("leader_epoch", INT32),
)

REQUEST_TOPIC = Struct(
    "ReadStateSummaryData",
    Field("topic_id", UUID),
    Field("partitions", Array(REQUEST_PARTITION)),
)

REQUEST = Message(
    "ReadShareGroupStateSummaryRequest",
    api_key=87,
    versions=range(0, 2),
    flexible=0,
    fields=(
        Field("group_id", STRING),
        Field("topics", Array(REQUEST_TOPIC)),
    ),
)

RESPONSE_PARTITION = Struct(
    "PartitionResult",
    Field("partition", INT32),
    Field("error_code", INT16),
    Field("error_message", STRING, nullable=0, default=None),
    Field("state_epoch", INT32),
    Field("leader_epoch", INT32),
    Field("start_offset", INT64),
    Field("delivery_complete_count", INT32, since=1, default=-1),
)

RESPONSE_TOPIC = Struct(
    "ReadStateSummaryResult",
    Field("topic_id", UUID),
    Field("partitions", Array(RESPONSE_PARTITION)),
)

RESPONSE = Message(
    "ReadShareGroupStateSummaryResponse",
    api_key=87,
    versions=range(0, 2),
    flexible=0,
    fields=(Field("results", Array(RESPONSE_TOPIC)),),
)
