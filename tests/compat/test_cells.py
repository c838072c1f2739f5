"""What a client's program says, and what the tables say of it, becomes the outcome of its cell."""

from __future__ import annotations

import pathlib
import sys
import time
from typing import Any

import pytest

from odradek.compat import cells, installed, tables
from odradek.compat.brokers import Running


def outcome_of(program: pathlib.Path, source: str) -> tuple[str, str]:
    """The outcome and the detail of a cell whose program has this source."""
    program.write_text(f"import sys\nsys.path.insert(0, {str(tables.CLIENTS)!r})\n{source}\n")
    nobody = Running("localhost:1")
    cell = cells.run("client", [sys.executable, str(program)], "one", {}, nobody)
    return cell.outcome, cell.detail


def test_not_written(tmp_path: pathlib.Path) -> None:
    """A scenario that the program does not know is not written; one with a reason is not in the client."""
    told = "from harness import main; main({'one': 'it has no admin client'})"
    assert outcome_of(tmp_path / "program.py", told) == (
        cells.NOT_IN_THIS_CLIENT,
        "it has no admin client",
    )
    silent = "from harness import main; main({'other': print})"
    assert outcome_of(tmp_path / "program.py", silent)[0] == cells.NOT_WRITTEN


@pytest.mark.parametrize(
    "said",
    [{"outcome": "not in this client"}, {"outcome": "not in this client", "detail": ""}, {"outcome": "fine"}],
)
def test_no_reason(tmp_path: pathlib.Path, said: dict[str, str]) -> None:
    """Not in a client without a reason is a failure, and so is an outcome that the suite does not have."""
    source = f"import json; print(json.dumps({said!r}))"
    assert outcome_of(tmp_path / "program.py", source)[0] == cells.FAILED


class Slow(Running):
    """A broker that takes a while to do anything."""

    def do(self, action: str) -> None:
        assert action == "kill"
        time.sleep(1)


def cell_of(program: pathlib.Path, rest: str, seconds: float) -> cells.Cell:
    """A program that has its broker killed six times and then does `rest`, within so many seconds."""
    program.write_text(
        f"import sys, time\nsys.path.insert(0, {str(tables.CLIENTS)!r})\n"
        "from harness import ask_broker, main\n"
        f"def scenario(_):\n for _ in range(6): ask_broker('kill')\n {rest}\nmain({{'one': scenario}})\n"
    )
    run = [sys.executable, str(program)]
    return cells.run("client", run, "one", {"seconds": seconds}, Slow("localhost:1"))


def test_a_slow_broker(tmp_path: pathlib.Path) -> None:
    """What the broker takes to stop and start is not the program's time; what the program takes is."""
    assert cell_of(tmp_path / "program.py", "pass", 5).outcome == cells.PASSED
    late = cell_of(tmp_path / "program.py", "time.sleep(60)", 2)
    assert (late.outcome, late.detail.strip()) == (
        cells.FAILED,
        "the program gave no result; ended after 2 s",
    )


def test_second_broker(tmp_path: pathlib.Path) -> None:
    """A program whose scenario has two brokers is told both addresses, that of its own first."""
    program = tmp_path / "program.py"
    program.write_text(
        "import json, sys; print(json.dumps({'outcome': 'failed', 'detail': ' '.join(sys.argv[1:])}))"
    )
    brokers = [Running("localhost:1"), Running("localhost:2")]
    cell = cells.run("client", [sys.executable, str(program)], "one", {}, brokers[0], others=brokers[1:])
    assert cell.detail.split() == ["one", "localhost:1", "localhost:2"]


@pytest.mark.parametrize(
    ("entry", "about", "wanted"),
    [
        ({}, {}, None),
        ({"lacks": ["share groups"]}, {}, None),
        ({}, {"needs": "share groups"}, None),
        ({"lacks": ["share groups"]}, {"needs": "share groups"}, "it lacks share groups"),
        ({}, {"own": "it is a client"}, "it is a client"),
        ({"scenarios": ["one"]}, {"own": "it is a client"}, None),
        ({"also": ["one"]}, {"own": "it is a client"}, None),
        ({"also": ["other"]}, {"own": "it is a client"}, "it is a client"),
        ({"scenarios": ["other"]}, {}, "a program with scenarios of its own"),
    ],
)
def test_lacking(entry: dict[str, Any], about: dict[str, Any], wanted: str | None) -> None:
    """Which scenarios a client is not asked for, and why."""
    assert tables.lacking(entry, "one", about) == wanted


def test_tables() -> None:
    """What clients are said to lack is what some scenario needs; what a program does is a scenario."""
    clients, scenarios = tables.clients(), tables.scenarios()
    needed = {about["needs"] for about in scenarios.values() if "needs" in about}
    for entry in clients.values():
        assert needed.issuperset(entry.get("lacks", ()))
        assert scenarios.keys() >= set(entry.get("scenarios", ()))
        assert {name for name, about in scenarios.items() if "own" in about} >= set(entry.get("also", ()))


def test_installed_clients() -> None:
    """Each is the newest of the versions that have its program, and that is installed too."""
    newest: dict[str, str] = {}
    for name, entry in tables.clients().items():
        newest.setdefault(entry["program"], name)
    for client in installed.CLIENTS.values():
        program = tables.clients()[client]["program"]
        assert newest[program] == client
        assert (tables.CLIENTS / program).exists()
