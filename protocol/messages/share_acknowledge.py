"""ShareAcknowledge (API 79): what became of records that a member of a share group has acquired.

- 0 was a preview in Kafka 4.0. 1: KIP-932.
- 2: renewed locks, and how long they last (KIP-1222).
"""

from ..schema import BOOL, INT8, INT16, INT32, INT64, STRING, UUID, Array, Field, Message, Struct

ACKNOWLEDGEMENT_BATCH = Struct(
    "AcknowledgementBatch",
    Field("first_offset", INT64),
    Field("last_offset", INT64),
    Field("acknowledge_types", Array(INT8)),
)

REQUEST_PARTITION = Struct(
    "AcknowledgePartition",
    Field("partition_index", INT32),
    Field("acknowledgement_batches", Array(ACKNOWLEDGEMENT_BATCH)),
)

REQUEST_TOPIC = Struct(
    "AcknowledgeTopic",
    Field("topic_id", UUID),
    Field("partitions", Array(REQUEST_PARTITION)),
)

REQUEST = Message(
    "ShareAcknowledgeRequest",
    api_key=79,
    versions=range(1, 3),
    flexible=0,
    fields=(
        Field("group_id", STRING, nullable=0, default=None),
        Field("member_id", STRING, nullable=0),
        Field("share_session_epoch", INT32),
        Field("is_renew_ack", BOOL, since=2),
        Field("topics", Array(REQUEST_TOPIC)),
    ),
)

CURRENT_LEADER = Struct(
    "LeaderIdAndEpoch",
    Field("leader_id", INT32),
    Field("leader_epoch", INT32),
)

RESPONSE_PARTITION = Struct(
    "PartitionData",
    Field("partition_index", INT32),
    Field("error_code", INT16),
    Field("error_message", STRING, nullable=0, default=None),
    Field("current_leader", CURRENT_LEADER),
)

RESPONSE_TOPIC = Struct(
    "ShareAcknowledgeTopicResponse",
    Field("topic_id", UUID),
    Field("partitions", Array(RESPONSE_PARTITION)),
)

NODE_ENDPOINT = Struct(
    "NodeEndpoint",
    Field("node_id", INT32),
    Field("host", STRING),
    Field("port", INT32),
    Field("rack", STRING, nullable=0, default=None),
)

RESPONSE = Message(
    "ShareAcknowledgeResponse",
    api_key=79,
    versions=range(1, 3),
    flexible=0,
    fields=(
        Field("throttle_time_ms", INT32),
        Field("error_code", INT16),
        Field("error_message", STRING, nullable=0, default=None),
        Field("acquisition_lock_timeout_ms", INT32, since=2),
        Field("responses", Array(RESPONSE_TOPIC)),
        Field("node_endpoints", Array(NODE_ENDPOINT)),
    ),
)
