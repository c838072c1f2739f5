"""AlterReplicaLogDirs (API 34): move logs to another of the broker's folders (KIP-113).

- 1: answers are sent before throttling (KIP-219). 2: flexible (KIP-482).
"""

from ..schema import INT16, INT32, STRING, Array, Field, Message, Struct

REQUEST_TOPIC = Struct(
    "AlterReplicaLogDirTopic",
    Field("name", STRING),
    Field("partitions", Array(INT32)),
)

REQUEST_FOLDER = Struct(
    "AlterReplicaLogDir",
    Field("path", STRING),
    Field("topics", Array(REQUEST_TOPIC)),
)

REQUEST = Message(
    "AlterReplicaLogDirsRequest",
    api_key=34,
    versions=range(0, 3),
    flexible=2,
    fields=(Field("dirs", Array(REQUEST_FOLDER)),),
)

RESPONSE_PARTITION = Struct(
    "AlterReplicaLogDirPartitionResult",
    Field("partition_index", INT32),
    Field("error_code", INT16),
)

RESPONSE_TOPIC = Struct(
    "AlterReplicaLogDirTopicResult",
    Field("topic_name", STRING),
    Field("partitions", Array(RESPONSE_PARTITION)),
)

RESPONSE = Message(
    "AlterReplicaLogDirsResponse",
    api_key=34,
    versions=range(0, 3),
    flexible=2,
    fields=(
        Field("throttle_time_ms", INT32),
        Field("results", Array(RESPONSE_TOPIC)),
    ),
)
