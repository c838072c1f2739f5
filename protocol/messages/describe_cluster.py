"""DescribeCluster (API 60): brokers and controller, without topics (KIP-700).

- 0: flexible from the start. 1: ask for brokers or for controllers (KIP-919).
- 2: fenced brokers too, if asked for (KIP-1073).
"""

from ..schema import BOOL, INT8, INT16, INT32, STRING, Array, Field, Message, Struct

REQUEST = Message(
    "DescribeClusterRequest",
    api_key=60,
    versions=range(0, 3),
    flexible=0,
    fields=(
        Field("include_cluster_authorized_operations", BOOL),
        Field("endpoint_type", INT8, since=1, default=1),
        Field("include_fenced_brokers", BOOL, since=2),
    ),
)

BROKER = Struct(
    "DescribeClusterBroker",
    Field("broker_id", INT32),
    Field("host", STRING),
    Field("port", INT32),
    Field("rack", STRING, nullable=0, default=None),
    Field("is_fenced", BOOL, since=2),
)

RESPONSE = Message(
    "DescribeClusterResponse",
    api_key=60,
    versions=range(0, 3),
    flexible=0,
    fields=(
        Field("throttle_time_ms", INT32),
        Field("error_code", INT16),
        Field("error_message", STRING, nullable=0, default=None),
        Field("endpoint_type", INT8, since=1, default=1),
        Field("cluster_id", STRING),
        Field("controller_id", INT32, default=-1),
        Field("brokers", Array(BROKER)),
        Field("cluster_authorized_operations", INT32, default=-(2**31)),
    ),
)
