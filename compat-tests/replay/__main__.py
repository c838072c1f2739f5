"""`scripts/compat-replay`: run clients' programs against both brokers, and compare what was answered."""

from __future__ import annotations

import argparse
import contextlib
import pathlib
import sys
import time
from collections.abc import Iterator

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import brokers
from comparison.differences import Row, rows
from toolchains import toolchain

from odradek.compat import tables
from odradek.compat.brokers import Broker
from odradek.compat.tables import Table, lacking
from replay.both import run_both
from replay.rules import compare

CLIENTS = ("kafka-python-3.0", "confluent-kafka", "java-4.4", "franz-go", "sarama")
"""The clients that are run when none is named, as far as the suite has them."""

Pair = tuple[Broker, Broker]


@contextlib.contextmanager
def started() -> Iterator[Pair]:
    """An Odradek and an Apache Kafka."""
    with (
        contextlib.closing(brokers.Odradek("--set", "node.id=1")) as ours,
        contextlib.closing(brokers.ApacheKafka("4.4.0")) as theirs,
    ):
        yield ours, theirs


def commands(names: list[str], clients: Table) -> Iterator[tuple[str, list[str]]]:
    """The clients' programs; a line instead for those whose tools are absent."""
    for name in names:
        tools = toolchain(clients[name])
        reason = tools.missing()
        if reason is None:
            yield name, tools.prepare(name, clients[name])
        else:
            print(f"{name}: {reason}")


def main() -> int:
    """Run the selection; 1 when an answer differs that is not listed in docs/differences.md."""
    clients, scenarios = tables.clients(), tables.scenarios()
    parser = argparse.ArgumentParser(prog="scripts/compat-replay", description=main.__doc__)
    parser.add_argument("--client", action="append", choices=clients, help="only this client")
    parser.add_argument("--scenario", action="append", choices=scenarios, help="only this scenario")
    options = parser.parse_args()
    different, begin = 0, time.monotonic()
    known, needed = rows("Replayed programs"), set[Row]()
    names = options.client or [name for name in CLIENTS if name in clients]
    with started() as shared:
        for client, command in commands(names, clients):
            for scenario in options.scenario or scenarios:
                about = scenarios[scenario]
                reason = lacking(clients[client], scenario, about)
                if reason is not None:
                    print(f"{client} {scenario}: not in this client, {reason}")
                    continue
                with started() if about.get("private") else contextlib.nullcontext(shared) as pair:
                    ours, theirs = run_both(client, command, scenario, about, pair)
                counts = f"{len(ours.exchanges)} and {len(theirs.exchanges)} exchanges"
                label = f"{client} {scenario}"
                print(f"{label}: {ours.outcome} and {theirs.outcome}, {counts}", flush=True)
                for difference in compare(label, ours.exchanges, theirs.exchanges, known, needed):
                    different += 1
                    print(difference, flush=True)
    print(f"{different} differences not listed, in {time.monotonic() - begin:.0f} s")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
