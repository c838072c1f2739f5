"""How simulations play their histories: from seeds, which a failure names."""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import pytest

from .client import Violation


def first_seed() -> int:
    """Another one each run, unless the environment names it."""
    given = os.environ.get("ODRADEK_SEED")
    return random.SystemRandom().randrange(1 << 40) if given is None else int(given)


def play(history: Callable[[int], object], count: int) -> None:
    """So many histories, which are functions of their seeds; a failure names its own."""
    seed = first_seed()
    print(f"ODRADEK_SEED={seed}")
    for number in range(count):
        try:
            history(seed + number)
        except Exception as error:
            raise AssertionError(f"ODRADEK_SEED={seed + number}: {error}") from error


def assert_found(history: Callable[[int], object], count: int, fault: Callable[..., object]) -> None:
    """One of so many histories ends in a violation, as a machine has this fault."""
    for seed in range(count):
        try:
            history(seed)
        except (Violation, KeyError):
            return
    pytest.fail(f"{count} histories did not notice: {fault.__doc__}")
