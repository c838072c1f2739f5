"""OffsetCommit, OffsetFetch and OffsetDelete of groups of the classic protocol, and without one."""

from __future__ import annotations

from typing import Any

from odradek.protocol.messages import offset_commit, offset_delete, offset_fetch
from probes import Answers, Prober, story

from .classic_groups import joined, syncing

UNKNOWN_ID = bytes(15) + b"\7"


def committing(p: Prober, group: str, name: str = "flights", **fields: Any) -> dict[str, Any]:
    """The fields of a commit of one partition, whose are `index`, `offset`, `epoch` and `text`."""
    partition = offset_commit.REQUEST_PARTITION(
        partition_index=fields.pop("index", 0),
        committed_offset=fields.pop("offset", 7),
        committed_leader_epoch=fields.pop("epoch", -1),
        committed_metadata=fields.pop("text", "note"),
    )
    topic = offset_commit.REQUEST_TOPIC(
        name=name, topic_id=p.topic_ids.get(name, UNKNOWN_ID), partitions=[partition]
    )
    about = {"group_id": group, "generation_id_or_member_epoch": -1, "member_id": ""}
    return {**about, "topics": [topic], **fields}


def fetching(
    p: Prober, group: str, *names: str, indexes: tuple[int, ...] = (0, 1), **fields: Any
) -> dict[str, Any]:
    """The fields of a fetch of these topics' offsets, or of all without any."""
    topics = [offset_fetch.REQUEST_TOPIC(name=name, partition_indexes=list(indexes)) for name in names]
    within = [
        offset_fetch.REQUEST_GROUP_TOPIC(
            name=name, topic_id=p.topic_ids.get(name, UNKNOWN_ID), partition_indexes=list(indexes)
        )
        for name in names
    ]
    asked = offset_fetch.REQUEST_GROUP(group_id=group, topics=within if names else None)
    return {"group_id": group, "topics": topics if names else None, "groups": [asked], **fields}


@story
def without_a_group(p: Prober) -> Answers:
    """Commits of nobody: what is taken, and what is read back."""
    yield from p.each_version("nothing yet", "offset_fetch", **fetching(p, "offsets-w", "flights"))
    yield from p.each_version("all of nothing", "offset_fetch", **fetching(p, "offsets-w"))
    for label, fields in {
        "plain": {},
        "offset -1": {"offset": -1},
        "offset -5": {"offset": -5},
        "large offset": {"offset": 2**62},
        "epoch": {"epoch": 3},
        "null text": {"text": None},
        "empty text": {"text": ""},
        "long text": {"text": "x" * 4096},
        "too long text": {"text": "x" * 4097},
        "partition 1": {"index": 1},
        "partition -1": {"index": -1},
        "partition 99": {"index": 99},
        "generation 3": {"generation_id_or_member_epoch": 3},
        "generation -2": {"generation_id_or_member_epoch": -2},
        "member": {"member_id": "nobody"},
        "member and generation": {"member_id": "nobody", "generation_id_or_member_epoch": 1},
        "instance": {"group_instance_id": "i"},
        "retention": {"retention_time_ms": 5},
        "no topics": {"topics": []},
    }.items():
        yield from p.each_version(label, "offset_commit", **committing(p, "offsets-w", **fields))
        yield f"{label} is read back", p.ask("offset_fetch", 8, **fetching(p, "offsets-w", "flights"))
    for name in ("offsets-nowhere", "", "a b"):
        yield from p.each_version(f"topic {name!r}", "offset_commit", **committing(p, "offsets-w", name))
        yield from p.each_version(f"fetch {name!r}", "offset_fetch", **fetching(p, "offsets-w", name))
    yield from p.each_version("empty group", "offset_commit", **committing(p, ""))
    yield from p.each_version(
        "generation of no group",
        "offset_commit",
        **committing(p, "offsets-none", generation_id_or_member_epoch=1, member_id="m"),
    )
    yield from p.each_version("fetch of empty group", "offset_fetch", **fetching(p, "", "flights"))
    yield from p.each_version("all", "offset_fetch", **fetching(p, "offsets-w"))
    yield from p.each_version(
        "stable", "offset_fetch", **fetching(p, "offsets-w", "flights", require_stable=True)
    )
    yield from p.each_version(
        "strange partitions", "offset_fetch", **fetching(p, "offsets-w", "flights", indexes=(-1, 99, 0, 0))
    )
    yield from p.each_version(
        "no partitions", "offset_fetch", **fetching(p, "offsets-w", "flights", indexes=())
    )
    yield from p.each_version("topic twice", "offset_fetch", **fetching(p, "offsets-w", "flights", "flights"))


