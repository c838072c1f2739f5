"""TxnOffsetCommit (API 28): offsets that count when their transaction is committed (KIP-98).

- 1: answers are sent before throttling (KIP-219). 2: leader epochs (KIP-320). 3: flexible (KIP-482), and who
  in the group commits (KIP-447).
- No new fields: 4: the client understands TRANSACTION_ABORTABLE. 5: the group becomes part of the
  transaction without an AddOffsetsToTxn before (both KIP-890).
- 6: topic ids take the place of names, and the member epoch of a consumer group may be stale (KIP-1319).
"""

from ..schema import INT16, INT32, INT64, STRING, UUID, Array, Field, Message, Struct

PARTITION = Struct(
    "TxnOffsetCommitRequestPartition",
    Field("partition_index", INT32),
    Field("committed_offset", INT64),
    Field("committed_leader_epoch", INT32, since=2, default=-1),
    Field("committed_metadata", STRING, nullable=0),
)

TOPIC = Struct(
    "TxnOffsetCommitRequestTopic",
    Field("name", STRING, until=5),
    Field("topic_id", UUID, since=6),
    Field("partitions", Array(PARTITION)),
)

REQUEST = Message(
    "TxnOffsetCommitRequest",
    api_key=28,
    versions=range(0, 7),
    flexible=3,
    fields=(
        Field("transactional_id", STRING),
        Field("group_id", STRING),
        Field("producer_id", INT64),
        Field("producer_epoch", INT16),
        Field("generation_id_or_member_epoch", INT32, since=3, default=-1),
        Field("member_id", STRING, since=3),
        Field("group_instance_id", STRING, since=3, nullable=3, default=None),
        Field("topics", Array(TOPIC)),
    ),
)

RESPONSE_PARTITION = Struct(
    "TxnOffsetCommitResponsePartition",
    Field("partition_index", INT32),
    Field("error_code", INT16),
)

RESPONSE_TOPIC = Struct(
    "TxnOffsetCommitResponseTopic",
    Field("name", STRING, until=5),
    Field("topic_id", UUID, since=6),
    Field("partitions", Array(RESPONSE_PARTITION)),
)

RESPONSE = Message(
    "TxnOffsetCommitResponse",
    api_key=28,
    versions=range(0, 7),
    flexible=3,
    fields=(
        Field("throttle_time_ms", INT32),
        Field("topics", Array(RESPONSE_TOPIC)),
    ),
)
