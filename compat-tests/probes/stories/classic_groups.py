"""The classic group protocol: JoinGroup, SyncGroup, Heartbeat, LeaveGroup, and looking at groups."""

from __future__ import annotations

from typing import Any

from odradek.protocol.messages import join_group, leave_group, sync_group
from probes import Answers, Prober, story


def joining(group: str, member: str = "", *names: str, **fields: Any) -> dict[str, Any]:
    """The fields of a JoinGroup with protocols of these names."""
    protocols = [
        join_group.PROTOCOL(name=name, metadata=b"about " + name.encode()) for name in names or ("range",)
    ]
    return {
        "group_id": group,
        "member_id": member,
        "session_timeout_ms": 10_000,
        "rebalance_timeout_ms": 3_000,
        "protocol_type": "consumer",
        "protocols": protocols,
        **fields,
    }


def syncing(group: str, member: str, generation: int, **fields: Any) -> dict[str, Any]:
    """The fields of a SyncGroup that assigns to its own sender."""
    assignment = sync_group.ASSIGNMENT(member_id=member, assignment=b"all")
    about = {"protocol_type": "consumer", "protocol_name": "range", "assignments": [assignment]}
    return {"group_id": group, "member_id": member, "generation_id": generation, **about, **fields}


def joined(p: Prober, group: str, version: int, name: str, **fields: Any) -> Any:
    """The answer to a first member's join, with as many requests as the version needs."""
    answer = p.ask("join_group", version, **joining(group, **fields))
    if answer.error_code == 79:
        answer = p.ask("join_group", version, **joining(group, answer.member_id, **fields))
    p.name(answer.member_id, name)
    return answer


@story
def joins_that_cannot_be(p: Prober) -> Answers:
    """What a JoinGroup alone can have wrong."""
    for label, fields in {
        "empty group": {"group_id": ""},
        "unknown member": {"member_id": "nobody"},
        "session too short": {"session_timeout_ms": 10},
        "session too long": {"session_timeout_ms": 2_000_000},
        "session of 0": {"session_timeout_ms": 0},
        "negative session": {"session_timeout_ms": -1},
        "no protocols": {"protocols": []},
        "no protocol type": {"protocol_type": ""},
        "neither": {"protocols": [], "protocol_type": ""},
    }.items():
        yield from p.each_version(label, "join_group", **{**joining("classic-j"), **fields})
    for number, name in enumerate(("", "a b", "x" * 300, ".", "i/j")):
        for version in range(5, p.versions("join_group").stop):
            fields = joining(f"classic-j{number}-{version}", group_instance_id=name)
            yield f"instance {name[:9]!r}, v{version}", p.ask("join_group", version, **fields)
    yield from p.each_version(
        "unknown member with instance", "join_group", **joining("classic-jm", "nobody", group_instance_id="i")
    )


@story
def strangers(p: Prober) -> Answers:
    """Requests of members that no group knows, and to groups that there are not."""
    for group in ("classic-nowhere", ""):
        for member in ("nobody", ""):
            label = f"of {member!r} to {group!r}"
            who = {"group_id": group, "member_id": member, "generation_id": 1}
            yield from p.each_version(f"heartbeat {label}", "heartbeat", **who)
            yield from p.each_version(f"static heartbeat {label}", "heartbeat", **who, group_instance_id="i")
            yield from p.each_version(f"sync {label}", "sync_group", **syncing(group, member, 1))
            leaver = leave_group.REQUEST_MEMBER(member_id=member)
            yield from p.each_version(
                f"leave {label}", "leave_group", group_id=group, member_id=member, members=[leaver]
            )
            static = leave_group.REQUEST_MEMBER(member_id=member, group_instance_id="i")
            yield from p.each_version(
                f"static leave {label}", "leave_group", group_id=group, members=[static]
            )
    yield from p.each_version("nobody leaves", "leave_group", group_id="classic-nowhere", members=[])


@story
def life_of_a_member(p: Prober) -> Answers:
    """Join, sync, live, be wrong, and leave, at every version of each."""
    for version in p.versions("join_group"):
        group = f"classic-l{version}"
        first = p.ask("join_group", version, **joining(group))
        yield f"joins, v{version}", first
        member = first.member_id
        if first.error_code:
            first = p.ask("join_group", version, **joining(group, member))
            yield f"joins with its id, v{version}", first
        generation = first.generation_id
        alive = {"group_id": group, "member_id": member, "generation_id": generation}
        yield from p.each_version(f"{group} before sync", "heartbeat", **alive)
        wrong = {**alive, "generation_id": generation + 1}
        yield from p.each_version(f"{group} wrong generation", "heartbeat", **wrong)
        sync = min(version, 5)
        for label, fields in {
            "generation": {"generation_id": generation + 1},
            "member": {"member_id": "nobody"},
            "type": {"protocol_type": "connect"},
            "name": {"protocol_name": "sticky"},
            "instance": {"group_instance_id": "i"},
        }.items():
            asked = {**syncing(group, member, generation), **fields}
            yield f"{group} sync of wrong {label}", p.ask("sync_group", sync, **asked)
        yield f"{group} syncs", p.ask("sync_group", sync, **syncing(group, member, generation))
        yield f"{group} syncs again", p.ask("sync_group", sync, **syncing(group, member, generation))
        yield from p.each_version(f"{group} lives", "heartbeat", **alive)
        yield from p.each_version(f"{group} described", "describe_groups", groups=[group])
        yield (
            f"{group} joins as other type",
            p.ask("join_group", version, **joining(group, member, protocol_type="connect")),
        )
        yield (
            f"{group} joins with other protocols",
            p.ask("join_group", version, **joining(group, member, "sticky")),
        )
        yield f"{group} deleted in use", p.ask("delete_groups", 2, groups_names=[group])
        leave = min(version, 5)
        leaver = leave_group.REQUEST_MEMBER(member_id=member, reason="enough")
        gone = {"group_id": group, "member_id": member, "members": [leaver]}
        yield f"{group} leaves", p.ask("leave_group", leave, **gone)
        yield f"{group} leaves again", p.ask("leave_group", leave, **gone)
        yield from p.each_version(f"{group} after leaving", "heartbeat", **alive)
        yield from p.each_version(f"{group} empty", "describe_groups", groups=[group])


