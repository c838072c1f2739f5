"""Show that the bank would notice: break a copy of the broker in one place at a time, and let a day pass.

    scripts/bank-mutants [--cuts 40 --broker-kills 6 --protocol classic] [NAME ...]

Every fault has to turn the bank red, and what only makes the broker slow has to leave it green. Exit code 1
if one does not.
"""

from __future__ import annotations

import argparse
import pathlib
import subprocess
import sys
from collections.abc import Sequence

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from mutation import DUPLICATES_ARE_APPENDED, Edit, broken

# A broker is killed between a decision and its markers once in a blue moon, as they follow at once.
LATE_MARKERS = Edit(
    "broker/transaction_coordinator.py",
    "        _MarkerRound(self, order, now).run()",
    "        late_ms = self.now().monotonic_ms + 200\n"
    "        self._timers.at(late_ms, _MarkerRound(self, order, now).run)",
)
SLOW: dict[str, Sequence[Edit]] = {"markers are late": [LATE_MARKERS]}
FAULTS: dict[str, Sequence[Edit]] = {
    "abort markers are forgotten": [
        Edit(
            "broker/markers.py",
            "    data = memoryview(\n",
            "    if not marker.committed:\n        on_durable(ErrorCode.NONE)\n        return\n"
            "    data = memoryview(\n",
        )
    ],
    "aborted transactions are not told": [
        Edit("storage/producer_state.py", "if not each.committed:", "if False:"),
    ],
    "the last stable offset is the log's end": [
        Edit(
            "broker/partition.py",
            "return min(self.high_watermark, self.log.last_stable_offset)",
            "return self.high_watermark",
        )
    ],
    "fenced epochs are accepted": [
        Edit("storage/producer_state.py", "if batch.producer_epoch < entry.producer_epoch:", "if False:"),
        Edit("storage/producer_state.py", "in_order = base == 0\n", "in_order = True\n"),
        Edit(
            "broker/transactions/shard.py",
            "if machine.stored.producer_epoch != producer.producer_epoch:",
            "if False:",
        ),
        Edit(
            "broker/transactions/ending.py",
            "if producer.producer_epoch != stored.producer_epoch:",
            "if False:",
        ),
    ],
    "offsets of a transaction count at once": [
        Edit("broker/groups/offset_store.py", "if producer_id >= 0:", "if False:"),
    ],
    "decisions are not carried out after a restart": [
        LATE_MARKERS,
        Edit(
            "broker/transactions/shard.py",
            "if machine.is_ending:\n                self._order_markers",
            "if False:\n                self._order_markers",
        ),
    ],
    "duplicates are appended": DUPLICATES_ARE_APPENDED,
    "offsets of a transaction are forgotten": [
        Edit("broker/groups/offset_store.py", "if committed and (present", "if False and (present"),
    ],
}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/bank-mutants", description="Break the broker under the bank."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="faults (all)")
    parser.add_argument("--cuts", type=int, default=40)
    parser.add_argument("--broker-kills", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--protocol", choices=("classic", "consumer"), default="classic")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in SLOW | FAULTS]
    if unknown:
        parser.error(f"there is no {unknown[0]!r} but {', '.join(map(repr, SLOW | FAULTS))}")
    wrong = 0
    for name, edits in (SLOW | FAULTS).items():
        if not options.names or name in options.names:
            is_red, said = a_day(edits, options)
            is_right = is_red is (name in FAULTS)
            wrong += not is_right
            colour = "red" if is_red else "green"
            print(f"{'as it should' if is_right else 'WRONG':12} {colour:5} {name}: {said}", flush=True)
    return int(wrong > 0)


def a_day(edits: Sequence[Edit], options: argparse.Namespace) -> tuple[bool, str]:
    """Whether the bank is red in a copy with these edits, and the line that says why."""
    with broken(edits) as copy:
        command = [sys.executable, "-m", "pytest", "-q", "--tb=short", "compat-tests/test_bank.py"]
        command += ["-k", f"confluent-kafka and {options.protocol}", f"--seed={options.seed}"]
        command += [f"--cuts={options.cuts}", f"--broker-kills={options.broker_kills}"]
        done = subprocess.run(command, cwd=copy, capture_output=True, text=True)
    lines = done.stdout.splitlines()
    if done.returncode == 0:
        return False, next(line for line in lines if line.startswith("confluent-kafka, "))
    found = [line for line in lines if line.startswith("E ") and "BooksDiffer: " in line]
    if done.returncode != 1 or not found:
        raise SystemExit(f"the bank itself does not work:\n{done.stdout}{done.stderr}")
    return True, found[-1].partition("BooksDiffer: ")[2]


if __name__ == "__main__":
    sys.exit(main())
