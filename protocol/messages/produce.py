"""Produce (API 0): append record batches to partitions.

- 0: message sets of magic 0. 1: throttle time (KIP-13). 2: message sets of magic 1 with timestamps, and the
  broker's append time in the answer (KIP-32).
- 3: record batches of magic 2 and the transactional id (KIP-98). 4: KAFKA_STORAGE_ERROR (KIP-112).
- 5: log start offset in the answer. 6: answers are sent before throttling (KIP-219). 7: zstd (KIP-110).
- 8: an error and a message for each record refused (KIP-467). 9: flexible (KIP-482).
- 10: the new leader as tagged fields of the answer (KIP-951). 11, 12: no new fields; the client understands
  TRANSACTION_ABORTABLE, then adds partitions to transactions by producing (KIP-890).
- 13: topic ids take the place of names (KIP-516).
"""

from ..schema import INT16, INT32, INT64, RECORDS, STRING, UUID, Array, Field, Message, Struct

REQUEST_PARTITION = Struct(
    "PartitionProduceData",
    Field("index", INT32),
    Field("records", RECORDS, nullable=0),
)

REQUEST_TOPIC = Struct(
    "TopicProduceData",
    Field("name", STRING, until=12),
    Field("topic_id", UUID, since=13),
    Field("partition_data", Array(REQUEST_PARTITION)),
)

REQUEST = Message(
    "ProduceRequest",
    api_key=0,
    versions=range(0, 14),
    flexible=9,
    fields=(
        Field("transactional_id", STRING, since=3, nullable=3, default=None),
        Field("acks", INT16),
        Field("timeout_ms", INT32),
        Field("topic_data", Array(REQUEST_TOPIC)),
    ),
)

RECORD_ERROR = Struct(
    "BatchIndexAndErrorMessage",
    Field("batch_index", INT32),
    Field("batch_index_error_message", STRING, nullable=0, default=None),
)

CURRENT_LEADER = Struct(
    "LeaderIdAndEpoch",
    Field("leader_id", INT32, default=-1),
    Field("leader_epoch", INT32, default=-1),
)

RESPONSE_PARTITION = Struct(
    "PartitionProduceResponse",
    Field("index", INT32),
    Field("error_code", INT16),
    Field("base_offset", INT64),
    Field("log_append_time_ms", INT64, since=2, default=-1),
    Field("log_start_offset", INT64, since=5, default=-1),
    Field("record_errors", Array(RECORD_ERROR), since=8),
    Field("error_message", STRING, since=8, nullable=8, default=None),
    Field("current_leader", CURRENT_LEADER, since=10, tag=0),
)

RESPONSE_TOPIC = Struct(
    "TopicProduceResponse",
    Field("name", STRING, until=12),
    Field("topic_id", UUID, since=13),
    Field("partition_responses", Array(RESPONSE_PARTITION)),
)

NODE_ENDPOINT = Struct(
    "NodeEndpoint",
    Field("node_id", INT32),
    Field("host", STRING),
    Field("port", INT32),
    Field("rack", STRING, nullable=0, default=None),
)

RESPONSE = Message(
    "ProduceResponse",
    api_key=0,
    versions=range(0, 14),
    flexible=9,
    fields=(
        Field("responses", Array(RESPONSE_TOPIC)),
        Field("throttle_time_ms", INT32, since=1),
        Field("node_endpoints", Array(NODE_ENDPOINT), since=10, tag=0),
    ),
)
