"""DescribeProducers (API 61): the producers that a partition knows, and their open transactions (KIP-664)."""

from ..schema import INT16, INT32, INT64, STRING, Array, Field, Message, Struct

TOPIC = Struct(
    "TopicRequest",
    Field("name", STRING),
    Field("partition_indexes", Array(INT32)),
)

REQUEST = Message(
    "DescribeProducersRequest",
    api_key=61,
    versions=range(0, 1),
    flexible=0,
    fields=(Field("topics", Array(TOPIC)),),
)

PRODUCER = Struct(
    "ProducerState",
    Field("producer_id", INT64),
    Field("producer_epoch", INT32),
    Field("last_sequence", INT32, default=-1),
    Field("last_timestamp", INT64, default=-1),
    Field("coordinator_epoch", INT32),
    Field("current_txn_start_offset", INT64, default=-1),
)

RESPONSE_PARTITION = Struct(
    "PartitionResponse",
    Field("partition_index", INT32),
    Field("error_code", INT16),
    Field("error_message", STRING, nullable=0, default=None),
    Field("active_producers", Array(PRODUCER)),
)

RESPONSE_TOPIC = Struct(
    "TopicResponse",
    Field("name", STRING),
    Field("partitions", Array(RESPONSE_PARTITION)),
)

RESPONSE = Message(
    "DescribeProducersResponse",
    api_key=61,
    versions=range(0, 1),
    flexible=0,
    fields=(
        Field("throttle_time_ms", INT32),
        Field("topics", Array(RESPONSE_TOPIC)),
    ),
)
