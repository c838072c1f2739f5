"""OffsetFetch (API 9): the offsets that a group has committed.

- 0: offsets from ZooKeeper. 1: from the group coordinator. 2: null topics ask for all of them; top-level
  error code (KIP-88).
- 3: throttle time (KIP-124). 4: answers are sent before throttling (KIP-219). 5: leader epochs (KIP-320).
- 6: flexible (KIP-482). 7: wait for open transactions with require_stable (KIP-447).
- 8: several groups at once (KIP-709): everything moves into the groups.
- 9: member id and epoch of consumer groups (KIP-848). 10: topic ids take the place of names (KIP-848).
"""

from ..schema import BOOL, INT16, INT32, INT64, STRING, UUID, Array, Field, Message, Struct

REQUEST_TOPIC = Struct(
    "OffsetFetchRequestTopic",
    Field("name", STRING),
    Field("partition_indexes", Array(INT32)),
)

REQUEST_GROUP_TOPIC = Struct(
    "OffsetFetchRequestTopics",
    Field("name", STRING, until=9),
    Field("topic_id", UUID, since=10),
    Field("partition_indexes", Array(INT32)),
)

REQUEST_GROUP = Struct(
    "OffsetFetchRequestGroup",
    Field("group_id", STRING),
    Field("member_id", STRING, since=9, nullable=9, default=None),
    Field("member_epoch", INT32, since=9, default=-1),
    Field("topics", Array(REQUEST_GROUP_TOPIC), nullable=0),
)

REQUEST = Message(
    "OffsetFetchRequest",
    api_key=9,
    versions=range(0, 11),
    flexible=6,
    fields=(
        Field("group_id", STRING, until=7),
        Field("topics", Array(REQUEST_TOPIC), until=7, nullable=2),
        Field("groups", Array(REQUEST_GROUP), since=8),
        Field("require_stable", BOOL, since=7),
    ),
)

RESPONSE_PARTITION = Struct(
    "OffsetFetchResponsePartition",
    Field("partition_index", INT32),
    Field("committed_offset", INT64),
    Field("committed_leader_epoch", INT32, since=5, default=-1),
    Field("metadata", STRING, nullable=0),
    Field("error_code", INT16),
)

RESPONSE_TOPIC = Struct(
    "OffsetFetchResponseTopic",
    Field("name", STRING),
    Field("partitions", Array(RESPONSE_PARTITION)),
)

RESPONSE_GROUP_PARTITION = Struct(
    "OffsetFetchResponsePartitions",
    Field("partition_index", INT32),
    Field("committed_offset", INT64),
    Field("committed_leader_epoch", INT32, default=-1),
    Field("metadata", STRING, nullable=0),
    Field("error_code", INT16),
)

RESPONSE_GROUP_TOPIC = Struct(
    "OffsetFetchResponseTopics",
    Field("name", STRING, until=9),
    Field("topic_id", UUID, since=10),
    Field("partitions", Array(RESPONSE_GROUP_PARTITION)),
)

RESPONSE_GROUP = Struct(
    "OffsetFetchResponseGroup",
    Field("group_id", STRING),
    Field("topics", Array(RESPONSE_GROUP_TOPIC)),
    Field("error_code", INT16),
)

RESPONSE = Message(
    "OffsetFetchResponse",
    api_key=9,
    versions=range(0, 11),
    flexible=6,
    fields=(
        Field("throttle_time_ms", INT32, since=3),
        Field("topics", Array(RESPONSE_TOPIC), until=7),
        Field("error_code", INT16, since=2, until=7),
        Field("groups", Array(RESPONSE_GROUP), since=8),
    ),
)
