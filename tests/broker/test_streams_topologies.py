"""Topologies of streams groups: which topics they need, which the broker makes, and what members are told."""

from __future__ import annotations

from typing import Any

import pytest

from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages import streams_group_topology_description_update as descriptions

from .group_desk import Desk
from .streams_desk import COUNTING, NOTHING, beat, described, statuses, subtopology, told, topic, topology

NO_SOURCES, BAD_PARTITIONS, NO_INTERNALS = 1, 2, 3


def test_the_broker_makes_internal_topics() -> None:
    """With the partitions that follow from the sources; then there are tasks."""
    desk = Desk()
    joined = beat(desk, topology=COUNTING)
    assert statuses(joined) == [(NO_INTERNALS, "Internal topics are missing: counts, words")]
    assert (told(joined), described(desk).group_state) == ({}, "NotReady")
    for name in ("words", "counts"):
        assert len(desk.node.topics.get(name).partitions) == 3
    answer = beat(desk, epoch=2, **NOTHING)
    assert told(answer) == {"0": [0, 1, 2], "1": [0, 1, 2]}
    assert statuses(answer) == []


def test_internal_topics_have_their_configuration() -> None:
    """As the program asks for it, and the number of partitions that it names."""
    desk = Desk()
    log = topic("log", configs={"cleanup.policy": "compact", "segment.bytes": "1048576"})
    sized = topology(
        subtopology("0", ["orders"], repartition_sink_topics=["half"]),
        subtopology("1", [], repartition_source_topics=[topic("half", 5)], state_changelog_topics=[log]),
    )
    beat(desk, topology=sized)
    made = desk.node.topics.get("log")
    assert (made.config["cleanup.policy"], made.config["segment.bytes"]) == (("compact",), 1048576)
    assert len(made.partitions) == len(desk.node.topics.get("half").partitions) == 5


def test_a_topic_that_cannot_be_made_is_told() -> None:
    """With the next heartbeats, for twice their interval."""
    desk = Desk()
    bad = topic("log", configs={"cleanup.policy": "shred"})
    beat(desk, topology=topology(subtopology("0", ["orders"], state_changelog_topics=[bad])))
    ((code, detail),) = statuses(beat(desk, epoch=2, **NOTHING))
    assert code == NO_INTERNALS
    assert "; Creation failed: log (" in detail


def test_missing_sources_are_waited_for() -> None:
    """The group is not ready until the last of them is there."""
    desk = Desk()
    wanted = topology(subtopology("0", ["later", "orders"]))
    assert statuses(beat(desk, topology=wanted)) == [(NO_SOURCES, "Source topics later are missing.")]
    assert described(desk).group_state == "NotReady"
    desk.node.topics.create("later", 5, now_ms=desk.clock.wall_ms())
    assert told(beat(desk, epoch=2, **NOTHING)) == {"0": [0, 1, 2, 3, 4]}


def test_a_source_that_grows_brings_new_tasks() -> None:
    """The group gets a new epoch with the next heartbeat; a changelog does not grow by itself."""
    desk = Desk()
    beat(desk)
    orders = desk.node.topics.get("orders")
    desk.node.topics.add_partitions(orders, 5, now_ms=desk.clock.wall_ms())
    assert told(beat(desk, epoch=2, active={"0": [0, 1, 2]})) == {"0": [0, 1, 2, 3, 4]}


def test_a_source_that_goes_takes_the_tasks() -> None:
    """Nobody has anything while a source is missing."""
    desk = Desk()
    beat(desk)
    desk.node.topics.delete(desk.node.topics.get("orders"), now_ms=desk.clock.wall_ms())
    answer = beat(desk, epoch=2, active={"0": [0, 1, 2]})
    assert statuses(answer) == [(NO_SOURCES, "Source topics orders are missing.")]
    assert told(answer) == {}


