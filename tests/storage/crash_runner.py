"""Crash a workload at every call that it makes, several times each, and the recoveries from that too.

    python -m tests.storage.crash_runner --seed 1 --outcomes 20000
    python -m tests.storage.crash_runner --replay 1-3/217/4        # the outcome that a failure named

A moment is a call of the workload that changed or synced something, counted from its beginning through all
restarts. At each moment the disk is copied as a crash would leave it, with the seed
`<workload>/<moment>/<outcome>`, and recovered: the workload itself goes on undisturbed. Of some outcomes the
recovery is crashed again at each of its calls, `<...>/<call>`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Collection
from random import Random
from typing import NamedTuple

from odradek.storage.check import check_directory
from odradek.storage.faulty_file_system import FaultyFileSystem
from tests.storage.crash_workload import DATA, Broker, Workload
from tests.storage.log_model import Producer, known_producers, read_all

STEPS = (12, 20, 30, 60)  # of a workload: short ones cost less an outcome, long ones get further
OUTCOMES_PER_MOMENT = 3
CRASH_RECOVERY_EVERY = 6  # of so many outcomes one has its recovery crashed too


class Failed(Exception):
    """An outcome that must not be: replay it by its name."""


class LogState(NamedTuple):
    """What can be told of a recovered log."""

    start: int
    end: int
    contents: bytes
    producers: dict[int, Producer]
    epochs: list[tuple[int, int]]


class Enough(Exception):
    """As many outcomes were seen as were asked for."""


class Runner:
    """Runs workloads until `limit` outcomes were checked; `only` names the one outcome to look at, `often`
    the steps to take more often than others.
    """

    def __init__(self, limit: int, only: str | None = None, often: Collection[str] = ()) -> None:
        self.outcomes = 0
        self._limit = limit
        self._only = only
        self._often = often
        self._moment = 0

    def run(self, workload_seed: str) -> None:
        """One workload from beginning to end, or until the limit. Raises Failed."""
        self._moment = 0
        try:
            workload = Workload(workload_seed, lambda workload: self._look(workload_seed, workload))
            workload.run(STEPS[Random(workload_seed).randrange(len(STEPS))], self._often)
        except (Failed, Enough):
            raise
        except Exception as error:
            raise Failed(f"{workload_seed}: the workload itself met {error!r}") from error

    def _look(self, workload_seed: str, workload: Workload) -> None:
        self._moment += 1
        for number in range(OUTCOMES_PER_MOMENT):
            name = f"{workload_seed}/{self._moment}/{number}"
            if self._only is not None and not f"{self._only}/".startswith(f"{name}/"):
                continue
            chance = Random(name)
            crash_recovery = chance.randrange(CRASH_RECOVERY_EVERY) == 0
            power_lost = chance.random() < 0.7
            crashed = _crash(workload.file_system, chance, power_lost)
            self._check(name, crashed, workload, power_lost or workload.power_lost, crash_recovery)

    def _check(
        self, name: str, crashed: FaultyFileSystem, workload: Workload, power_lost: bool, crash_recovery: bool
    ) -> None:
        self.outcomes += 1
        if crash_recovery:
            crashed.on_change = lambda: self._crash_again(name, crashed, workload, power_lost)
        try:
            self._recover(crashed, workload, power_lost)
        except (Failed, Enough):
            raise
        except Exception as error:
            kind = "power loss" if power_lost else "kill"
            raise Failed(f"{name} ({kind}): {type(error).__name__}: {error}") from error
        if self.outcomes >= self._limit:
            raise Enough

    def _crash_again(
        self, name: str, recovering: FaultyFileSystem, workload: Workload, power_lost: bool
    ) -> None:
        name = f"{name}/{recovering.calls}"
        if self._only is None or self._only == name:
            chance = Random(name)
            again = chance.random() < 0.7
            crashed = _crash(recovering, chance, again)
            self._check(name, crashed, workload, power_lost or again, crash_recovery=False)

    def _recover(self, crashed: FaultyFileSystem, workload: Workload, power_lost: bool) -> None:
        """Recover, compare with the model, check the files, and recover again to the same state."""
        broker = Broker(crashed, workload.models)
        crashed.on_change = None
        for model, log in broker.logs.items():
            model.check(log, power_lost)
        first = _state(broker)
        killed = crashed.process_kill()
        for log in broker.logs.values():
            log.close(clean=False)
        problems = check_directory(killed, DATA)
        if problems:
            raise AssertionError(f"check finds {problems}")
        second = _state(Broker(killed, workload.models))
        if first != second:
            raise AssertionError(f"recovering twice gives {second} after {first}")


def _crash(file_system: FaultyFileSystem, chance: Random, power_lost: bool) -> FaultyFileSystem:
    return file_system.power_loss(chance) if power_lost else file_system.process_kill(chance)


def _state(broker: Broker) -> dict[str, LogState]:
    return {
        str(model): LogState(
            log.log_start_offset,
            log.log_end_offset,
            read_all(log),
            known_producers(log.producers),
            log.leader_epochs.entries,
        )
        for model, log in broker.logs.items()
    }


def run(seed: str, outcomes: int, often: Collection[str] = ()) -> int:
    """Check that many outcomes of the workloads `<seed>-0`, `<seed>-1`, ...; return how many it were.

    Raises Failed.
    """
    runner = Runner(outcomes, often=often)
    number = 0
    try:
        while True:
            runner.run(f"{seed}-{number}")
            number += 1
    except Enough:
        return runner.outcomes


def replay(name: str) -> None:
    """Look at one outcome again, or at all of a workload. Raises Failed if it still fails."""
    Runner(sys.maxsize, only=name if "/" in name else None).run(name.split("/")[0])


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", default=str(time.time_ns() % 1_000_000))
    parser.add_argument("--outcomes", type=int, default=20_000)
    parser.add_argument("--replay", help="the name of an outcome, or of a workload")
    arguments = parser.parse_args()
    started = time.monotonic()
    try:
        if arguments.replay:
            replay(arguments.replay)
            print(f"{arguments.replay} holds")
            return 0
        outcomes = run(arguments.seed, arguments.outcomes)
    except Failed as failure:
        name = str(failure).split()[0].rstrip(":")
        print(f"FAILED {failure}\nreplay with: python -m tests.storage.crash_runner --replay {name}")
        return 1
    seconds = time.monotonic() - started
    print(f"seed {arguments.seed}: {outcomes} outcomes hold, {outcomes / seconds:.0f} a second")
    return 0


if __name__ == "__main__":
    sys.exit(main())
