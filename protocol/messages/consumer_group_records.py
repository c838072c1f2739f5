"""What the group coordinator writes to __consumer_offsets about consumer groups (KIP-848).

The version of a key says what the record is about; values have version 0 and are flexible.

- 3: the group's epoch, with a hash of the topics subscribed to (KIP-1101). 4: their partitions, which
  Kafka 4.0 wrote; later ones only delete it.
- 5: what a member has said of itself, 8: its epoch and what it owns.
- 6: the epoch of the target assignment, 7: what of it is a member's. 16: the topics behind a regular
  expression.
"""

from ..schema import BYTES, INT8, INT32, INT64, STRING, UUID, Array, Field, Struct
from .group_records import record_key, record_value

CONSUMER_GROUP_METADATA_KEY = record_key("ConsumerGroupMetadataKey", 3)
CONSUMER_GROUP_METADATA_VALUE = record_value(
    "ConsumerGroupMetadataValue",
    Field("epoch", INT32),
    Field("metadata_hash", INT64, tag=0),
)

PARTITION_METADATA = Struct(
    "PartitionMetadata",
    Field("partition", INT32),
    Field("racks", Array(STRING)),
)
TOPIC_METADATA = Struct(
    "TopicMetadata",
    Field("topic_id", UUID),
    Field("topic_name", STRING),
    Field("num_partitions", INT32),
    Field("partition_metadata", Array(PARTITION_METADATA)),
)
CONSUMER_GROUP_PARTITION_METADATA_KEY = record_key("ConsumerGroupPartitionMetadataKey", 4)
CONSUMER_GROUP_PARTITION_METADATA_VALUE = record_value(
    "ConsumerGroupPartitionMetadataValue",
    Field("topics", Array(TOPIC_METADATA)),
)

CLASSIC_PROTOCOL = Struct(
    "ClassicProtocol",
    Field("name", STRING),
    Field("metadata", BYTES),
)
CLASSIC_MEMBER_METADATA = Struct(
    "ClassicMemberMetadata",
    Field("session_timeout_ms", INT32),
    Field("supported_protocols", Array(CLASSIC_PROTOCOL)),
)
CONSUMER_GROUP_MEMBER_METADATA_KEY = record_key(
    "ConsumerGroupMemberMetadataKey", 5, Field("member_id", STRING)
)
CONSUMER_GROUP_MEMBER_METADATA_VALUE = record_value(
    "ConsumerGroupMemberMetadataValue",
    Field("instance_id", STRING, nullable=0),
    Field("rack_id", STRING, nullable=0),
    Field("client_id", STRING),
    Field("client_host", STRING),
    Field("subscribed_topic_names", Array(STRING)),
    Field("subscribed_topic_regex", STRING, nullable=0),
    Field("rebalance_timeout_ms", INT32, default=-1),
    Field("server_assignor", STRING, nullable=0),
    Field("classic_member_metadata", CLASSIC_MEMBER_METADATA, tag=0, nullable=0),
)

CONSUMER_GROUP_TARGET_ASSIGNMENT_METADATA_KEY = record_key("ConsumerGroupTargetAssignmentMetadataKey", 6)
CONSUMER_GROUP_TARGET_ASSIGNMENT_METADATA_VALUE = record_value(
    "ConsumerGroupTargetAssignmentMetadataValue",
    Field("assignment_epoch", INT32),
    Field("assignment_timestamp", INT64, tag=0),
)

TARGET_PARTITIONS = Struct(
    "TopicPartition",
    Field("topic_id", UUID),
    Field("partitions", Array(INT32)),
)
CONSUMER_GROUP_TARGET_ASSIGNMENT_MEMBER_KEY = record_key(
    "ConsumerGroupTargetAssignmentMemberKey", 7, Field("member_id", STRING)
)
CONSUMER_GROUP_TARGET_ASSIGNMENT_MEMBER_VALUE = record_value(
    "ConsumerGroupTargetAssignmentMemberValue",
    Field("topic_partitions", Array(TARGET_PARTITIONS)),
)

CURRENT_PARTITIONS = Struct(
    "TopicPartitions",
    Field("topic_id", UUID),
    Field("partitions", Array(INT32)),
    Field("assignment_epochs", Array(INT32), tag=0, nullable=0, default=[]),
)
CONSUMER_GROUP_CURRENT_MEMBER_ASSIGNMENT_KEY = record_key(
    "ConsumerGroupCurrentMemberAssignmentKey", 8, Field("member_id", STRING)
)
CONSUMER_GROUP_CURRENT_MEMBER_ASSIGNMENT_VALUE = record_value(
    "ConsumerGroupCurrentMemberAssignmentValue",
    Field("member_epoch", INT32),
    Field("previous_member_epoch", INT32),
    Field("state", INT8),
    Field("assigned_partitions", Array(CURRENT_PARTITIONS)),
    Field("partitions_pending_revocation", Array(CURRENT_PARTITIONS)),
)

CONSUMER_GROUP_REGULAR_EXPRESSION_KEY = record_key(
    "ConsumerGroupRegularExpressionKey", 16, Field("regular_expression", STRING)
)
CONSUMER_GROUP_REGULAR_EXPRESSION_VALUE = record_value(
    "ConsumerGroupRegularExpressionValue",
    Field("topics", Array(STRING)),
    Field("version", INT64),
    Field("timestamp", INT64),
)

KEY_OF_VERSION = {
    3: CONSUMER_GROUP_METADATA_KEY,
    4: CONSUMER_GROUP_PARTITION_METADATA_KEY,
    5: CONSUMER_GROUP_MEMBER_METADATA_KEY,
    6: CONSUMER_GROUP_TARGET_ASSIGNMENT_METADATA_KEY,
    7: CONSUMER_GROUP_TARGET_ASSIGNMENT_MEMBER_KEY,
    8: CONSUMER_GROUP_CURRENT_MEMBER_ASSIGNMENT_KEY,
    16: CONSUMER_GROUP_REGULAR_EXPRESSION_KEY,
}
