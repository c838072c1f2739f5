"""What the share coordinator writes to __share_group_state (KIP-932).

- ShareSnapshot (key version 0): the whole state of a share group and a partition. ShareUpdate (1): what has
  changed since the snapshot of the same epoch.
- The tagged count is of the records from the start offset on that are done with (KIP-1226).
"""

from ..schema import INT8, INT16, INT32, INT64, UUID, Array, Field, Struct
from .group_records import record_key, record_value

SHARE_SNAPSHOT_KEY = record_key(
    "ShareSnapshotKey",
    0,
    Field("topic_id", UUID),
    Field("partition", INT32),
)

STATE_BATCH = Struct(
    "StateBatch",
    Field("first_offset", INT64),
    Field("last_offset", INT64),
    Field("delivery_state", INT8),
    Field("delivery_count", INT16),
)

SHARE_SNAPSHOT_VALUE = record_value(
    "ShareSnapshotValue",
    Field("snapshot_epoch", INT32),
    Field("state_epoch", INT32),
    Field("leader_epoch", INT32),
    Field("start_offset", INT64),
    Field("delivery_complete_count", INT32, tag=0, default=-1),
    Field("create_timestamp", INT64),
    Field("write_timestamp", INT64),
    Field("state_batches", Array(STATE_BATCH)),
)

SHARE_UPDATE_KEY = record_key(
    "ShareUpdateKey",
    1,
    Field("topic_id", UUID),
    Field("partition", INT32),
)

SHARE_UPDATE_VALUE = record_value(
    "ShareUpdateValue",
    Field("snapshot_epoch", INT32),
    Field("leader_epoch", INT32),
    Field("start_offset", INT64),
    Field("delivery_complete_count", INT32, tag=0, default=-1),
    Field("state_batches", Array(STATE_BATCH)),
)

KEY_OF_VERSION = {
    0: SHARE_SNAPSHOT_KEY,
    1: SHARE_UPDATE_KEY,
}
