"""The records of the share coordinator (KIP-932), as tuples."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NamedTuple

from .state_batches import StateBatch

NO_EPOCH = -1
NO_OFFSET = -1
NO_COUNT = -1
_TOPIC_ID_BYTES = 16


class SharePartitionKey(NamedTuple):
    """A share group and a partition that it reads."""

    group_id: str
    topic_id: bytes
    partition: int

    def __str__(self) -> str:
        """The key by which the coordinator of the state is found: the last field of FindCoordinator v6."""
        topic_id = urlsafe_b64encode(self.topic_id).decode().rstrip("=")
        return f"{self.group_id}:{topic_id}:{self.partition}"


class ShareSnapshot(NamedTuple):
    """The whole state. `delivery_complete_count` counts the records from the start offset on that are done
    with; -1 where nobody has begun to read.
    """

    key: SharePartitionKey
    snapshot_epoch: int
    state_epoch: int
    leader_epoch: int
    start_offset: int
    delivery_complete_count: int
    create_timestamp_ms: int
    write_timestamp_ms: int
    batches: tuple[StateBatch, ...]


class ShareUpdate(NamedTuple):
    """What has changed since the snapshot of the same epoch; a start offset or leader epoch of -1 is as it
    was.
    """

    key: SharePartitionKey
    snapshot_epoch: int
    leader_epoch: int
    start_offset: int
    delivery_complete_count: int
    batches: tuple[StateBatch, ...]


class ShareTombstone(NamedTuple):
    """Nothing is stored any more."""

    key: SharePartitionKey


Record = ShareSnapshot | ShareUpdate | ShareTombstone


def is_share_partition_key(text: str) -> bool:
    """Whether a text could be the key of a share partition: group, topic id and number."""
    group_id, *rest = text.rsplit(":", 2)
    if not group_id.strip() or len(rest) != 2:
        return False
    topic_id, partition = rest
    try:
        is_topic_id = len(urlsafe_b64decode(topic_id + "==")) == _TOPIC_ID_BYTES
    except ValueError:
        return False
    return is_topic_id and partition.isascii() and partition.isdigit()
