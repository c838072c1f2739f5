"""Complete what a snapshot leaves out of producers' state: of the last five batches it has only the last.

Kafka forgets the other four with a restart; a producer with several requests under way that repeats one of
them then gets OUT_OF_ORDER_SEQUENCE_NUMBER for a batch that is in the log. They are looked for when a
sequence does not fit, once for each producer.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from .batch_scan import walk
from .producer_state import BATCHES_KEPT, AppendedBatch, ProducerState
from .segment import Segment

_LOOK_BACK = 16 << 20  # bytes of log whose headers are read at most


def complete_entries(
    producers: ProducerState, producer_ids: Collection[int], segments: Sequence[Segment]
) -> bool:
    """Add older batches to those of these producers' entries that came from a snapshot. Return whether there
    was one.

    Raises LogCorrupted, OSError.
    """
    wanted = {
        producer_id: entry
        for producer_id in producer_ids
        if (entry := producers.entries.get(producer_id)) is not None and not entry.complete
    }
    if not wanted:
        return False
    found: dict[int, list[AppendedBatch]] = {producer_id: [] for producer_id in wanted}
    for segment, position in _tail(segments):
        for batch in walk(segment.file, position, segment.size, gaps=True):
            entry = wanted.get(batch.producer_id)
            if entry is None or batch.is_control or batch.producer_epoch != entry.producer_epoch:
                continue
            if batch.base_offset < entry.batches[0].base_offset:
                found[batch.producer_id].append(AppendedBatch.of(batch, batch.base_offset))
    for producer_id, entry in wanted.items():
        entry.batches = (*found[producer_id], *entry.batches)[-BATCHES_KEPT:]
        entry.complete = True
    return True


def _tail(segments: Sequence[Segment]) -> list[tuple[Segment, int]]:
    """The last segments, oldest first, and where to begin in each, so that they come to about `_LOOK_BACK`
    bytes.
    """
    tail: list[tuple[Segment, int]] = []
    left = _LOOK_BACK
    for segment in reversed(segments):
        tail.append((segment, segment.offset_index.position_before(segment.size - left)))
        left -= segment.size
        if left <= 0:
            break
    return tail[::-1]