@pytest.mark.parametrize(
    ("parts", "detail"),
    [
        (
            {"sources": ["orders", "pairs"], "copartitioned": [0, 1]},
            "Following topics do not have the same number of partitions: [{orders=3, pairs=2}]",
        ),
        (
            {"sources": ["orders"], "state_changelog_topics": [topic("pairs")]},
            "Existing topic pairs has different number of partitions: expected 3, found 2",
        ),
    ],
)
def test_topics_that_do_not_fit_are_told(parts: dict[str, Any], detail: str) -> None:
    """What is joined needs the same number of partitions, and a changelog that of its inputs."""
    desk = Desk()
    desk.node.topics.create("pairs", 2, now_ms=desk.clock.wall_ms())
    answer = beat(desk, topology=topology(subtopology("0", parts.pop("sources"), **parts)))
    assert statuses(answer) == [(BAD_PARTITIONS, detail)]


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (subtopology("0", ["__consumer_offsets"]), ErrorCode.STREAMS_INVALID_TOPOLOGY),
        (subtopology("0", ["or ders"]), ErrorCode.STREAMS_INVALID_TOPOLOGY),
        (subtopology("0", []), ErrorCode.STREAMS_INVALID_TOPOLOGY),
        (
            subtopology("0", ["orders"], state_changelog_topics=[topic("log", 3)]),
            ErrorCode.STREAMS_INVALID_TOPOLOGY,
        ),
        (
            subtopology("0", ["orders"], repartition_source_topics=[topic("unwritten")]),
            ErrorCode.STREAMS_INVALID_TOPOLOGY,
        ),
        (
            subtopology("0", [], repartition_sink_topics=["a"], repartition_source_topics=[topic("a")]),
            ErrorCode.STREAMS_INVALID_TOPOLOGY,
        ),
        (subtopology("0", ["orders"], source_topic_regex=["or.*"]), ErrorCode.INVALID_REQUEST),
        (subtopology("0", ["orders"], copartitioned=[-1]), ErrorCode.UNKNOWN_SERVER_ERROR),
        (subtopology("0", ["orders"], copartitioned=[7]), ErrorCode.UNKNOWN_SERVER_ERROR),
    ],
    ids=lambda value: value.name if isinstance(value, ErrorCode) else "",
)
def test_impossible_topologies_are_refused(wrong: Any, error: ErrorCode) -> None:
    """With Kafka's errors, and nothing is left of them."""
    desk = Desk()
    assert beat(desk, topology=topology(wrong)).error_code == error
    assert described(desk).error_code == ErrorCode.GROUP_ID_NOT_FOUND


def test_an_id_is_there_once() -> None:
    """A topology with the same id twice is nothing that Kafka foresees."""
    twice = topology(subtopology("0", ["orders"]), subtopology("0", ["orders"]))
    assert beat(Desk(), topology=twice).error_code == ErrorCode.UNKNOWN_SERVER_ERROR


def test_tasks_that_do_not_exist_are_refused() -> None:
    """A member cannot have a subtopology or a partition that the topology has not."""
    desk = Desk()
    beat(desk)
    for active in ({"7": [0]}, {"0": [3]}, {"0": [-1]}):
        assert beat(desk, epoch=2, active=active).error_code == ErrorCode.INVALID_REQUEST


def test_descriptions_of_topologies_are_for_plugins() -> None:
    """Nobody is asked for one, and who sends one is told that there is no plugin (KIP-1331)."""
    desk = Desk()
    joined = beat(desk, topology=COUNTING)
    assert not joined.topology_description_required
    answer = desk.ask(
        "streams_group_topology_description_update",
        0,
        group_id="g",
        member_id="m",
        topology_epoch=0,
        topology_description=descriptions.TOPOLOGY_DESCRIPTION(),
    )
    assert answer.error_code == ErrorCode.UNSUPPORTED_VERSION
    assert answer.error_message == ("The broker has no streams group topology description plugin configured.")
