"""`odradek serve`: from options to a broker that runs in this process' main thread."""

from __future__ import annotations

import gc
import logging
import os
import resource
import signal
import sys
from typing import TYPE_CHECKING, NamedTuple

import click
import trio

from ... import __version__
from ..config.broker_config import BrokerConfig, ConfigError
from ..listeners import ListenerSpec, wanted_listeners
from ..server import Running, StartError, serve, single

if TYPE_CHECKING:
    from ...storage.file_system import FileSystem


class ServeOptions(NamedTuple):
    """The options of `odradek serve`; None where one was not given."""

    data: str | None
    memory: bool
    listen: str | None
    advertise: str | None
    file: str | None
    settings: tuple[str, ...]
    durable: bool
    verbose: int


def run(options: ServeOptions) -> None:
    """Serve until a signal. Raises ClickException with one sentence if that cannot begin."""
    level = (logging.WARNING, logging.INFO, logging.DEBUG)[min(options.verbose, 2)]
    logging.basicConfig(stream=sys.stderr, level=level, format="%(asctime)s %(levelname)s %(message)s")
    try:
        config = _configure(options)
        listeners = wanted_listeners(config, options.listen, options.advertise)
        _raise_file_limit()
        trio.run(_serve, config, _file_system(options), listeners)
    except (ConfigError, StartError, BaseExceptionGroup) as error:
        cause = single(error)
        if isinstance(cause, (ConfigError, StartError)):
            raise click.ClickException(str(cause)) from None
        raise


async def _serve(config: BrokerConfig, file_system: FileSystem, listeners: list[ListenerSpec]) -> None:
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with trio.open_nursery() as nursery:
            running: Running = await nursery.start(serve, config, file_system, listeners)
            # What was loaded stays: the collector need not look at it again (longest pause 145 -> 1.5 ms).
            gc.collect()
            gc.freeze()
            addresses = ", ".join(map(str, running.addresses))
            print(f"odradek {__version__} ready on {addresses}", flush=True)
            async for _ in signals:
                running.stop()
                break


def _configure(options: ServeOptions) -> BrokerConfig:
    if options.memory and options.data is not None:
        raise ConfigError("--memory keeps nothing in a folder: leave out --data.")
    overrides: dict[str, object] = {}
    if options.data is not None:
        overrides["log.dirs"] = (options.data,)
    if options.durable:
        overrides["log.flush.interval.messages"] = 1
    return BrokerConfig.load(
        file=options.file, environment=os.environ, settings=options.settings, overrides=overrides
    )


def _file_system(options: ServeOptions) -> FileSystem:
    if options.memory:
        from ...storage.memory_file_system import MemoryFileSystem

        return MemoryFileSystem()
    from ...storage.file_system import RealFileSystem

    return RealFileSystem()


def _raise_file_limit() -> None:
    """A broker needs descriptors for connections and logs, and the hard limit is ours to use."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (OSError, ValueError):
            pass  # macOS may refuse "unlimited"; what there was has to do
