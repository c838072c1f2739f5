"""ReadShareGroupState (API 84): all that is stored of a share group and a partition (KIP-932)."""

from ..schema import INT8, INT16, INT32, INT64, STRING, UUID, Array, Field, Message, Struct

REQUEST_PARTITION = Struct(
    "PartitionData",
    Field("partition", INT32),
    Field("leader_epoch", INT32),
)

REQUEST_TOPIC = Struct(
    "ReadStateData",
    Field("topic_id", UUID),
    Field("partitions", Array(REQUEST_PARTITION)),
)

REQUEST = Message(
    "ReadShareGroupStateRequest",
    api_key=84,
    versions=range(0, 1),
    flexible=0,
    fields=(
        Field("group_id", STRING),
        Field("topics", Array(REQUEST_TOPIC)),
    ),
)

STATE_BATCH = Struct(
    "StateBatch",
    Field("first_offset", INT64),
    Field("last_offset", INT64),
    Field("delivery_state", INT8),
    Field("delivery_count", INT16),
)

RESPONSE_PARTITION = Struct(
    "PartitionResult",
    Field("partition", INT32),
    Field("error_code", INT16),
    Field("error_message", STRING, nullable=0, default=None),
    Field("state_epoch", INT32),
    Field("start_offset", INT64),
    Field("state_batches", Array(STATE_BATCH)),
)

RESPONSE_TOPIC = Struct(
    "ReadStateResult",
    Field("topic_id", UUID),
    Field("partitions", Array(RESPONSE_PARTITION)),
)

RESPONSE = Message(
    "ReadShareGroupStateResponse",
    api_key=84,
    versions=range(0, 1),
    flexible=0,
    fields=(Field("results", Array(RESPONSE_TOPIC)),),
)
