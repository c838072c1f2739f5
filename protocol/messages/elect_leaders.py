"""ElectLeaders (API 43): let the preferred, or any living, replica lead (KIP-183).

- 1: which kind of election (KIP-460); an error for the whole answer. 2: flexible (KIP-482).
"""

from ..schema import INT8, INT16, INT32, STRING, Array, Field, Message, Struct

REQUEST_TOPIC = Struct(
    "TopicPartitions",
    Field("topic", STRING),
    Field("partitions", Array(INT32)),
)

REQUEST = Message(
    "ElectLeadersRequest",
    api_key=43,
    versions=range(0, 3),
    flexible=2,
    fields=(
        Field("election_type", INT8, since=1),
        Field("topic_partitions", Array(REQUEST_TOPIC), nullable=0),
        Field("timeout_ms", INT32, default=60000),
    ),
)

RESPONSE_PARTITION = Struct(
    "PartitionResult",
    Field("partition_id", INT32),
    Field("error_code", INT16),
    Field("error_message", STRING, nullable=0),
)

RESPONSE_TOPIC = Struct(
    "ReplicaElectionResult",
    Field("topic", STRING),
    Field("partition_result", Array(RESPONSE_PARTITION)),
)

RESPONSE = Message(
    "ElectLeadersResponse",
    api_key=43,
    versions=range(0, 3),
    flexible=2,
    fields=(
        Field("throttle_time_ms", INT32),
        Field("error_code", INT16, since=1),
        Field("replica_election_results", Array(RESPONSE_TOPIC)),
    ),
)
