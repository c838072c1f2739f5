"""Fetch (API 1): read record batches, waiting for some to arrive.

- 0: message sets of magic 0. 1: throttle time (KIP-13). 2: magic 1 (KIP-32).
- 3: a limit on the whole answer, and partitions are read in the order asked (KIP-74).
- 4: isolation level and aborted transactions (KIP-98). 5: log start offset (KIP-107).
- 6: KAFKA_STORAGE_ERROR (KIP-112). 7: sessions (KIP-227). 8: answers are sent before throttling (KIP-219).
- 9: the leader epoch the client believes in (KIP-320). 10: zstd (KIP-110). 11: racks, and the replica that
  the consumer should rather read (KIP-392).
- 12: flexible (KIP-482); cluster id, diverging epoch, leader and snapshot as tagged fields (KIP-595).
- 13: topic ids take the place of names (KIP-516). 14: OFFSET_MOVED_TO_TIERED_STORAGE (KIP-405).
- 15: the replica id moves into the tagged replica state (KIP-903). 16: endpoints of new leaders (KIP-951).
- 17: the follower's directory id (KIP-853). 18: the follower's high watermark (KIP-1166).
"""

from ..schema import INT8, INT16, INT32, INT64, RECORDS, STRING, UUID, Array, Field, Message, Struct

REPLICA_STATE = Struct(
    "ReplicaState",
    Field("replica_id", INT32, default=-1),
    Field("replica_epoch", INT64, default=-1),
)

REQUEST_PARTITION = Struct(
    "FetchPartition",
    Field("partition", INT32),
    Field("current_leader_epoch", INT32, since=9, default=-1),
    Field("fetch_offset", INT64),
    Field("last_fetched_epoch", INT32, since=12, default=-1),
    Field("log_start_offset", INT64, since=5, default=-1),
    Field("partition_max_bytes", INT32),
    Field("replica_directory_id", UUID, since=17, tag=0),
    Field("high_watermark", INT64, since=18, tag=1, default=2**63 - 1),
)

REQUEST_TOPIC = Struct(
    "FetchTopic",
    Field("topic", STRING, until=12),
    Field("topic_id", UUID, since=13),
    Field("partitions", Array(REQUEST_PARTITION)),
)

FORGOTTEN_TOPIC = Struct(
    "ForgottenTopic",
    Field("topic", STRING, until=12),
    Field("topic_id", UUID, since=13),
    Field("partitions", Array(INT32)),
)

REQUEST = Message(
    "FetchRequest",
    api_key=1,
    versions=range(0, 19),
    flexible=12,
    fields=(
        Field("cluster_id", STRING, since=12, tag=0, nullable=12, default=None),
        Field("replica_id", INT32, until=14, default=-1),
        Field("replica_state", REPLICA_STATE, since=15, tag=1),
        Field("max_wait_ms", INT32),
        Field("min_bytes", INT32),
        Field("max_bytes", INT32, since=3, default=2**31 - 1),
        Field("isolation_level", INT8, since=4),
        Field("session_id", INT32, since=7),
        Field("session_epoch", INT32, since=7, default=-1),
        Field("topics", Array(REQUEST_TOPIC)),
        Field("forgotten_topics_data", Array(FORGOTTEN_TOPIC), since=7),
        Field("rack_id", STRING, since=11),
    ),
)

DIVERGING_EPOCH = Struct(
    "EpochEndOffset",
    Field("epoch", INT32, default=-1),
    Field("end_offset", INT64, default=-1),
)

CURRENT_LEADER = Struct(
    "LeaderIdAndEpoch",
    Field("leader_id", INT32, default=-1),
    Field("leader_epoch", INT32, default=-1),
)

SNAPSHOT_ID = Struct(
    "SnapshotId",
    Field("end_offset", INT64, default=-1),
    Field("epoch", INT32, default=-1),
)

ABORTED_TRANSACTION = Struct(
    "AbortedTransaction",
    Field("producer_id", INT64),
    Field("first_offset", INT64),
)

RESPONSE_PARTITION = Struct(
    "PartitionData",
    Field("partition_index", INT32),
    Field("error_code", INT16),
    Field("high_watermark", INT64),
    Field("last_stable_offset", INT64, since=4, default=-1),
    Field("log_start_offset", INT64, since=5, default=-1),
    Field("diverging_epoch", DIVERGING_EPOCH, since=12, tag=0),
    Field("current_leader", CURRENT_LEADER, since=12, tag=1),
    Field("snapshot_id", SNAPSHOT_ID, since=12, tag=2),
    Field("aborted_transactions", Array(ABORTED_TRANSACTION), since=4, nullable=4),
    Field("preferred_read_replica", INT32, since=11, default=-1),
    Field("records", RECORDS, nullable=0),
)

RESPONSE_TOPIC = Struct(
    "FetchableTopicResponse",
    Field("topic", STRING, until=12),
    Field("topic_id", UUID, since=13),
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
    "FetchResponse",
    api_key=1,
    versions=range(0, 19),
    flexible=12,
    fields=(
        Field("throttle_time_ms", INT32, since=1),
        Field("error_code", INT16, since=7),
        Field("session_id", INT32, since=7),
        Field("responses", Array(RESPONSE_TOPIC)),
        Field("node_endpoints", Array(NODE_ENDPOINT), since=16, tag=0),
    ),
)
