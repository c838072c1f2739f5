"""`__share_group_state` (KIP-932): what of it is deleted when later records say the same."""

from __future__ import annotations

from .share_desk import ACCEPT, ShareDesk
from .test_share_groups import offsets


def sync_states(desk: ShareDesk) -> None:
    """Everything in `__share_group_state` is on disk."""
    for partition in desk.node.topics.get("__share_group_state").partitions:
        ticket = partition.log.begin_sync()
        if ticket is not None:
            partition.log.finish_sync(ticket, ticket.run())


def test_what_a_snapshot_says_again_is_deleted() -> None:
    """Records before the newest snapshot of every state go when they are pruned, and a restart knows the
    same; but not while a loss of power could take the snapshot.
    """
    interval_ms = 1_000
    desk = ShareDesk(
        share_coordinator_snapshot_update_records_per_snapshot=2,
        share_coordinator_state_topic_prune_interval_ms=interval_ms,
    )
    desk.produce(*(b"%d" % number for number in range(10)))
    desk.join()
    desk.fetch(0)
    for number in range(9):
        desk.acknowledge(number + 1, (number, number, [ACCEPT]))

    def starts() -> list[int]:
        partitions = desk.node.topics.get("__share_group_state").partitions
        return [partition.log.log_start_offset for partition in partitions]

    desk.wait(interval_ms)
    assert starts() == [0, 0]
    sync_states(desk)
    desk.wait(interval_ms)
    redundant = starts()
    assert any(redundant)
    known = offsets(desk)
    desk.restart()
    assert starts() == redundant
    assert offsets(desk) == known
