"""CreateTopics (API 19): create topics (KIP-4).

- 1: validate without creating; error messages. 2: throttle time (KIP-124).
- 3: answers are sent before throttling (KIP-219).
- 4: -1 asks for the broker's default of partitions and replicas (KIP-464).
- 5: flexible (KIP-482); the answer describes the topic, or says as a tagged field why it does not (KIP-525).
- 6: THROTTLING_QUOTA_EXCEEDED (KIP-599). 7: the topic's id (KIP-516).
"""

from ..schema import BOOL, INT8, INT16, INT32, STRING, UUID, Array, Field, Message, Struct

ASSIGNMENT = Struct(
    "CreatableReplicaAssignment",
    Field("partition_index", INT32),
    Field("broker_ids", Array(INT32)),
)

REQUEST_CONFIG = Struct(
    "CreatableTopicConfig",
    Field("name", STRING),
    Field("value", STRING, nullable=0),
)

REQUEST_TOPIC = Struct(
    "CreatableTopic",
    Field("name", STRING),
    Field("num_partitions", INT32),
    Field("replication_factor", INT16),
    Field("assignments", Array(ASSIGNMENT)),
    Field("configs", Array(REQUEST_CONFIG)),
)

REQUEST = Message(
    "CreateTopicsRequest",
    api_key=19,
    versions=range(0, 8),
    flexible=5,
    fields=(
        Field("topics", Array(REQUEST_TOPIC)),
        Field("timeout_ms", INT32, default=60000),
        Field("validate_only", BOOL, since=1),
    ),
)

RESPONSE_CONFIG = Struct(
    "CreatableTopicConfigs",
    Field("name", STRING),
    Field("value", STRING, nullable=0),
    Field("read_only", BOOL),
    Field("config_source", INT8, default=-1),
    Field("is_sensitive", BOOL),
)

RESPONSE_TOPIC = Struct(
    "CreatableTopicResult",
    Field("name", STRING),
    Field("topic_id", UUID, since=7),
    Field("error_code", INT16),
    Field("error_message", STRING, since=1, nullable=0),
    Field("topic_config_error_code", INT16, since=5, tag=0),
    Field("num_partitions", INT32, since=5, default=-1),
    Field("replication_factor", INT16, since=5, default=-1),
    Field("configs", Array(RESPONSE_CONFIG), since=5, nullable=5),
)

RESPONSE = Message(
    "CreateTopicsResponse",
    api_key=19,
    versions=range(0, 8),
    flexible=5,
    fields=(
        Field("throttle_time_ms", INT32, since=2),
        Field("topics", Array(RESPONSE_TOPIC)),
    ),
)
