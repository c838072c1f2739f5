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
import transactions
from harness import main, scenarios_in

ABSENT = {
    "admin-log-dirs": "librdkafka does not describe folders",
    "command-line": "librdkafka's command-line tool, kcat, is a package of its own",
}

if __name__ == "__main__":
    main(
        {
            **scenarios_in(
                admin, producing, consuming, errors, groups, consumer_groups, restarts, transactions
            ),
            **ABSENT,
        }
    )
