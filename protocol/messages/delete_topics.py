"""DeleteTopics (API 20): delete topics (KIP-4).

- 1: throttle time (KIP-124). 2: answers are sent before throttling (KIP-219).
- 3: TOPIC_DELETION_DISABLED (KIP-322). 4: flexible (KIP-482).
- 5: error messages, and THROTTLING_QUOTA_EXCEEDED (KIP-599).
- 6: each topic by its name or, with a null name, by its id (KIP-516).
"""

from ..schema import INT16, INT32, STRING, UUID, Array, Field, Message, Struct

REQUEST_TOPIC = Struct(
    "DeleteTopicState",
    Field("name", STRING, nullable=0, default=None),
    Field("topic_id", UUID),
)

REQUEST = Message(
    "DeleteTopicsRequest",
    api_key=20,
    versions=range(0, 7),
    flexible=4,
    fields=(
        Field("topics", Array(REQUEST_TOPIC), since=6),
        Field("topic_names", Array(STRING), until=5),
        Field("timeout_ms", INT32),
    ),
)

RESPONSE_TOPIC = Struct(
    "DeletableTopicResult",
    Field("name", STRING, nullable=6),
    Field("topic_id", UUID, since=6),
    Field("error_code", INT16),
    Field("error_message", STRING, since=5, nullable=5, default=None),
)

RESPONSE = Message(
    "DeleteTopicsResponse",
    api_key=20,
    versions=range(0, 7),
    flexible=4,
    fields=(
        Field("throttle_time_ms", INT32, since=1),
        Field("responses", Array(RESPONSE_TOPIC)),
    ),
)
