"""What a person sees: lines under 100 columns, in the time of the flights; plain where no terminal is."""

from __future__ import annotations

import datetime
import sys
from typing import Any

from flights import Flight
from group import Group


def _styled(text: str, code: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if sys.stdout.isatty() else text


def clock(moment: datetime.datetime) -> str:
    """ "1 Jan 05:17"."""
    return f"{moment.day:>2} {moment:%b %H:%M}"


def say(text: str = "") -> None:
    """A plain line."""
    print(text, flush=True)


def heading(text: str) -> None:
    """The beginning of a part."""
    say()
    say(_styled(text, "1"))


def event(flight: Flight, text: str) -> None:
    """Something that happens at a departure."""
    say(_styled(f"{clock(flight.local)}  {text}", "33"))


def progress_heading() -> None:
    """The head of the lines that `progress` prints."""
    say(
        f"{'New York':<12}  {'departures':>10} {'board':>10} {'delays':>10} {'billing':>10}   flights counted"
    )


def progress(flight: Flight, sent: int, groups: list[Group]) -> None:
    """How far everybody is."""
    counted = " ".join(f"{f'{group.seen:,}' if group.present else 'away':>10}" for group in groups)
    say(f"{clock(flight.local)}  {sent:>10,} {counted}")


def board(latest: list[dict[str, Any]], names: dict[str, str]) -> None:
    """The departures board."""
    say()
    for flight in latest:
        delay = flight["delay"]
        status = "CANCELLED" if delay is None else f"{delay} min late" if delay > 0 else "on time"
        code = f"{flight['carrier']} {flight['number']}"
        name = names[flight["carrier"]][:26]
        row = (
            f"{flight['local']}  {code:<8} {name:<26}  {flight['origin']} > {flight['destination']}  {status}"
        )
        say("    " + _styled(row, "36"))
    say()


def airlines(delays: dict[str, int], billing: dict[str, int], names: dict[str, str]) -> None:
    """What the delay statistic and the billing service found, by airline."""
    say(f"{'':<28} {'flights':>9} {'cancelled':>10} {'mean delay':>12} {'billed':>16}")
    for code, name in sorted(names.items(), key=lambda item: -delays.get(f"flights of {item[0]}", 0)):
        flights = delays.get(f"flights of {code}", 0)
        cancelled = delays.get(f"cancelled by {code}", 0)
        left = flights - cancelled
        mean = f"{delays.get(f'minutes of delay, {code}', 0) / left:.1f} min" if left else ""
        billed = f"${billing.get(f'cents from {code}', 0) / 100:,.2f}"
        if flights:
            say(f"{name:<28} {flights:>9,} {cancelled:>10,} {mean:>12} {billed:>16}")


def verdict(what: str, differences: list[str]) -> None:
    """One check: what was compared, and the first differences."""
    mark = _styled("ok", "32") if not differences else _styled("DIFFERS", "31;1")
    say(f"  {mark}  {what}")
    for sentence in differences[:5]:
        say(f"      {sentence}"[:98])
    if len(differences) > 5:
        say(f"      and {len(differences) - 5:,} more")
