"""The task that syncs: rounds of the sync queue in a thread, so that the loop never waits for the disk."""

from __future__ import annotations

import trio

from .sync_queue import SyncQueue


async def run_syncer(
    queue: SyncQueue, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    """Run until cancelled. A round that is under way then is finished first and its results handed out."""
    requested = trio.Event()

    def on_request() -> None:
        requested.set()

    queue.on_request = on_request
    task_status.started()
    try:
        while True:
            if not queue.has_work:
                await requested.wait()
            requested = trio.Event()
            round = queue.begin()
            if round is not None:
                with trio.CancelScope(shield=True):
                    await trio.to_thread.run_sync(round.run)
                queue.finish(round)
            # Let the producers that were just answered send more, so that the next round carries all of them.
            await trio.lowlevel.checkpoint()
    finally:
        queue.on_request = None
