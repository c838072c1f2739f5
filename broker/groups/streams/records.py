"""The records of a streams group (KIP-1071), as tuples. Their form in `__consumer_offsets` is in
`record_codec`.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from .tasks import HeldTasks, TaskSets
from .topology import Topology


class Kind(IntEnum):
    """What a record is about: the version of its key."""

    GROUP_EPOCH = 17
    MEMBER = 19
    TARGET_EPOCH = 20
    TARGET = 21
    CURRENT = 22
    TOPOLOGY = 23


class StreamsGroupEpoch(NamedTuple):
    """The epoch of a group: it grows with every change that asks for a new assignment. Beside it what the
    assignment follows from: the topics' hash, the epoch of the topology if its topics are in order (else -1),
    and the settings.
    """

    group_id: str
    epoch: int
    metadata_hash: int
    validated_topology_epoch: int
    assignment_configs: tuple[tuple[str, str], ...]


class StreamsMemberMetadata(NamedTuple):
    """What a member has said of itself. `client_tags` are sorted, `user_endpoint` is host and port."""

    group_id: str
    member_id: str
    instance_id: str | None
    rack_id: str | None
    client_id: str
    client_host: str
    rebalance_timeout_ms: int
    topology_epoch: int
    process_id: str
    user_endpoint: tuple[str, int] | None
    client_tags: tuple[tuple[str, str], ...]


class StreamsTargetEpoch(NamedTuple):
    """The group epoch that the target assignment is for, and when it was computed (0: unknown)."""

    group_id: str
    epoch: int
    timestamp_ms: int


class StreamsTarget(NamedTuple):
    """What a member is to have."""

    group_id: str
    member_id: str
    tasks: TaskSets


class StreamsCurrent(NamedTuple):
    """How far a member has come: its epoch, what it has, and what it has been told to give up."""

    group_id: str
    member_id: str
    member_epoch: int
    previous_member_epoch: int
    state: int
    assigned: HeldTasks
    pending_revocation: HeldTasks


class StreamsTopology(NamedTuple):
    """The topology of the group."""

    group_id: str
    topology: Topology


class StreamsTombstone(NamedTuple):
    """Something is gone; `member_id` where it was a member's."""

    group_id: str
    kind: Kind
    member_id: str = ""


StreamsRecord = (
    StreamsGroupEpoch
    | StreamsMemberMetadata
    | StreamsTargetEpoch
    | StreamsTarget
    | StreamsCurrent
    | StreamsTopology
    | StreamsTombstone
)
