"""The relay between clients and a broker: what a link may do with a frame."""

from __future__ import annotations

import socket

from odradek.compat.relay import HangUp, Link, Relay
from tests.compat.test_lossy import FETCH, Echo, ask, connected


class Hesitant(Link):
    """Hangs up in the middle of the second answer."""

    def __init__(self) -> None:
        self._answers = 0

    def answer(self, frame: bytes) -> bytes:
        self._answers += 1
        if self._answers == 2:
            raise HangUp(frame[:1])
        return frame


def test_a_link_hangs_up_in_mid_frame() -> None:
    """The client gets the length, a part of the frame, and then the end."""
    relay: Relay[Hesitant] = Relay(Hesitant, Echo().address)
    with connected(relay.address) as connection:
        assert ask(connection, FETCH, 1) == b"\0\0\0\4\0\0\0\1"
        assert ask(connection, FETCH, 2) == b"\0\0\0\4\0"
    relay.close()


def test_a_connection_is_ended_from_outside() -> None:
    """Both sides see the end, also while nothing is said."""
    relay: Relay[Link] = Relay(Link, Echo().address)
    with connected(relay.address) as connection:
        ask(connection, FETCH, 1)
        (link,) = relay.links
        link.end()
        assert connection.recv(1) == b""
    relay.close()


def test_a_closed_relay_takes_nobody() -> None:
    """Who is there is hung up on, and nobody else comes."""
    relay: Relay[Link] = Relay(Link, Echo().address)
    with connected(relay.address) as connection:
        ask(connection, FETCH, 1)
        relay.close()
        assert connection.recv(1) == b""
    with socket.socket() as late:
        assert late.connect_ex(("127.0.0.1", relay.port))