@story
def other_members(p: Prober) -> Answers:
    """Members that do not fit to those that are there."""
    first = joined(p, "classic-o", 5, "first")
    yield "first", first
    sync = syncing("classic-o", first.member_id, first.generation_id)
    yield "first syncs", p.ask("sync_group", 3, **sync)
    for version in p.versions("join_group"):
        yield (
            f"other type, v{version}",
            p.ask("join_group", version, **joining("classic-o", protocol_type="connect")),
        )
        yield (
            f"other protocol, v{version}",
            p.ask("join_group", version, **joining("classic-o", "", "sticky")),
        )
    yield from p.each_version(
        "undisturbed",
        "heartbeat",
        group_id="classic-o",
        member_id=first.member_id,
        generation_id=first.generation_id,
    )


@story
def static_members(p: Prober) -> Answers:
    """Members with an instance id: fenced, replaced, and gone (KIP-345)."""
    for version in (5, 7, 8, 9):
        group = f"classic-s{version}"
        first = p.ask("join_group", version, **joining(group, group_instance_id="i1"))
        p.name(first.member_id, "first")
        yield f"{group} joins", first
        generation = first.generation_id
        sync = {**syncing(group, first.member_id, generation), "group_instance_id": "i1"}
        yield f"{group} syncs", p.ask("sync_group", 5, **sync)
        second = p.ask("join_group", version, **joining(group, group_instance_id="i1"))
        p.name(second.member_id, "second")
        yield f"{group} comes back", second
        old = {"group_id": group, "member_id": first.member_id, "generation_id": generation}
        new = {**old, "member_id": second.member_id}
        yield from p.each_version(f"{group} old one lives", "heartbeat", **old, group_instance_id="i1")
        yield from p.each_version(f"{group} old one without instance", "heartbeat", **old)
        yield from p.each_version(f"{group} new one lives", "heartbeat", **new, group_instance_id="i1")
        yield from p.each_version(f"{group} other instance", "heartbeat", **new, group_instance_id="i2")
        yield f"{group} old one syncs", p.ask("sync_group", 5, **sync)
        yield (
            f"{group} old one joins",
            p.ask("join_group", version, **joining(group, first.member_id, group_instance_id="i1")),
        )
        yield from p.each_version(f"{group} described", "describe_groups", groups=[group])
        for label, member, instance in (
            ("old one", first.member_id, "i1"),
            ("unknown instance", "", "i9"),
            ("member of other instance", second.member_id, "i9"),
            ("instance alone", "", "i1"),
            ("instance again", "", "i1"),
        ):
            leaver = leave_group.REQUEST_MEMBER(member_id=member, group_instance_id=instance)
            yield (
                f"{group} leaves: {label}",
                p.ask("leave_group", min(version, 5), group_id=group, members=[leaver]),
            )
    several = [
        leave_group.REQUEST_MEMBER(member_id="a"),
        leave_group.REQUEST_MEMBER(member_id="", group_instance_id="b"),
        leave_group.REQUEST_MEMBER(member_id="a"),
    ]
    yield "several leave", p.ask("leave_group", 5, group_id="classic-s9", members=several)


@story
def looking_at_groups(p: Prober) -> Answers:
    """Describe, list and delete: what is not there, filters of nothing."""
    joined(p, "classic-d", 5, "first")
    for groups in (
        ["classic-nowhere"],
        [""],
        [],
        ["classic-d", "classic-d"],
        ["classic-nowhere", "classic-d"],
    ):
        yield from p.each_version(
            f"describe {groups}", "describe_groups", groups=groups, include_authorized_operations=True
        )
        yield from p.each_version(f"delete {groups}", "delete_groups", groups_names=groups)
    for states in (
        ["CompletingRebalance"],
        ["completingrebalance"],
        ["nonsense"],
        [""],
        ["Stable", "nonsense"],
    ):
        for types in ([], ["classic"], ["CLASSIC"], ["nonsense"], [""], ["classic", "consumer"]):
            for version in p.versions("list_groups"):
                answer = p.ask("list_groups", version, states_filter=states, types_filter=types)
                answer.groups = [group for group in answer.groups if group.group_id == "classic-d"]
                yield f"list {states} {types}, v{version}", answer
