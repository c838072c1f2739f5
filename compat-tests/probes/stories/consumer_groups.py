"""What a prober asks about consumer groups: every error that a request alone can provoke, and the steps of a
group from its first member to its end. Each function is one story on groups of its own.
"""

from __future__ import annotations

import time
from typing import Any

from odradek.protocol.messages import consumer_protocol
from odradek.protocol.messages import join_group as joins
from odradek.protocol.messages import offset_commit as commits
from odradek.protocol.messages import offset_delete as deletes
from odradek.protocol.messages import offset_fetch as fetches
from odradek.protocol.messages.consumer_group_heartbeat import TOPIC_PARTITIONS
from probes import Answers, Prober, story


def beat(p: Prober, group: str, member: str = "m1", epoch: int = 0, version: int = 1, **fields: Any) -> Any:
    """A heartbeat; one that joins says what it has to."""
    if epoch == 0:
        said = {"rebalance_timeout_ms": 30_000, "subscribed_topic_names": ["flights"], "topic_partitions": []}
        fields = {**said, **fields}
    owned = fields.get("topic_partitions")
    if owned and isinstance(owned, dict):
        fields["topic_partitions"] = [
            TOPIC_PARTITIONS(topic_id=p.topic_ids[name], partitions=list(partitions))
            for name, partitions in owned.items()
        ]
    answer = p.ask(
        "consumer_group_heartbeat", version, group_id=group, member_id=member, member_epoch=epoch, **fields
    )
    if answer.assignment is not None:
        names = {topic_id: name for name, topic_id in p.topic_ids.items()}
        answer.assignment.topic_partitions.sort(key=lambda topic: names[topic.topic_id])
    return answer


def describe(p: Prober, group: str, version: int = 1) -> Any:
    """The group, with members and partitions in an order of ours."""
    answer = p.ask("consumer_group_describe", version, group_ids=[group])
    for each in answer.groups:
        each.members.sort(key=lambda member: (member.member_type, member.member_id))
        for member in each.members:
            member.client_host = "<host>"
            member.subscribed_topic_names.sort()
            for assignment in (member.assignment, member.target_assignment):
                assignment.topic_partitions.sort(key=lambda topic: topic.topic_name)
                for topic in assignment.topic_partitions:
                    topic.partitions.sort()
    return answer


def commit(
    p: Prober,
    group: str,
    member: str,
    epoch: int,
    version: int = 9,
    partition: int = 0,
    topic: str = "flights",
) -> Any:
    """Commit an offset."""
    partitions = [
        commits.REQUEST_PARTITION(partition_index=partition, committed_offset=7, committed_metadata="")
    ]
    about = commits.REQUEST_TOPIC(name=topic, topic_id=p.topic_ids[topic], partitions=partitions)
    who = {"group_id": group, "generation_id_or_member_epoch": epoch, "member_id": member}
    return p.ask("offset_commit", version, **who, topics=[about])


def fetch(
    p: Prober, group: str, member: str | None, epoch: int, version: int = 9, topic: str = "flights"
) -> Any:
    """Fetch an offset."""
    about = fetches.REQUEST_GROUP_TOPIC(name=topic, topic_id=p.topic_ids[topic], partition_indexes=[0])
    asked = fetches.REQUEST_GROUP(group_id=group, member_id=member, member_epoch=epoch, topics=[about])
    return p.ask("offset_fetch", version, groups=[asked])


def classic_join(p: Prober, group: str, member: str = "", version: int = 9, **fields: Any) -> Any:
    """A JoinGroup of a consumer."""
    subscription = consumer_protocol.SUBSCRIPTION(topics=fields.pop("topics", ["flights"]))
    data = consumer_protocol.write(consumer_protocol.SUBSCRIPTION, subscription, 1)
    names = fields.pop("names", ("range", "roundrobin"))
    return p.ask(
        "join_group",
        version,
        **{
            "group_id": group,
            "member_id": member,
            "session_timeout_ms": 10_000,
            "rebalance_timeout_ms": 20_000,
            "protocol_type": "consumer",
            "protocols": [joins.PROTOCOL(name=name, metadata=data) for name in names],
            **fields,
        },
    )


# Refusals


