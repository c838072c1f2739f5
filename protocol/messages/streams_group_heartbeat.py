"""StreamsGroupHeartbeat (API 88): members of streams groups join, live on, reconcile and leave (KIP-1071).

- 0: null, and -1 for the rebalance timeout, mean that nothing has changed.
- 1: the acceptable lag has 64 bits, and the broker may ask for the description of the topology (KIP-1331).
"""

from ..schema import BOOL, INT8, INT16, INT32, INT64, STRING, UINT16, Array, Field, Message, Struct

KEY_VALUE = Struct("KeyValue", Field("key", STRING), Field("value", STRING))
TOPIC_INFO = Struct(
    "TopicInfo",
    Field("name", STRING),
    Field("partitions", INT32),
    Field("replication_factor", INT16),
    Field("topic_configs", Array(KEY_VALUE)),
)
ENDPOINT = Struct("Endpoint", Field("host", STRING), Field("port", UINT16))
TASK_OFFSET = Struct(
    "TaskOffset",
    Field("subtopology_id", STRING),
    Field("partition", INT32),
    Field("offset", INT64),
)
TASK_IDS = Struct("TaskIds", Field("subtopology_id", STRING), Field("partitions", Array(INT32)))

COPARTITION_GROUP = Struct(
    "CopartitionGroup",
    Field("source_topics", Array(INT16)),
    Field("source_topic_regex", Array(INT16)),
    Field("repartition_source_topics", Array(INT16)),
)
SUBTOPOLOGY = Struct(
    "Subtopology",
    Field("subtopology_id", STRING),
    Field("source_topics", Array(STRING)),
    Field("source_topic_regex", Array(STRING)),
    Field("state_changelog_topics", Array(TOPIC_INFO)),
    Field("repartition_sink_topics", Array(STRING)),
    Field("repartition_source_topics", Array(TOPIC_INFO)),
    Field("copartition_groups", Array(COPARTITION_GROUP)),
)
TOPOLOGY = Struct("Topology", Field("epoch", INT32), Field("subtopologies", Array(SUBTOPOLOGY)))

REQUEST = Message(
    "StreamsGroupHeartbeatRequest",
    api_key=88,
    versions=range(0, 2),
    flexible=0,
    fields=(
        Field("group_id", STRING),
        Field("member_id", STRING),
        Field("member_epoch", INT32),
        Field("endpoint_information_epoch", INT32),
        Field("instance_id", STRING, nullable=0, default=None),
        Field("rack_id", STRING, nullable=0, default=None),
        Field("rebalance_timeout_ms", INT32, default=-1),
        Field("topology", TOPOLOGY, nullable=0, default=None),
        Field("active_tasks", Array(TASK_IDS), nullable=0, default=None),
        Field("standby_tasks", Array(TASK_IDS), nullable=0, default=None),
        Field("warmup_tasks", Array(TASK_IDS), nullable=0, default=None),
        Field("process_id", STRING, nullable=0, default=None),
        Field("user_endpoint", ENDPOINT, nullable=0, default=None),
        Field("client_tags", Array(KEY_VALUE), nullable=0, default=None),
        Field("task_offsets", Array(TASK_OFFSET), nullable=0, default=None),
        Field("task_end_offsets", Array(TASK_OFFSET), nullable=0, default=None),
        Field("shutdown_application", BOOL),
    ),
)

STATUS = Struct("Status", Field("status_code", INT8), Field("status_detail", STRING))
TOPIC_PARTITION = Struct("TopicPartition", Field("topic", STRING), Field("partitions", Array(INT32)))
ENDPOINT_TO_PARTITIONS = Struct(
    "EndpointToPartitions",
    Field("user_endpoint", ENDPOINT),
    Field("active_partitions", Array(TOPIC_PARTITION)),
    Field("standby_partitions", Array(TOPIC_PARTITION)),
)

RESPONSE = Message(
    "StreamsGroupHeartbeatResponse",
    api_key=88,
    versions=range(0, 2),
    flexible=0,
    fields=(
        Field("throttle_time_ms", INT32),
        Field("error_code", INT16),
        Field("error_message", STRING, nullable=0, default=None),
        Field("member_id", STRING),
        Field("member_epoch", INT32),
        Field("heartbeat_interval_ms", INT32),
        Field("acceptable_recovery_lag_legacy", INT32, until=0),
        Field("task_offset_interval_ms", INT32),
        Field("acceptable_recovery_lag", INT64, since=1, default=-1),
        Field("status", Array(STATUS), nullable=0),
        Field("active_tasks", Array(TASK_IDS), nullable=0, default=None),
        Field("standby_tasks", Array(TASK_IDS), nullable=0, default=None),
        Field("warmup_tasks", Array(TASK_IDS), nullable=0, default=None),
        Field("topology_description_required", BOOL, since=1),
        Field("endpoint_information_epoch", INT32),
        Field("partitions_by_user_endpoint", Array(ENDPOINT_TO_PARTITIONS), nullable=0, default=None),
    ),
)
