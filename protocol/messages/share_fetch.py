"""ShareFetch (API 78): acquire records for a member of a share group, and say what became of earlier ones.

- 0 was a preview in Kafka 4.0. 1: KIP-932.
- 2: how records are acquired (KIP-1206), renewed locks (KIP-1222).
"""

from ..schema import BOOL, INT8, INT16, INT32, INT64, RECORDS, STRING, UUID, Array, Field, Message, Struct

ACKNOWLEDGEMENT_BATCH = Struct(
    "AcknowledgementBatch",
    Field("first_offset", INT64),
    Field("last_offset", INT64),
    Field("acknowledge_types", Array(INT8)),
)

REQUEST_PARTITION = Struct(
    "FetchPartition",
    Field("partition_index", INT32),
    Field("acknowledgement_batches", Array(ACKNOWLEDGEMENT_BATCH)),
)

REQUEST_TOPIC = Struct(
    "FetchTopic",
    Field("topic_id", UUID),
    Field("partitions", Array(REQUEST_PARTITION)),
)

FORGOTTEN_TOPIC = Struct(
    "ForgottenTopic",
    Field("topic_id", UUID),
    Field("partitions", Array(INT32)),
)

REQUEST = Message(
    "ShareFetchRequest",
    api_key=78,
    versions=range(1, 3),
    flexible=0,
    fields=(
        Field("group_id", STRING, nullable=0, default=None),
        Field("member_id", STRING, nullable=0),
        Field("share_session_epoch", INT32),
        Field("max_wait_ms", INT32),
        Field("min_bytes", INT32),
        Field("max_bytes", INT32, default=2**31 - 1),
        Field("max_records", INT32),
        Field("batch_size", INT32),
        Field("share_acquire_mode", INT8, since=2),
        Field("is_renew_ack", BOOL, since=2),
        Field("topics", Array(REQUEST_TOPIC)),
        Field("forgotten_topics_data", Array(FORGOTTEN_TOPIC)),
    ),
)

CURRENT_LEADER = Struct(
    "LeaderIdAndEpoch",
    Field("leader_id", INT32),
    Field("leader_epoch", INT32),
)

ACQUIRED_RECORDS = Struct(
    "AcquiredRecords",
    Field("first_offset", INT64),
    Field("last_offset", INT64),
    Field("delivery_count", INT16),
)

RESPONSE_PARTITION = Struct(
    "PartitionData",
    Field("partition_index", INT32),
    Field("error_code", INT16),
    Field("error_message", STRING, nullable=0, default=None),
    Field("acknowledge_error_code", INT16),
    Field("acknowledge_error_message", STRING, nullable=0, default=None),
    Field("current_leader", CURRENT_LEADER),
    Field("records", RECORDS),
    Field("acquired_records", Array(ACQUIRED_RECORDS)),
)

RESPONSE_TOPIC = Struct(
    "ShareFetchableTopicResponse",
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
    "ShareFetchResponse",
    api_key=78,
    versions=range(1, 3),
    flexible=0,
    fields=(
        Field("throttle_time_ms", INT32),
        Field("error_code", INT16),
        Field("error_message", STRING, nullable=0, default=None),
        Field("acquisition_lock_timeout_ms", INT32),
        Field("responses", Array(RESPONSE_TOPIC)),
        Field("node_endpoints", Array(NODE_ENDPOINT)),
    ),
)
