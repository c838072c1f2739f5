"""`odradek compat`: stock clients against a broker. What a person may type, and what a run leaves.

`scripts/compat` shares the options and the run (`Options`, `run`), with clients of its own.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import pathlib
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import click

from . import brokers, cells, installed, pages, report
from .beside import Outcome
from .runner import Runner, Selection
from .tables import Table, scenarios

Command = TypeVar("Command", bound=Callable[..., Any])
INSTALL = "`pip install 'odradek[compat]'` brings what all clients need; --client leaves clients out."
FILES = ("json", "junit", "html", "markdown")


@dataclasses.dataclass
class Options:
    """The options that `odradek compat` and `scripts/compat` have in common, by their names."""

    client: tuple[str, ...]
    scenario: tuple[str, ...]
    quick: bool
    broker: str | None
    jobs: int
    json: pathlib.Path | None
    junit: pathlib.Path | None
    html: pathlib.Path | None
    markdown: pathlib.Path | None
    beside: tuple[Outcome, ...]
    results: tuple[Outcome, ...]

    def clients(self, there: Iterable[str]) -> list[str]:
        """Those of the clients that were asked for. UsageError for one that is not there."""
        return _chosen("client", self.client, list(there))

    def scenarios(self) -> Table:
        """The scenarios that were asked for. UsageError for one that is not there."""
        table = scenarios()
        chosen = _chosen("scenario", self.scenario, list(table))
        return {name: table[name] for name in chosen if table[name].get("quick") or not self.quick}


def _chosen(kind: str, asked: tuple[str, ...], there: list[str]) -> list[str]:
    for name in asked:
        if name not in there:
            raise click.UsageError(f"There is no {kind} {name!r}; there are {', '.join(there)}.")
    return list(asked) or there


def _read(
    _context: click.Context, _option: click.Parameter, paths: tuple[pathlib.Path, ...]
) -> tuple[Outcome, ...]:
    try:
        return tuple(map(Outcome.read, paths))
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _outcomes(name: str, meaning: str) -> Callable[[Any], Any]:
    """An option for files that --json has written."""
    exists = click.Path(exists=True, dir_okay=False, path_type=pathlib.Path)
    return click.option(name, type=exists, multiple=True, callback=_read, metavar="FILE", help=meaning)


_PATH = click.Path(dir_okay=False, path_type=pathlib.Path)
_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option("--client", multiple=True, metavar="NAME", help="Only this client (may be repeated)."),
    click.option("--scenario", multiple=True, metavar="NAME", help="Only this scenario (may be repeated)."),
    click.option("--quick", is_flag=True, help="Only the scenarios of the quick set."),
    click.option(
        "--broker",
        metavar="HOST:PORT",
        help="Against a broker that runs already; scenarios that stop or kill their broker are skipped.",
    ),
    click.option("--jobs", type=click.IntRange(min=1), default=2, metavar="N", help="Cells at a time [2]."),
    *(
        click.option(f"--{kind}", type=_PATH, metavar="FILE", help=f"Write the cells as {kind}.")
        for kind in FILES
    ),
    _outcomes("--beside", "Tell where another run, in a file of --json, ended otherwise (may be repeated)."),
    _outcomes(
        "--results",
        "Run nothing: tell of a run, in a file of --json (may be repeated: the last one's cells count).",
    ),
)


def options(command: Command) -> Command:
    """Give a command the options that `Options` holds."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataclasses.dataclass
class Setting:
    """What a run takes place in: the clients, how a broker of theirs is started and called."""

    selection: Selection
    start: brokers.Start
    against: str
    made_by: str
    not_in_the_suite: dict[str, str]


def run(setting: Setting, options: Options) -> list[cells.Cell]:
    """Run the selection, print a line a cell and the matrix, write the files that were asked for. With
    results that are there already, run nothing.

    ClickException, with a plain sentence, when there is no broker. SIGTERM ends it as Ctrl-C does: no broker
    and no program of its own is left.
    """
    if options.results:
        return _told_again(setting, options)
    with _terminated_as_interrupted():
        return _run(setting, options)


@contextlib.contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _run(setting: Setting, options: Options) -> list[cells.Cell]:
    begin = time.monotonic()
    try:
        if options.broker:
            brokers.require_answer(options.broker)
        shared = brokers.Running(options.broker) if options.broker else setting.start()
    except brokers.BrokerError as error:
        raise click.ClickException(str(error)) from None
    found = []
    runner = Runner(setting.selection, shared, None if options.broker else setting.start)
    try:
        for cell in runner.run(options.jobs):
            found.append(cell)
            click.echo(_line(cell, setting.selection))
    finally:
        if left := runner.clean_up():
            click.echo(f"\nTopics and groups {runner.names}... may still be there: {left}", err=True)
        shared.close()
    scenarios, clients = list(setting.selection.scenarios), list(setting.selection.clients)
    found.sort(key=lambda cell: (scenarios.index(cell.scenario), clients.index(cell.client)))
    seconds = time.monotonic() - begin
    click.echo(f"\n{report.text(found)}, in {seconds:.0f} s")
    _write(setting, Outcome(found, options.broker or setting.against, seconds), options)
    return found


def _told_again(setting: Setting, options: Options) -> list[cells.Cell]:
    """Write of the results what the selection has."""
    try:
        told = Outcome.joined(options.results)
    except ValueError:
        raise click.UsageError("The results are of more than one broker.") from None
    places = itertools.product(setting.selection.scenarios, setting.selection.clients)
    found = [
        told.by_place[client, scenario] for scenario, client in places if (client, scenario) in told.by_place
    ]
    click.echo(report.text(found))
    _write(setting, dataclasses.replace(told, cells=found), options)
    return found


def _line(cell: cells.Cell, selection: Selection) -> str:
    """What is printed as soon as a cell is done; below it what went wrong."""
    clients, scenarios = (max(map(len, names)) for names in (selection.clients, selection.scenarios))
    detail = f"\n    {cell.detail}" if cell.outcome == cells.FAILED else ""
    return (
        f"{cell.client:{clients}}  {cell.scenario:{scenarios}}  {cell.outcome} ({cell.seconds:.1f} s){detail}"
    )


def _write(setting: Setting, told: Outcome, options: Options) -> None:
    selection = setting.selection
    page = pages.Run(
        told.cells,
        told.against,
        told.seconds,
        selection.scenarios,
        selection.clients,
        setting.not_in_the_suite,
        setting.made_by,
        options.beside,
    )
    if options.json:
        page.write(options.json)
    if options.junit:
        report.write_junit(told.cells, options.junit)
    if options.html:
        pages.write_html(page, options.html)
    if options.markdown:
        pages.write_markdown(page, options.markdown)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@options
def compat(**given: Any) -> int:
    """Run stock clients against a broker: kafka-python, confluent-kafka, aiokafka, as they are installed.

    The broker is an Odradek that is started for it, or the one at --broker, where all names are of this run
    alone, and its topics and groups are deleted in the end. The exit status is 1 if anything failed.
    """
    wanted = Options(**given)
    chosen, asked = wanted.clients(installed.CLIENTS), wanted.scenarios()
    try:
        clients = installed.rows(chosen)
    except installed.NotInstalled as missing:
        raise click.ClickException(f"Not installed: {missing}. {INSTALL}") from None
    selection = installed.selection(clients, asked)
    if not selection.scenarios:
        raise click.UsageError(f"None of {', '.join(clients)} is asked for any of {', '.join(asked)}.")
    found = run(Setting(selection, brokers.Odradek, "Odradek", "odradek compat", {}), wanted)
    return 1 if any(cell.outcome == cells.FAILED for cell in found) else 0
