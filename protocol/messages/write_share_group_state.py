"""WriteShareGroupState (API 85): how far a share group has come in a partition (KIP-932).

- 1: how many records from the start offset on are done with (KIP-1226).
"""

from ..schema import INT8, INT16, INT32, INT64, STRING, UUID, Array, Field, Message, Struct

STATE_BATCH = Struct(
    "StateBatch",
    Field("first_offset", INT64),
    Field("last_offset", INT64),
    Field("delivery_state", INT8),
    Field("delivery_count", INT16),
)

REQUEST_PARTITION = Struct(
    "PartitionData",
    Field("partition", INT32),
    Field("state_epoch", INT32),
    Field("leader_epoch", INT32),
    Field("start_offset", INT64),
    Field("delivery_complete_count", INT32, since=1, default=-1),
    Field("state_batches", Array(STATE_BATCH)),
)

REQUEST_TOPIC = Struct(
    "WriteStateData",
    Field("topic_id", UUID),
    Field("partitions", Array(REQUEST_PARTITION)),
)

REQUEST = Message(
    "WriteShareGroupStateRequest",
    api_key=85,
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
)

RESPONSE_TOPIC = Struct(
    "WriteStateResult",
    Field("topic_id", UUID),
    Field("partitions", Array(RESPONSE_PARTITION)),
)

RESPONSE = Message(
    "WriteShareGroupStateResponse",
    api_key=85,
    versions=range(0, 2),
    flexible=0,
    fields=(Field("results", Array(RESPONSE_TOPIC)),),
)
