"""OffsetCommit (API 8): store a group's offsets.

- 0: offsets without a group's membership. 1: generation and member, and a commit timestamp a partition.
- 2: one retention time for all in place of the timestamps. 3: throttle time (KIP-124).
- 4: answers are sent before throttling (KIP-219). 5: retention is the broker's matter alone (KIP-211).
- 6: the leader epoch of the committed offset (KIP-320). 7: static members (KIP-345). 8: flexible (KIP-482).
- 9: the generation may be the member epoch of a consumer group (KIP-848).
- 10: topic ids take the place of names (KIP-848).
"""

from ..schema import INT16, INT32, INT64, STRING, UUID, Array, Field, Message, Struct

REQUEST_PARTITION = Struct(
    "OffsetCommitRequestPartition",
    Field("partition_index", INT32),
    Field("committed_offset", INT64),
    Field("committed_leader_epoch", INT32, since=6, default=-1),
    Field("commit_timestamp", INT64, since=1, until=1, default=-1),
    Field("committed_metadata", STRING, nullable=0),
)

REQUEST_TOPIC = Struct(
    "OffsetCommitRequestTopic",
    Field("name", STRING, until=9),
    Field("topic_id", UUID, since=10),
    Field("partitions", Array(REQUEST_PARTITION)),
)

REQUEST = Message(
    "OffsetCommitRequest",
    api_key=8,
    versions=range(0, 11),
    flexible=8,
    fields=(
        Field("group_id", STRING),
        Field("generation_id_or_member_epoch", INT32, since=1, default=-1),
        Field("member_id", STRING, since=1),
        Field("group_instance_id", STRING, since=7, nullable=7, default=None),
        Field("retention_time_ms", INT64, since=2, until=4, default=-1),
        Field("topics", Array(REQUEST_TOPIC)),
    ),
)

RESPONSE_PARTITION = Struct(
    "OffsetCommitResponsePartition",
    Field("partition_index", INT32),
    Field("error_code", INT16),
)

RESPONSE_TOPIC = Struct(
    "OffsetCommitResponseTopic",
    Field("name", STRING, until=9),
    Field("topic_id", UUID, since=10),
    Field("partitions", Array(RESPONSE_PARTITION)),
)

RESPONSE = Message(
    "OffsetCommitResponse",
    api_key=8,
    versions=range(0, 11),
    flexible=8,
    fields=(
        Field("throttle_time_ms", INT32, since=3),
        Field("topics", Array(RESPONSE_TOPIC)),
    ),
)