@story
def refused_without_a_group(p: Prober) -> Answers:
    """Everything that is wrong with a request by itself."""
    for version in (0, 1):
        yield "empty group", beat(p, "", version=version)
        yield "blank group", beat(p, "  ", version=version)
        yield "empty instance", beat(p, "r1", version=version, instance_id="")
        yield "empty rack", beat(p, "r1", version=version, rack_id=" ")
        yield "no rebalance timeout", beat(p, "r1", version=version, rebalance_timeout_ms=-1)
        yield "no partitions", beat(p, "r1", version=version, topic_partitions=None)
        yield "owned when joining", beat(p, "r1", version=version, topic_partitions={"flights": [0]})
        yield "no subscription", beat(p, "r1", version=version, subscribed_topic_names=None)
        yield "other assignor", beat(p, "r1", version=version, server_assignor="fair")
        yield "bad epoch", beat(p, "r1", version=version, epoch=-3)
        yield "static leave without instance", beat(p, "r1", version=version, epoch=-2)
        yield "unknown group", beat(p, "r1", version=version, epoch=1)
        yield "leave unknown group", beat(p, "r1", version=version, epoch=-1)
        yield "no member id when living", beat(p, "r1", "", version=version, epoch=1)
        yield "no member id when leaving", beat(p, "r1", "", version=version, epoch=-1)
        yield "describe unknown", describe(p, "r1", version)
        yield "describe empty id", describe(p, "", version)
    yield "no member id when joining", beat(p, "r1", "", version=1)
    for regex in (
        "(",
        "a**",
        "[z-a]",
        "*a",
        "(?=a)",
        r"\1",
        "a{2,1}",
        "[[:x:]]",
        r"\Z",
        "a)",
        "[",
        "a{1001}",
        "\\",
    ):
        yield f"regex {regex}", beat(p, "r2", subscribed_topic_names=None, subscribed_topic_regex=regex)
    yield "commit to unknown group", commit(p, "r3", "m1", 1)
    yield "commit to unknown group v8", commit(p, "r3", "m1", 1, version=8)
    yield "fetch of unknown group", fetch(p, "r3", "m1", 1)


@story
def lives_of_members(p: Prober) -> Answers:
    """Two members join, share, are wrong about their epochs, and leave."""
    yield "first joins", beat(p, "l")
    yield "again with nulls", beat(p, "l", epoch=1)
    yield "full request", beat(
        p, "l", epoch=1, rebalance_timeout_ms=30_000, subscribed_topic_names=["flights"],
        topic_partitions={"flights": range(4)},
    )  # fmt: skip
    yield "greater epoch", beat(p, "l", epoch=5)
    yield "unknown member", beat(p, "l", "m9", epoch=1)
    yield "leave of unknown member", beat(p, "l", "m9", epoch=-1)
    yield "unknown static member", beat(p, "l", "m1", epoch=1, instance_id="i9")
    yield "describe", describe(p, "l")
    yield "describe v0", describe(p, "l", 0)
    yield "second joins", beat(p, "l", "m2")
    yield "first is told to give up", beat(p, "l", epoch=1, topic_partitions={"flights": range(4)})
    yield "describe reconciling", describe(p, "l")
    yield "second waits", beat(p, "l", "m2", epoch=2, topic_partitions=[])
    yield "first repeats itself", beat(p, "l", epoch=1)
    yield "first has given up", beat(p, "l", epoch=1, topic_partitions={"flights": [0, 1]})
    yield "second gets its part", beat(p, "l", "m2", epoch=2)
    yield "first repeats its old epoch", beat(p, "l", epoch=1, topic_partitions={"flights": [0, 1]})
    yield "old epoch with other partitions", beat(p, "l", epoch=1, topic_partitions={"flights": [3]})
    yield "old epoch with nulls", beat(p, "l", epoch=1)
    yield "describe stable", describe(p, "l")
    yield "resubscribes", beat(p, "l", epoch=2, subscribed_topic_names=["flights", "delays"])
    yield "describe uneven", describe(p, "l")
    yield "wants range", beat(p, "l", epoch=3, server_assignor="range")
    yield "describe range", describe(p, "l")
    yield "joins again", beat(p, "l", "m2")
    yield "wants nothing", beat(p, "l", "m2", epoch=4, subscribed_topic_names=[])
    yield "describe after that", describe(p, "l")
    yield "second leaves", beat(p, "l", "m2", epoch=-1)
    yield "describe assigning", describe(p, "l")
    yield "describe groups v5", p.ask("describe_groups", 5, groups=["l"])
    yield "describe groups v6", p.ask("describe_groups", 6, groups=["l"])
    yield "delete", p.ask("delete_groups", 2, groups_names=["l"])
    yield "first leaves", beat(p, "l", epoch=-1)
    yield "describe empty", describe(p, "l")
    yield "delete empty", p.ask("delete_groups", 2, groups_names=["l"])
    yield "describe deleted", describe(p, "l")


