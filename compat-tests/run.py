"""`scripts/compat`: the suite with every client that is in the repository, whatever its language.

The clients are the rows of clients/clients.toml. One whose toolchain is absent on this machine is skipped
with the reason.
"""

from __future__ import annotations

import functools
import pathlib
import sys
import tomllib
from typing import Any

import brokers  # which finds the next ones
import click
from toolchains import toolchain

from odradek.compat import cells, command, tables
from odradek.compat.runner import Selection
from odradek.compat.tables import Table

CLEANER = "kafka-python-3.0"
"""The client that deletes what a run has made at a broker that others use."""
ABSENT = pathlib.Path(__file__).resolve().parent / "clients" / "absent.toml"


def prepared(clients: Table, scenarios: Table) -> Selection:
    """The clients' programs, made ready; why not, where a toolchain is absent."""
    commands: dict[str, list[str]] = {}
    absent: dict[str, str] = {}
    for client, entry in clients.items():
        tools = toolchain(entry)
        reason = tools.missing()
        if reason is None:
            commands[client] = tools.prepare(client, entry)
        else:
            absent[client] = reason
    cleaner = tables.clients()[CLEANER]
    return Selection(clients, scenarios, commands, absent, toolchain(cleaner).prepare(CLEANER, cleaner))


@click.command(name="scripts/compat", context_settings={"help_option_names": ["-h", "--help"]})
@command.options
@click.option("--apache-kafka", metavar="VERSION", help="Against Apache Kafka of this version.")
@click.option("--require-all", is_flag=True, help="A client that must be skipped is a failure.")
def compat(apache_kafka: str | None, require_all: bool, **given: Any) -> None:
    """Stock clients, unchanged from their registries, against a real broker: an Odradek started for it."""
    options = command.Options(**given)
    if options.broker and apache_kafka:
        raise click.UsageError("--broker and --apache-kafka are two different brokers.")
    table, scenarios = tables.clients(), options.scenarios()
    asked = {
        name: table[name]
        for name in options.clients(table)
        if any(tables.lacking(table[name], one, about) is None for one, about in scenarios.items())
    }
    setting = command.Setting(
        Selection(asked, scenarios, {}, {}, []) if options.results else prepared(asked, scenarios),
        functools.partial(brokers.ApacheKafka, apache_kafka) if apache_kafka else brokers.Odradek,
        f"Apache Kafka {apache_kafka}" if apache_kafka else "Odradek",
        "scripts/compat",
        tomllib.loads(ABSENT.read_text()),
    )
    wrong = {cells.FAILED, cells.SKIPPED} if require_all else {cells.FAILED}
    sys.exit(any(cell.outcome in wrong for cell in command.run(setting, options)))


if __name__ == "__main__":
    compat()
