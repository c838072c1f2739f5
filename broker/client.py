"""The socket of one client: its bytes to and from its connection."""

from __future__ import annotations

import os
import selectors
import socket
from collections.abc import Callable

from .connection import Connection

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
_MSG_MORE = getattr(socket, "MSG_MORE", 0)

# What one client may be sent before it is another's turn.
SEND_A_TURN = 1 << 20


class Client:
    """A connection with its non-blocking socket. `events` is what the selector watches it for."""

    __slots__ = ("connection", "events", "name", "socket")

    def __init__(self, sock: socket.socket, connection: Connection, name: str) -> None:
        self.socket = sock
        self.connection = connection
        self.name = name
        self.events = READ

    def receive(self, scratch: memoryview, now_ms: Callable[[], float]) -> int | None:
        """Read once and handle what came: how many bytes, 0 when the client hung up, None when there was
        nothing.

        Raises OSError when the socket failed.
        """
        connection = self.connection
        space = connection.space()
        try:
            size = self.socket.recv_into(scratch if space is None else space)
        except (BlockingIOError, InterruptedError):
            return None
        if size:
            connection.last_active_ms = now_ms()
            if space is None:
                connection.receive(scratch[:size])
            else:
                connection.received(size)
        return size

    def send(self) -> int:
        """Send until the socket is full, this client has had its turn, or nothing is left: how many bytes.

        Raises OSError when the socket failed.
        """
        connection, turn = self.connection, 0
        output = connection.output
        try:
            while output and turn < SEND_A_TURN:
                buffers = connection.buffers()
                if not buffers:
                    size = self._send_region()
                elif len(buffers) == 1:
                    size = self.socket.send(buffers[0], _MSG_MORE if len(output) > 1 else 0)
                else:
                    size = self.socket.sendmsg(buffers, (), _MSG_MORE if len(output) > len(buffers) else 0)
                connection.sent(size)
                turn += size
        except (BlockingIOError, InterruptedError):
            pass
        return turn

    def _send_region(self) -> int:
        """Send from a file region: from the page cache, or, for a file in memory, a copy of a piece."""
        region, offset = self.connection.output[0], self.connection.unsent_offset
        count = min(len(region) - offset, SEND_A_TURN)
        if not count:
            return 0
        descriptor = region.fileno()
        if descriptor is None:
            size = self.socket.send(region.read(offset, count))
        else:
            size = os.sendfile(self.socket.fileno(), descriptor, region.offset + offset, count)
        if not size:
            raise OSError("the log file is shorter than the answer that was promised")
        return size
