"""InitializeShareGroupState (API 83): from which offset on a share group reads a partition (KIP-932)."""

from ..schema import INT16, INT32, INT64, STRING, UUID, Array, Field, Message, Struct

REQUEST_PARTITION = Struct(
    "PartitionData",
    Field("partition", INT32),
    Field("state_epoch", INT32),
    Field("start_offset", INT64),
)

REQUEST_TOPIC = Struct(
    "InitializeStateData",
    Field("topic_id", UUID),
    Field("partitions", Array(REQUEST_PARTITION)),
)

REQUEST = Message(
    "InitializeShareGroupStateRequest",
    api_key=83,
    versions=range(0, 1),
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
    "InitializeStateResult",
    Field("topic_id", UUID),
    Field("partitions", Array(RESPONSE_PARTITION)),
)

RESPONSE = Message(
    "InitializeShareGroupStateResponse",
    api_key=83,
    versions=range(0, 1),
    flexible=0,
    fields=(Field("results", Array(RESPONSE_TOPIC)),),
)
