"""Topologies of streams groups (KIP-1071): those that fit their topics and those that do not, and the topics
that they ask for.
"""

from __future__ import annotations

import time
from typing import Any

from odradek.protocol.messages import streams_group_heartbeat as heartbeats
from odradek.protocol.messages import streams_group_topology_description_update as descriptions
from probes import Answers, Prober, story

from .streams_groups import (
    NONE,
    beat,
    describe,
    listed,
    make,
    subtopology,
    topic,
    topology,
)


def word_count(group: str) -> Any:
    """A topology with a repartition topic and a store."""
    repartition, changelog = f"{group}-repartition", f"{group}-changelog"
    return topology(
        subtopology(0, ("flights",), sinks=(repartition,)),
        subtopology(
            1, changelogs=(topic(changelog, cleanup_policy="compact"),), repartitions=(topic(repartition),)
        ),
    )


def settled(p: Prober, group: str, epoch: int, wrong: str = "") -> Any:
    """The answer of a heartbeat once the coordinator has seen the topics change: nothing is told of `wrong`
    any more.
    """
    for _ in range(200):
        answer = beat(p, group, epoch=epoch, **NONE)
        if not any(wrong in status.status_detail for status in answer.status or ()):
            break
        time.sleep(0.05)
    return answer


@story
def topologies_refused(p: Prober) -> Answers:
    """Topologies that no topics could satisfy."""
    group = "streams-invalid"
    loop = subtopology(0, sinks=("a",), repartitions=(topic("a"),))
    for label, wrong in {
        "internal source": topology(subtopology(0, ("__consumer_offsets",))),
        "internal topics": topology(subtopology(0, ("flights",), (topic("__transaction_state"),))),
        "bad names": topology(subtopology(0, ("fli ghts", ".."), sinks=("a/b",))),
        "sized changelog": topology(subtopology(0, ("flights",), (topic("sized", 3),))),
        "loop": topology(loop),
        "never written": topology(subtopology(0, ("flights",), repartitions=(topic("b"),))),
        "nothing to read": topology(subtopology(0, changelogs=(topic("c"),))),
        "nothing at all": topology(),
        "twice the same id": topology(subtopology(0, ("flights",)), subtopology(0, ("delays",))),
        "index beyond": topology(subtopology(0, ("flights",), copartitioned=(([3], []),))),
        "negative index": topology(subtopology(0, ("flights",), copartitioned=(([-1], []),))),
        "negative epoch": topology(subtopology(0, ("flights",)), epoch=-1),
        "negative partitions": topology(
            subtopology(0, ("flights",), sinks=("d",)), subtopology(1, repartitions=(topic("d", -2),))
        ),
    }.items():
        yield label, beat(p, f"{group}-{label.replace(' ', '-')}", topology=wrong)
    regex = subtopology(0, ("flights",))
    regex.source_topic_regex = ["fl.*"]
    yield "regex", beat(p, f"{group}-regex", topology=topology(regex))


@story
def topologies_that_wait(p: Prober) -> Answers:
    """Topologies whose topics are missing or do not fit: what members are told, and what comes of it."""
    missing = tuple(f"streams-wait-{number}" for number in range(5))
    yield "missing sources", beat(p, "streams-wait", topology=topology(subtopology(0, missing)))
    yield "describe not ready", describe(p, "streams-wait")
    yield "listed", listed(p, "streams-wait")
    yield "listed by state", listed(p, "streams-wait", "NotReady")
    yield "listed by another spelling", listed(p, "streams-wait", "not_ready")
    yield "lives", beat(p, "streams-wait", epoch=2, **NONE)
    yield "with an endpoint", beat(
        p, "streams-wait-endpoint", topology=topology(subtopology(0, missing)),
        user_endpoint=heartbeats.ENDPOINT(host="here", port=7),
    )  # fmt: skip
    yield "one of them comes", make(p, missing[0], 2)
    yield "fewer missing", settled(p, "streams-wait", 2, missing[0])
    for label, wrong in {
        "not copartitioned": subtopology(0, ("delays", "flights"), copartitioned=(([0, 1], []),)),
        "fixed repartition": subtopology(
            0, ("flights",), sinks=("fix",), repartitions=(topic("fix", 3),), copartitioned=(([0], [0]),)
        ),
        "two fixed": subtopology(
            0,
            ("flights",),
            sinks=("fix1", "fix2"),
            repartitions=(topic("fix1", 3), topic("fix2", 5)),
            copartitioned=(([], [0, 1]),),
        ),
        "changelog that exists": subtopology(0, ("flights",), (topic("delays"),)),
        "repartition that exists": subtopology(
            0, ("flights",), sinks=("delays",), repartitions=(topic("delays", 3),)
        ),
    }.items():
        group = f"streams-wait-{label.replace(' ', '-')}"
        yield label, beat(p, group, topology=topology(wrong))
        yield f"{label}: lives", beat(p, group, epoch=2, **NONE)
        yield f"{label}: described", describe(p, group)


@story
def internal_topics(p: Prober) -> Answers:
    """The broker makes the topics of a word count, and of topologies that say how many partitions."""
    group = "streams-internal"
    yield "joins", beat(p, group, topology=word_count(group))
    yield "describe before", describe(p, group)
    yield "gets its tasks", settled(p, group, 2)
    yield (
        "describe",
        describe(p, group, include_authorized_operations=True, include_topology_description=True),
    )
    yield "describe v0", describe(p, group, 0)
    names = [f"{group}-repartition", f"{group}-changelog"]
    topics = p.ask("metadata", 12, topics=None).topics
    yield "made", [(each.name, len(each.partitions)) for each in topics if each.name in names]
    sized = subtopology(
        0,
        ("flights", "delays"),
        (topic("streams-sized-log", retention_ms="100000"),),
        sinks=("streams-sized-a", "streams-sized-b"),
    )
    read = subtopology(
        1,
        repartitions=(topic("streams-sized-a", 6), topic("streams-sized-b")),
        copartitioned=(([], [0, 1]),),
    )
    yield "sized", beat(p, "streams-sized", topology=topology(sized, read))
    yield "sized: gets tasks", settled(p, "streams-sized", 2)
    yield "sized: described", describe(p, "streams-sized")
    bad = topology(subtopology(0, ("flights",), (topic("streams-bad-log", cleanup_policy="compress"),)))
    yield "bad configuration", beat(p, "streams-bad", topology=bad)
    time.sleep(0.5)  # Kafka notes what could not be made when its controller has answered
    yield "bad configuration: told why", beat(p, "streams-bad", epoch=2, **NONE)


@story
def descriptions_of_topologies(p: Prober) -> Answers:
    """What a member may tell of its topology to a broker without a plugin for that (KIP-1331)."""
    api = "streams_group_topology_description_update"
    beat(p, "streams-t")
    for group, member, epoch in (("streams-t", "m1", 0), ("streams-t", "", -1), ("", "m1", 0)):
        who = {"group_id": group, "member_id": member, "topology_epoch": epoch}
        for told in (descriptions.TOPOLOGY_DESCRIPTION(), _DESCRIPTION):
            yield from p.each_version(f"{who} {told}", api, **who, topology_description=told)


_DESCRIPTION = descriptions.TOPOLOGY_DESCRIPTION(
    subtopologies=[
        descriptions.SUBTOPOLOGY(
            subtopology_id="0", nodes=[descriptions.NODE(name="source", source_topics=["flights"])]
        )
    ]
)
