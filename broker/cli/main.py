"""The `odradek` command: options, and errors as one plain sentence with exit status 2."""

from __future__ import annotations

import sys
from typing import NoReturn

import click


def _print_version(context: click.Context, _: click.Parameter, value: bool) -> None:
    # click.version_option would look into the metadata of installed packages, which takes its time.
    if value and not context.resilient_parsing:
        from ... import __version__

        click.echo(f"odradek {__version__}")
        context.exit()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_print_version)
def odradek() -> None:
    """A Kafka-compatible broker for development and tests."""


@odradek.command()
@click.option("--data", metavar="DIR", envvar="ODRADEK_DATA", help="Folder of the data [./odradek-data].")
@click.option("--memory", is_flag=True, envvar="ODRADEK_MEMORY", help="Keep everything in memory.")
@click.option(
    "--listen", metavar="HOST:PORT", envvar="ODRADEK_LISTEN", help="Where to listen [127.0.0.1:9092]."
)
@click.option("--advertise", metavar="HOST:PORT", envvar="ODRADEK_ADVERTISE", help="What clients are told.")
@click.option("--config", "file", metavar="FILE", envvar="ODRADEK_CONFIG", help="A server.properties file.")
@click.option("--set", "settings", metavar="KEY=VALUE", multiple=True, help="One setting, by Kafka's name.")
@click.option(
    "--durable", is_flag=True, envvar="ODRADEK_DURABLE", help="Acknowledge what is on the disk only."
)
@click.option("-v", "--verbose", count=True, help="Say more on stderr; twice: everything.")
def serve(
    data: str | None,
    memory: bool,
    listen: str | None,
    advertise: str | None,
    file: str | None,
    settings: tuple[str, ...],
    durable: bool,
    verbose: int,
) -> None:
    """Run a broker until SIGTERM or SIGINT.

    Settings come from --config, then from variables such as KAFKA_CFG_LOG_RETENTION_MS, then from --set. One
    line on stdout says when the broker is ready.
    """
    from .serve import ServeOptions, run

    run(ServeOptions(data, memory, listen, advertise, file, settings, durable, verbose))


@odradek.command()
@click.argument("folder", metavar="DIR")
@click.option("--headers-only", is_flag=True, help="Leave out the records within the batches.")
def check(folder: str, headers_only: bool) -> int:
    """Check every log in the data folder DIR of a broker that does not run. Changes nothing.

    Each problem is one line on stdout. The exit status is 1 if there is any.
    """
    from .check import run

    return run(folder, records_too=not headers_only)


@odradek.command(
    add_help_option=False, context_settings={"ignore_unknown_options": True, "allow_extra_args": True}
)
@click.pass_context
def compat(context: click.Context) -> int:
    """Run stock clients against a broker: an Odradek, or any other."""
    # Its options are beside what it runs, which nobody who only serves has to load.
    from ...compat.command import compat

    status: int = compat.main(context.args, prog_name=context.command_path, standalone_mode=False)
    return status


def main() -> NoReturn:
    """Run the command of sys.argv and exit: 0 done, 1 with problems, 2 not possible and why, on stderr."""
    try:
        status = odradek.main(prog_name="odradek", standalone_mode=False)
    except click.ClickException as error:
        print(f"odradek: {error.format_message()}", file=sys.stderr)
        status = 2
    except click.Abort:
        status = 1
    sys.exit(status if isinstance(status, int) else 0)
