"""A broker on a bad line: which answers get lost, and that a cell in which none was lost has failed."""

from __future__ import annotations

import pathlib
import socket
import threading

from odradek.compat import cells, command
from odradek.compat.brokers import Running
from odradek.compat.lossy import FIRST_LOST, PRODUCE, LossyBroker
from tests.compat.test_command import options, setting

FETCH = 1


class Echo:
    """Answers each request with its correlation id; `heard` are the correlation ids, in order."""

    def __init__(self) -> None:
        self.heard: list[int] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = "{}:{}".format(*self._server.getsockname())
        self.broker = Running(self.address)
        threading.Thread(target=self._accept, daemon=True).start()

    def start(self, *, advertise: str | None = None) -> Running:
        assert advertise is not None
        return self.broker

    def _accept(self) -> None:
        while True:
            connection, _ = self._server.accept()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            while size := stream.read(4):
                frame = stream.read(int.from_bytes(size, "big"))
                self.heard.append(int.from_bytes(frame[4:8], "big"))
                connection.sendall(b"\0\0\0\4" + frame[4:8])


def ask(connection: socket.socket, api_key: int, correlation_id: int) -> bytes:
    """The answer to a request; nothing when there is none and the connection has ended."""
    connection.sendall(
        (8).to_bytes(4, "big") + api_key.to_bytes(4, "big")[2:] + b"\0\0" + correlation_id.to_bytes(4, "big")
    )
    with connection.makefile("rb") as stream:
        return stream.read(8)


def connected(address: str) -> socket.socket:
    """A connection to HOST:PORT."""
    host, _, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), 10)


def test_an_answer_is_lost() -> None:
    """The broker hears every Produce request; of one the client never hears. Others are not concerned."""
    echo = Echo()
    broker = LossyBroker(echo.start)
    with connected(broker.address) as connection:
        for number in range(1, FIRST_LOST):
            assert ask(connection, PRODUCE, number)[4:] == number.to_bytes(4, "big")
            assert ask(connection, FETCH, 100 + number)[4:] == (100 + number).to_bytes(4, "big")
        assert ask(connection, PRODUCE, FIRST_LOST) == b""
    assert broker.lost == 1
    with connected(broker.address) as connection:
        assert ask(connection, PRODUCE, FIRST_LOST)[4:] == FIRST_LOST.to_bytes(4, "big")
    assert [one for one in echo.heard if one < 100] == [*range(1, FIRST_LOST), FIRST_LOST, FIRST_LOST]
    broker.close()


def test_a_cell_without_a_loss(tmp_path: pathlib.Path) -> None:
    """It shows nothing, so it has not passed, whatever its program says."""
    suite = setting(tmp_path)
    suite.selection.scenarios = {"one": {"meaning": "a scenario", "private": True, "lossy": True}}
    (cell,) = command.run(suite, options(broker=None))
    assert (cell.outcome, cell.detail) == (cells.FAILED, "no answer was lost, so it shows nothing")
