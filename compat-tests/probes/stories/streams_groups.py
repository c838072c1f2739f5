"""Streams groups (KIP-1071): every error that a request alone can provoke, and the steps of a group from its
first member to its end. What is about topologies is in `streams_topologies`.
"""

from __future__ import annotations

import time
from typing import Any

from odradek.protocol.messages import incremental_alter_configs as altered
from odradek.protocol.messages import join_group as joins
from odradek.protocol.messages import list_groups
from odradek.protocol.messages import offset_commit as commits
from odradek.protocol.messages import offset_fetch as fetches
from odradek.protocol.messages import streams_group_heartbeat as heartbeats
from odradek.protocol.messages.create_topics import REQUEST_TOPIC
from probes import Answers, Prober, story

Tasks = dict[str, list[int]]
NONE: dict[str, Tasks] = {"active_tasks": {}, "standby_tasks": {}, "warmup_tasks": {}}


def topic(name: str, partitions: int = 0, **configs: str) -> Any:
    """An internal topic."""
    pairs = [heartbeats.KEY_VALUE(key=key.replace("_", "."), value=value) for key, value in configs.items()]
    return heartbeats.TOPIC_INFO(name=name, partitions=partitions, topic_configs=pairs)


def subtopology(
    number: int,
    sources: tuple[str, ...] = (),
    changelogs: tuple[Any, ...] = (),
    sinks: tuple[str, ...] = (),
    repartitions: tuple[Any, ...] = (),
    copartitioned: tuple[tuple[list[int], list[int]], ...] = (),
) -> Any:
    """A subtopology; `copartitioned` are groups of indexes of sources and repartition topics."""
    return heartbeats.SUBTOPOLOGY(
        subtopology_id=str(number),
        source_topics=list(sources),
        state_changelog_topics=list(changelogs),
        repartition_sink_topics=list(sinks),
        repartition_source_topics=list(repartitions),
        copartition_groups=[
            heartbeats.COPARTITION_GROUP(source_topics=named, repartition_source_topics=internal)
            for named, internal in copartitioned
        ],
    )


def topology(*subtopologies: Any, epoch: int = 0) -> Any:
    """A topology."""
    return heartbeats.TOPOLOGY(epoch=epoch, subtopologies=list(subtopologies))


FLIGHTS = topology(subtopology(0, ("flights",)))


def beat(p: Prober, group: str, member: str = "m1", epoch: int = 0, version: int = 1, **fields: Any) -> Any:
    """A heartbeat; one that joins says what it has to. Tasks may be given as partitions by subtopology."""
    if epoch == 0:
        said = {"rebalance_timeout_ms": 30_000, "topology": FLIGHTS, "process_id": f"p-{member}", **NONE}
        fields = {**said, **fields}
    for name in NONE:
        if isinstance(fields.get(name), dict):
            fields[name] = [
                heartbeats.TASK_IDS(subtopology_id=each, partitions=partitions)
                for each, partitions in fields[name].items()
            ]
    answer = p.ask(
        "streams_group_heartbeat", version, group_id=group, member_id=member, member_epoch=epoch, **fields
    )
    for name in NONE:
        if getattr(answer, name) is not None:
            getattr(answer, name).sort(key=lambda tasks: str(tasks.subtopology_id))
    for each in answer.partitions_by_user_endpoint or ():
        for partitions in (each.active_partitions, each.standby_partitions):
            partitions.sort(key=lambda partition: str(partition.topic))
    return answer


def owns(active: Tasks, standby: Tasks | None = None) -> dict[str, Tasks]:
    """What a member says that it has."""
    return {"active_tasks": active, "standby_tasks": standby or {}, "warmup_tasks": {}}


def describe(p: Prober, group: str, version: int = 1, **fields: Any) -> Any:
    """The group, with its members in an order of ours."""
    answer = p.ask("streams_group_describe", version, group_ids=[group], **fields)
    for each in answer.groups:
        each.members.sort(key=lambda member: str(member.member_id))
    return answer


