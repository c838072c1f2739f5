"""Group commit: who shares a sync with whom, what goes first, and that the loop goes on meanwhile."""

from __future__ import annotations

import threading

import pytest
import trio

from odradek.broker.clock import ManualClock
from odradek.broker.sync_queue import SyncQueue
from odradek.broker.syncer import run_syncer
from odradek.broker.timers import Timers


class Disk:
    """One thing to sync, and its own ticket. `syncs` counts; `release`, when given, is what a sync waits
    for.
    """

    def __init__(self, order: list[str], name: str, error: OSError | None = None) -> None:
        self.order, self.name, self.error = order, name, error
        self.results: list[OSError | None] = []
        self.release: threading.Event | None = None

    def begin_sync(self, checkpoint: bool) -> Disk:  # noqa: ARG002
        return self

    def finish_sync(self, ticket: Disk, error: OSError | None) -> None:  # noqa: ARG002
        self.results.append(error)

    def run(self) -> OSError | None:
        if self.release is not None:
            self.release.wait(5)
        self.order.append(self.name)
        return self.error


@pytest.fixture
def queue() -> SyncQueue:
    return SyncQueue(Timers(), ManualClock())


def test_a_round_takes_everyone_who_waits(queue: SyncQueue) -> None:
    """Many requests for one log are one sync; those that come during a round are in the next."""
    order: list[str] = []
    first, second = Disk(order, "first"), Disk(order, "second")
    for _ in range(5):
        queue.request(first)
    round = queue.begin()
    assert round is not None
    queue.request(first)
    queue.request(second)
    assert not queue.has_work
    round.run()
    queue.finish(round)
    assert order == ["first"]
    queue.run_all()
    assert order == ["first", "first", "second"]


def test_the_metadata_log_leads(queue: SyncQueue) -> None:
    """No record is durable before its topic is: the metadata log goes first, and its failure fails all after
    it.
    """
    order: list[str] = []
    log, metadata = Disk(order, "log"), Disk(order, "metadata")
    queue.leading = metadata
    queue.request(log)
    queue.request(metadata)
    queue.run_all()
    assert order == ["metadata", "log"]
    metadata.error = OSError(5, "Input/output error")
    for _ in range(2):
        queue.request(log)
        queue.request(metadata)
        queue.run_all()
    assert log.results == [None, metadata.error, metadata.error]
    assert order.count("log") == 1


def test_checkpoints_do_not_crowd_out_acknowledgements(queue: SyncQueue) -> None:
    """A thousand logs that only want a new recovery point are spread over many rounds; who waits is in the
    first.
    """
    order: list[str] = []
    for _ in range(100):
        queue.request(Disk(order, "checkpoint"), checkpoint=True)
    queue.request(Disk(order, "urgent"))
    round = queue.begin()
    assert round is not None
    round.run()
    queue.finish(round)
    assert "urgent" in order
    assert len(order) < 20
    queue.run_all()
    assert len(order) == 101


def test_the_loop_goes_on_during_a_sync(queue: SyncQueue) -> None:
    """The syncer syncs in a thread, and what was asked for meanwhile shares the next round."""
    order: list[str] = []
    slow, other = Disk(order, "slow"), Disk(order, "other")
    slow.release = threading.Event()

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            await nursery.start(run_syncer, queue)
            queue.request(slow)
            await trio.sleep(0.02)
            for _ in range(10):
                queue.request(other)
                await trio.lowlevel.checkpoint()
            assert order == []
            assert slow.release is not None
            slow.release.set()
            with trio.fail_after(5):
                while not other.results:
                    await trio.sleep(0.001)
            nursery.cancel_scope.cancel()

    trio.run(main)
    assert order == ["slow", "other"]
