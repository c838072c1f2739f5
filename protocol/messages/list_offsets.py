"""ListOffsets (API 2): find offsets by timestamp, and the ends of a log.

- 0: up to max_num_offsets segment base offsets, newest first, in old_style_offsets.
- 1: one offset with its timestamp (KIP-79). 2: isolation level (KIP-98) and throttle time (KIP-124).
- 3: answers are sent before throttling (KIP-219). 4: leader epochs (KIP-320).
- 5: OFFSET_NOT_AVAILABLE (KIP-207). 6: flexible (KIP-482).
- New special timestamps, no new fields: 7: -3 the record of the highest timestamp (KIP-734). 8: -4 the
  earliest local offset (KIP-405). 9: -5 the latest tiered offset (KIP-1005). 11: -6 the earliest offset
  still to be uploaded (KIP-1023).
- 10: a timeout for lookups in remote storage (KIP-1075).
"""

from ..schema import INT8, INT16, INT32, INT64, STRING, Array, Field, Message, Struct

REQUEST_PARTITION = Struct(
    "ListOffsetsPartition",
    Field("partition_index", INT32),
    Field("current_leader_epoch", INT32, since=4, default=-1),
    Field("timestamp", INT64),
    Field("max_num_offsets", INT32, until=0, default=1),
)

REQUEST_TOPIC = Struct(
    "ListOffsetsTopic",
    Field("name", STRING),
    Field("partitions", Array(REQUEST_PARTITION)),
)

REQUEST = Message(
    "ListOffsetsRequest",
    api_key=2,
    versions=range(0, 12),
    flexible=6,
    fields=(
        Field("replica_id", INT32),
        Field("isolation_level", INT8, since=2),
        Field("topics", Array(REQUEST_TOPIC)),
        Field("timeout_ms", INT32, since=10),
    ),
)

RESPONSE_PARTITION = Struct(
    "ListOffsetsPartitionResponse",
    Field("partition_index", INT32),
    Field("error_code", INT16),
    Field("old_style_offsets", Array(INT64), until=0),
    Field("timestamp", INT64, since=1, default=-1),
    Field("offset", INT64, since=1, default=-1),
    Field("leader_epoch", INT32, since=4, default=-1),
)

RESPONSE_TOPIC = Struct(
    "ListOffsetsTopicResponse",
    Field("name", STRING),
    Field("partitions", Array(RESPONSE_PARTITION)),
)

RESPONSE = Message(
    "ListOffsetsResponse",
    api_key=2,
    versions=range(0, 12),
    flexible=6,
    fields=(
        Field("throttle_time_ms", INT32, since=2),
        Field("topics", Array(RESPONSE_TOPIC)),
    ),
)
