"""Our assignors beside Apache Kafka's own classes, on random groups. Needs Java 17 and Maven."""

from __future__ import annotations

import base64
import os
import pathlib
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

import apache_kafka

from odradek.broker.groups.consumer.assignors import MemberSpec, Problem, assign
from odradek.broker.groups.consumer.records import Assignment
from odradek.broker.groups.share.assignor import ShareMemberSpec
from odradek.broker.groups.share.assignor import assign as assign_simple

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
    answers = ask_oracle(line for _, line, _ in asked)
    for (_, line, target), theirs in zip(asked, answers, strict=True):
        assert {m: shown(a) for m, a in target.items() if a} == theirs, line


def ask_oracle(lines: Iterable[str]) -> list[dict[str, str]]:
    """The answers of Kafka's assignors."""
    command = ["java", "-Xmx256m", "-XX:+UseSerialGC", "-cp", f"{apache_kafka.jars()}/*", str(SOURCE)]
    text = "".join(line + "\n" for line in lines)
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    return [answer(line) for line in done.stdout.splitlines()]


def simple(problem: Problem) -> Target:
    """What the assignor of share groups makes of a problem."""
    specs = {
        m: ShareMemberSpec(frozenset(spec.topic_ids), spec.assigned) for m, spec in problem.members.items()
    }
    return assign_simple(specs, {t: frozenset(range(n)) for t, n in problem.partition_counts.items()})


class Shares:
    """Who reads what of the topics that it wants, by the members' answers."""

    def __init__(self, problem: Problem, answers: dict[str, str]) -> None:
        wanted = {m: set(map(shown_id, spec.topic_ids)) for m, spec in problem.members.items()}
        places = {m: [p for p in text.split() if p.split(":")[0] in wanted[m]] for m, text in answers.items()}
        before = {m: shown(spec.assigned).split() for m, spec in problem.members.items()}
        every = [f"{shown_id(t)}:{p}" for t, n in problem.partition_counts.items() for p in range(n)]
        readers = Counter(place for mine in places.values() for place in mine)
        self.fewest_readers = min(readers[place] for place in every)
        self.most_readers = max(readers.values())
        self.kept = sum(len(set(before[m]).intersection(mine)) for m, mine in places.items())


def test_the_assignor_of_share_groups_is_as_fair() -> None:
    """Kafka's `simple` assignor goes by the order of hash tables, and ours by ids, so that who reads what may
    differ. In each group every partition has readers, none fewer than Kafka gives the one that has fewest,
    and none more than the one that has most; and through all groups not less is kept where it was.
    """
    rng = random.Random(932)
    asked: list[tuple[Problem, Target]] = []
    old: tuple[Problem, Target] | None = None
    for _ in range(GROUPS):
        problem = random_problem(rng, old if rng.random() < 0.9 else None)
        old = (problem, simple(problem))
        asked.append(old)
    ours = theirs = 0
    answers = ask_oracle(question("simple", problem) for problem, _ in asked)
    for (problem, target), answer_of_kafka in zip(asked, answers, strict=True):
        mine = Shares(problem, {m: shown(a) for m, a in target.items()})
        other = Shares(problem, answer_of_kafka)
        assert mine.fewest_readers >= max(1, other.fewest_readers), problem
        assert mine.most_readers <= other.most_readers, problem
        ours += mine.kept
        theirs += other.kept
    assert ours >= theirs
