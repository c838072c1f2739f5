"""The transition table of a transactional id, as data.

Every state is a hard one: an id is in it because a record in `__transaction_state` says so.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class TransactionState(Enum):
    """The states of a transactional id: the name that DescribeTransactions shows, and the number in records.

    Apache Kafka has two more names, which no record and no answer of ours has: Dead while an id expires, and
    PrepareEpochFence while it fences a producer.
    """

    EMPTY = ("Empty", 0)
    ONGOING = ("Ongoing", 1)
    PREPARE_COMMIT = ("PrepareCommit", 2)
    PREPARE_ABORT = ("PrepareAbort", 3)
    COMPLETE_COMMIT = ("CompleteCommit", 4)
    COMPLETE_ABORT = ("CompleteAbort", 5)
    DEAD = ("Dead", 6)
    PREPARE_EPOCH_FENCE = ("PrepareEpochFence", 7)

    def __init__(self, label: str, number: int) -> None:
        self.label = label
        self.number = number


class Transition(NamedTuple):
    """One row of the table; `why` is for the diagram."""

    source: TransactionState
    target: TransactionState
    why: str


EMPTY = TransactionState.EMPTY
ONGOING = TransactionState.ONGOING
PREPARE_COMMIT = TransactionState.PREPARE_COMMIT
PREPARE_ABORT = TransactionState.PREPARE_ABORT
COMPLETE_COMMIT = TransactionState.COMPLETE_COMMIT
COMPLETE_ABORT = TransactionState.COMPLETE_ABORT
DEAD = TransactionState.DEAD

PREPARING = (PREPARE_COMMIT, PREPARE_ABORT)
RESTING = (EMPTY, COMPLETE_COMMIT, COMPLETE_ABORT)

TRANSITIONS = (
    Transition(EMPTY, EMPTY, "InitProducerId: the next epoch"),
    Transition(EMPTY, ONGOING, "a partition or a group is added"),
    Transition(EMPTY, PREPARE_ABORT, "EndTxn aborts without a partition (KIP-890)"),
    Transition(EMPTY, DEAD, "not used for long"),
    Transition(ONGOING, ONGOING, "a partition or a group is added"),
    Transition(ONGOING, PREPARE_COMMIT, "EndTxn commits"),
    Transition(ONGOING, PREPARE_ABORT, "EndTxn aborts, the time is up, or another producer begins"),
    Transition(PREPARE_COMMIT, COMPLETE_COMMIT, "all markers are written"),
    Transition(PREPARE_ABORT, COMPLETE_ABORT, "all markers are written"),
    Transition(COMPLETE_COMMIT, ONGOING, "a partition or a group is added"),
    Transition(COMPLETE_COMMIT, PREPARE_ABORT, "EndTxn aborts without a partition (KIP-890)"),
    Transition(COMPLETE_COMMIT, EMPTY, "InitProducerId: the next epoch"),
    Transition(COMPLETE_COMMIT, DEAD, "not used for long"),
    Transition(COMPLETE_ABORT, ONGOING, "a partition or a group is added"),
    Transition(COMPLETE_ABORT, PREPARE_ABORT, "EndTxn aborts without a partition (KIP-890)"),
    Transition(COMPLETE_ABORT, EMPTY, "InitProducerId: the next epoch"),
    Transition(COMPLETE_ABORT, DEAD, "not used for long"),
)

_ALLOWED = {(row.source, row.target) for row in TRANSITIONS}


def check(source: TransactionState, target: TransactionState) -> None:
    """Raise KeyError when the table has no such row: a bug."""
    if (source, target) not in _ALLOWED:
        raise KeyError((source, target))


def diagram() -> str:
    """The table as a Mermaid state diagram."""
    rows = (f"    {row.source.label} --> {row.target.label}: {row.why}" for row in TRANSITIONS)
    return "\n".join(("stateDiagram-v2", "    [*] --> Empty", *rows, "    Dead --> [*]")) + "\n"
