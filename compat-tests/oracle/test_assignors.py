"""Our assignors beside Apache Kafka's own classes, on random groups. Needs Java 17 and Maven."""

from __future__ import annotations

import base64
import os
import pathlib
import random
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

import apache_kafka

from odradek.broker.groups.consumer.assignors import MemberSpec, Problem, assign
from odradek.broker.groups.consumer.records import Assignment

SOURCE = pathlib.Path(__file__).with_name("AssignorOracle.java")
GROUPS = int(os.environ.get("ODRADEK_ORACLE_EXAMPLES", "2000"))
Target = dict[str, Assignment]


def shown_id(topic_id: bytes) -> str:
    """A topic id as Kafka's Uuid prints itself."""
    return base64.urlsafe_b64encode(topic_id).decode().rstrip("=")


def shown(assignment: Assignment) -> str:
    """Partitions as the oracle answers them."""
    pairs = sorted(
        (shown_id(topic_id), index) for topic_id, indexes in assignment.items() for index in indexes
    )
    return " ".join(f"{topic_id}:{index}" for topic_id, index in pairs)


def listed(assignment: Assignment) -> str:
    """Partitions in the order in which the assignment has its topics."""
    return " ".join(f"{shown_id(topic_id)}:{i}" for topic_id, indexes in assignment.items() for i in indexes)


def question(assignor: str, problem: Problem) -> str:
    """A problem as a line for the oracle."""
    topics = " ".join(f"{shown_id(topic_id)}:{n}" for topic_id, n in problem.partition_counts.items())
    members = [
        "|".join(
            (
                member_id,
                spec.instance_id or "",
                " ".join(map(shown_id, spec.topic_ids)),
                listed(spec.assigned),
            )
        )
        for member_id, spec in problem.members.items()
    ]
    kind = "HOMOGENEOUS" if problem.is_homogeneous else "HETEROGENEOUS"
    return "\t".join((assignor, kind, topics, *members))


def answer(line: str) -> dict[str, str]:
    """The oracle's answer: partitions by member, without those who get nothing."""
    members = (member.partition("|") for member in line.split("\t") if member)
    return {member_id: partitions for member_id, _, partitions in members if partitions}


def new_id(rng: random.Random) -> bytes:
    """A topic id that does not start with a dash."""
    return bytes([rng.randrange(200)]) + rng.randbytes(15)


def random_problem(rng: random.Random, old: tuple[Problem, Target] | None) -> Problem:
    """A new group, or a group after something has changed: members come and go, topics grow."""
    if old is None:
        counts = {new_id(rng): rng.choice((1, 2, 3, 7, 16, 40)) for _ in range(rng.randrange(1, 8))}
        members: list[str] = []
        target: Target = {}
    else:
        counts = {topic_id: n + rng.choice((0, 0, 0, 3)) for topic_id, n in old[0].partition_counts.items()}
        members, target = [m for m in old[0].members if rng.random() < 0.8], old[1]
    members += [shown_id(rng.randbytes(16)) for _ in range(rng.choice((0, 1, 1, 2, 5, 20)) or not members)]
    is_homogeneous = rng.random() < 0.5
    everything = tuple(rng.sample(sorted(counts), len(counts)))
    specs = {}
    for number, member_id in enumerate(members):
        wanted = rng.sample(sorted(counts), rng.randrange(1, len(counts) + 1))
        specs[member_id] = MemberSpec(
            f"i{number % 17}-{number}" if rng.random() < 0.3 else None,
            everything if is_homogeneous else tuple(wanted),
            target.get(member_id, {}),
        )
    wanted_topics = {topic_id for spec in specs.values() for topic_id in spec.topic_ids}
    counts = {topic_id: n for topic_id, n in counts.items() if topic_id in wanted_topics}
    targeted = frozenset((t, p) for spec in specs.values() for t, ps in spec.assigned.items() for p in ps)
    return Problem(specs, counts, is_homogeneous, targeted)


def test_assignors_agree() -> None:
    """Through random changes of random groups, both assignors give every member what Kafka's give it."""
    rng = random.Random(20260)
    asked: list[tuple[str, str, Target]] = []
    old: tuple[Problem, Target] | None = None
    for _ in range(GROUPS):
        assignor = rng.choice(("uniform", "range"))
        problem = random_problem(rng, old if rng.random() < 0.9 else None)
        target = assign(assignor, problem)
        asked.append((assignor, question(assignor, problem), target))
        old = (problem, target)
    command = ["java", "-Xmx256m", "-XX:+UseSerialGC", "-cp", f"{apache_kafka.jars()}/*", str(SOURCE)]
    lines = "".join(line + "\n" for _, line, _ in asked)
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
    for (_, line, target), theirs in zip(asked, done.stdout.splitlines(), strict=True):
        assert {m: shown(a) for m, a in target.items() if a} == answer(theirs), line
