"""ListConfigResources (API 74): the resources that have a configuration (KIP-1142).

- 0: ListClientMetricsResources, of client metrics alone (KIP-714). 1: resources of all or some types.
"""

from ..schema import INT8, INT16, INT32, STRING, Array, Field, Message, Struct

REQUEST = Message(
    "ListConfigResourcesRequest",
    api_key=74,
    versions=range(0, 2),
    flexible=0,
    fields=(Field("resource_types", Array(INT8), since=1),),
)

RESOURCE = Struct(
    "ConfigResource",
    Field("resource_name", STRING),
    Field("resource_type", INT8, since=1, default=16),
)

RESPONSE = Message(
    "ListConfigResourcesResponse",
    api_key=74,
    versions=range(0, 2),
    flexible=0,
    fields=(
        Field("throttle_time_ms", INT32),
        Field("error_code", INT16),
        Field("config_resources", Array(RESOURCE)),
    ),
)
