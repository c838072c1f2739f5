"""Share groups and transactional records (KIP-932): what `share.isolation.level` lets members see."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from .share_desk import ACCEPT, ShareDesk
from .transaction_desk import Desk as TransactionDesk
from .transaction_desk import Producer

MARKERS = {2, 5, 8}  # offsets that hold no records


class Scene(NamedTuple):
    """A share group, and the producer whose transaction is open."""

    share: ShareDesk
    transactions: TransactionDesk
    open_producer: Producer

    def acquire(self, epoch: int, member: str) -> list[int]:
        """The offsets of records that a ShareFetch acquires."""
        found = self.share.acquired(epoch, member=member)
        return [at for first, last, _ in found for at in range(first, last + 1) if at not in MARKERS]


@pytest.fixture(name="scene")
def _scene() -> Scene:
    """Offsets 0 and 1 are aborted, 3 and 4 committed, 6 and 7 in a transaction that is open."""
    share = ShareDesk()
    transactions = TransactionDesk(share.harness)
    for transactional_id in ("aborts", "commits", "stays"):
        producer = transactions.producer(transactional_id)
        assert transactions.add(producer) == [0]
        assert transactions.write(producer, b"one", b"two").error_code == 0
        if transactional_id != "stays":
            committed = transactional_id == "commits"
            assert transactions.end(producer, commit=committed, version=4).error_code == 0
    return Scene(share, transactions, producer)


def test_read_committed_delivers_only_what_is_committed(scene: Scene) -> None:
    """Aborted records never come, not after a restart either; those of an open transaction come once it is
    committed.
    """
    scene.share.configure("g", {"share.isolation.level": "read_committed"})
    scene.share.join("m")
    assert scene.acquire(0, "m") == [3, 4]
    assert scene.share.acknowledge(1, (3, 4, [ACCEPT])).error_code == 0
    scene.share.restart()
    scene.share.join("n")
    assert scene.acquire(0, "n") == []
    assert scene.transactions.end(scene.open_producer, commit=True, version=4).error_code == 0
    assert scene.acquire(1, "n") == [6, 7]


def test_read_committed_passes_over_a_transaction_that_is_aborted_later(scene: Scene) -> None:
    """What was open when a member first asked never comes, once its transaction is aborted."""
    scene.share.configure("g", {"share.isolation.level": "read_committed"})
    scene.share.join("m")
    assert scene.acquire(0, "m") == [3, 4]
    assert scene.transactions.end(scene.open_producer, commit=False, version=4).error_code == 0
    scene.share.produce(b"after")
    assert scene.acquire(1, "m") == [9]


def test_read_uncommitted_delivers_all(scene: Scene) -> None:
    """By default aborted and open records are delivered as any others."""
    scene.share.join("m")
    assert scene.acquire(0, "m") == [0, 1, 3, 4, 6, 7]
