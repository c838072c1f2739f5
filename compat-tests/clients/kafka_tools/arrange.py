"""What follows a `|` in a transcript: it picks and arranges lines of what a tool prints."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Sequence


def ordered(line: str) -> str:
    """A line of JSON with the members of its objects in order: the JVM gives them in any."""
    if not line.startswith("{"):
        return line
    return json.dumps(json.loads(line), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def picked(lines: Iterable[str], pipes: Sequence[str]) -> list[str]:
    """Those that have the TEXT of every `grep TEXT`."""
    texts = [pipe.removeprefix("grep ") for pipe in pipes if pipe.startswith("grep ")]
    return [line for line in lines if all(text in line for text in texts)]


def arranged(lines: list[str], pipes: Iterable[str]) -> list[str]:
    """The lines after all other pipes."""
    for pipe in pipes:
        if not pipe.startswith("grep "):
            lines = ARRANGEMENTS[pipe](lines)
    return lines


def last(lines: Iterable[str]) -> list[str]:
    """The last word of every line that has one."""
    return [line.split()[-1] for line in lines if line]


def lengths(lines: Iterable[str]) -> list[str]:
    """How many characters each line has, for those that nobody wants to read."""
    return [str(len(line)) for line in lines]


def folded(lines: Iterable[str]) -> list[str]:
    """Of lines in which the numbers that change go up by one, the first, "..." and the last."""
    runs: list[list[str]] = []
    for line in lines:
        if runs and _follows(runs[-1], line):
            runs[-1].append(line)
        else:
            runs.append([line])
    return list(itertools.chain(*([run[0], "...", run[-1]] if len(run) > 2 else run for run in runs)))


def _follows(run: Sequence[str], line: str) -> bool:
    before, now = (re.split(r"(\d+)", one) for one in (run[-1], line))
    steps = {
        int(new) - int(old) if place % 2 else 0 if new == old else None
        for place, (old, new) in enumerate(zip(before, now, strict=False))
    }
    return len(before) == len(now) and 1 in steps and steps <= {0, 1}


def shared(lines: Iterable[str]) -> list[str]:
    """How many records of one partition a kafka-verifiable-share-consumer has read, and which came again
    though it knew that they are accepted: an answer that says so may be lost.
    """
    read: set[str] = set()
    accepted: set[str] = set()
    told: list[str] = []
    for line in lines:
        if found := re.search(
            r'"name":"(records_consumed|offsets_acknowledged)".*"offsets":\[([\d,]*)\]', line
        ):
            offsets = set(found[2].split(","))
            if found[1] == "records_consumed":
                told += [f"{offset} again" for offset in sorted(offsets & accepted)]
                read |= offsets
            elif '"success":true' in line:
                accepted |= offsets
    return [*told, f"{len(read)} read"]


ARRANGEMENTS = {
    "sort": sorted,
    "last": last,
    "fold": folded,
    "lengths": lengths,
    "shared": shared,
}