@story
def static_members(p: Prober) -> Answers:
    """A static member leaves for a while, comes back, and is fenced."""
    yield "joins", beat(p, "s", "m1", instance_id="i1")
    yield "another with its id", beat(p, "s", "m2", instance_id="i1")
    yield "same again", beat(p, "s", "m1", instance_id="i1")
    yield "wrong member", beat(p, "s", "m2", epoch=1, instance_id="i1")
    yield "leaves as somebody else", beat(p, "s", "m2", epoch=-2, instance_id="i1")
    yield "leaves unknown instance", beat(p, "s", "m1", epoch=-2, instance_id="i2")
    yield "leaves for a while", beat(p, "s", "m1", epoch=-2, instance_id="i1")
    yield "describe", describe(p, "s")
    yield "another joins meanwhile", beat(p, "s", "m3")
    yield "comes back", beat(p, "s", "m4", instance_id="i1")
    yield "old one lives", beat(p, "s", "m1", epoch=1, instance_id="i1")
    yield "describe back", describe(p, "s")
    yield "leaves for good", beat(p, "s", "m4", epoch=-1, instance_id="i1")
    yield "describe without", describe(p, "s")


@story
def offsets(p: Prober) -> Answers:
    """Who may commit and fetch, at which epochs."""
    yield "joins", beat(p, "o")
    for version in (2, 8, 9, 10):
        yield f"commit v{version}", commit(p, "o", "m1", 1, version)
        yield f"commit of stranger v{version}", commit(p, "o", "m7", 1, version)
        yield f"commit older v{version}", commit(p, "o", "m1", 0, version)
        yield f"commit newer v{version}", commit(p, "o", "m1", 9, version)
        yield f"simple commit v{version}", commit(p, "o", "", -1, version)
    for version in (9, 10):
        yield f"fetch v{version}", fetch(p, "o", "m1", 1, version)
        yield f"fetch of stranger v{version}", fetch(p, "o", "m7", 1, version)
        yield f"fetch older v{version}", fetch(p, "o", "m1", 0, version)
        yield f"fetch of nobody v{version}", fetch(p, "o", None, -1, version)
    yield "second joins", beat(p, "o", "m2")
    yield "first gives up", beat(p, "o", epoch=1, topic_partitions={"flights": range(4)})
    yield "commits what it is to give up", commit(p, "o", "m1", 1, partition=3)
    yield "has given up", beat(p, "o", epoch=1, topic_partitions={"flights": [0, 1]})
    yield "commits what it kept with the old epoch", commit(p, "o", "m1", 1, partition=0)
    yield "commits what it gave up", commit(p, "o", "m1", 1, partition=3)
    yield "commits what it gave up with its epoch", commit(p, "o", "m1", 2, partition=3)
    topic = deletes.REQUEST_TOPIC(name="flights", partitions=[deletes.REQUEST_PARTITION(partition_index=0)])
    yield "delete offsets in use", p.ask("offset_delete", 0, group_id="o", topics=[topic])
    yield "leave", (beat(p, "o", epoch=-1), beat(p, "o", "m2", epoch=-1))[1]
    yield "simple commit to the empty group", commit(p, "o", "", -1)
    yield "delete offsets", p.ask("offset_delete", 0, group_id="o", topics=[topic])


@story
def regexes(p: Prober) -> Answers:
    """A subscription by regular expression, alone and beside names."""
    yield "joins", beat(p, "x", subscribed_topic_names=None, subscribed_topic_regex="fli.*|del.*")
    time.sleep(0.5)
    yield "gets topics", beat(p, "x", epoch=1, topic_partitions=[])
    yield "describe", describe(p, "x")
    yield (
        "wants names instead",
        beat(p, "x", epoch=2, subscribed_topic_names=["delays"], subscribed_topic_regex=""),
    )
    yield "describe names", describe(p, "x")
    yield "leaves", beat(p, "x", epoch=-1)


@story
def a_second_expression(p: Prober) -> Answers:
    """It comes right after the first one."""
    regexes = {"m1": "fli.*", "m2": "del.*"}
    for member, regex in regexes.items():
        yield (
            f"{member} joins",
            beat(p, "xx", member, subscribed_topic_names=None, subscribed_topic_regex=regex),
        )
        time.sleep(0.5)
    for member in regexes:
        yield f"{member} gets topics", beat(p, "xx", member, epoch=1)
    yield "described", describe(p, "xx")


@story
def a_tie_of_assignors(p: Prober) -> Answers:
    """As many members prefer one as the other."""
    yield "uniform", beat(p, "tie", server_assignor="uniform")
    yield "range", beat(p, "tie", "m2", server_assignor="range")
    lives = beat(p, "tie", "m2", epoch=3)
    yield "range lives", lives
    yield "range lives on", beat(p, "tie", "m2", epoch=lives.member_epoch)
    yield "described", describe(p, "tie")


