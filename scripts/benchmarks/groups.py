"""How long groups take to come to rest, here and at Apache Kafka: ten consumers of the Java client join one
group of a hundred partitions, one leaves, one dies.

    scripts/bench groups [--rounds 3] [--own-delays]

The brokers take turns and have the same settings: members beat every 500 ms and are dead after 6 s of
silence, which the third figure includes. Groups do not wait on purpose, or with --own-delays as each broker
does by itself: Apache Kafka 3 s for the first members of a classic group, and 1 s between two assignments
of a consumer group. Median, least and largest of the rounds.
"""

from __future__ import annotations

import argparse
import statistics

from beside.kafka import (
    GROUP_PROTOCOLS,
    GROUP_STEPS,
    HEARTBEATS,
    NAMES,
    OWN_DELAYS,
    WITHOUT_DELAYS,
    group_rounds,
    running,
    spread,
)


def main() -> None:
    parser = argparse.ArgumentParser(description="Seconds until a group is stable.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--own-delays", action="store_true")
    options = parser.parse_args()
    print(f"seconds, median (least-largest) of {options.rounds} rounds")
    for protocol in GROUP_PROTOCOLS:
        rows: dict[str, list[list[float]]] = {}
        for name in NAMES:
            delays = OWN_DELAYS[name] if options.own_delays else WITHOUT_DELAYS
            with running(name, (*HEARTBEATS, *delays)) as broker:
                rows[name] = group_rounds(broker.address, protocol, options.rounds)
        for number, step in enumerate(GROUP_STEPS):
            ours, theirs = ([row[number] for row in rows[name]] for name in NAMES)
            ratio = statistics.median(ours) / statistics.median(theirs)
            print(
                f"{protocol:9} {step:11} Odradek {spread(ours, 2):18} Apache Kafka {spread(theirs, 2):18} "
                f"ratio {ratio:.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
