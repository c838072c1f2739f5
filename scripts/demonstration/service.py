"""A service of the airport, in a process of its own: `service.py NAME ADDRESS FILE`.

It is a consumer group of one member that knows nothing of others. What it has counted lies in FILE with the
offset it goes on from in each partition, written before the commit: so after an absence it starts at the
committed offset, as any group does, and would leave out what it had counted already.

On stdout it says how it goes, one JSON object a line. On stdin it takes one line: "leave", or the end offset
of each partition as JSON, whereupon it goes on until it has read that far.
"""

from __future__ import annotations

import json
import pathlib
import select
import sys
import time
from collections import Counter, deque
from typing import Any

from kafka import KafkaConsumer
from kafka.errors import KafkaError

TOPIC = "flights"
SAY_EVERY_S = 0.25
COMMIT_EVERY_S = 2.0
# kafka-python 3.0.12 loses the assignment when a poll's time ends within a join, and never asks again. After
# its start it joins twice, 100 ms apart: polls of 100 ms met that one time in twenty.
POLL_MS = 1000
RETRY_S = 0.2
GIVE_UP_S = 60.0  # without a record, though the end has not been reached


class Board:
    """Counts what left and what did not, and shows the latest five."""

    def __init__(self) -> None:
        self.totals: Counter[str] = Counter()
        self.latest: deque[dict[str, Any]] = deque(maxlen=5)

    def add(self, flight: dict[str, Any]) -> None:
        self.totals["flights"] += 1
        self.totals["cancelled" if flight["delay"] is None else "departed"] += 1
        self.latest.append(flight)

    def say(self) -> dict[str, Any]:
        return {"latest": list(self.latest)}


class Delays:
    """Minutes of delay by airline."""

    def __init__(self) -> None:
        self.totals: Counter[str] = Counter()

    def add(self, flight: dict[str, Any]) -> None:
        carrier = flight["carrier"]
        self.totals[f"flights of {carrier}"] += 1
        if flight["delay"] is None:
            self.totals[f"cancelled by {carrier}"] += 1
        else:
            self.totals[f"minutes of delay, {carrier}"] += flight["delay"]

    def say(self) -> dict[str, Any]:
        return {}


class Billing:
    """An invoice a departure: 250 dollars and 12 cents a mile, in cents."""

    def __init__(self) -> None:
        self.totals: Counter[str] = Counter()

    def add(self, flight: dict[str, Any]) -> None:
        if flight["delay"] is not None:
            self.totals[f"cents from {flight['carrier']}"] += 25_000 + 12 * flight["miles"]
            self.totals["invoices"] += 1

    def say(self) -> dict[str, Any]:
        return {}


class Member:
    """The consumer of one service, its counts, and the file it keeps them in."""

    def __init__(self, name: str, address: str, file: pathlib.Path) -> None:
        self.service = {"board": Board, "delays": Delays, "billing": Billing}[name]()
        self.file = file
        self.next_offset: dict[int, int] = {}
        self.journeys: dict[str, list[int]] = {}
        self.seen = self.skipped = self.missing = 0
        if file.exists():
            self._load()
        self.consumer = KafkaConsumer(
            TOPIC,
            bootstrap_servers=address,
            group_id=name,
            client_id=name,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            max_poll_records=5_000,
        )

    def run(self) -> None:
        """Read until told to leave, or until the end that is told."""
        end: dict[int, int] | None = None
        said = committed = progress = time.monotonic()
        while end is None or any(self.next_offset.get(partition, 0) < end[partition] for partition in end):
            polled = self._poll()
            for records in polled.values():
                self._count(records)
            now = time.monotonic()
            if polled:
                progress = now
            if now - committed >= COMMIT_EVERY_S:
                self._commit()
                committed = now
            if now - said >= SAY_EVERY_S:
                self._say()
                said = now
            if end is None and select.select([sys.stdin], [], [], 0)[0]:
                told = sys.stdin.readline().strip()
                if told in ("", "leave"):
                    break
                end, progress = (
                    {int(partition): offset for partition, offset in json.loads(told).items()},
                    now,
                )
            if end is not None and now - progress > GIVE_UP_S:
                break
        deadline = time.monotonic() + GIVE_UP_S
        while not self._commit() and time.monotonic() < deadline:
            time.sleep(RETRY_S)
        self._say()
        self.consumer.close()

    def _poll(self) -> dict[Any, list[Any]]:
        try:
            polled: dict[Any, list[Any]] = self.consumer.poll(timeout_ms=POLL_MS)
        except KafkaError as error:
            # kafka-python raises what it meets while it looks for a broker that is down.
            if not error.retriable:
                raise
            time.sleep(RETRY_S)
            return {}
        return polled

    def _count(self, records: list[Any]) -> None:
        for record in records:
            expected = self.next_offset.get(record.partition, 0)
            if record.offset < expected:
                self.skipped += 1
                continue
            self.missing += record.offset - expected
            self.next_offset[record.partition] = record.offset + 1
            flight = json.loads(record.value)
            self.service.add(flight)
            self.seen += 1
            self.journeys.setdefault(record.key.decode() if record.key else "", []).append(flight["id"])

    def _commit(self) -> bool:
        """Write down what was counted, then commit. Return whether the broker took it."""
        if not self.next_offset:
            return True
        state = {
            "next_offset": self.next_offset,
            "totals": self.service.totals,
            "journeys": self.journeys,
            "seen": self.seen,
            "skipped": self.skipped,
            "missing": self.missing,
        }
        written = self.file.with_suffix(".new")
        written.write_text(json.dumps(state))
        written.replace(self.file)
        try:
            self.consumer.commit()
        except KafkaError as error:
            # As in _poll. The next commit holds this one, and what was counted is in the file.
            if not error.retriable:
                raise
            return False
        return True

    def _load(self) -> None:
        state = json.loads(self.file.read_text())
        self.next_offset = {int(partition): offset for partition, offset in state["next_offset"].items()}
        self.service.totals.update(state["totals"])
        self.journeys = state["journeys"]
        self.seen, self.skipped, self.missing = state["seen"], state["skipped"], state["missing"]

    def _say(self) -> None:
        print(json.dumps({"seen": self.seen, **self.service.say()}), flush=True)


if __name__ == "__main__":
    Member(sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])).run()
