"""IncrementalAlterConfigs (API 44): set, delete, append to and subtract from single settings (KIP-339).

- 1: flexible (KIP-482).
"""

from ..schema import BOOL, INT8, INT16, INT32, STRING, Array, Field, Message, Struct

CONFIG = Struct(
    "AlterableConfig",
    Field("name", STRING),
    Field("config_operation", INT8),
    Field("value", STRING, nullable=0),
)

RESOURCE = Struct(
    "AlterConfigsResource",
    Field("resource_type", INT8),
    Field("resource_name", STRING),
    Field("configs", Array(CONFIG)),
)

REQUEST = Message(
    "IncrementalAlterConfigsRequest",
    api_key=44,
    versions=range(0, 2),
    flexible=1,
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
    "IncrementalAlterConfigsResponse",
    api_key=44,
    versions=range(0, 2),
    flexible=1,
    fields=(
        Field("throttle_time_ms", INT32),
        Field("responses", Array(RESULT)),
    ),
)
