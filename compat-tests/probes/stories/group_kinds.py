"""Every request about groups, to groups of every kind: with a member, without, with nothing but offsets."""

from __future__ import annotations

from typing import Any

from odradek.protocol.messages import (
    leave_group,
    offset_commit,
    offset_delete,
    offset_fetch,
    txn_offset_commit,
)
from probes import Answers, Prober, story
from probes.stories import consumer_groups, share_groups, streams_groups, transactions
from probes.stories.classic_groups import joined, joining, syncing

KINDS = ("simple", "classic", "consumer", "share", "streams")
# The fields that each kind of heartbeat has to have when its member joins.
JOINS = {
    "consumer": {
        "rebalance_timeout_ms": 30_000,
        "subscribed_topic_names": ["flights"],
        "topic_partitions": [],
    },
    "share": {"subscribed_topic_names": ["flights"]},
    "streams": {
        "rebalance_timeout_ms": 30_000,
        "topology": streams_groups.FLIGHTS,
        "process_id": "p",
        **{tasks: [] for tasks in streams_groups.NONE},
    },
}


def begin(p: Prober, kind: str, group: str) -> None:
    """A group of a kind, with one member where the kind has any."""
    if kind == "simple":
        p.ask("offset_commit", 2, **committing(p, group))
    elif kind == "classic":
        first = joined(p, group, 5, "classic", rebalance_timeout_ms=60_000, session_timeout_ms=60_000)
        p.ask("sync_group", 5, **syncing(group, first.member_id, first.generation_id))
        p.classic = first.member_id
    elif kind == "consumer":
        consumer_groups.beat(p, group)
    elif kind == "share":
        share_groups.beat(p, group, subscribed_topic_names=["flights"])
    else:
        streams_groups.beat(p, group)


def end(p: Prober, kind: str, group: str) -> None:
    """Its member leaves."""
    if kind == "classic":
        leaving = [leave_group.REQUEST_MEMBER(member_id=p.classic)]
        p.ask("leave_group", 5, group_id=group, members=leaving)
    elif kind != "simple":
        p.ask(f"{kind}_group_heartbeat", 1, group_id=group, member_id="m1", member_epoch=-1)


def committing(p: Prober, group: str, **who: Any) -> dict[str, Any]:
    """The fields of an OffsetCommit."""
    row = offset_commit.REQUEST_PARTITION(partition_index=0, committed_offset=3, committed_metadata="m")
    topic = offset_commit.REQUEST_TOPIC(name="flights", topic_id=p.topic_ids["flights"], partitions=[row])
    return {"group_id": group, "generation_id_or_member_epoch": -1, "topics": [topic], **who}


@story
def looked_at(p: Prober) -> Answers:
    """List and describe, by every API that describes some kind."""
    for state in ("living", "empty"):
        for kind in KINDS:
            group = f"kind-{kind}"
            (begin if state == "living" else end)(p, kind, group)
            for api in ("consumer_group_describe", "share_group_describe", "streams_group_describe"):
                for version in p.versions(api):
                    answer = p.ask(api, version, group_ids=[group])
                    for member in answer.groups[0].members:
                        member.client_host = "<host>"
                    yield f"{state} {kind}: {api}, v{version}", answer
            yield from p.each_version(f"{state} {kind}", "describe_groups", groups=[group])
        for states in ([], ["Stable"], ["empty"], ["Dead", "Assigning"]):
            for types in ([], *([kind] for kind in KINDS), ["Share", "streams"]):
                for version in p.versions("list_groups"):
                    answer = p.ask("list_groups", version, states_filter=states, types_filter=types)
                    answer.groups = [each for each in answer.groups if each.group_id.startswith("kind-")]
                    answer.groups.sort(key=lambda each: each.group_id)
                    yield f"{state}: list {states} {types}, v{version}", answer


@story
def used_wrongly(p: Prober) -> Answers:
    """What belongs to one kind, told to another."""
    for state in ("living", "empty"):
        for kind in KINDS:
            group = f"wrong-{kind}"
            (begin if state == "living" else end)(p, kind, group)
            yield from _by_members(p, f"{state} {kind}", kind, group)
            yield from _by_offsets(p, f"{state} {kind}", group)


def _by_members(p: Prober, label: str, kind: str, group: str) -> Answers:
    for number, name in enumerate(JOINS):
        api = f"{name}_group_heartbeat"
        for epoch in (1, -1, -2):
            yield (
                f"{label}: {api} at {epoch}",
                p.ask(api, 1, group_id=group, member_id="m7", member_epoch=epoch, instance_id="i")
                if name != "share"
                else p.ask(api, 1, group_id=group, member_id="m7", member_epoch=epoch),
            )
        if name != kind and label.startswith("living") and kind not in ("simple", "classic"):
            yield (
                f"{label}: {api} joins",
                p.ask(api, 1, group_id=group, member_id=f"m{number}", member_epoch=0, **JOINS[name]),
            )
    for version in p.versions("heartbeat"):
        who = {"group_id": group, "member_id": "m1", "generation_id": 1}
        yield f"{label}: heartbeat, v{version}", p.ask("heartbeat", version, **who)
    yield from p.each_version(f"{label}: sync", "sync_group", **syncing(group, "m1", 1))
    leaving = [leave_group.REQUEST_MEMBER(member_id="m9")]
    yield from p.each_version(
        f"{label}: leave", "leave_group", group_id=group, member_id="m9", members=leaving
    )
    if kind in ("share", "streams") and label.startswith("living"):
        yield from p.each_version(f"{label}: join", "join_group", **joining(group))
    if label not in ("empty consumer", "empty streams"):
        yield from p.each_version(f"{label}: join of a member", "join_group", **joining(group, "m9"))


