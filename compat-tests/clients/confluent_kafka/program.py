"""confluent-kafka, which is librdkafka in C: each scenario in its own idiom."""

from __future__ import annotations

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import admin
import consumer_groups
import consuming
import errors
import groups
import producing
import restarts
import share_groups
import transactions
from common import VERSION
from harness import main, scenarios_in

ABSENT = {
    "admin-log-dirs": "librdkafka does not describe folders",
    "errors-corrupt-batch": "nothing in its API reaches the bytes of a batch",
    **dict.fromkeys(
        ("old-formats", "errors-unsupported-version"),
        "it speaks the newest versions that it has in common with the broker",
    ),
    "share-renew": "its share consumer does not renew the lock of a record",
    "command-line": "librdkafka's command-line tool, kcat, is a package of its own",
}
if VERSION < (2, 3):
    ABSENT["admin-cluster"] = "its admin client describes the cluster from 2.3 on"
    ABSENT |= dict.fromkeys(
        ("admin-alter-configs", "admin-dynamic-configs"),
        "its admin client alters settings one by one from 2.2 on",
    )
if VERSION < (2, 4):
    ABSENT["admin-delete-records"] = "its admin client deletes records from 2.4 on"

if __name__ == "__main__":
    main(
        {
            **scenarios_in(admin, producing, consuming, errors, groups, consumer_groups),
            **scenarios_in(share_groups, restarts, transactions),
            **ABSENT,
        }
    )
