"""StreamsGroupHeartbeat on a streams group (KIP-1071): joining, living on, and reconciling."""

from __future__ import annotations

from typing import Any

from ....protocol.errors import ErrorCode
from ..events import Effects, GroupError, Instant
from ..membership import JOIN_EPOCH, check_epoch, check_released, existing_member
from .endpoints import endpoints_of
from .events import MakeTopics, StreamsHeartbeat, StreamsHeartbeatReply
from .group import StreamsGroup, TaskOffsets
from .member import StreamsMember
from .records import Kind, StreamsTarget, StreamsTombstone
from .settings import StreamsSettings
from .tasks import TaskSets
from .topic_configuration import Status, StatusDetail
from .update import MemberUpdate


def beat(
    group: StreamsGroup, request: StreamsHeartbeat, settings: StreamsSettings, now: Instant, effects: Effects
) -> StreamsHeartbeatReply:
    """One heartbeat of a member that is, or becomes, part of the group. Raises GroupError."""
    group.config = settings.of(group.group_id)
    if request.member_epoch == JOIN_EPOCH:
        _check_room(group, request)
    member = _member(group, request, effects)
    updated = _updated(member, request)
    update = MemberUpdate(group, member, updated, settings.topics, now, effects)
    update.note_member()
    update.note_topology(request.topology)
    configured = update.configure()
    if configured.is_ready and request.owned is not None:
        _check_tasks(configured.subtopologies, request.owned)
    if request.task_offsets is not None or request.task_end_offsets is not None:
        known = group.offsets_of(request.member_id)
        group.task_offsets[request.member_id] = TaskOffsets(
            known.offsets if request.task_offsets is None else request.task_offsets,
            known.end_offsets if request.task_end_offsets is None else request.task_end_offsets,
        )
    update.advance_epoch()
    reached = update.reconcile(request.owned)
    if reached.member_id in group.members:
        group.touch(reached, now)
    if request.shutdown_application and group.shutdown_member_id is None:
        group.shutdown_member_id = request.member_id
    if configured.missing:
        effects.orders.append(MakeTopics(group.group_id, configured.missing))
    return _reply(update, request, reached)


# Who it is


def _check_room(group: StreamsGroup, request: StreamsHeartbeat) -> None:
    limit = group.config.max_size
    is_known = request.member_id in group.members or group.static_member(request.instance_id) is not None
    if len(group.members) >= limit and not is_known:
        raise GroupError(
            ErrorCode.GROUP_MAX_SIZE_REACHED,
            f"The streams group has reached its maximum capacity of {limit} members.",
        )


def _member(group: StreamsGroup, request: StreamsHeartbeat, effects: Effects) -> StreamsMember:
    """The member that the request means; a new one if it joins."""
    member_id = request.member_id
    if request.member_epoch != JOIN_EPOCH:
        member = existing_member(group, member_id, request.instance_id)
        _check_epoch(member, request)
        return member
    static = group.static_member(request.instance_id)
    if static is None:
        return group.members.get(member_id) or StreamsMember(member_id)
    check_released(static, member_id)
    return _replace_static(group, static, member_id, effects)


def _replace_static(
    group: StreamsGroup, old: StreamsMember, member_id: str, effects: Effects
) -> StreamsMember:
    """The member that takes a static one's place, with all that it had, under another member id."""
    new = old._replace(member_id=member_id, member_epoch=0, previous_member_epoch=0)
    effects.records.extend(remove_member(group.group_id, old.member_id))
    effects.records.append(new.metadata_record(group.group_id))
    target = group.target.get(old.member_id, TaskSets())
    effects.records.append(StreamsTarget(group.group_id, member_id, target))
    effects.records.append(new.current_record(group.group_id))
    return new


def remove_member(group_id: str, member_id: str) -> list[StreamsTombstone]:
    """The records that remove a member."""
    return [StreamsTombstone(group_id, kind, member_id) for kind in (Kind.CURRENT, Kind.TARGET, Kind.MEMBER)]