@story
def classic_members(p: Prober) -> Answers:
    """A classic member joins a consumer group, lives in it, and is left alone with it."""
    yield "consumer joins", beat(p, "c")
    first = classic_join(p, "c")
    p.name(first.member_id, "classic")
    yield "classic asks for an id", first
    yield "other protocol type", classic_join(p, "c", first.member_id, protocol_type="connect")
    yield "no protocols", classic_join(p, "c", first.member_id, names=())
    joined = classic_join(p, "c", first.member_id)
    yield "classic joins", joined
    sync = {
        "group_id": "c",
        "member_id": first.member_id,
        "protocol_type": "consumer",
        "protocol_name": "range",
    }
    yield "sync of another generation", p.ask("sync_group", 5, **sync, generation_id=77)
    yield (
        "sync of another protocol",
        p.ask("sync_group", 5, **{**sync, "protocol_name": "sticky"}, generation_id=joined.generation_id),
    )
    yield "sync", p.ask("sync_group", 5, **sync, generation_id=joined.generation_id)
    heart = {"group_id": "c", "member_id": first.member_id}
    yield "heartbeat", p.ask("heartbeat", 4, **heart, generation_id=joined.generation_id)
    yield "heartbeat of another generation", p.ask("heartbeat", 4, **heart, generation_id=77)
    yield "heartbeat of a stranger", p.ask("heartbeat", 4, group_id="c", member_id="z", generation_id=1)
    yield "heartbeat of the consumer", p.ask("heartbeat", 4, group_id="c", member_id="m1", generation_id=1)
    yield "consumer gives up", beat(p, "c", epoch=1, topic_partitions={"flights": range(4)})
    yield "consumer has", beat(p, "c", epoch=1, topic_partitions={"flights": [0, 1]})
    yield "classic is to rejoin", p.ask("heartbeat", 4, **heart, generation_id=joined.generation_id)
    again = classic_join(p, "c", first.member_id)
    yield "classic rejoins", again
    yield "sync again", p.ask("sync_group", 5, **sync, generation_id=again.generation_id)
    yield "commit of classic", commit(p, "c", first.member_id, again.generation_id)
    yield "old commit of classic", commit(p, "c", first.member_id, 77)
    described = describe(p, "c")
    yield "describe", described
    yield "list", [g for g in p.ask("list_groups", 5, types_filter=["consumer"]).groups if g.group_id == "c"]
    yield "consumer leaves", beat(p, "c", epoch=-1)
    yield "describe as classic", p.ask("describe_groups", 6, groups=["c"]).groups[0].group_state
    yield "describe as consumer", describe(p, "c")
    yield "heartbeat as classic", p.ask("heartbeat", 4, **heart, generation_id=again.generation_id)


@story
def upgrade(p: Prober) -> Answers:
    """A consumer joins a classic group."""
    first = classic_join(p, "u", version=3)
    p.name(first.member_id, "classic")
    yield "joins", first
    value = consumer_protocol.ASSIGNMENT(
        assigned_partitions=[consumer_protocol.TOPIC_PARTITION(topic="flights", partitions=[0, 1, 2, 3])]
    )
    from odradek.protocol.messages import sync_group

    data = consumer_protocol.write(consumer_protocol.ASSIGNMENT, value, 1)
    assignments = [sync_group.ASSIGNMENT(member_id=first.member_id, assignment=data)]
    sync = {"group_id": "u", "member_id": first.member_id, "generation_id": first.generation_id}
    yield "syncs", p.ask("sync_group", 3, **sync, assignments=assignments)
    yield "not a consumer group yet", beat(p, "u", epoch=1)
    yield "leave of a consumer", beat(p, "u", epoch=-1)
    yield "consumer joins", beat(p, "u")
    yield "describe", describe(p, "u")
    yield (
        "heartbeat",
        p.ask("heartbeat", 3, group_id="u", member_id=first.member_id, generation_id=first.generation_id),
    )
    yield "types", [g.group_type for g in p.ask("list_groups", 5).groups if g.group_id == "u"]
    yield "classic leaves", p.ask("leave_group", 0, group_id="u", member_id=first.member_id)
    yield "describe alone", describe(p, "u")


@story
def other_protocols(p: Prober) -> Answers:
    """A consumer does not get into a classic group that is not one of consumers."""
    joined = classic_join(p, "n", version=3, protocol_type="connect")
    p.name(joined.member_id, "connect")
    yield "connect joins", joined
    yield "consumer joins", beat(p, "n")
    yield "describe", describe(p, "n")
