"""Our task assignor beside Apache Kafka's own class, on random groups. Needs Java 17 and Maven."""

from __future__ import annotations

import os
import pathlib
import random
import subprocess
import sys
from collections.abc import Iterable

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

import apache_kafka

from odradek.broker.groups.streams.sticky_assignor import MemberSpec, Problem, SubtopologySpec, assign
from odradek.broker.groups.streams.tasks import Task, TaskSets

pytestmark = pytest.mark.usefixtures("needs_apache_kafka")

SOURCE = pathlib.Path(__file__).with_name("TaskAssignorOracle.java")
GROUPS = int(os.environ.get("ODRADEK_ORACLE_EXAMPLES", "4000"))
Target = dict[str, TaskSets]


def shown(tasks: Iterable[Task]) -> str:
    """Tasks as the oracle reads and answers them."""
    return " ".join(f"{subtopology_id}:{partition}" for subtopology_id, partition in sorted(tasks))


def question(problem: Problem) -> str:
    """A problem as a line for the oracle."""
    subtopologies = " ".join(
        f"{each.subtopology_id}:{each.task_count}:{'stateful' if each.is_stateful else 'stateless'}"
        for each in problem.subtopologies
    )
    members = [
        "|".join(
            (
                member_id,
                spec.process_id,
                shown(spec.active),
                shown(spec.standby),
                " ".join(f"{task[0]}:{task[1]}:{offset}" for task, offset in sorted(spec.offsets.items())),
            )
        )
        for member_id, spec in problem.members.items()
    ]
    return "\t".join((str(problem.standby_replicas), subtopologies, *members))


def answer(target: Target) -> str:
    """Our target as the oracle answers its own."""
    return "\t".join(
        sorted(f"{member_id}|{shown(t.active)}|{shown(t.standby)}" for member_id, t in target.items())
    )


def new_id(rng: random.Random) -> str:
    """An id in the form of Kafka's Uuid, near enough."""
    return "".join(rng.choices("abcdefghijkLMNOPQRSTUVWXYZ0123456789_-", k=22))


def random_problem(rng: random.Random, old: tuple[Problem, Target] | None) -> Problem:
    """A new group, or a group after something has changed: members come and go, processes report offsets."""
    if old is None or rng.random() < 0.05:
        subtopologies = tuple(
            SubtopologySpec(str(number), rng.choice((1, 2, 3, 7, 16)), rng.random() < 0.7)
            for number in range(rng.randrange(1, 6))
        )
        specs: dict[str, MemberSpec] = {}
    else:
        subtopologies = old[0].subtopologies
        specs = {
            member_id: MemberSpec(spec.process_id, old[1][member_id].active, old[1][member_id].standby)
            for member_id, spec in old[0].members.items()
            if rng.random() < 0.85
        }
    processes = [*{spec.process_id for spec in specs.values()}, *(new_id(rng) for _ in range(3))]
    for _ in range(rng.choice((0, 1, 1, 2, 5, 20)) or not specs):
        specs[new_id(rng)] = MemberSpec(rng.choice(processes))
    tasks = [(each.subtopology_id, n) for each in subtopologies for n in range(each.task_count)]
    for member_id, spec in specs.items():
        if rng.random() < 0.2:
            reported = rng.sample(tasks, rng.randrange(len(tasks) + 1))
            specs[member_id] = spec._replace(offsets={task: rng.randrange(4) for task in reported})
    shuffled = dict(rng.sample(sorted(specs.items()), len(specs)))
    return Problem(shuffled, subtopologies, rng.choice((0, 0, 1, 2)))


def test_assignors_agree() -> None:
    """Through random changes of random groups, the assignor gives every member what Kafka's gives it."""
    rng = random.Random(1071)
    asked: list[tuple[str, str]] = []
    old: tuple[Problem, Target] | None = None
    for _ in range(GROUPS):
        problem = random_problem(rng, old if rng.random() < 0.9 else None)
        target = assign(problem)
        asked.append((question(problem), answer(target)))
        old = (problem, target)
    command = ["java", "-Xmx256m", "-XX:+UseSerialGC", "-cp", f"{apache_kafka.jars()}/*", str(SOURCE)]
    lines = "".join(line + "\n" for line, _ in asked)
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
    for (line, ours), theirs in zip(asked, done.stdout.splitlines(), strict=True):
        assert ours == theirs, line
