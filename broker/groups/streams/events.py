"""What goes into the machines of streams groups and what comes out of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from .tasks import Task, TaskSets
from .topic_configuration import StatusDetail
from .topology import InternalTopic, Topology


class StreamsHeartbeat(NamedTuple):
    """One StreamsGroupHeartbeat (KIP-1071). None, and -1 for the rebalance timeout, mean: as before.

    `owned` are the tasks that the member has. `tells_missing_tags` is set for the versions that know the
    status for members without the tags that racks go by (v1).
    """

    group_id: str
    member_id: str
    member_epoch: int
    endpoint_epoch: int = 0
    client_id: str = ""
    client_host: str = ""
    instance_id: str | None = None
    rack_id: str | None = None
    rebalance_timeout_ms: int = -1
    topology: Topology | None = None
    owned: TaskSets | None = None
    process_id: str | None = None
    user_endpoint: tuple[str, int] | None = None
    client_tags: tuple[tuple[str, str], ...] | None = None
    task_offsets: Mapping[Task, int] | None = None
    task_end_offsets: Mapping[Task, int] | None = None
    shutdown_application: bool = False
    tells_missing_tags: bool = True


class EndpointPartitions(NamedTuple):
    """What one member serves to interactive queries: partitions by topic, of its active tasks and of the
    others.
    """

    endpoint: tuple[str, int]
    active: Mapping[str, list[int]]
    standby: Mapping[str, list[int]]


class StreamsHeartbeatReply(NamedTuple):
    """The answer to a StreamsGroupHeartbeat. `tasks` and `endpoints` are None where the member knows them
    already.
    """

    member_id: str
    member_epoch: int
    heartbeat_interval_ms: int = 0
    task_offset_interval_ms: int = 0
    acceptable_recovery_lag: int = -1
    statuses: tuple[StatusDetail, ...] = ()
    tasks: TaskSets | None = None
    endpoint_epoch: int = 0
    endpoints: tuple[EndpointPartitions, ...] | None = None


class MakeTopics(NamedTuple):
    """An order: make these topics for a group, and tell it what could not be made."""

    group_id: str
    topics: tuple[InternalTopic, ...]
