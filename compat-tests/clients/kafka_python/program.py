"""kafka-python, from 1.4 to 3.0: each scenario in its own idiom."""

from __future__ import annotations

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import admin
import command_line
import consuming
import errors
import formats
import groups
import producing
import restarts
import transactions
from common import VERSION
from harness import main, scenarios_in

TRANSACTIONAL = (
    "transactions",
    "transactions-fenced",
    "transactions-timeout",
    "consume-transform-produce",
    "kill-transactions",
)

# What the client's own API lacks, by the version that brought it.
ABSENT = {
    (2, 0): {
        "admin-topics": "the admin client lists and describes topics from 2.0 on",
        "admin-partitions": "the admin client describes topics from 2.0 on",
        "admin-configs": "the admin client describes the cluster from 2.0 on",
        "admin-cluster": "the admin client describes the cluster from 2.0 on",
        "admin-groups": "the admin client deletes groups from 2.0 on",
        "admin-alter-configs": "the admin client of 1.4 cannot read back what it altered",
        "admin-log-dirs": "the admin client describes folders from 2.0 on",
    },
    (2, 1): {
        **dict.fromkeys(("kill-produce", "produce-retry"), "the producer is idempotent from 2.1 on"),
        "group-static": "members may be static from 2.1 on",
        **dict.fromkeys(TRANSACTIONAL, "the producer is transactional from 2.1 on"),
    },
    (2, 3): {
        "command-line": "there are command-line tools from 2.3 on",
        "admin-delete-records": "the admin client deletes records from 2.1 on",
    },
    (3, 0): {
        "consume-rack": "it tells its rack from 3.0 on",
        "group-cooperative": "the cooperative assignor came with 3.0",
        "admin-dynamic-configs": "settings of groups, and single settings, can be altered from 3.0 on",
        "kill-transactions": "before 3.0 the sender does not get over records of a failed transaction",
    },
}

if __name__ == "__main__":
    absent: dict[str, str] = {}
    for version, lacking in ABSENT.items():
        if version > VERSION:
            absent |= lacking
    main(
        {
            "errors-corrupt-batch": "nothing in its API reaches the bytes of a batch",
            "errors-unsupported-version": "it speaks what a broker of the version it is told has, no more",
            **scenarios_in(admin, producing, consuming, errors, formats, groups),
            **scenarios_in(restarts, transactions, command_line),
            **absent,
        }
    )