@story
def of_members(p: Prober) -> Answers:
    """Commits of members with every kind of wrong generation."""
    first = joined(p, "offsets-m", 5, "first", group_instance_id="i1")
    generation, member = first.generation_id, first.member_id
    about = {"generation_id_or_member_epoch": generation, "member_id": member}
    yield from p.each_version("while rebalancing", "offset_commit", **committing(p, "offsets-m", **about))
    yield "syncs", p.ask("sync_group", 3, **syncing("offsets-m", member, generation))
    for label, fields in {
        "right": {},
        "with instance": {"group_instance_id": "i1"},
        "unknown instance": {"group_instance_id": "i2"},
        "older": {"generation_id_or_member_epoch": generation - 1},
        "newer": {"generation_id_or_member_epoch": generation + 1},
        "no generation": {"generation_id_or_member_epoch": -1},
        "no member": {"member_id": ""},
        "nobody": {"member_id": "", "generation_id_or_member_epoch": -1},
        "stranger": {"member_id": "nobody"},
        "instance of a stranger": {"member_id": "nobody", "group_instance_id": "i1"},
    }.items():
        yield from p.each_version(label, "offset_commit", **committing(p, "offsets-m", **{**about, **fields}))
    for label, who, epoch in (
        ("member", member, generation),
        ("stranger", "nobody", 1),
        ("member at -1", member, -1),
        ("empty member", "", 3),
    ):
        topic = offset_fetch.REQUEST_GROUP_TOPIC(
            name="flights", topic_id=p.topic_ids["flights"], partition_indexes=[0]
        )
        group = offset_fetch.REQUEST_GROUP(
            group_id="offsets-m", member_id=who, member_epoch=epoch, topics=[topic]
        )
        yield from p.each_version(f"fetch of {label}", "offset_fetch", groups=[group])
    delete = offset_delete.REQUEST_TOPIC(
        name="flights", partitions=[offset_delete.REQUEST_PARTITION(partition_index=0)]
    )
    yield "delete in use", p.ask("offset_delete", 0, group_id="offsets-m", topics=[delete])


@story
def several_groups(p: Prober) -> Answers:
    """Fetches of several groups at once."""
    p.ask("offset_commit", 8, **committing(p, "offsets-s1"))
    one = fetching(p, "offsets-s1", "flights")["groups"]
    other = fetching(p, "offsets-s2", "flights")["groups"]
    every = fetching(p, "offsets-s1")["groups"]
    for version in range(8, p.versions("offset_fetch").stop):
        yield f"two, v{version}", p.ask("offset_fetch", version, groups=one + other)
        yield f"the same twice, v{version}", p.ask("offset_fetch", version, groups=one + one)
        yield f"all and one, v{version}", p.ask("offset_fetch", version, groups=every + one)
        yield f"none, v{version}", p.ask("offset_fetch", version, groups=[])


@story
def deletion(p: Prober) -> Answers:
    """Offsets are deleted: of nothing, twice, and for good."""
    p.ask("offset_commit", 8, **committing(p, "offsets-d"))
    p.ask("offset_commit", 8, **committing(p, "offsets-d", index=1))

    def delete(label: str, group: str, name: str, *indexes: int) -> Answers:
        partitions = [offset_delete.REQUEST_PARTITION(partition_index=index) for index in indexes]
        topic = offset_delete.REQUEST_TOPIC(name=name, partitions=partitions)
        yield label, p.ask("offset_delete", 0, group_id=group, topics=[topic])

    yield from delete("unknown group", "offsets-nowhere", "flights", 0)
    yield from delete("empty group", "", "flights", 0)
    yield from delete("unknown topic", "offsets-d", "offsets-nowhere", 0)
    yield from delete("empty topic", "offsets-d", "", 0)
    yield from delete("unknown partition", "offsets-d", "flights", 99)
    yield from delete("negative partition", "offsets-d", "flights", -1)
    yield from delete("no partitions", "offsets-d", "flights")
    yield from delete("one", "offsets-d", "flights", 0)
    yield from delete("one again", "offsets-d", "flights", 0)
    yield from delete("twice", "offsets-d", "flights", 1, 1)
    yield "no topics", p.ask("offset_delete", 0, group_id="offsets-d", topics=[])
    yield "what is left", p.ask("offset_fetch", 8, **fetching(p, "offsets-d"))
    yield "the group", p.ask("describe_groups", 5, groups=["offsets-d"])
    yield "group deleted", p.ask("delete_groups", 2, groups_names=["offsets-d"])
