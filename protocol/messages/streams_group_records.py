"""What the group coordinator writes to __consumer_offsets about streams groups (KIP-1071).

The version of a key says what the record is about; values have version 0 and are flexible.

- 17: the group's epoch, with a hash of its topics. 23: its topology.
- 19: what a member has said of itself, 22: its epoch and its tasks.
- 20: the epoch of the target assignment, 21: what of it is a member's.
"""

from ..schema import INT8, INT16, INT32, INT64, STRING, UINT16, Array, Field, Struct
from .group_records import record_key, record_value

LAST_ASSIGNMENT_CONFIG = Struct("LastAssignmentConfig", Field("key", STRING), Field("value", STRING))
STREAMS_GROUP_METADATA_KEY = record_key("StreamsGroupMetadataKey", 17)
STREAMS_GROUP_METADATA_VALUE = record_value(
    "StreamsGroupMetadataValue",
    Field("epoch", INT32),
    Field("metadata_hash", INT64),
    Field("validated_topology_epoch", INT32, tag=0, default=-1),
    Field("last_assignment_configs", Array(LAST_ASSIGNMENT_CONFIG), tag=1, nullable=0, default=[]),
    Field("stored_description_topology_epoch", INT32, tag=2, default=-1),
    Field("failed_description_topology_epoch", INT32, tag=3, default=-1),
)

ENDPOINT = Struct("Endpoint", Field("host", STRING), Field("port", UINT16))
KEY_VALUE = Struct("KeyValue", Field("key", STRING), Field("value", STRING))
STREAMS_GROUP_MEMBER_METADATA_KEY = record_key(
    "StreamsGroupMemberMetadataKey", 19, Field("member_id", STRING)
)
STREAMS_GROUP_MEMBER_METADATA_VALUE = record_value(
    "StreamsGroupMemberMetadataValue",
    Field("instance_id", STRING, nullable=0),
    Field("rack_id", STRING, nullable=0),
    Field("client_id", STRING),
    Field("client_host", STRING),
    Field("rebalance_timeout_ms", INT32, default=-1),
    Field("topology_epoch", INT32),
    Field("process_id", STRING),
    Field("user_endpoint", ENDPOINT, nullable=0, default=None),
    Field("client_tags", Array(KEY_VALUE)),
)

STREAMS_GROUP_TARGET_ASSIGNMENT_METADATA_KEY = record_key("StreamsGroupTargetAssignmentMetadataKey", 20)
STREAMS_GROUP_TARGET_ASSIGNMENT_METADATA_VALUE = record_value(
    "StreamsGroupTargetAssignmentMetadataValue",
    Field("assignment_epoch", INT32),
    Field("assignment_timestamp", INT64, tag=0),
)

TARGET_TASK_IDS = Struct("TaskIds", Field("subtopology_id", STRING), Field("partitions", Array(INT32)))
STREAMS_GROUP_TARGET_ASSIGNMENT_MEMBER_KEY = record_key(
    "StreamsGroupTargetAssignmentMemberKey", 21, Field("member_id", STRING)
)
STREAMS_GROUP_TARGET_ASSIGNMENT_MEMBER_VALUE = record_value(
    "StreamsGroupTargetAssignmentMemberValue",
    Field("active_tasks", Array(TARGET_TASK_IDS)),
    Field("standby_tasks", Array(TARGET_TASK_IDS)),
    Field("warmup_tasks", Array(TARGET_TASK_IDS)),
)

CURRENT_TASK_IDS = Struct(
    "TaskIds",
    Field("subtopology_id", STRING),
    Field("partitions", Array(INT32)),
    Field("assignment_epochs", Array(INT32), tag=0, nullable=0, default=[]),
)
STREAMS_GROUP_CURRENT_MEMBER_ASSIGNMENT_KEY = record_key(
    "StreamsGroupCurrentMemberAssignmentKey", 22, Field("member_id", STRING)
)
STREAMS_GROUP_CURRENT_MEMBER_ASSIGNMENT_VALUE = record_value(
    "StreamsGroupCurrentMemberAssignmentValue",
    Field("member_epoch", INT32),
    Field("previous_member_epoch", INT32),
    Field("state", INT8),
    Field("active_tasks", Array(CURRENT_TASK_IDS)),
    Field("standby_tasks", Array(CURRENT_TASK_IDS)),
    Field("warmup_tasks", Array(CURRENT_TASK_IDS)),
    Field("active_tasks_pending_revocation", Array(CURRENT_TASK_IDS)),
    Field("standby_tasks_pending_revocation", Array(CURRENT_TASK_IDS)),
    Field("warmup_tasks_pending_revocation", Array(CURRENT_TASK_IDS)),
)

TOPIC_CONFIG = Struct("TopicConfig", Field("key", STRING), Field("value", STRING))
TOPIC_INFO = Struct(
    "TopicInfo",
    Field("name", STRING),
    Field("partitions", INT32),
    Field("replication_factor", INT16),
    Field("topic_configs", Array(TOPIC_CONFIG)),
)
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
STREAMS_GROUP_TOPOLOGY_KEY = record_key("StreamsGroupTopologyKey", 23)
STREAMS_GROUP_TOPOLOGY_VALUE = record_value(
    "StreamsGroupTopologyValue",
    Field("epoch", INT32),
    Field("subtopologies", Array(SUBTOPOLOGY)),
)

KEY_OF_VERSION = {
    17: STREAMS_GROUP_METADATA_KEY,
    19: STREAMS_GROUP_MEMBER_METADATA_KEY,
    20: STREAMS_GROUP_TARGET_ASSIGNMENT_METADATA_KEY,
    21: STREAMS_GROUP_TARGET_ASSIGNMENT_MEMBER_KEY,
    22: STREAMS_GROUP_CURRENT_MEMBER_ASSIGNMENT_KEY,
    23: STREAMS_GROUP_TOPOLOGY_KEY,
}
