"""DescribeQuorum (API 55): who votes on the metadata log, and how far each has it (KIP-595).

- 1: when each last fetched and had caught up (KIP-836).
- 2: error messages, the voters' folders and addresses (KIP-853).
"""

from ..schema import INT16, INT32, INT64, STRING, UINT16, UUID, Array, Field, Message, Struct

REQUEST_PARTITION = Struct("PartitionData", Field("partition_index", INT32))

REQUEST_TOPIC = Struct(
    "TopicData",
    Field("topic_name", STRING),
    Field("partitions", Array(REQUEST_PARTITION)),
)

REQUEST = Message(
    "DescribeQuorumRequest",
    api_key=55,
    versions=range(0, 3),
    flexible=0,
    fields=(Field("topics", Array(REQUEST_TOPIC)),),
)

REPLICA = Struct(
    "ReplicaState",
    Field("replica_id", INT32),
    Field("replica_directory_id", UUID, since=2),
    Field("log_end_offset", INT64),
    Field("last_fetch_timestamp", INT64, since=1, default=-1),
    Field("last_caught_up_timestamp", INT64, since=1, default=-1),
)

RESPONSE_PARTITION = Struct(
    "PartitionData",
    Field("partition_index", INT32),
    Field("error_code", INT16),
    Field("error_message", STRING, since=2, nullable=2),
    Field("leader_id", INT32),
    Field("leader_epoch", INT32),
    Field("high_watermark", INT64),
    Field("current_voters", Array(REPLICA)),
    Field("observers", Array(REPLICA)),
)

RESPONSE_TOPIC = Struct(
    "TopicData",
    Field("topic_name", STRING),
    Field("partitions", Array(RESPONSE_PARTITION)),
)

LISTENER = Struct(
    "Listener",
    Field("name", STRING),
    Field("host", STRING),
    Field("port", UINT16),
)

NODE = Struct(
    "Node",
    Field("node_id", INT32),
    Field("listeners", Array(LISTENER)),
)

RESPONSE = Message(
    "DescribeQuorumResponse",
    api_key=55,
    versions=range(0, 3),
    flexible=0,
    fields=(
        Field("error_code", INT16),
        Field("error_message", STRING, since=2, nullable=2),
        Field("topics", Array(RESPONSE_TOPIC)),
        Field("nodes", Array(NODE), since=2),
    ),
)
