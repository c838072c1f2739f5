"""confluent-kafka's asyncio client: producer and consumer; its admin client is the ordinary one."""

from __future__ import annotations

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import consumer_groups
import consuming
import groups
import producing
import restarts
import transactions
from harness import main, scenarios_in

ABSENT = {
    "produce-shapes": "its producer sends neither headers nor timestamps",
    "errors-corrupt-batch": "nothing in its API reaches the bytes of a batch",
    **dict.fromkeys(
        ("old-formats", "errors-unsupported-version"),
        "it speaks the newest versions that it has in common with the broker",
    ),
    "admin-log-dirs": "librdkafka does not describe folders",
    "command-line": "librdkafka's command-line tool, kcat, is a package of its own",
    **dict.fromkeys(
        (
            "admin-topics",
            "admin-partitions",
            "admin-configs",
            "admin-alter-configs",
            "admin-dynamic-configs",
            "admin-cluster",
            "admin-groups",
            "admin-delete-records",
            "errors-unknown-topic",
        ),
        "it has no admin client of its own: the ordinary one's futures are awaited",
    ),
}

if __name__ == "__main__":
    main(
        {
            **scenarios_in(producing, consuming, groups, consumer_groups, restarts, transactions),
            **ABSENT,
        }
    )