def _check_epoch(member: StreamsMember, request: StreamsHeartbeat) -> None:
    def still_own() -> bool:
        return request.owned is not None and member.assigned.includes(request.owned)

    check_epoch("streams", member, request.member_epoch, still_own)


# What it says


def _updated(member: StreamsMember, request: StreamsHeartbeat) -> StreamsMember:
    """The member with everything that the request says of it."""
    topology, joins = request.topology, request.member_epoch == JOIN_EPOCH
    says: dict[str, Any] = {
        "instance_id": request.instance_id,
        "rack_id": request.rack_id,
        "rebalance_timeout_ms": None if request.rebalance_timeout_ms == -1 else request.rebalance_timeout_ms,
        "topology_epoch": None if topology is None else topology.epoch,
        "client_id": request.client_id,
        "client_host": request.client_host,
        "process_id": request.process_id,
        "client_tags": request.client_tags,
        "user_endpoint": request.user_endpoint,
    }
    said = {field: value for field, value in says.items() if value is not None}
    if joins:
        said["user_endpoint"] = request.user_endpoint
    return member._replace(**said)


def _check_tasks(subtopologies: Any, owned: TaskSets) -> None:
    for tasks in owned:
        for subtopology_id, partition in sorted(tasks):
            subtopology = subtopologies.get(subtopology_id)
            if subtopology is None:
                problem = f"Subtopology {subtopology_id} does not exist in the topology."
            elif not 0 <= partition < subtopology.task_count:
                problem = (
                    f"Task {partition} for subtopology {subtopology_id} is invalid. "
                    f"Number of tasks for this subtopology: {subtopology.task_count}"
                )
            else:
                continue
            raise GroupError(ErrorCode.INVALID_REQUEST, problem)


# What it is told


def _reply(update: MemberUpdate, request: StreamsHeartbeat, reached: StreamsMember) -> StreamsHeartbeatReply:
    group, config, member = update.group, update.group.config, update.member
    assigned = reached.assigned
    tasks = TaskSets(frozenset(assigned.active), assigned.standby, assigned.warmup)
    # Who says to have something else may not have got the answer that told it. Kafka 4.4 would not repeat it.
    is_behind = request.owned is not None and request.owned != tasks
    is_told = request.member_epoch == JOIN_EPOCH or assigned != member.assigned or is_behind
    moved = member.user_endpoint != reached.user_endpoint
    if moved or (assigned != member.assigned and reached.user_endpoint is not None):
        group.endpoint_epoch += 1
    endpoints = None
    if group.endpoint_epoch != request.endpoint_epoch:
        endpoints = endpoints_of(group, reached, update.configured, update.topics)
    return StreamsHeartbeatReply(
        reached.member_id,
        reached.member_epoch,
        config.heartbeat_interval_ms,
        config.task_offset_interval_ms,
        config.acceptable_recovery_lag,
        (*update.statuses, *_statuses(update, request, reached)),
        tasks if is_told else None,
        group.endpoint_epoch,
        endpoints,
    )


def _statuses(update: MemberUpdate, request: StreamsHeartbeat, reached: StreamsMember) -> list[StatusDetail]:
    group, found = update.group, []
    problem = update.configured.problem
    if problem is not None:
        failed = group.failed_topics(update.configured.missing, update.now)
        found.append(problem._replace(detail=problem.detail + failed))
    if group.shutdown_member_id is not None:
        detail = (
            f"Streams group member {group.shutdown_member_id} encountered a fatal error and requested a "
            "shutdown for the entire application."
        )
        found.append(StatusDetail(Status.SHUTDOWN_APPLICATION, detail))
    has = dict(reached.client_tags)
    missing = [tag for tag in group.config.rack_aware_assignment_tags if tag not in has]
    if missing and request.tells_missing_tags:
        detail = (
            f"Missing required client tags for rack-aware standby assignment: [{', '.join(missing)}]. "
            "Configure them via 'client.tag.<tagKey>' in your Streams config."
        )
        found.append(StatusDetail(Status.MISSING_CLIENT_TAGS, detail))
    return found
