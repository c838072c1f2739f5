"""The records of a share group (KIP-932) in `__consumer_offsets`, as tuples. Their form there is in
`record_codec`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import NamedTuple

from ..consumer.records import Assignment


class ShareKind(IntEnum):
    """What a record is about: the version of its key."""

    MEMBER = 10
    GROUP_EPOCH = 11
    TARGET_EPOCH = 12
    TARGET = 13
    CURRENT = 14
    STATE_PARTITIONS = 15


class ShareMemberMetadata(NamedTuple):
    """What a member has said of itself. `subscribed_topic_names` are sorted."""

    group_id: str
    member_id: str
    rack_id: str | None
    client_id: str
    client_host: str
    subscribed_topic_names: tuple[str, ...]


class ShareGroupEpoch(NamedTuple):
    """The epoch of a group, and a hash of the topics that it is subscribed to."""

    group_id: str
    epoch: int
    metadata_hash: int


class ShareTargetEpoch(NamedTuple):
    """The group epoch that the target assignment is for, and when it was computed (0: unknown)."""

    group_id: str
    epoch: int
    timestamp_ms: int


class ShareTarget(NamedTuple):
    """What a member is to read."""

    group_id: str
    member_id: str
    partitions: Assignment


class ShareCurrent(NamedTuple):
    """What a member reads, and since which epoch."""

    group_id: str
    member_id: str
    member_epoch: int
    previous_member_epoch: int
    state: int
    assigned: Assignment


class StateTopic(NamedTuple):
    """The partitions of a topic whose state the share coordinator keeps, or is to make."""

    name: str
    partitions: frozenset[int]


class ShareStatePartitions(NamedTuple):
    """For which partitions the share coordinator is to make a state, has one, and (by topics' names) is to
    delete it; all by topic id.
    """

    group_id: str
    initializing: Mapping[bytes, StateTopic]
    initialized: Mapping[bytes, StateTopic]
    deleting: Mapping[bytes, str]


class ShareGroupTombstone(NamedTuple):
    """Something is gone; `name` is the member id."""

    group_id: str
    kind: ShareKind
    name: str = ""


ShareRecord = (
    ShareMemberMetadata
    | ShareGroupEpoch
    | ShareTargetEpoch
    | ShareTarget
    | ShareCurrent
    | ShareStatePartitions
    | ShareGroupTombstone
)
