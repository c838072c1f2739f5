"""Exactly once, whatever happens: a bank whose tellers consume orders and produce entries in transactions,
while lines are cut, the broker is killed with `kill -9`, and tellers are killed and doubled.

    scripts/test --apache-kafka -k bank [--cuts 200 --broker-kills 20] [--seed N]
"""

from __future__ import annotations

import pathlib
import sys
import tomllib
from typing import Any

import pytest

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE / "bank")]

import brokers  # noqa: E402, F401  # which finds the next ones
import environment  # noqa: E402
from day import Day, Plan  # noqa: E402
from toolchains import java  # noqa: E402


def command(client: str) -> list[str]:
    """What runs the client's program."""
    entry: dict[str, Any] = tomllib.loads((HERE / "clients" / "clients.toml").read_text())[client]
    if client == "confluent-kafka":
        python = environment.packages(f"compat-{client}", entry["requirements"])
        return [str(python), str(HERE / "bank" / "confluent_teller.py")]
    jars = java.jars([*entry["maven"], java.QUIET])
    return ["java", *java.JVM, "-cp", f"{jars}/*", str(HERE / "bank" / "Teller.java")]


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
@pytest.mark.parametrize("client", ["confluent-kafka", "java-4.4"])
def test_nothing_is_lost_or_doubled(
    client: str, protocol: str, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    """The committed ledger sums up to zero at all times, and has each order's entries once, in sequence; the
    client reads the same, and the group's offsets are where orders end.
    """
    cuts, kills, seed = (request.config.getoption(name) for name in ("cuts", "broker_kills", "seed"))
    seen = Day(command(client), protocol, Plan(cuts, kills, kills, kills), seed).run()
    with capsys.disabled():
        print(f"\n{client}, {protocol}, seed {seed}: {seen}")
