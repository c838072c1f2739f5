"""What of bytes read from a log counts for a share group: batches, and which of them were aborted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ...protocol.control_records import ControlType, control_type
from ...protocol.record_batch import BatchHeader, batches, records
from ...protocol.record_errors import TruncatedBatch
from .events import Acquired, RecordBatch

_MARKER_BYTES = 1 << 10

Aborted = tuple[int, int]


def whole_batches(data: memoryview) -> list[BatchHeader]:
    """The headers of the whole batches. A read may end within one."""
    found: list[BatchHeader] = []
    try:
        found.extend(batches(data))
    except TruncatedBatch:
        pass
    return found


def record_batches(
    data: memoryview, headers: Sequence[BatchHeader], aborted: Iterable[Aborted]
) -> list[RecordBatch]:
    """The batches, with those marked that belong to aborted transactions: (producer id, first offset)."""
    return list(_record_batches(data, headers, sorted(aborted, key=lambda each: each[1])))


def _record_batches(
    data: memoryview, headers: Sequence[BatchHeader], aborted: list[Aborted]
) -> Iterator[RecordBatch]:
    open_producers: set[int] = set()
    for header in headers:
        while aborted and aborted[0][1] <= header.last_offset:
            open_producers.add(aborted.pop(0)[0])
        is_aborted = False
        if header.is_control:
            marker = next(iter(records(data, header, _MARKER_BYTES)), None)
            if marker is not None and control_type(marker) is ControlType.ABORT:
                open_producers.discard(header.producer_id)
        elif header.is_transactional:
            is_aborted = header.producer_id in open_producers
        yield RecordBatch(header.base_offset, header.last_offset, is_aborted)


def covering(data: memoryview, headers: Sequence[BatchHeader], acquired: Sequence[Acquired]) -> memoryview:
    """The bytes of the batches from the first acquired record to the last."""
    first, last = acquired[0].first_offset, acquired[-1].last_offset
    touched = [header for header in headers if header.last_offset >= first and header.base_offset <= last]
    if not touched:
        return data[:0]
    end = touched[-1].end
    return data[touched[0].position : end]
