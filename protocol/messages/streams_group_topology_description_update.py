"""StreamsGroupTopologyDescriptionUpdate (API 93): what a streams group's topology looks like (KIP-1331)."""

from ..schema import INT8, INT16, INT32, STRING, Array, Field, Message, Struct

NODE = Struct(
    "TopologyDescriptionNode",
    Field("name", STRING),
    Field("node_type", INT8),
    Field("source_topics", Array(STRING)),
    Field("sink_topic", STRING, nullable=0, default=None),
    Field("stores", Array(STRING)),
    Field("successors", Array(STRING)),
)
SUBTOPOLOGY = Struct(
    "TopologyDescriptionSubtopology",
    Field("subtopology_id", STRING),
    Field("nodes", Array(NODE)),
)
GLOBAL_STORE = Struct("TopologyDescriptionGlobalStore", Field("source", NODE), Field("processor", NODE))
TOPOLOGY_DESCRIPTION = Struct(
    "TopologyDescription",
    Field("subtopologies", Array(SUBTOPOLOGY)),
    Field("global_stores", Array(GLOBAL_STORE)),
)

REQUEST = Message(
    "StreamsGroupTopologyDescriptionUpdateRequest",
    api_key=93,
    versions=range(0, 1),
    flexible=0,
    fields=(
        Field("group_id", STRING),
        Field("member_id", STRING),
        Field("topology_epoch", INT32),
        Field("topology_description", TOPOLOGY_DESCRIPTION),
    ),
)

RESPONSE = Message(
    "StreamsGroupTopologyDescriptionUpdateResponse",
    api_key=93,
    versions=range(0, 1),
    flexible=0,
    fields=(
        Field("throttle_time_ms", INT32),
        Field("error_code", INT16),
        Field("error_message", STRING, nullable=0, default=None),
    ),
)