def commit(p: Prober, group: str, member: str, epoch: int, version: int = 9, partition: int = 0) -> Any:
    """Commit an offset of `flights`."""
    partitions = [
        commits.REQUEST_PARTITION(partition_index=partition, committed_offset=7, committed_metadata="")
    ]
    about = commits.REQUEST_TOPIC(name="flights", topic_id=p.topic_ids["flights"], partitions=partitions)
    who = {"group_id": group, "generation_id_or_member_epoch": epoch, "member_id": member}
    return p.ask("offset_commit", version, **who, topics=[about])


def fetch(p: Prober, group: str, member: str | None, epoch: int, version: int = 9) -> Any:
    """Fetch an offset of `flights`."""
    about = fetches.REQUEST_GROUP_TOPIC(
        name="flights", topic_id=p.topic_ids["flights"], partition_indexes=[0]
    )
    asked = fetches.REQUEST_GROUP(group_id=group, member_id=member, member_epoch=epoch, topics=[about])
    return p.ask("offset_fetch", version, groups=[asked])


def make(p: Prober, name: str, partitions: int) -> Any:
    """Create a topic."""
    wanted = REQUEST_TOPIC(name=name, num_partitions=partitions, replication_factor=1)
    return [each.error_code for each in p.ask("create_topics", 7, topics=[wanted], timeout_ms=30_000).topics]


def listed(p: Prober, group: str, *states: str, types: tuple[str, ...] = ()) -> Any:
    """The group as ListGroups shows it."""
    answer = p.ask("list_groups", 5, states_filter=list(states), types_filter=list(types))
    assert isinstance(answer, list_groups.RESPONSE.value_class)
    return [each for each in answer.groups if each.group_id == group]


@story
def refusals(p: Prober) -> Answers:
    """Everything that is wrong with a request by itself."""
    group = "streams-refusals"
    for version in (0, 1):
        at = {"version": version}
        yield f"empty group, v{version}", beat(p, "", **at)
        yield f"blank group, v{version}", beat(p, "  ", **at)
        yield f"no member, v{version}", beat(p, group, "", **at)
        yield f"empty instance, v{version}", beat(p, group, instance_id="", **at)
        yield f"blank rack, v{version}", beat(p, group, rack_id=" ", **at)
        yield f"no rebalance timeout, v{version}", beat(p, group, rebalance_timeout_ms=-1, **at)
        for name in NONE:
            yield f"{name} when joining, v{version}", beat(p, group, **{name: {"0": [0]}}, **at)
        yield f"no topology, v{version}", beat(p, group, topology=None, **at)
        yield f"some kinds of tasks only, v{version}", beat(p, group, active_tasks=None, **at)
        yield f"topology when living, v{version}", beat(p, group, epoch=1, topology=FLIGHTS, **at)
        yield f"bad epoch, v{version}", beat(p, group, epoch=-3, **at)
        yield f"static leave without instance, v{version}", beat(p, group, epoch=-2, **at)
        yield f"unknown group, v{version}", beat(p, group, epoch=1, **at)
        yield f"leave unknown group, v{version}", beat(p, group, epoch=-1, **at)
        yield f"describe unknown, v{version}", describe(p, group, version)
        yield f"describe empty id, v{version}", describe(p, "", version)
    yield "commit to unknown group", commit(p, group, "m1", 1)
    yield "fetch of unknown group", fetch(p, group, "m1", 1)