def _by_offsets(p: Prober, label: str, group: str) -> Answers:
    for who in (
        {},
        {"member_id": "m9", "generation_id_or_member_epoch": 1},
        {"member_id": "m9", "generation_id_or_member_epoch": -1},
        {"member_id": "m1", "generation_id_or_member_epoch": 9},
    ):
        yield from p.each_version(f"{label}: commit of {who}", "offset_commit", **committing(p, group, **who))
        rows = [txn_offset_commit.PARTITION(partition_index=0, committed_offset=1, committed_metadata="")]
        topics = [txn_offset_commit.TOPIC(name="flights", topic_id=p.topic_ids["flights"], partitions=rows)]
        about = {"transactional_id": "kinds", "group_id": group, "producer_id": 7, "producer_epoch": 0}
        for version in range(3, p.versions("txn_offset_commit").stop):
            yield (
                f"{label}: transactional commit of {who}, v{version}",
                p.ask("txn_offset_commit", version, **about, topics=topics, **who),
            )
    for member, epoch in ((None, -1), ("m9", 1), ("m1", 9)):
        yield from _fetched(p, f"{label}: fetch of {member} at {epoch}", group, member, epoch)


def _fetched(p: Prober, label: str, group: str, member: str | None, epoch: int) -> Answers:
    asked = offset_fetch.REQUEST_GROUP_TOPIC(
        name="flights", topic_id=p.topic_ids["flights"], partition_indexes=[0, 1]
    )
    row = offset_fetch.REQUEST_GROUP(group_id=group, member_id=member, member_epoch=epoch, topics=[asked])
    yield from p.each_version(label, "offset_fetch", since=8, groups=[row])


@story
def strangers(p: Prober) -> Answers:
    """An empty group of another kind refuses the join of somebody it does not know.

    What Apache Kafka says of that group afterwards is not determined: it has forgotten it, which shows once
    another group writes to the same partition of `__consumer_offsets`, and until the broker starts anew.
    """
    for kind in ("consumer", "streams"):
        group = f"stranger-{kind}"
        begin(p, kind, group)
        end(p, kind, group)
        yield f"{kind}: joins", p.ask("join_group", 4, **joining(group, "m9"))


@story
def removed(p: Prober) -> Answers:
    """Offsets and groups, while there is a member and after it has left."""
    for state in ("living", "empty"):
        for kind in KINDS:
            group = f"removed-{kind}"
            (begin if state == "living" else end)(p, kind, group)
            row = offset_delete.REQUEST_PARTITION
            for topic, index in (("flights", 0), ("delays", 1), ("nowhere", 0), ("flights", 99)):
                topics = [offset_delete.REQUEST_TOPIC(name=topic, partitions=[row(partition_index=index)])]
                yield (
                    f"{state} {kind}: delete the offset of {topic}-{index}",
                    p.ask("offset_delete", 0, group_id=group, topics=topics),
                )
            yield from p.each_version(
                f"{state} {kind}: delete", "delete_groups", groups_names=[group, "nobody", "", group]
            )
            yield f"{state} {kind}: after that", p.ask("describe_groups", 5, groups=[group])
    answer = p.ask("list_groups", 5)
    yield "left", sorted(each.group_id for each in answer.groups if each.group_id.startswith("removed-"))


@story
def within_transactions(p: Prober) -> Answers:
    """TxnOffsetCommit for groups of every kind, by its member and by others, at every version that names
    members (KIP-447, KIP-848, KIP-1071, KIP-1319).
    """
    for version in range(3, p.versions("txn_offset_commit").stop):
        for kind in (*KINDS, "no"):
            group = f"within-{kind}-{version}"
            if kind != "no":
                begin(p, kind, group)
            writer = transactions.Writer(p, transactions.OLD)
            who = writer.start(group)
            p.ask("add_offsets_to_txn", 3, **who._asdict(), group_id=group)
            member = p.classic if kind == "classic" else "m1"
            epoch = _epoch(p, kind, group)
            for label, fields in {
                "nobody": {},
                "its member": {"member_id": member, "generation_id_or_member_epoch": epoch},
                "its member before": {"member_id": member, "generation_id_or_member_epoch": epoch - 1},
                "its member later": {"member_id": member, "generation_id_or_member_epoch": epoch + 1},
                "its member without epoch": {"member_id": member},
                "a stranger": {"member_id": "m9", "generation_id_or_member_epoch": epoch},
                "an instance": {
                    "member_id": member,
                    "generation_id_or_member_epoch": epoch,
                    "group_instance_id": "i",
                },
                "an epoch without member": {"generation_id_or_member_epoch": epoch},
            }.items():
                asked = transactions.committing(p, who, group, **fields)
                yield f"{kind}: {label}, v{version}", p.ask("txn_offset_commit", version, **asked)
            yield f"{kind}: commits, v{version}", writer.end(who)


def _epoch(p: Prober, kind: str, group: str) -> int:
    """The generation or epoch that the one member has."""
    if kind in ("consumer", "streams", "share"):
        return int(p.ask(f"{kind}_group_describe", 1, group_ids=[group]).groups[0].members[0].member_epoch)
    return 1
