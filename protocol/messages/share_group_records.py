"""What the group coordinator writes to __consumer_offsets about share groups (KIP-932).

The version of a key says what the record is about; values have version 0 and are flexible.

- 10: what a member has said of itself, 14: its epoch and what it reads. 11: the group's epoch, with a hash
  of the topics subscribed to.
- 12: the epoch of the target assignment, 13: what of it is a member's.
- 15: the partitions whose state the share coordinator keeps, is to make, or is to delete.
"""

from ..schema import INT8, INT32, INT64, STRING, UUID, Array, Field, Struct
from .group_records import record_key, record_value

SHARE_GROUP_MEMBER_METADATA_KEY = record_key(
    "ShareGroupMemberMetadataKey",
    10,
    Field("member_id", STRING),
)

SHARE_GROUP_MEMBER_METADATA_VALUE = record_value(
    "ShareGroupMemberMetadataValue",
    Field("rack_id", STRING, nullable=0),
    Field("client_id", STRING),
    Field("client_host", STRING),
    Field("subscribed_topic_names", Array(STRING)),
)

SHARE_GROUP_METADATA_KEY = record_key(
    "ShareGroupMetadataKey",
    11,
)

SHARE_GROUP_METADATA_VALUE = record_value(
    "ShareGroupMetadataValue",
    Field("epoch", INT32),
    Field("metadata_hash", INT64),
)

SHARE_GROUP_TARGET_ASSIGNMENT_METADATA_KEY = record_key(
    "ShareGroupTargetAssignmentMetadataKey",
    12,
)

SHARE_GROUP_TARGET_ASSIGNMENT_METADATA_VALUE = record_value(
    "ShareGroupTargetAssignmentMetadataValue",
    Field("assignment_epoch", INT32),
    Field("assignment_timestamp", INT64, tag=0),
)

SHARE_GROUP_TARGET_ASSIGNMENT_MEMBER_KEY = record_key(
    "ShareGroupTargetAssignmentMemberKey",
    13,
    Field("member_id", STRING),
)

TOPIC_PARTITION = Struct(
    "TopicPartition",
    Field("topic_id", UUID),
    Field("partitions", Array(INT32)),
)

SHARE_GROUP_TARGET_ASSIGNMENT_MEMBER_VALUE = record_value(
    "ShareGroupTargetAssignmentMemberValue",
    Field("topic_partitions", Array(TOPIC_PARTITION)),
)

SHARE_GROUP_CURRENT_MEMBER_ASSIGNMENT_KEY = record_key(
    "ShareGroupCurrentMemberAssignmentKey",
    14,
    Field("member_id", STRING),
)

TOPIC_PARTITIONS = Struct(
    "TopicPartitions",
    Field("topic_id", UUID),
    Field("partitions", Array(INT32)),
)

SHARE_GROUP_CURRENT_MEMBER_ASSIGNMENT_VALUE = record_value(
    "ShareGroupCurrentMemberAssignmentValue",
    Field("member_epoch", INT32),
    Field("previous_member_epoch", INT32),
    Field("state", INT8),
    Field("assigned_partitions", Array(TOPIC_PARTITIONS)),
)

SHARE_GROUP_STATE_PARTITION_METADATA_KEY = record_key(
    "ShareGroupStatePartitionMetadataKey",
    15,
)

TOPIC_PARTITIONS_INFO = Struct(
    "TopicPartitionsInfo",
    Field("topic_id", UUID),
    Field("topic_name", STRING),
    Field("partitions", Array(INT32)),
)

TOPIC_INFO = Struct(
    "TopicInfo",
    Field("topic_id", UUID),
    Field("topic_name", STRING),
)

SHARE_GROUP_STATE_PARTITION_METADATA_VALUE = record_value(
    "ShareGroupStatePartitionMetadataValue",
    Field("initializing_topics", Array(TOPIC_PARTITIONS_INFO)),
    Field("initialized_topics", Array(TOPIC_PARTITIONS_INFO)),
    Field("deleting_topics", Array(TOPIC_INFO)),
)

KEY_OF_VERSION = {
    10: SHARE_GROUP_MEMBER_METADATA_KEY,
    11: SHARE_GROUP_METADATA_KEY,
    12: SHARE_GROUP_TARGET_ASSIGNMENT_METADATA_KEY,
    13: SHARE_GROUP_TARGET_ASSIGNMENT_MEMBER_KEY,
    14: SHARE_GROUP_CURRENT_MEMBER_ASSIGNMENT_KEY,
    15: SHARE_GROUP_STATE_PARTITION_METADATA_KEY,
}
