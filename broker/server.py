"""A broker that runs: sockets bound, node opened, pump and syncer at work, and all ended in good order."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from socket import socket
from typing import TYPE_CHECKING

import trio

from .clock import SystemClock
from .config.broker_config import BrokerConfig
from .dispatch import Dispatcher
from .listeners import Address, ListenerSpec, bind
from .node import Node, open_node
from .pump import Pump
from .syncer import run_syncer
from .timers import Timers

if TYPE_CHECKING:
    from ..storage.file_system import FileSystem

log = logging.getLogger(__name__)

# How long answers that are under way may take once the broker is told to stop: those that wait for the disk,
# and those of clients that read slowly. Nobody else waits then.
DRAIN_SECONDS = 0.7


def single(error: BaseException) -> BaseException:
    """What a nursery wrapped, if it is one error."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


class StartError(Exception):
    """The broker cannot start. `str()` is one plain sentence."""


class Running:
    """A broker that serves. `addresses` are those of its listeners with their real ports, in order."""

    __slots__ = ("_stop", "addresses", "node")

    def __init__(self, node: Node, addresses: list[Address], stop: trio.Event) -> None:
        self.node = node
        self.addresses = addresses
        self._stop = stop

    @property
    def bootstrap(self) -> str:
        """`host:port` of the first listener, for a client's `bootstrap.servers`."""
        host, port = self.addresses[0]
        reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
        return str(Address(reachable, port))

    def stop(self) -> None:
        """Begin the graceful end. Only from the thread of the broker."""
        self._stop.set()


async def serve(
    config: BrokerConfig,
    file_system: FileSystem,
    listeners: Sequence[ListenerSpec],
    *,
    task_status: trio.TaskStatus[Running] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Run a broker until `Running.stop`, or until this task is cancelled, which leaves nobody time to finish.

    Ports are taken before the data is opened, and nobody is accepted until everything is loaded. Raises
    StartError when it cannot start, and ConfigError for settings that do not fit the data; in the end
    everything is synced and the clean-shutdown mark is written.
    """
    clock, timers, stop = SystemClock(), Timers(), trio.Event()
    with ExitStack() as ending:
        sockets = [ending.enter_context(_bind(spec.address)) for spec in listeners]
        node = _open(config, file_system, clock, timers)
        ending.callback(node.close)
        pump = Pump(config, clock, timers, Dispatcher(node))
        pump.on_disconnect = node.share.disconnected
        ending.callback(pump.close)
        addresses: list[Address] = []
        for spec, sock in zip(listeners, sockets, strict=True):
            try:
                pump.listen(sock, spec.advertised)
            except OSError as error:
                raise _cannot_listen(spec.address, error) from None
            addresses.append(Address(*sock.getsockname()[:2]))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(pump.run)
            nursery.start_soon(run_syncer, node.syncs)
            log.info("Cluster %s, node %d, listening on %s.", node.cluster_id, node.node_id, addresses)
            task_status.started(Running(node, addresses, stop))
            await stop.wait()
            log.info("Stopping.")
            node.hand_over()
            await pump.drain(DRAIN_SECONDS)
            nursery.cancel_scope.cancel()


def _bind(address: Address) -> socket:
    try:
        return bind(address)
    except OSError as error:
        raise _cannot_listen(address, error) from None


def _cannot_listen(address: Address, error: OSError) -> StartError:
    return StartError(f"Cannot listen on {address}: {_reason(error)}.")


def _open(config: BrokerConfig, file_system: FileSystem, clock: SystemClock, timers: Timers) -> Node:
    from ..storage.errors import StorageError
    from ..storage.file_system import FileSystemLocked

    directory = config.data_directory
    try:
        return open_node(config, file_system, clock, timers)
    except FileSystemLocked:
        raise StartError(f"The data directory {directory} is in use by another broker.") from None
    except StorageError as error:
        raise StartError(f"Cannot use the data directory {directory}: {error}.") from error
    except OSError as error:
        raise StartError(f"Cannot use the data directory {directory}: {_reason(error)}.") from error


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
