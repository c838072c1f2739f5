"""The tables of scenarios and clients fit each other."""

from __future__ import annotations

from run import load

from odradek.compat import installed
from odradek.compat.command import scenarios


def test_what_clients_do_and_lack() -> None:
    """What clients are said to lack is what some scenario needs; what a program does is a scenario."""
    needed = {about["needs"] for about in scenarios().values() if "needs" in about}
    for entry in load("clients.toml").values():
        assert needed.issuperset(entry.get("lacks", ()))
        assert scenarios().keys() >= set(entry.get("scenarios", ()))


def test_installed_clients_are_those_of_the_table() -> None:
    """What `odradek compat` runs has the program and the abilities of its newest version here."""
    newest: dict[str, dict[str, object]] = {}
    for entry in load("clients.toml").values():
        newest.setdefault(entry["program"], entry)
    for row in installed.CLIENTS.values():
        assert row == {key: newest[row["program"]][key] for key in row}
