"""What goes into the group state machines and what comes out of them: times, requests, replies, effects.

These are plain tuples, without versions and without wire types, so that a simulation can speak to the
machines directly. The handlers turn them into the messages of each protocol version.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ...protocol.errors import ErrorCode
from ..effects import Effects as Effects
from ..effects import Failure as Failure
from ..effects import Instant as Instant

NO_GENERATION = -1
UNKNOWN_MEMBER_ID = ""


class GroupConfig(NamedTuple):
    """The broker's settings that the group machines obey; the defaults are those of Odradek."""

    max_size: int = 2_147_483_647
    min_session_timeout_ms: int = 6_000
    max_session_timeout_ms: int = 1_800_000
    initial_rebalance_delay_ms: int = 0
    new_member_join_timeout_ms: int = 300_000
    offset_metadata_max_bytes: int = 4_096
    offsets_retention_ms: int = 604_800_000


class GroupError(Exception):
    """A request that a group refuses, with the error code for the client, and a message where answers have
    one.
    """

    def __init__(self, error: ErrorCode, message: str | None = None) -> None:
        super().__init__(message or error.name)
        self.error = error
        self.message = message


class JoinRequest(NamedTuple):
    """One JoinGroup. `protocols` are (name, metadata) in the member's order of preference.

    `needs_member_id` is set for the versions that make a dynamic member come back with the id it was given
    (KIP-394, v4), `skips_assignment` for those that may tell a leader to keep the assignment (KIP-814, v9).
    """

    group_id: str
    member_id: str
    instance_id: str | None
    client_id: str
    client_host: str
    session_timeout_ms: int
    rebalance_timeout_ms: int
    protocol_type: str
    protocols: tuple[tuple[str, bytes], ...]
    needs_member_id: bool = True
    skips_assignment: bool = True


class JoinedMember(NamedTuple):
    """A member as the leader sees it in its JoinGroup answer."""

    member_id: str
    instance_id: str | None
    metadata: bytes


class JoinReply(NamedTuple):
    """The answer to a JoinGroup. `members` is filled for the leader only."""

    error: ErrorCode
    member_id: str
    generation_id: int = NO_GENERATION
    protocol_type: str | None = None
    protocol_name: str | None = None
    leader: str = ""
    skip_assignment: bool = False
    members: tuple[JoinedMember, ...] = ()


class SyncRequest(NamedTuple):
    """One SyncGroup. `assignments` maps member ids to their assignment and is filled by the leader only."""

    group_id: str
    generation_id: int
    member_id: str
    instance_id: str | None
    protocol_type: str | None
    protocol_name: str | None
    assignments: Mapping[str, bytes]


class SyncReply(NamedTuple):
    """The answer to a SyncGroup."""

    error: ErrorCode
    protocol_type: str | None = None
    protocol_name: str | None = None
    assignment: bytes = b""


class ConsumerHeartbeat(NamedTuple):
    """One ConsumerGroupHeartbeat (KIP-848). None, and -1 for the rebalance timeout, mean: as before.

    `owned` are the partitions that the member has, by topic id.
    """

    group_id: str
    member_id: str
    member_epoch: int
    client_id: str = ""
    client_host: str = ""
    instance_id: str | None = None
    rack_id: str | None = None
    rebalance_timeout_ms: int = -1
    topic_names: frozenset[str] | None = None
    topic_regex: str | None = None
    server_assignor: str | None = None
    owned: Mapping[bytes, frozenset[int]] | None = None


class ConsumerHeartbeatReply(NamedTuple):
    """The answer to a ConsumerGroupHeartbeat. `assignment` is None where the member knows it already."""

    member_id: str
    member_epoch: int
    heartbeat_interval_ms: int = 0
    assignment: Mapping[bytes, frozenset[int]] | None = None


class LeavingMember(NamedTuple):
    """One member of a LeaveGroup, by member id, or by instance id alone (an administrator removes a static
    member).
    """

    member_id: str
    instance_id: str | None


class CommitPartition(NamedTuple):
    """One partition of an OffsetCommit; timestamps and epochs are -1 when the client gave none."""

    topic: str
    partition: int
    offset: int
    leader_epoch: int = -1
    metadata: str | None = ""
    commit_timestamp_ms: int = -1
    topic_id: bytes = bytes(16)


class CommitRequest(NamedTuple):
    """One OffsetCommit. `retention_time_ms` is -1 for the broker's own retention (v2 to v4 may set it).

    `knows_group_errors` is set from v9 on (KIP-848), in transactions from v6 on (KIP-1319), where a group
    that does not exist and a stale epoch have error codes of their own. With a `producer` (id and epoch) the
    offsets are part of its transaction.
    """

    group_id: str
    generation_id: int
    member_id: str
    instance_id: str | None
    partitions: Sequence[CommitPartition]
    retention_time_ms: int = -1
    knows_group_errors: bool = True
    producer: tuple[int, int] | None = None
