"""What a handler is given beside the request, and what it may give back in place of a response."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .node import Node


class RequestContext:
    """One request on its way: the node that serves it, and who asked how.

    `advertised` is the (host, port) by which this client should reach the broker: the configured one, or else
    the local address of its own connection. `now_ms` is the wall clock in milliseconds since the epoch and
    `monotonic_ms` the clock of all deadlines, both read once when the request was cut from the stream.
    """

    __slots__ = (
        "advertised",
        "api_key",
        "client_host",
        "client_id",
        "connection_id",
        "monotonic_ms",
        "node",
        "now_ms",
        "version",
    )

    def __init__(
        self,
        node: Node,
        *,
        api_key: int,
        version: int,
        now_ms: int,
        monotonic_ms: float,
        client_id: str | None = None,
        client_host: str = "127.0.0.1",
        connection_id: int = 0,
        advertised: tuple[str, int] = ("127.0.0.1", 9092),
    ) -> None:
        self.node = node
        self.api_key = api_key
        self.version = version
        self.now_ms = now_ms
        self.monotonic_ms = monotonic_ms
        self.client_id = client_id
        self.client_host = client_host
        self.connection_id = connection_id
        self.advertised = advertised


class Pending:
    """A response that comes later: a parked fetch, a join, an acknowledgement that waits for a sync.

    The handler keeps the Pending and calls `complete` once. The connection sets `on_complete` and sends the
    answer in its turn; when the connection goes away first, it calls `abandon`, and what the handler set as
    `on_abandon` frees whatever was parked.
    """

    __slots__ = ("abandoned", "done", "on_abandon", "on_complete", "response")

    def __init__(self) -> None:
        self.done = False
        self.abandoned = False
        self.response: Any = None
        self.on_complete: Callable[[], None] | None = None
        self.on_abandon: Callable[[], None] | None = None

    def complete(self, response: Any) -> None:
        """Give the answer. A second one is a bug of the caller: RuntimeError. After `abandon` none counts."""
        if self.abandoned:
            return
        if self.done:
            raise RuntimeError("a pending response was completed twice")
        self.done = True
        self.response = response
        if self.on_complete is not None:
            self.on_complete()

    def settled(self) -> Any:
        """The response if it is there already, else the Pending itself: what a handler returns."""
        return self.response if self.done else self

    def abandon(self) -> None:
        """The client has gone: run `on_abandon`, and let a later `complete` pass unheard."""
        if self.done:
            return
        self.done = self.abandoned = True
        callback, self.on_abandon = self.on_abandon, None
        if callback is not None:
            callback()


def when_answered(answer: Any, then: Callable[[Any], None]) -> None:
    """Call `then` with the response that a handler has returned: now, or when a Pending has it."""
    if isinstance(answer, Pending):
        answer.on_complete = lambda: then(answer.response)
    else:
        then(answer)
