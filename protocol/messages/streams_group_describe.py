"""StreamsGroupDescribe (API 89): topology, members and tasks of streams groups (KIP-1071).

- 1: the description of the topology (KIP-1331), and the name of the assignor (KIP-1357).
"""

from ..schema import BOOL, INT8, INT16, INT32, STRING, Array, Field, Message, Struct
from .streams_group_heartbeat import ENDPOINT, KEY_VALUE, TASK_IDS, TASK_OFFSET, TOPIC_INFO
from .streams_group_topology_description_update import TOPOLOGY_DESCRIPTION

REQUEST = Message(
    "StreamsGroupDescribeRequest",
    api_key=89,
    versions=range(0, 2),
    flexible=0,
    fields=(
        Field("group_ids", Array(STRING)),
        Field("include_authorized_operations", BOOL),
        Field("include_topology_description", BOOL, since=1),
    ),
)

SUBTOPOLOGY = Struct(
    "Subtopology",
    Field("subtopology_id", STRING),
    Field("source_topics", Array(STRING)),
    Field("repartition_sink_topics", Array(STRING)),
    Field("state_changelog_topics", Array(TOPIC_INFO)),
    Field("repartition_source_topics", Array(TOPIC_INFO)),
)
TOPOLOGY = Struct(
    "Topology",
    Field("epoch", INT32),
    Field("subtopologies", Array(SUBTOPOLOGY), nullable=0, default=None),
)
ASSIGNMENT = Struct(
    "Assignment",
    Field("active_tasks", Array(TASK_IDS)),
    Field("standby_tasks", Array(TASK_IDS)),
    Field("warmup_tasks", Array(TASK_IDS)),
)
MEMBER = Struct(
    "Member",
    Field("member_id", STRING),
    Field("member_epoch", INT32),
    Field("instance_id", STRING, nullable=0, default=None),
    Field("rack_id", STRING, nullable=0, default=None),
    Field("client_id", STRING),
    Field("client_host", STRING),
    Field("topology_epoch", INT32),
    Field("process_id", STRING),
    Field("user_endpoint", ENDPOINT, nullable=0, default=None),
    Field("client_tags", Array(KEY_VALUE)),
    Field("task_offsets", Array(TASK_OFFSET)),
    Field("task_end_offsets", Array(TASK_OFFSET)),
    Field("assignment", ASSIGNMENT),
    Field("target_assignment", ASSIGNMENT),
    Field("is_classic", BOOL),
)
GROUP = Struct(
    "DescribedGroup",
    Field("error_code", INT16),
    Field("error_message", STRING, nullable=0, default=None),
    Field("group_id", STRING),
    Field("group_state", STRING),
    Field("group_epoch", INT32),
    Field("assignment_epoch", INT32),
    Field("topology", TOPOLOGY, nullable=0, default=None),
    Field("members", Array(MEMBER)),
    Field("authorized_operations", INT32, default=-(2**31)),
    Field("topology_description", TOPOLOGY_DESCRIPTION, since=1, nullable=1, default=None),
    Field("topology_description_status", INT8, since=1),
    Field("assignor_name", STRING, since=1, nullable=1, default=None),
)

RESPONSE = Message(
    "StreamsGroupDescribeResponse",
    api_key=89,
    versions=range(0, 2),
    flexible=0,
    fields=(Field("throttle_time_ms", INT32), Field("groups", Array(GROUP))),
)
