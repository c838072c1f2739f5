"""Groups that move from one protocol to the other while they run, in every way that they may."""

from __future__ import annotations

from typing import Any

from odradek.protocol.messages import consumer_protocol, join_group, leave_group, sync_group
from probes import Answers, Prober, story
from probes.stories.consumer_groups import beat, classic_join, commit, describe, fetch


def synced(
    p: Prober, group: str, first: Any, assigned: dict[str, list[int]], user_data: bytes | None = None
) -> Any:
    """The leader's SyncGroup, for itself alone."""
    value = consumer_protocol.ASSIGNMENT(
        assigned_partitions=[
            consumer_protocol.TOPIC_PARTITION(topic=topic, partitions=partitions)
            for topic, partitions in assigned.items()
        ],
        user_data=user_data,
    )
    data = consumer_protocol.write(consumer_protocol.ASSIGNMENT, value, 1)
    given = [sync_group.ASSIGNMENT(member_id=first.member_id, assignment=data)]
    who = {"group_id": group, "member_id": first.member_id, "generation_id": first.generation_id}
    return p.ask("sync_group", 3, **who, assignments=given)


def lives(p: Prober, group: str, member: str, generation: int) -> Any:
    """A classic heartbeat."""
    return p.ask("heartbeat", 4, group_id=group, member_id=member, generation_id=generation)


def looked_at(p: Prober, group: str, label: str) -> Answers:
    """As every API sees the group."""
    yield f"{label}: as consumers", describe(p, group)
    for version in (5, 6):
        answer = p.ask("describe_groups", version, groups=[group])
        for member in answer.groups[0].members:
            member.client_host = "<host>"
        yield f"{label}: as classic, v{version}", answer
    listed = [each for each in p.ask("list_groups", 5).groups if each.group_id == group]
    yield f"{label}: listed", listed


@story
def up_and_down(p: Prober) -> Answers:
    """A classic group, a consumer that joins and goes, and the group is what it was, with its offsets."""
    group = "mig-1"
    first = classic_join(p, group, version=3)
    p.name(first.member_id, "classic")
    yield "begins", first
    yield "syncs", synced(p, group, first, {"flights": [0, 1, 2, 3]})
    yield "commits", commit(p, group, first.member_id, first.generation_id, 8)
    yield "consumer joins", beat(p, group, "m1")
    yield from looked_at(p, group, "joined")
    yield "classic lives", lives(p, group, first.member_id, first.generation_id)
    yield "fetches", fetch(p, group, first.member_id, first.generation_id)
    yield "simple commit", commit(p, group, "", -1, 8)
    yield "consumer leaves", beat(p, group, "m1", -1)
    yield from looked_at(p, group, "left")
    yield "classic lives on", lives(p, group, first.member_id, first.generation_id)
    leaving = [leave_group.REQUEST_MEMBER(member_id=first.member_id)]
    yield "classic leaves", p.ask("leave_group", 4, group_id=group, members=leaving)
    yield from looked_at(p, group, "empty")
    yield "fetch", fetch(p, group, None, -1)


@story
def what_cannot_move(p: Prober) -> Answers:
    """Assignments of somebody's own assignor, what nobody can read, and groups in the midst of it."""
    for number, (assigned, user_data) in enumerate(
        (({"flights": [0]}, b"mine"), ({"nowhere": [0]}, None), ({}, None))
    ):
        group = f"mig-2-{number}"
        first = classic_join(p, group, version=3)
        p.name(first.member_id, f"classic {number}")
        if number == 1:
            yield "before the sync", beat(p, group, "m0", subscribed_topic_names=["delays"])
        yield f"{number}: syncs", synced(p, group, first, assigned, user_data)
        yield f"{number}: consumer joins", beat(p, group, "m1", subscribed_topic_names=[])
        yield f"{number}: with an epoch", beat(p, group, "m1", 1)
        yield from looked_at(p, group, str(number))
    first = p.ask("join_group", 3, **_joining("mig-2-x", b"no metadata"))
    p.name(first.member_id, "unreadable")
    yield "unreadable", first
    yield "unreadable: consumer joins", beat(p, "mig-2-x", "m1")
    yield from looked_at(p, "mig-2-x", "unreadable")


def _joining(group: str, metadata: bytes) -> dict[str, Any]:
    return {
        "group_id": group,
        "member_id": "",
        "session_timeout_ms": 10_000,
        "rebalance_timeout_ms": 20_000,
        "protocol_type": "consumer",
        "protocols": [join_group.PROTOCOL(name="range", metadata=metadata)],
    }


@story
def empty_groups(p: Prober) -> Answers:
    """An empty group of one kind becomes one of the other at once."""
    group = "mig-3"
    yield "consumer joins", beat(p, group, "m1")
    yield "commits", commit(p, group, "m1", 2)
    yield "consumer leaves", beat(p, group, "m1", -1)
    first = classic_join(p, group, version=3)
    p.name(first.member_id, "classic")
    yield "classic joins", first
    yield from looked_at(p, group, "classic")
    leaving = [leave_group.REQUEST_MEMBER(member_id=first.member_id)]
    yield "classic leaves", p.ask("leave_group", 4, group_id=group, members=leaving)
    yield "consumer joins again", beat(p, group, "m2")
    yield from looked_at(p, group, "consumer")
    yield "fetch", fetch(p, group, None, -1)


@story
def static_members_change_protocol(p: Prober) -> Answers:
    """A static member comes back with the other protocol, each way."""
    group = "mig-4"
    yield "consumer joins", beat(p, group, "m1", instance_id="i1")
    yield "another joins", beat(p, group, "m2", subscribed_topic_names=["delays"])
    taken = classic_join(p, group, version=5, group_instance_id="i1")
    p.name(taken.member_id, "i1 as classic")
    yield "the instance is not released", taken
    yield from looked_at(p, group, "taken")
    yield "leaves for a while", beat(p, group, "m1", -2, instance_id="i1")
    back = classic_join(p, group, version=5, group_instance_id="i1")
    p.name(back.member_id, "i1 as classic again")
    yield "comes back as classic", back
    yield from looked_at(p, group, "classic")
    yield "consumer takes it", beat(p, group, "m3", instance_id="i1")
    yield from looked_at(p, group, "consumer")
    yield "old one lives", lives(p, group, back.member_id, back.generation_id)
