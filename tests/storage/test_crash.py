"""Whatever the moment of a crash and whatever the disk kept: what was promised is there.

`ODRADEK_SEED=n pytest tests/storage/test_crash.py` crashes the same workloads again; a failure names the one
outcome, which `python -m tests.storage.crash_runner --replay NAME` looks at alone.
"""

from __future__ import annotations

import os
import random

import pytest

from odradek.storage.log import Log
from odradek.storage.memory_file_system import MemoryFileSystem
from tests.storage.crash_runner import run
from tests.storage.log_model import Batch, BrokenPromise, LogModel
from tests.storage.logs import DIRECTORY, SMALL, TOPIC_ID

PARTS = 4  # which may run side by side
OUTCOMES = 20_000 // PARTS
OUTCOMES_OF_A_LONG_RUN = 1_000_000 // PARTS


@pytest.fixture
def seed() -> str:
    """Another one each time, unless ODRADEK_SEED names it; printed, which pytest shows on failure."""
    chosen = os.environ.get("ODRADEK_SEED") or str(random.randrange(1_000_000))
    print(f"ODRADEK_SEED={chosen}")
    return chosen


@pytest.mark.parametrize("part", range(PARTS))
def test_what_was_promised_outlives_every_crash(seed: str, part: int) -> None:
    """At every call of the workload and of the recovery, torn and reordered in every way, killed or out of
    power: acknowledged records are there once at their offsets, others whole or absent, producers and
    committed offsets have not gone back, the check finds nothing, and another recovery changes nothing.
    """
    assert run(f"{seed}.{part}", OUTCOMES) >= OUTCOMES


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
def test_what_was_promised_outlives_a_million_crashes(seed: str, part: int) -> None:
    """The same, fifty times as often."""
    assert run(f"{seed}.{part}", OUTCOMES_OF_A_LONG_RUN) >= OUTCOMES_OF_A_LONG_RUN


def test_what_a_crash_was_allowed_to_take_is_not_asked_for_again() -> None:
    """Records are deleted before they are synced, and power is lost: their producer may be forgotten. What a
    later start does not know of it is no broken promise then; before, it is one after a mere kill.
    """
    file_system = MemoryFileSystem()
    file_system.make_directories("data")
    recovered = Log.create(file_system, DIRECTORY, SMALL, TOPIC_ID, start_offset=3)
    model = LogModel("flights", 0, TOPIC_ID)
    model.batches = [Batch(0, 2, b"", producer_id=8, producer_epoch=0, base_sequence=0, last_sequence=2)]
    model.largest_start = 3
    with pytest.raises(BrokenPromise, match="producer 8"):
        model.check(recovered, power_lost=False)
    model.check(recovered, power_lost=True)
    model.adopt(recovered)
    model.check(recovered, power_lost=False)


def test_a_log_that_begins_anew_within_a_lost_batch_goes_on_there() -> None:
    """Records were deleted up to the middle of a batch which was never synced, and power is lost: what is
    appended next lies at the log start.
    """
    file_system = MemoryFileSystem()
    file_system.make_directories("data")
    recovered = Log.create(file_system, DIRECTORY, SMALL, TOPIC_ID, start_offset=2)
    model = LogModel("flights", 0, TOPIC_ID)
    model.batches = [Batch(0, 3, b"")]
    model.smallest_start = model.largest_start = 2
    model.check(recovered, power_lost=True)
    model.adopt(recovered)
    assert model.end_offset == recovered.log_end_offset == 2
    model.check(recovered, power_lost=False)