@story
def lives(p: Prober) -> Answers:
    """Two members join, share, are wrong about their epochs, and leave."""
    g = "streams-lives"
    yield "first joins", beat(p, g)
    yield "again with nulls", beat(p, g, epoch=2)
    yield "with its tasks", beat(p, g, epoch=2, **owns({"0": [0, 1, 2, 3]}))
    yield "greater epoch", beat(p, g, epoch=9)
    yield "unknown member", beat(p, g, "m9", epoch=1)
    yield "leave of unknown member", beat(p, g, "m9", epoch=-1)
    yield "unknown static member", beat(p, g, epoch=1, instance_id="i9")
    yield "unknown subtopology", beat(p, g, epoch=2, **owns({"7": [0]}))
    yield "unknown task", beat(p, g, epoch=2, **owns({"0": [0, 4]}))
    yield "negative task", beat(p, g, epoch=2, **owns({"0": [-1]}))
    yield "describe", describe(p, g)
    yield "second joins", beat(p, g, "m2")
    yield "first is told to give up", beat(p, g, epoch=2, **owns({"0": [0, 1, 2, 3]}))
    yield "describe reconciling", describe(p, g)
    yield "second waits", beat(p, g, "m2", epoch=3, **NONE)
    yield "first has not given up", beat(p, g, epoch=2, **owns({"0": [0, 1, 2, 3]}))
    yield "first has given up", beat(p, g, epoch=2, **owns({"0": [0, 1]}))
    yield "second gets its part", beat(p, g, "m2", epoch=3)
    yield "first repeats its old epoch", beat(p, g, epoch=2, **owns({"0": [0, 1]}))
    yield "old epoch with other tasks", beat(p, g, epoch=2, **owns({"0": [3]}))
    yield "old epoch with nulls", beat(p, g, epoch=2)
    yield "describe stable", describe(p, g)
    yield "another topology", beat(p, g, "m3", topology=topology(subtopology(0, ("delays",))))
    yield "newer topology", beat(p, g, "m3", topology=topology(subtopology(0, ("flights",)), epoch=1))
    yield "describe groups v5", p.ask("describe_groups", 5, groups=[g])
    yield "describe groups v6", p.ask("describe_groups", 6, groups=[g])
    yield "describe as a consumer group", p.ask("consumer_group_describe", 1, group_ids=[g])
    yield "listed", listed(p, g, "stable", types=("Streams",))
    yield "delete", p.ask("delete_groups", 2, groups_names=[g])
    yield "second leaves", beat(p, g, "m2", epoch=-1)
    yield "describe assigning", describe(p, g)
    yield "first joins again", beat(p, g)
    yield "first leaves", beat(p, g, epoch=-1)
    yield "describe empty", describe(p, g)
    yield "comes back", beat(p, g)
    yield "leaves again", beat(p, g, epoch=-1)
    yield "delete empty", p.ask("delete_groups", 2, groups_names=[g])
    yield "describe deleted", describe(p, g)


@story
def static_members(p: Prober) -> Answers:
    """A static member leaves for a while, comes back, and is fenced."""
    g, i1 = "streams-static", {"instance_id": "i1"}
    yield "joins", beat(p, g, **i1)
    yield "another with its id", beat(p, g, "m2", **i1)
    yield "same again", beat(p, g, **i1)
    yield "wrong member", beat(p, g, "m2", epoch=1, **i1)
    yield "leaves as somebody else", beat(p, g, "m2", epoch=-2, **i1)
    yield "leaves unknown instance", beat(p, g, epoch=-2, instance_id="i2")
    yield "leaves for a while", beat(p, g, epoch=-2, **i1)
    yield "describe", describe(p, g)
    yield "comes back", beat(p, g, "m4", process_id="p-m1", **i1)
    yield "old one lives", beat(p, g, epoch=2, **i1)
    yield "describe back", describe(p, g)
    yield "another joins", beat(p, g, "m5")
    yield "leaves for a while again", beat(p, g, "m4", epoch=-2, **i1)
    yield "comes back in another process", beat(p, g, "m6", **i1)
    yield "describe other process", describe(p, g)
    yield "leaves for good", beat(p, g, "m6", epoch=-1, **i1)
    yield "describe without", describe(p, g)


@story
def told_besides(p: Prober) -> Answers:
    """Stale topologies, a wish to shut down, endpoints, tags and offsets of states."""
    g = "streams-besides"
    newer = topology(subtopology(0, ("flights",)), epoch=3)
    here, there = (heartbeats.ENDPOINT(host=host, port=7) for host in ("here", "there"))
    tags = [heartbeats.KEY_VALUE(key=key, value=key.upper()) for key in ("zone", "cluster")]
    yield "joins", beat(p, g, topology=newer, user_endpoint=here, client_tags=tags, rack_id="r")
    yield "knows the endpoints", beat(p, g, epoch=2, endpoint_information_epoch=0)
    yield "knows other endpoints", beat(p, g, epoch=2, endpoint_information_epoch=5)
    yield "older topology", beat(p, g, "m2", topology=FLIGHTS, user_endpoint=there)
    yield "lives with it", beat(p, g, "m2", epoch=3, **NONE)
    yield "first gives up", beat(p, g, epoch=2, **owns({"0": [0, 1, 2, 3]}))
    yield "gave up", beat(p, g, epoch=2, **owns({"0": [0, 1]}))
    yield "second gets", beat(p, g, "m2", epoch=3, **NONE)
    yield "another endpoint", beat(p, g, epoch=3, user_endpoint=there)
    offsets = [heartbeats.TASK_OFFSET(subtopology_id="0", partition=n, offset=n * 10) for n in (1, 0)]
    yield "reports offsets", beat(p, g, epoch=4, task_offsets=offsets, task_end_offsets=offsets[:1])
    yield "reports some twice", beat(p, g, epoch=4, task_offsets=[*offsets, offsets[0]])
    yield "describe", describe(p, g)
    yield "asks for a shutdown", beat(p, g, "m2", epoch=4, shutdown_application=True)
    yield "is told of it", beat(p, g, epoch=4)
    yield "is told of it, v0", beat(p, g, epoch=4, version=0)
    yield "leaves", beat(p, g, "m2", epoch=-1)
    yield "is still told of it", beat(p, g, epoch=4, **owns({"0": [0, 1]}))


