"""OffsetForLeaderEpoch (API 23): where a leader epoch ended (KIP-101), so that consumers notice truncation
(KIP-320).

- 1: the answer's leader epoch (KIP-279). 2: current_leader_epoch fences (KIP-320); throttle time.
- 3: replica_id. 4: flexible (KIP-482).
"""

from ..schema import INT16, INT32, INT64, STRING, Array, Field, Message, Struct

REQUEST_PARTITION = Struct(
    "OffsetForLeaderPartition",
    Field("partition", INT32),
    Field("current_leader_epoch", INT32, since=2, default=-1),
    Field("leader_epoch", INT32),
)

REQUEST_TOPIC = Struct(
    "OffsetForLeaderTopic",
    Field("topic", STRING),
    Field("partitions", Array(REQUEST_PARTITION)),
)

REQUEST = Message(
    "OffsetForLeaderEpochRequest",
    api_key=23,
    versions=range(0, 5),
    flexible=4,
    fields=(
        Field("replica_id", INT32, since=3, default=-2),
        Field("topics", Array(REQUEST_TOPIC)),
    ),
)

RESPONSE_PARTITION = Struct(
    "EpochEndOffset",
    Field("error_code", INT16),
    Field("partition", INT32),
    Field("leader_epoch", INT32, since=1, default=-1),
    Field("end_offset", INT64, default=-1),
)

RESPONSE_TOPIC = Struct(
    "OffsetForLeaderTopicResult",
    Field("topic", STRING),
    Field("partitions", Array(RESPONSE_PARTITION)),
)

RESPONSE = Message(
    "OffsetForLeaderEpochResponse",
    api_key=23,
    versions=range(0, 5),
    flexible=4,
    fields=(
        Field("throttle_time_ms", INT32, since=2),
        Field("topics", Array(RESPONSE_TOPIC)),
    ),
)
