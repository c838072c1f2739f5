"""A relay between clients and a broker that cuts connections: at once, in mid-frame, or so that what was
asked is done and the answer is lost. Most of the cuts fall into the work of a transaction.
"""

from __future__ import annotations

import random
from collections import deque
from enum import Enum

from odradek.compat.relay import HangUp, Link, Relay
from odradek.protocol.api_keys import ApiKey

REST_OF_WORK = {
    ApiKey.ADD_PARTITIONS_TO_TXN,
    ApiKey.ADD_OFFSETS_TO_TXN,
    ApiKey.TXN_OFFSET_COMMIT,
    ApiKey.END_TXN,
}
MOST = 0.7


class Cut(Enum):
    """How a connection ends."""

    NOW = "now"
    TORN = "torn"  # only a part of the next frame arrives
    UNANSWERED = "unanswered"  # the broker gets what is asked, the client nothing


class CuttingProxy(Relay["_CutLink"]):
    """Connects through to the broker at `upstream`, to be set. `unheard` counts the Produce requests whose
    answers were cut off.
    """

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._before_records: deque[Cut] = deque()
        self._before_others: deque[Cut] = deque()
        self.unheard = 0
        super().__init__(lambda: _CutLink(self))

    def cut(self) -> bool:
        """Cut the next connection that brings records or asks for another part of a transaction, or any;
        False if there is none.
        """
        how = self._chance.choice(list(Cut))
        if self._chance.random() < MOST:
            self._chance.choice((self._before_records, self._before_others)).append(how)
            return True
        links = [link for link in list(self.links) if link.doom is None]
        if not links:
            return False
        link = self._chance.choice(links)
        link.doom = how
        if how is Cut.NOW:
            link.end()
        return True

    def doom(self, api_key: int) -> Cut | None:
        """How a connection is to end that asks for this; None: it stays."""
        if api_key == ApiKey.PRODUCE:
            waiting = self._before_records
        elif api_key in REST_OF_WORK:
            waiting = self._before_others
        else:
            return None
        try:
            return waiting.popleft()
        except IndexError:
            return None


class _CutLink(Link):
    def __init__(self, proxy: CuttingProxy) -> None:
        self._proxy = proxy
        self._produced: set[bytes] = set()  # correlation ids
        self.doom: Cut | None = None

    def request(self, frame: bytes) -> bytes:
        api_key = int.from_bytes(frame[:2], "big")
        if self.doom is None:
            self.doom = self._proxy.doom(api_key)
        if api_key == ApiKey.PRODUCE:
            self._produced.add(frame[4:8])
        if self.doom is Cut.NOW:
            raise HangUp
        return self._torn(frame)

    def answer(self, frame: bytes) -> bytes:
        if self.doom is Cut.UNANSWERED:
            self._proxy.unheard += len(self._produced)
            raise HangUp
        self._produced.discard(frame[:4])
        return self._torn(frame)

    def _torn(self, frame: bytes) -> bytes:
        if self.doom is Cut.TORN:
            raise HangUp(frame[: len(frame) // 2])
        return frame
