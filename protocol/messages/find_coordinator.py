"""FindCoordinator (API 10): the broker that coordinates a group or a transactional id.

- 0: groups only. 1: key types (1 is a transactional id, KIP-98); throttle time (KIP-124), error message.
- 2: answers are sent before throttling (KIP-219). 3: flexible (KIP-482).
- 4: several keys at once (KIP-699). 5: the client understands TRANSACTION_ABORTABLE (KIP-890).
- 6: share groups, key type 2 with keys group:topic_id:partition (KIP-932).
"""

from ..schema import INT8, INT16, INT32, STRING, Array, Field, Message, Struct

REQUEST = Message(
    "FindCoordinatorRequest",
    api_key=10,
    versions=range(0, 7),
    flexible=3,
    fields=(
        Field("key", STRING, until=3),
        Field("key_type", INT8, since=1),
        Field("coordinator_keys", Array(STRING), since=4),
    ),
)

COORDINATOR = Struct(
    "Coordinator",
    Field("key", STRING),
    Field("node_id", INT32),
    Field("host", STRING),
    Field("port", INT32),
    Field("error_code", INT16),
    Field("error_message", STRING, nullable=0),
)

RESPONSE = Message(
    "FindCoordinatorResponse",
    api_key=10,
    versions=range(0, 7),
    flexible=3,
    fields=(
        Field("throttle_time_ms", INT32, since=1),
        Field("error_code", INT16, until=3),
        Field("error_message", STRING, since=1, until=3, nullable=1),
        Field("node_id", INT32, until=3),
        Field("host", STRING, until=3),
        Field("port", INT32, until=3),
        Field("coordinators", Array(COORDINATOR), since=4),
    ),
)
