"""What has to come out, counted from the rows of the file without Kafka, and how it differs from what did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

Totals = dict[str, int]
Journeys = dict[
    str, list[int]
]  # by aircraft, "" for none: the numbers of its flights in the order of departure


def totals(rows: Iterable[dict[str, str]]) -> dict[str, Totals]:
    """The totals of each service by its name."""
    board: Counter[str] = Counter()
    delays: Counter[str] = Counter()
    billing: Counter[str] = Counter()
    for row in rows:
        carrier = row["carrier"]
        left = row["dep_time"] != "NA"
        board["flights"] += 1
        board["departed" if left else "cancelled"] += 1
        delays[f"flights of {carrier}"] += 1
        delays[f"cancelled by {carrier}"] += not left
        delays[f"minutes of delay, {carrier}"] += int(row["dep_delay"]) if left else 0
        # 250 dollars for the departure and 12 cents for a mile, in cents. The tariff is made up.
        billing[f"cents from {carrier}"] += 250_00 + 12 * int(row["distance"]) if left else 0
        billing["invoices"] += left
    return {"board": dict(board), "delays": dict(delays), "billing": dict(billing)}


def journeys(rows: Iterable[dict[str, str]]) -> Journeys:
    """Each aircraft's flights."""
    found: Journeys = {}
    for number, row in enumerate(rows):
        found.setdefault(row["tailnum"] if row["tailnum"] != "NA" else "", []).append(number)
    return found


def differing_totals(expected: Mapping[str, int], found: Mapping[str, int]) -> list[str]:
    """A sentence for each total that differs; a total that is absent counts as 0."""
    return [
        f"{name}: {expected.get(name, 0):,} in the file, {found.get(name, 0):,} counted"
        for name in sorted(expected.keys() | found.keys())
        if expected.get(name, 0) != found.get(name, 0)
    ]


def differing_journeys(expected: Journeys, found: Journeys) -> list[str]:
    """A sentence for each aircraft with flights lost, doubled, or out of order.

    Flights without an aircraft have no key, so that no order is promised among them.
    """
    sentences = []
    for aircraft in sorted(expected.keys() | found.keys()):
        wanted, got = expected.get(aircraft, []), found.get(aircraft, [])
        if not aircraft:
            wanted, got = sorted(wanted), sorted(got)
        if wanted != got:
            sentences.append(f"{aircraft or 'flights without aircraft'}: {_difference(wanted, got)}")
    return sentences


def _difference(wanted: Sequence[int], got: Sequence[int]) -> str:
    often = Counter(got)
    lost = [number for number in wanted if not often[number]]
    doubled = [number for number, times in often.items() if times > 1]
    strange = sorted(often.keys() - set(wanted))
    parts = [
        f"{what} {some}"
        for what, some in (("lost", lost), ("doubled", doubled), ("strange", strange))
        if some
    ]
    return ", ".join(parts) or "out of order"
