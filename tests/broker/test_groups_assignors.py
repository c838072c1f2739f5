"""Assignors, the order of Java's hash tables, and Kafka's hash of topics.

`compat-tests/oracle/test_assignors.py` holds the assignors against Kafka's own on random groups.
"""

from __future__ import annotations

import random
from collections.abc import Mapping

from odradek.broker.groups.consumer.assignors import (
    ASSIGNORS,
    MemberSpec,
    Problem,
    assign,
)
from odradek.broker.groups.consumer.group import ConsumerGroup
from odradek.broker.groups.consumer.member import ConsumerMember
from odradek.broker.groups.consumer.records import Assignment
from odradek.broker.groups.events import Instant
from odradek.broker.groups.java_order import hash_map_order, int_set_order, timeline_map_order, uuid_hash
from odradek.broker.groups.target_assignment import metadata_hash
from odradek.broker.groups.topics_image import TopicInfo
from odradek.broker.groups.xxh3 import java_string, xxh3_64

A, B = bytes(15) + b"a", bytes(15) + b"b"


def problem(
    wanted: dict[str, tuple[bytes, ...]], counts: dict[bytes, int], had: Mapping[str, Assignment]
) -> Problem:
    """Members by what they want and had."""
    members = {name: MemberSpec(None, topic_ids, had.get(name, {})) for name, topic_ids in wanted.items()}
    targeted = frozenset((t, p) for a in had.values() for t, ps in a.items() for p in ps)
    return Problem(members, counts, len(set(wanted.values())) == 1, targeted)


def test_range_gives_the_same_partitions_of_every_topic() -> None:
    """So that topics can be joined; the first members get one more where it does not come out even."""
    target = assign("range", problem({"m": (A, B), "n": (A, B)}, {A: 3, B: 3}, {}))
    assert target == {"m": {A: {0, 1}, B: {0, 1}}, "n": {A: {2}, B: {2}}}


def test_range_takes_a_group_for_homogeneous_that_was() -> None:
    """As by Kafka: everybody counts as a subscriber of what the first in the order of service wants."""
    asked = problem({"m1": (A,), "m2": ()}, {A: 4}, {})
    assert assign("range", asked)["m1"] == {A: {0, 1, 2, 3}}
    assert assign("range", asked._replace(is_homogeneous=True)) == {"m1": {A: {0, 1}}, "m2": {A: {2, 3}}}


def test_uniform_keeps_what_it_can() -> None:
    """A member that comes takes as many as it is to have, and nothing else moves."""
    before: dict[str, Assignment] = {"m": {A: frozenset({0, 1})}, "n": {A: frozenset({2, 3})}}
    target = assign("uniform", problem({"m": (A,), "n": (A,), "o": (A,)}, {A: 4}, before))
    assert len(target["o"][A]) == 1
    assert all(target[name][A] <= before[name][A] for name in before)


def test_everything_is_somebodys_and_nearly_even() -> None:
    """Random groups of both kinds: every partition once, to somebody who wants it; loads differ by one at
    most where all want the same.
    """
    rng = random.Random(848)
    had: dict[str, Assignment] = {}
    for _ in range(300):
        counts = {A: rng.randrange(1, 20), B: rng.randrange(1, 20)}
        names = [f"m{n}" for n in range(rng.randrange(1, 8))]
        choices: list[tuple[bytes, ...]] = [(A, B)] if rng.random() < 0.5 else [(A,), (B,), (A, B)]
        wanted = {name: rng.choice(choices) for name in names}
        counts = {t: n for t, n in counts.items() if any(t in topics for topics in wanted.values())}
        kept = {
            name: {t: frozenset(p for p in ps if p < counts.get(t, 0)) for t, ps in had[name].items()}
            for name in names
            if name in had
        }
        asked = problem(wanted, counts, kept)
        for assignor in ASSIGNORS:
            had = assign(assignor, asked)
            owned = [(t, p) for a in had.values() for t, ps in a.items() for p in ps]
            assert sorted(owned) == sorted((t, p) for t, n in counts.items() for p in range(n))
            assert all(t in wanted[name] for name, a in had.items() for t in a)
            if assignor == "uniform" and asked.is_homogeneous:
                loads = [sum(map(len, had.get(name, {}).values())) for name in names]
                assert max(loads) - min(loads) <= 1


def test_java_order() -> None:
    """As OpenJDK's HashMap has them, which Kafka's assignors walk through."""
    assert hash_map_order(["alpha", "beta", "gamma", "delta"]) == ["alpha", "delta", "beta", "gamma"]
    assert int_set_order({17, 2, 33, 1}) == [1, 17, 33, 2]
    assert uuid_hash(bytes(range(16))) & 0xFFFFFFFF == 0x00000000


def test_order_of_kafkas_tables() -> None:
    """As Kafka 4.4 walks through a TimelineHashMap, whoever was there first."""
    assert timeline_map_order(["range", "uniform"]) == timeline_map_order(["uniform", "range"])
    assert timeline_map_order(["range", "uniform"]) == ["uniform", "range"]


def test_a_tie_between_assignors_is_resolved_as_by_kafka() -> None:
    """What is told is the first in Kafka's table of them, which does not depend on who came first; what is
    used is the one that the member prefers whose heartbeat makes the tie.
    """
    group = ConsumerGroup("g", 45_000)
    nobody, uniform, ranger = (
        ConsumerMember(n, server_assignor=a) for n, a in (("", None), ("u", "uniform"), ("r", "range"))
    )
    assert group.assignor("uniform") == "uniform"
    for member in (ranger, uniform):
        group.replay(member.metadata_record("g"), Instant(0, 0))
    assert group.assignor("range") == "uniform"
    assert group.assignor_after(ranger, ranger, "uniform") == "range"
    assert group.assignor_after(uniform, uniform, "uniform") == "uniform"
    assert group.assignor_after(uniform, nobody, "uniform") == "range"


def test_xxh3() -> None:
    """Published test vectors, and one that hash4j made of a string."""
    assert xxh3_64(b"") == 0x2D06800538D394C2
    assert xxh3_64(java_string("flights")) == 0x4A6ECE15FCDCF471


class OneTopic:
    """A single topic."""

    version = newest_topic_version = 0

    def get(self, name: str) -> TopicInfo | None:
        """The topic."""
        return TopicInfo("flights", bytes(range(16)), 3) if name == "flights" else None

    def by_id(self, topic_id: bytes) -> TopicInfo | None:  # noqa: ARG002
        """Never asked for."""
        return None

    def names(self) -> list[str]:
        """Its name."""
        return ["flights"]


def test_the_hash_of_topics_is_kafkas() -> None:
    """The value that Kafka 4.4 computes for this topic; topics that do not exist do not count."""
    assert metadata_hash(["flights", "gone"], OneTopic()) == 5285571135326525605
    assert metadata_hash(["gone"], OneTopic()) == 0
