"""The transition table of a classic group, as data.

Empty and Stable are hard states: a group is in them because a record in `__consumer_offsets` says so, and
they are entered by `replay` alone. PreparingRebalance and CompletingRebalance are soft: they live in memory,
and a restart falls back to what was stored last.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple


class GroupState(Enum):
    """The states of a classic group; the values are the names that DescribeGroups and ListGroups show."""

    EMPTY = "Empty"
    PREPARING_REBALANCE = "PreparingRebalance"
    COMPLETING_REBALANCE = "CompletingRebalance"
    STABLE = "Stable"
    DEAD = "Dead"


class Trigger(Enum):
    """What moves a group from one state to another."""

    REBALANCE = auto()
    JOINED = auto()
    STORED_MEMBERS = auto()
    STORED_EMPTY = auto()
    REMOVED = auto()


class Transition(NamedTuple):
    """One row of the table: in `source`, `trigger` leads to `target`; `why` is for the diagram."""

    source: GroupState
    trigger: Trigger
    target: GroupState
    why: str


EMPTY = GroupState.EMPTY
PREPARING_REBALANCE = GroupState.PREPARING_REBALANCE
COMPLETING_REBALANCE = GroupState.COMPLETING_REBALANCE
STABLE = GroupState.STABLE
DEAD = GroupState.DEAD

TRANSITIONS = (
    Transition(EMPTY, Trigger.REBALANCE, PREPARING_REBALANCE, "the first member joins"),
    Transition(
        STABLE, Trigger.REBALANCE, PREPARING_REBALANCE, "a member joins, leaves, dies or subscribes anew"
    ),
    Transition(
        COMPLETING_REBALANCE, Trigger.REBALANCE, PREPARING_REBALANCE, "a change, or a sync that never came"
    ),
    Transition(
        PREPARING_REBALANCE, Trigger.JOINED, COMPLETING_REBALANCE, "all have joined, or the time is up"
    ),
    Transition(COMPLETING_REBALANCE, Trigger.STORED_MEMBERS, STABLE, "the leader's assignment is stored"),
    Transition(
        STABLE, Trigger.STORED_MEMBERS, STABLE, "a static member came back, or an older log is replayed"
    ),
    Transition(EMPTY, Trigger.STORED_MEMBERS, STABLE, "a stored generation is loaded"),
    Transition(PREPARING_REBALANCE, Trigger.STORED_EMPTY, EMPTY, "nobody joined"),
    Transition(STABLE, Trigger.STORED_EMPTY, EMPTY, "a stored end of the membership is loaded"),
    Transition(EMPTY, Trigger.STORED_EMPTY, EMPTY, "the group was created"),
    Transition(EMPTY, Trigger.REMOVED, DEAD, "deleted, expired or unloaded"),
    Transition(STABLE, Trigger.REMOVED, DEAD, "unloaded"),
    Transition(PREPARING_REBALANCE, Trigger.REMOVED, DEAD, "unloaded"),
    Transition(COMPLETING_REBALANCE, Trigger.REMOVED, DEAD, "unloaded"),
)

_TARGETS = {(row.source, row.trigger): row.target for row in TRANSITIONS}


def follow(state: GroupState, trigger: Trigger) -> GroupState:
    """The state after `trigger` in `state`. Raises KeyError when the table has no such row: a bug."""
    return _TARGETS[state, trigger]


def diagram() -> str:
    """The table as a Mermaid state diagram."""
    rows = (f"    {row.source.value} --> {row.target.value}: {row.why}" for row in TRANSITIONS)
    return "\n".join(("stateDiagram-v2", "    [*] --> Empty", *rows, "    Dead --> [*]")) + "\n"
