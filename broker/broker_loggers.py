"""The broker's loggers and their levels, by Kafka's names for both (KIP-412).

`root` is the logger above all of the broker's, not that of the process, which may be somebody's who has the
broker embedded.
"""

from __future__ import annotations

import logging

ROOT = "root"
LEVELS = {
    "TRACE": 5,
    "DEBUG": logging.DEBUG,
    "INFO": logging.INFO,
    "WARN": logging.WARNING,
    "ERROR": logging.ERROR,
    "FATAL": logging.CRITICAL,
}

_OURS = __name__.partition(".")[0]


def levels() -> dict[str, str]:
    """The level of every logger that there is so far, by its name, the root first."""
    found = {ROOT: _level(logging.getLogger(_OURS))}
    for name, logger in sorted(logging.root.manager.loggerDict.items()):
        if name.startswith(f"{_OURS}.") and isinstance(logger, logging.Logger):
            found[name] = _level(logger)
    return found


def set_level(name: str, level: str | None) -> None:
    """Set the level of a logger; None: that of the one above it. Raises KeyError for a level of no such
    name.
    """
    logger = logging.getLogger(_OURS if name == ROOT else name)
    logger.setLevel(logging.NOTSET if level is None else LEVELS[level])


def _level(logger: logging.Logger) -> str:
    number = logger.getEffectiveLevel()
    return max(
        (level for level in LEVELS if LEVELS[level] <= number), key=LEVELS.__getitem__, default="TRACE"
    )
