"""The records of a consumer group (KIP-848), as tuples. Their form in `__consumer_offsets` is in
`record_codec`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import NamedTuple

# Partitions by topic id; and the same with the member epoch at which each was assigned.
Assignment = Mapping[bytes, frozenset[int]]
Epochs = Mapping[bytes, Mapping[int, int]]


class Kind(IntEnum):
    """What a record is about: the version of its key."""

    GROUP_EPOCH = 3
    PARTITION_METADATA = 4
    MEMBER = 5
    TARGET_EPOCH = 6
    TARGET = 7
    CURRENT = 8
    REGEX = 16


class ClassicProtocols(NamedTuple):
    """What a member that speaks the classic protocol said in its JoinGroup."""

    session_timeout_ms: int
    protocols: tuple[tuple[str, bytes], ...]


class ConsumerMemberMetadata(NamedTuple):
    """What a member has said of itself. `subscribed_topic_names` are sorted."""

    group_id: str
    member_id: str
    instance_id: str | None
    rack_id: str | None
    client_id: str
    client_host: str
    subscribed_topic_names: tuple[str, ...]
    subscribed_topic_regex: str | None
    rebalance_timeout_ms: int
    server_assignor: str | None
    classic: ClassicProtocols | None


class ConsumerGroupEpoch(NamedTuple):
    """The epoch of a group: it grows with every change of members, subscriptions and subscribed topics."""

    group_id: str
    epoch: int
    metadata_hash: int


class PartitionMetadata(NamedTuple):
    """What Kafka 4.0 stored of the subscribed topics. It is no longer of use, and is to be deleted."""

    group_id: str


class TargetAssignmentEpoch(NamedTuple):
    """The group epoch that the target assignment is for, and when it was computed (0: unknown)."""

    group_id: str
    epoch: int
    timestamp_ms: int


class TargetAssignment(NamedTuple):
    """What a member is to have."""

    group_id: str
    member_id: str
    partitions: Assignment


class CurrentAssignment(NamedTuple):
    """How far a member has come: its epoch, what it owns, and what it has been told to give up."""

    group_id: str
    member_id: str
    member_epoch: int
    previous_member_epoch: int
    state: int
    assigned: Epochs
    pending_revocation: Epochs


class ResolvedRegex(NamedTuple):
    """The topics that match a regular expression, at a version of the metadata."""

    group_id: str
    regex: str
    topics: tuple[str, ...]
    version: int
    timestamp_ms: int


class ConsumerTombstone(NamedTuple):
    """Something is gone; `name` is the member id, or the regular expression."""

    group_id: str
    kind: Kind
    name: str = ""


ConsumerRecord = (
    ConsumerMemberMetadata
    | ConsumerGroupEpoch
    | PartitionMetadata
    | TargetAssignmentEpoch
    | TargetAssignment
    | CurrentAssignment
    | ResolvedRegex
    | ConsumerTombstone
)
