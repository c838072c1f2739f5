"""ApiVersions (API 18): which APIs the broker speaks, in which versions (KIP-35).

- 1: throttle time (KIP-124). 2: answers are sent before throttling (KIP-219).
- 3: flexible, and the client's name and version (KIP-511). The answer's header stays at version 0: the client
  reads it before it knows what the broker speaks. Features as tagged fields (KIP-584, KIP-778).
- 4: no new fields; only here may a supported feature's minimum version be 0 (KAFKA-17011).
- 5: which cluster and which node of it the client means to reach (KIP-1242).
"""

from ..schema import BOOL, INT16, INT32, INT64, STRING, Array, Field, Message, Struct

REQUEST = Message(
    "ApiVersionsRequest",
    api_key=18,
    versions=range(0, 6),
    flexible=3,
    fields=(
        Field("client_software_name", STRING, since=3),
        Field("client_software_version", STRING, since=3),
        Field("cluster_id", STRING, since=5, nullable=5, default=None),
        Field("node_id", INT32, since=5, default=-1),
    ),
)

API_VERSION = Struct(
    "ApiVersion",
    Field("api_key", INT16),
    Field("min_version", INT16),
    Field("max_version", INT16),
)

SUPPORTED_FEATURE = Struct(
    "SupportedFeatureKey",
    Field("name", STRING),
    Field("min_version", INT16),
    Field("max_version", INT16),
)

FINALIZED_FEATURE = Struct(
    "FinalizedFeatureKey",
    Field("name", STRING),
    Field("max_version_level", INT16),
    Field("min_version_level", INT16),
)

RESPONSE = Message(
    "ApiVersionsResponse",
    api_key=18,
    versions=range(0, 6),
    flexible=3,
    fields=(
        Field("error_code", INT16),
        Field("api_keys", Array(API_VERSION)),
        Field("throttle_time_ms", INT32, since=1),
        Field("supported_features", Array(SUPPORTED_FEATURE), since=3, tag=0),
        Field("finalized_features_epoch", INT64, since=3, tag=1, default=-1),
        Field("finalized_features", Array(FINALIZED_FEATURE), since=3, tag=2),
        Field("zk_migration_ready", BOOL, since=3, tag=3),
    ),
)
