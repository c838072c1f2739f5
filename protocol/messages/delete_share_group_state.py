"""DeleteShareGroupState (API 86): forget what is stored of a share group and a partition (KIP-932)."""

from ..schema import INT16, INT32, STRING, UUID, Array, Field, Message, Struct

REQUEST_PARTITION = Struct(
    "PartitionData",
    Field("partition", INT32),
)

REQUEST_TOPIC = Struct(
    "DeleteStateData",
    Field("topic_id", UUID),
    Field("partitions", Array(REQUEST_PARTITION)),
)

REQUEST = Message(
    "DeleteShareGroupStateRequest",
    api_key=86,
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
    "DeleteStateResult",
    Field("topic_id", UUID),
    Field("partitions", Array(RESPONSE_PARTITION)),
)

RESPONSE = Message(
    "DeleteShareGroupStateResponse",
    api_key=86,
    versions=range(0, 1),
    flexible=0,
    fields=(Field("results", Array(RESPONSE_TOPIC)),),
)