def set_up(p: Prober, group: str, **settings: str) -> Any:
    """Settings of a group of its own."""
    configs = [
        altered.CONFIG(name=f"streams.{name.replace('_', '.')}", config_operation=0, value=value)
        for name, value in settings.items()
    ]
    asked = altered.RESOURCE(resource_type=32, resource_name=group, configs=configs)
    return p.ask("incremental_alter_configs", 1, resources=[asked])


@story
def settings_of_groups(p: Prober) -> Answers:
    """Delays, standbys and tags that a group has of its own."""
    g = "streams-delayed"
    yield "a delay", set_up(p, g, initial_rebalance_delay_ms="1500")
    time.sleep(0.5)  # Kafka's coordinator learns of settings from its controller
    yield "joins", beat(p, g)
    yield "another joins", beat(p, g, "m2")
    yield "lives", beat(p, g, epoch=1, **NONE)
    yield "describe while waiting", describe(p, g)
    time.sleep(2)
    yield "gets its tasks", beat(p, g, epoch=1, **NONE)
    yield "gets its tasks too", beat(p, g, "m2", epoch=1, **NONE)
    yield "describe after that", describe(p, g)
    g = "streams-apart"
    yield "an interval", set_up(p, g, assignment_interval_ms="1500", session_timeout_ms="50000")
    time.sleep(0.5)
    yield "first of it joins", beat(p, g)
    yield "second of it joins too early", beat(p, g, "m2")
    time.sleep(2)
    yield "second of it lives", beat(p, g, "m2", epoch=2, **NONE)
    yield "describe of it", describe(p, g)
    g = "streams-tags"
    yield "tags", set_up(p, g, rack_aware_assignment_tags="zone,cluster")
    time.sleep(0.5)
    zone = [heartbeats.KEY_VALUE(key="zone", value="a")]
    yield "lacks a tag", beat(p, g, client_tags=zone)
    yield "lacks a tag, v0", beat(p, g, version=0, client_tags=zone)


@story
def standbys(p: Prober) -> Answers:
    """Replicas of states, in other processes than the tasks that they replicate; roles that change."""
    g = "streams-standbys"
    counts = topology(subtopology(0, ("flights",), (topic(f"{g}-changelog"),)))
    yield "one replica", set_up(p, g, num_standby_replicas="1")
    yield "changelog", make(p, f"{g}-changelog", 4)
    time.sleep(0.5)
    yield "first joins", beat(p, g, topology=counts)
    yield "second joins", beat(p, g, "m2", topology=counts)
    yield "first gives up", beat(p, g, epoch=2, **owns({"0": [0, 1, 2, 3]}))
    described = describe(p, g)
    yield "describe two", described
    has = {
        each.subtopology_id: each.partitions
        for each in described.groups[0].members[0].assignment.active_tasks
    }
    has_standby = described.groups[0].members[0].assignment.standby_tasks
    replicas = {each.subtopology_id: each.partitions for each in has_standby}
    yield "first gave up", beat(p, g, epoch=2, **owns(has, replicas))
    yield "second gets", beat(p, g, "m2", epoch=3, **NONE)
    yield "first lives", beat(p, g, epoch=3, **owns(has, replicas))
    yield "describe both", describe(p, g)
    yield "a thread of the first process joins", beat(p, g, "m3", topology=counts, process_id="p-m1")
    yield "describe three", describe(p, g)
    yield "second leaves", beat(p, g, "m2", epoch=-1)
    yield "first takes over", beat(p, g, epoch=3, **owns(has, replicas))
    yield "third lives", beat(p, g, "m3", epoch=4, **NONE)
    yield "describe one process", describe(p, g)


