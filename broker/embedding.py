"""A broker inside a Python program: in a thread of its own, or in a trio nursery.

with Broker() as broker:                         # in memory, on a free port
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap)

async with open_broker(data="/var/lib/odradek") as broker:
    ...
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Self

import trio

from .config.broker_config import BrokerConfig, ConfigError
from .listeners import ListenerSpec, wanted_listeners
from .server import Running, StartError, serve, single

__all__ = ["Broker", "ConfigError", "StartError", "open_broker"]

if TYPE_CHECKING:
    from ..storage.file_system import FileSystem


class _Plan:
    """What is to be started, checked as far as that goes without starting it."""

    def __init__(
        self,
        data: str | os.PathLike[str] | None,
        listen: str,
        advertise: str | None,
        durable: bool,
        config: Mapping[str, object] | None,
    ) -> None:
        overrides: dict[str, object] = {}
        if data is not None:
            overrides["log.dirs"] = (os.fspath(data),)
        if durable:
            overrides["log.flush.interval.messages"] = 1
        self.settings = {**overrides, **(config or {})}
        self.listeners: list[ListenerSpec] = wanted_listeners(BrokerConfig(self.settings), listen, advertise)
        self.in_memory = data is None

    def file_system(self) -> FileSystem:
        if self.in_memory:
            from ..storage.memory_file_system import MemoryFileSystem

            return MemoryFileSystem()
        from ..storage.file_system import RealFileSystem

        return RealFileSystem()

    async def serve(self, task_status: trio.TaskStatus[Running] = trio.TASK_STATUS_IGNORED) -> None:
        # A configuration of its own for each run: those who hear of its changes live as long as it does.
        await serve(BrokerConfig(self.settings), self.file_system(), self.listeners, task_status=task_status)


class Broker:
    """A broker in a thread of this process: a context manager, or `start` and `stop`.

    `data` is the folder of its data; None keeps everything in memory. `listen` is HOST:PORT, port 0 any free
    one. `config` holds broker keys as Kafka names them. `durable` lets acknowledgements wait for the disk.
    Bad options raise ConfigError here, a broker that cannot start raises StartError in `start`.
    """

    def __init__(
        self,
        *,
        data: str | os.PathLike[str] | None = None,
        listen: str = "127.0.0.1:0",
        advertise: str | None = None,
        durable: bool = False,
        config: Mapping[str, object] | None = None,
    ) -> None:
        self._plan = _Plan(data, listen, advertise, durable, config)
        self._thread: threading.Thread | None = None
        self._started = threading.Event()
        self._running: Running | None = None
        self._token: trio.lowlevel.TrioToken | None = None
        self._error: BaseException | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<Broker {self.bootstrap}>" if self._running is not None else "<Broker, not running>"

    @property
    def bootstrap(self) -> str:
        """`host:port`, for a client's `bootstrap.servers`."""
        return self._require().bootstrap

    @property
    def host(self) -> str:
        return self.bootstrap.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return self._require().addresses[0].port

    def start(self) -> Self:
        """Start serving; returns when clients can connect."""
        if self._thread is not None:
            raise RuntimeError("this broker runs already")
        self._started.clear()
        self._error = None
        # A daemon, so that a program which forgets `stop` still ends; the exit handler then stops it in good
        # order.
        self._thread = threading.Thread(target=self._run, name="odradek", daemon=True)
        self._thread.start()
        self._started.wait()
        if self._error is not None:
            self._join()
        else:
            atexit.register(self.stop)
        return self

    def stop(self) -> None:
        """Stop serving, sync, and end the thread. Does nothing when the broker is not running."""
        if self._thread is None:
            return
        atexit.unregister(self.stop)
        if self._token is not None and self._running is not None:
            try:
                self._token.run_sync_soon(self._running.stop)
            except trio.RunFinishedError:
                pass  # it failed; _join says how
        self._join()

    def _require(self) -> Running:
        if self._running is None:
            raise RuntimeError("this broker is not running")
        return self._running

    def _join(self) -> None:
        assert self._thread is not None
        self._thread.join()
        self._thread = self._running = self._token = None
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _run(self) -> None:
        try:
            trio.run(self._main)
        except BaseException as error:
            self._error = single(error)
        finally:
            self._started.set()

    async def _main(self) -> None:
        async with trio.open_nursery() as nursery:
            self._running = await nursery.start(self._plan.serve)
            self._token = trio.lowlevel.current_trio_token()
            self._started.set()


@asynccontextmanager
async def open_broker(
    *,
    data: str | os.PathLike[str] | None = None,
    listen: str = "127.0.0.1:0",
    advertise: str | None = None,
    durable: bool = False,
    config: Mapping[str, object] | None = None,
) -> AsyncIterator[Running]:
    """A broker in the trio loop of the caller, for as long as the block lasts; options as for `Broker`."""
    plan = _Plan(data, listen, advertise, durable, config)
    failure: Exception | None = None
    try:
        async with trio.open_nursery() as nursery:
            running = await nursery.start(plan.serve)
            try:
                yield running
            except Exception as error:
                failure = error  # raised as it is below, not within a group
            running.stop()
    except BaseExceptionGroup as group:
        raise single(group) from None
    if failure is not None:
        raise failure
