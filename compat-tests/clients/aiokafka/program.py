"""aiokafka, which is asyncio all through: each scenario in its own idiom."""

from __future__ import annotations

import asyncio
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import admin
import consuming
import errors
import groups
import producing
import restarts
import transactions
from harness import main, scenarios_in

ABSENT = {
    "admin-dynamic-configs": "aiokafka does not alter single settings, nor those of groups",
    "admin-log-dirs": "aiokafka does not describe folders",
    "consume-rack": "aiokafka tells no rack",
    "errors-corrupt-batch": "nothing in its API reaches the bytes of a batch",
    **dict.fromkeys(
        ("old-formats", "errors-unsupported-version"),
        "it speaks the newest versions that it has in common with the broker",
    ),
    "command-line": "aiokafka has no command-line tools",
    "group-cooperative": "aiokafka has no cooperative assignor",
}

if __name__ == "__main__":
    if sys.argv[1] == "member":
        asyncio.run(groups.print_as_member(*sys.argv[2:]))
    main({**scenarios_in(admin, producing, consuming, errors, groups, restarts, transactions), **ABSENT})
