"""Reading a log from one end to the other, as coordinators and the metadata log do when the broker starts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..protocol.record_batch import BatchHeader, Record, TruncatedBatch, batches, records

if TYPE_CHECKING:
    from ..storage.log import Log

_READ_BYTES = 1 << 20
_MAX_INFLATED_BYTES = 1 << 28


def replay(log: Log, start_offset: int = 0) -> Iterator[tuple[BatchHeader, list[Record]]]:
    """Every batch from `start_offset` (or the log start, if that is later) to the log end, with its records.

    Raises LogCorrupted and StorageFailed from the log, CorruptRecord for records that cannot be read.
    """
    offset = max(start_offset, log.log_start_offset)
    end_offset = log.log_end_offset
    while offset < end_offset:
        data = log.read(offset, _READ_BYTES).records.read()
        if not data:
            return
        try:
            for header in batches(data):
                if header.last_offset >= offset:
                    yield header, records(data, header, _MAX_INFLATED_BYTES)
                    offset = header.last_offset + 1
        except TruncatedBatch:  # a read may end within a batch; the next one begins there
            continue
