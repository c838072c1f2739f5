"""A broker on a bad line: what clients produce arrives, and of some of it they never hear."""

from __future__ import annotations

import itertools

from .brokers import Broker, Start
from .relay import HangUp, Link, Relay

PRODUCE = 0  # its API key
FIRST_LOST, LOST_EVERY = 3, 8
"""Which Produce requests' answers are lost: the third, the eleventh, ..., of all connections together."""


class LossyBroker:
    """What `cells.run` asks of a broker. Clients meet it behind a relay that loses answers to Produce
    requests, with the connection, so that they send again what is in the log already. `lost` counts those.
    """

    def __init__(self, start: Start) -> None:
        self.lost = 0
        self._produced = itertools.count(1)
        self._relay = Relay(lambda: _LossyLink(self))
        self._broker: Broker = start(advertise=self._relay.address)
        self._relay.upstream = self._broker.address
        self.address, self.ours = self._relay.address, self._broker.ours
        self.do, self.log = self._broker.do, self._broker.log

    def is_doomed(self) -> bool:
        """Whether the answer to the next Produce request is to be lost."""
        return next(self._produced) % LOST_EVERY == FIRST_LOST

    def close(self) -> None:
        """End the broker and the relay."""
        self._broker.close()
        self._relay.close()


class _LossyLink(Link):
    def __init__(self, broker: LossyBroker) -> None:
        self._broker = broker
        self._doomed: set[bytes] = set()  # correlation ids

    def request(self, frame: bytes) -> bytes:
        if int.from_bytes(frame[:2], "big") == PRODUCE and self._broker.is_doomed():
            self._doomed.add(frame[4:8])
        return frame

    def answer(self, frame: bytes) -> bytes:
        if frame[:4] in self._doomed:
            self._broker.lost += 1
            raise HangUp
        return frame
