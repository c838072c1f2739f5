"""AlterConfigs (API 33): replace the configuration of topics, brokers and more (KIP-133).

What is not named goes back to its default, which is why IncrementalAlterConfigs was made.

- 1: answers are sent before throttling (KIP-219). 2: flexible (KIP-482).
"""

from ..schema import BOOL, INT8, INT16, INT32, STRING, Array, Field, Message, Struct

CONFIG = Struct(
    "AlterableConfig",
    Field("name", STRING),
    Field("value", STRING, nullable=0),
)

RESOURCE = Struct(
    "AlterConfigsResource",
    Field("resource_type", INT8),
    Field("resource_name", STRING),
    Field("configs", Array(CONFIG)),
)

REQUEST = Message(
    "AlterConfigsRequest",
    api_key=33,
    versions=range(0, 3),
    flexible=2,
    fields=(
        Field("resources", Array(RESOURCE)),
        Field("validate_only", BOOL),
    ),
)

RESULT = Struct(
    "AlterConfigsResourceResponse",
    Field("error_code", INT16),
    Field("error_message", STRING, nullable=0),
    Field("resource_type", INT8),
    Field("resource_name", STRING),
)

RESPONSE = Message(
    "AlterConfigsResponse",
    api_key=33,
    versions=range(0, 3),
    flexible=2,
    fields=(
        Field("throttle_time_ms", INT32),
        Field("responses", Array(RESULT)),
    ),
)
