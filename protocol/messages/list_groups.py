"""ListGroups (API 16): the groups of this coordinator.

- 1: throttle time (KIP-124). 2: answers are sent before throttling (KIP-219). 3: flexible (KIP-482).
- 4: group states, and a filter by them (KIP-518). 5: group types, and a filter by them (KIP-848).
"""

from ..schema import INT16, INT32, STRING, Array, Field, Message, Struct

REQUEST = Message(
    "ListGroupsRequest",
    api_key=16,
    versions=range(0, 6),
    flexible=3,
    fields=(
        Field("states_filter", Array(STRING), since=4),
        Field("types_filter", Array(STRING), since=5),
    ),
)

GROUP = Struct(
    "ListedGroup",
    Field("group_id", STRING),
    Field("protocol_type", STRING),
    Field("group_state", STRING, since=4),
    Field("group_type", STRING, since=5),
)

RESPONSE = Message(
    "ListGroupsResponse",
    api_key=16,
    versions=range(0, 6),
    flexible=3,
    fields=(
        Field("throttle_time_ms", INT32, since=1),
        Field("error_code", INT16),
        Field("groups", Array(GROUP)),
    ),
)
