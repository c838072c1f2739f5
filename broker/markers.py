"""The ends of transactions in the partitions: control batches that commit or abort (KIP-98).

The coordinator orders them, or another broker's does by WriteTxnMarkers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from ..protocol.control_records import end_transaction_marker
from ..protocol.errors import ErrorCode
from ..protocol.record_batch import batches
from ..storage.errors import StorageError
from .internal_topics import OFFSETS_TOPIC
from .partition import Partition, PartitionOffline

if TYPE_CHECKING:
    from .group_coordinator import GroupCoordinator


class Marker(NamedTuple):
    """The end of a producer's transaction; `coordinator_epoch` tells one coordinator from its successor."""

    producer_id: int
    producer_epoch: int
    committed: bool
    coordinator_epoch: int = 0


def write_marker(
    partition: Partition,
    marker: Marker,
    groups: GroupCoordinator,
    now_ms: int,
    on_durable: Callable[[ErrorCode], None],
) -> None:
    """Append a marker, wake those who wait for committed records, and call `on_durable` once it is safe, or
    at once with what went wrong.

    In `__consumer_offsets` the offsets that wait for this end are settled.
    """
    data = memoryview(
        end_transaction_marker(
            commit=marker.committed,
            producer_id=marker.producer_id,
            producer_epoch=marker.producer_epoch,
            coordinator_epoch=marker.coordinator_epoch,
            timestamp=now_ms,
        )
    )
    try:
        result = partition.append(data, list(batches(data)), now_ms)
    except (StorageError, PartitionOffline) as error:
        on_durable(error.error_code)
        return
    partition.wake()
    end_offset = result.last_offset + 1
    if partition.topic == OFFSETS_TOPIC:
        groups.end_transaction(partition.index, marker.producer_id, marker.committed, end_offset)
    partition.when_committed(end_offset, on_durable)
