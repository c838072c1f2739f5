"""How long groups take to come to rest, here and at Apache Kafka: ten consumers of the Java client join one
group of a hundred partitions, one leaves, one dies.

    scripts/bench groups [--rounds 3] [--delays]

The brokers take turns and have the same settings: members beat every 500 ms and are dead after 6 s of
silence, which the third figure includes. With --delays a group waits 3 s for its first members, and a
consumer group 1 s between two assignments, as either broker does by itself. Median, least and largest of the
rounds.
"""

from __future__ import annotations

import argparse
import statistics

from beside.kafka import NAMES, PROMPT_GROUPS, group_rounds, running, spread

WITH_DELAYS = ("group.initial.rebalance.delay.ms=3000", "group.consumer.assignment.interval.ms=1000")
STEPS = ("ten join", "one leaves", "one dies")


def main() -> None:
    parser = argparse.ArgumentParser(description="Seconds until a group is stable.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--delays", action="store_true")
    options = parser.parse_args()
    settings = (*PROMPT_GROUPS, *(WITH_DELAYS if options.delays else ()))
    print(f"seconds, median (least-largest) of {options.rounds} rounds")
    for protocol in ("classic", "consumer"):
        rows: dict[str, list[list[float]]] = {}
        for name in NAMES:
            with running(name, settings) as broker:
                rows[name] = group_rounds(broker.address, protocol, options.rounds)
        for number, step in enumerate(STEPS):
            ours, theirs = ([row[number] for row in rows[name]] for name in NAMES)
            ratio = statistics.median(ours) / statistics.median(theirs)
            print(
                f"{protocol:9} {step:11} Odradek {spread(ours, 2):18} Apache Kafka {spread(theirs, 2):18} "
                f"ratio {ratio:.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
