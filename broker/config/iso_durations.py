"""Durations of ISO 8601 as Java's Duration reads them: days and shorter units, each with its sign."""

from __future__ import annotations

import re

_NUMBER = r"([-+]?\d{1,19})"
_DURATION = re.compile(
    rf"([-+]?)P(?:{_NUMBER}D)?(T(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}(?:[.,](\d{{0,9}}))?S)?)?",
    re.IGNORECASE | re.ASCII,
).fullmatch

_DAY_MS, _HOUR_MS, _MINUTE_MS, _SECOND_MS = 86_400_000, 3_600_000, 60_000, 1_000


def duration_ms(text: str) -> int | None:
    """The milliseconds of `text` (`PT1H30M`, `P1DT0.5S`), or None if it is not a duration."""
    match = _DURATION(text)
    if match is None or match[3] in ("T", "t") or not (match[2] or match[3]):
        return None
    sign, days, _, hours, minutes, seconds, fraction = match.groups()
    milliseconds = int((fraction or "").ljust(3, "0")[:3])
    total = (
        int(days or 0) * _DAY_MS
        + int(hours or 0) * _HOUR_MS
        + int(minutes or 0) * _MINUTE_MS
        + int(seconds or 0) * _SECOND_MS
        + (-milliseconds if (seconds or "").startswith("-") else milliseconds)
    )
    return -total if sign == "-" else total
