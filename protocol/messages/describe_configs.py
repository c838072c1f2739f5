"""DescribeConfigs (API 32): the configuration of topics, brokers and more (KIP-133).

- 0: is_default. 1: where a value comes from, in its place, and its synonyms (KIP-226).
- 2: answers are sent before throttling (KIP-219). 3: types and documentation (KIP-569).
- 4: flexible (KIP-482).
"""

from ..schema import BOOL, INT8, INT16, INT32, STRING, Array, Field, Message, Struct

RESOURCE = Struct(
    "DescribeConfigsResource",
    Field("resource_type", INT8),
    Field("resource_name", STRING),
    Field("configuration_keys", Array(STRING), nullable=0),
)

REQUEST = Message(
    "DescribeConfigsRequest",
    api_key=32,
    versions=range(0, 5),
    flexible=4,
    fields=(
        Field("resources", Array(RESOURCE)),
        Field("include_synonyms", BOOL, since=1),
        Field("include_documentation", BOOL, since=3),
    ),
)

SYNONYM = Struct(
    "DescribeConfigsSynonym",
    Field("name", STRING),
    Field("value", STRING, nullable=0),
    Field("source", INT8),
)

CONFIG = Struct(
    "DescribeConfigsResourceResult",
    Field("name", STRING),
    Field("value", STRING, nullable=0),
    Field("read_only", BOOL),
    Field("is_default", BOOL, until=0),
    Field("config_source", INT8, since=1, default=-1),
    Field("is_sensitive", BOOL),
    Field("synonyms", Array(SYNONYM), since=1),
    Field("config_type", INT8, since=3),
    Field("documentation", STRING, since=3, nullable=0),
)

RESULT = Struct(
    "DescribeConfigsResult",
    Field("error_code", INT16),
    Field("error_message", STRING, nullable=0),
    Field("resource_type", INT8),
    Field("resource_name", STRING),
    Field("configs", Array(CONFIG)),
)

RESPONSE = Message(
    "DescribeConfigsResponse",
    api_key=32,
    versions=range(0, 5),
    flexible=4,
    fields=(
        Field("throttle_time_ms", INT32),
        Field("results", Array(RESULT)),
    ),
)