@story
def offsets(p: Prober) -> Answers:
    """Who may commit and fetch, at which epochs."""
    g = "streams-offsets"
    yield "joins", beat(p, g)
    for version in (2, 8, 9, 10):
        yield f"commit v{version}", commit(p, g, "m1", 2, version)
        yield f"commit of stranger v{version}", commit(p, g, "m7", 2, version)
        yield f"commit older v{version}", commit(p, g, "m1", 1, version)
        yield f"commit newer v{version}", commit(p, g, "m1", 9, version)
        yield f"simple commit v{version}", commit(p, g, "", -1, version)
    for version in (9, 10):
        yield f"fetch v{version}", fetch(p, g, "m1", 2, version)
        yield f"fetch of stranger v{version}", fetch(p, g, "m7", 2, version)
        yield f"fetch older v{version}", fetch(p, g, "m1", 1, version)
        yield f"fetch of nobody v{version}", fetch(p, g, None, -1, version)
    yield "second joins", beat(p, g, "m2")
    yield "first is to give up", beat(p, g, epoch=2, **owns({"0": [0, 1, 2, 3]}))
    yield "commits what it is to give up", commit(p, g, "m1", 2, partition=3)
    yield "has given up", beat(p, g, epoch=2, **owns({"0": [0, 1]}))
    yield "commits what it kept with the old epoch", commit(p, g, "m1", 2, partition=0)
    yield "commits what it gave up with the old epoch", commit(p, g, "m1", 2, partition=3)
    yield "commits what it gave up with its epoch", commit(p, g, "m1", 3, partition=3)
    yield "leave", (beat(p, g, epoch=-1), beat(p, g, "m2", epoch=-1))[1]
    yield "simple commit to the empty group", commit(p, g, "", -1)
    yield "fetch from the empty group", fetch(p, g, None, -1)


@story
def other_protocols(p: Prober) -> Answers:
    """A group is of one kind; an empty one may become one of another kind."""
    g = "streams-others"
    join = {
        "group_id": g,
        "session_timeout_ms": 10_000,
        "rebalance_timeout_ms": 20_000,
        "protocol_type": "consumer",
        "protocols": [joins.PROTOCOL(name="range", metadata=b"")],
    }
    consumer = {
        "group_id": g,
        "member_id": "c1",
        "member_epoch": 0,
        "rebalance_timeout_ms": 30_000,
        "subscribed_topic_names": ["flights"],
        "topic_partitions": [],
    }
    yield "streams member joins", beat(p, g)
    yield "classic join", p.ask("join_group", 3, **join)
    yield "classic heartbeat", p.ask("heartbeat", 3, group_id=g, member_id="m1", generation_id=2)
    yield "classic sync", p.ask("sync_group", 3, group_id=g, member_id="m1", generation_id=2)
    yield "classic leave", p.ask("leave_group", 0, group_id=g, member_id="m1")
    yield "consumer join", p.ask("consumer_group_heartbeat", 1, **consumer)
    yield "consumer lives", p.ask("consumer_group_heartbeat", 1, **{**consumer, "member_epoch": 1})
    yield "streams member leaves", beat(p, g, epoch=-1)
    yield "consumer join to the empty group", p.ask("consumer_group_heartbeat", 1, **consumer)
    yield "classic join of somebody", p.ask("join_group", 3, **join, member_id="somebody")
    joined = p.ask("join_group", 3, **join)
    p.name(joined.member_id, "classic")
    yield "classic join to the empty group", joined
    yield "kind", listed(p, g)
    yield "streams join to the classic group", beat(p, g)
    yield "streams leave", beat(p, g, epoch=-1)
    yield "describe", describe(p, g)
    left = p.ask("leave_group", 0, group_id=g, member_id=joined.member_id)
    yield "classic leaves", left
    yield "streams join to the empty classic group", beat(p, g)
    yield "kind again", listed(p, g)
