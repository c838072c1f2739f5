"""Metadata (API 3): brokers, and the topics with their partitions' leaders.

- 0: an empty array of topics asks for all of them. 1: null asks for all and empty for none; controller,
  racks and internal topics in the answer (KIP-4).
- 2: cluster id (KIP-78). 3: throttle time (KIP-124). 4: the client may forbid auto-creation.
- 5: offline replicas (KIP-112). 6: answers are sent before throttling (KIP-219). 7: leader epochs (KIP-320).
- 8: authorized operations (KIP-430). 9: flexible (KIP-482).
- 10: topic ids in the answer (KIP-516); asking by id has worked only since 12, with a null name.
- 11: the cluster's authorized operations move to DescribeCluster (KIP-700).
- 13: a top-level error code, with which the broker can tell a client to bootstrap anew (KIP-1102).
"""

from ..schema import BOOL, INT16, INT32, STRING, UUID, Array, Field, Message, Struct

REQUEST_TOPIC = Struct(
    "MetadataRequestTopic",
    Field("topic_id", UUID, since=10),
    Field("name", STRING, nullable=10),
)

REQUEST = Message(
    "MetadataRequest",
    api_key=3,
    versions=range(0, 14),
    flexible=9,
    fields=(
        Field("topics", Array(REQUEST_TOPIC), nullable=1),
        Field("allow_auto_topic_creation", BOOL, since=4, default=True),
        Field("include_cluster_authorized_operations", BOOL, since=8, until=10),
        Field("include_topic_authorized_operations", BOOL, since=8),
    ),
)

BROKER = Struct(
    "MetadataResponseBroker",
    Field("node_id", INT32),
    Field("host", STRING),
    Field("port", INT32),
    Field("rack", STRING, since=1, nullable=1, default=None),
)

RESPONSE_PARTITION = Struct(
    "MetadataResponsePartition",
    Field("error_code", INT16),
    Field("partition_index", INT32),
    Field("leader_id", INT32),
    Field("leader_epoch", INT32, since=7, default=-1),
    Field("replica_nodes", Array(INT32)),
    Field("isr_nodes", Array(INT32)),
    Field("offline_replicas", Array(INT32), since=5),
)

RESPONSE_TOPIC = Struct(
    "MetadataResponseTopic",
    Field("error_code", INT16),
    Field("name", STRING, nullable=12),
    Field("topic_id", UUID, since=10),
    Field("is_internal", BOOL, since=1),
    Field("partitions", Array(RESPONSE_PARTITION)),
    Field("topic_authorized_operations", INT32, since=8, default=-(2**31)),
)

RESPONSE = Message(
    "MetadataResponse",
    api_key=3,
    versions=range(0, 14),
    flexible=9,
    fields=(
        Field("throttle_time_ms", INT32, since=3),
        Field("brokers", Array(BROKER)),
        Field("cluster_id", STRING, since=2, nullable=2, default=None),
        Field("controller_id", INT32, since=1, default=-1),
        Field("topics", Array(RESPONSE_TOPIC)),
        Field("cluster_authorized_operations", INT32, since=8, until=10, default=-(2**31)),
        Field("error_code", INT16, since=13),
    ),
)
