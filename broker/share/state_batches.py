"""Ranges of offsets with one delivery state each, and how earlier and later ones come together."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple


class StateBatch(NamedTuple):
    """The records from `first_offset` to `last_offset`, both included, have this state and have been
    delivered so many times. The state is the number of a RecordState.
    """

    first_offset: int
    last_offset: int
    delivery_state: int
    delivery_count: int


def combine(batches: Iterable[StateBatch], start_offset: int) -> tuple[StateBatch, ...]:
    """The batches in order, without overlaps, neighbours of one kind joined, nothing before `start_offset`.

    Where they overlap, the larger delivery count holds, and of one count the larger state. A `start_offset`
    of -1 cuts off nothing.
    """
    left = sorted(batch for batch in batches if batch.last_offset >= start_offset)
    edges = sorted({edge for batch in left for edge in (batch.first_offset, batch.last_offset + 1)})
    waiting = iter(left)
    coming = next(waiting, None)
    covering: list[tuple[int, int, int]] = []  # largest first: (-count, -state, last offset)
    found: list[StateBatch] = []
    for first, end in pairwise(edges):
        while coming is not None and coming.first_offset <= first:
            heapq.heappush(covering, (-coming.delivery_count, -coming.delivery_state, coming.last_offset))
            coming = next(waiting, None)
        while covering and covering[0][2] < first:
            heapq.heappop(covering)
        if covering and end > start_offset:
            count, state, _ = covering[0]
            _append(found, StateBatch(max(first, start_offset), end - 1, -state, -count))
    return tuple(found)


def _append(found: list[StateBatch], batch: StateBatch) -> None:
    last = found[-1] if found else None
    if last is not None and last.last_offset + 1 == batch.first_offset and last[2:] == batch[2:]:
        found[-1] = last._replace(last_offset=batch.last_offset)
    else:
        found.append(batch)
