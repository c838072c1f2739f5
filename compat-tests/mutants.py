"""`scripts/compat-mutants`: show that cells can fail.

A copy of the broker is broken in one place at a time, and meets stock clients where they should notice.
Exit code 1 if a fault leaves every cell green.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from typing import NamedTuple

from mutation import DUPLICATES_ARE_APPENDED, Edit, broken

CLIENTS = ("kafka-python-3.0", "confluent-kafka", "java-4.4", "franz-go")


class Fault(NamedTuple):
    """What is broken, and the scenarios of which one at least has to turn red."""

    edits: tuple[Edit, ...]
    scenarios: tuple[str, ...]


FAULTS = {
    "a fetch loses its last batch": Fault(
        (
            Edit(
                "broker/fetching.py",
                "upper_offset = wanted.upper_offset(committed_only)\n",
                "upper_offset = max(wanted.fetch_offset, wanted.upper_offset(committed_only) - 1)\n",
            ),
        ),
        ("consume-beginning", "produce-shapes"),
    ),
    "an unknown member is told of a wrong error": Fault(
        (
            Edit(
                "broker/groups/classic/group.py",
                "if member is None:\n            raise GroupError(ErrorCode.UNKNOWN_MEMBER_ID)",
                "if member is None:\n            raise GroupError(ErrorCode.INVALID_REQUEST)",
            ),
        ),
        ("group-members", "group-static", "kill-consume", "kill-rebalance"),
    ),
    "commits are forgotten": Fault(
        (
            Edit(
                "broker/groups/offset_store.py",
                "else:\n            self._put(key, committed)",
                "elif committed.offset % 2:\n            self._put(key, committed)",
            ),
        ),
        ("group-commit", "restart-resume"),
    ),
    "a duplicate is appended and answered with a new offset": Fault(
        DUPLICATES_ARE_APPENDED,
        ("produce-retry",),
    ),
    "a version is advertised that is not served": Fault(
        (
            Edit(
                "broker/handlers/api_versions.py",
                "max_version=versions.stop - 1",
                "max_version=versions.stop",
            ),
        ),
        ("admin-topics", "consume-beginning", "group-commit"),
    ),
}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/compat-mutants", description="Break the broker under the compat suite."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"faults (all): {'; '.join(FAULTS)}")
    parser.add_argument(
        "--client", action="append", metavar="NAME", help=f"another client than {', '.join(CLIENTS)}"
    )
    parser.add_argument("--scenario", action="append", metavar="NAME", help="others than a fault's own")
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in FAULTS]:
        parser.error(f"there is no {unknown[0]!r} but {', '.join(map(repr, FAULTS))}")
    unseen = 0
    for name, fault in FAULTS.items():
        if not options.names or name in options.names:
            cells, red = _met(fault, options.client or CLIENTS, options.scenario or fault.scenarios)
            unseen += not red
            colour = "seen" if red else "NOT SEEN"
            print(f"{colour:9} {name}: {len(red)} of {cells} cells are red: {', '.join(red)}", flush=True)
    return int(unseen > 0)


def _met(fault: Fault, clients: Sequence[str], scenarios: Sequence[str]) -> tuple[int, list[str]]:
    """How many cells were asked of a broker with the fault, and the names of those that failed."""
    with broken(fault.edits) as copy:
        command = [copy / "scripts/compat", "--json", copy.parent / "cells.json"]
        command += [part for name in clients for part in ("--client", name)]
        command += [part for name in scenarios for part in ("--scenario", name)]
        done = subprocess.run(command, capture_output=True, text=True)
        if not (copy.parent / "cells.json").exists():
            raise SystemExit(f"the suite itself does not work:\n{done.stdout}{done.stderr}")
        cells = json.loads((copy.parent / "cells.json").read_text())["cells"]
    red = [f"{cell['client']} {cell['scenario']}" for cell in cells if cell["outcome"] == "failed"]
    return sum(cell["outcome"] in ("passed", "failed") for cell in cells), red


if __name__ == "__main__":
    sys.exit(main())
