"""DeleteGroups (API 42): delete empty groups and their offsets (KIP-229).

- 1: answers are sent before throttling (KIP-219). 2: flexible (KIP-482). 3: a text beside the error code
  (KIP-1331).
"""

from ..schema import INT16, INT32, STRING, Array, Field, Message, Struct

REQUEST = Message(
    "DeleteGroupsRequest",
    api_key=42,
    versions=range(0, 4),
    flexible=2,
    fields=(Field("groups_names", Array(STRING)),),
)

RESULT = Struct(
    "DeletableGroupResult",
    Field("group_id", STRING),
    Field("error_code", INT16),
    Field("error_message", STRING, since=3, nullable=3, default=None),
)

RESPONSE = Message(
    "DeleteGroupsResponse",
    api_key=42,
    versions=range(0, 4),
    flexible=2,
    fields=(
        Field("throttle_time_ms", INT32),
        Field("results", Array(RESULT)),
    ),
)
