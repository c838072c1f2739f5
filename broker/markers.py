"""The ends of transactions in the partitions: control batches that commit or abort (KIP-98).

The coordinator orders them, or another broker's does by WriteTxnMarkers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from ..protocol.control_records import end_transaction_marker
from ..protocol.errors import ErrorCode
from ..protocol.record_batch import batches
from ..storage.errors import InvalidProducerEpoch, StorageError
from ..storage.producer_state import NO_OFFSET
from .internal_topics import OFFSETS_TOPIC
from .partition import Partition, PartitionOffline

if TYPE_CHECKING:
    from .group_coordinator import GroupCoordinator


LARGEST_EPOCH = (1 << 15) - 1


class Marker(NamedTuple):
    """The end of a producer's transaction; `coordinator_epoch` tells one coordinator from its successor.

    With `has_next_epoch` its epoch has to be a later one than the transaction's: an equal one tells that the
    marker comes late, and that the open transaction is the next one (KIP-1228).
    """

    producer_id: int
    producer_epoch: int
    committed: bool
    coordinator_epoch: int = 0
    has_next_epoch: bool = False


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
        if marker.has_next_epoch and _comes_late(partition, marker):
            raise InvalidProducerEpoch(f"the marker's epoch {marker.producer_epoch} is the transaction's own")
        result = partition.append(data, list(batches(data)), now_ms)
    except (StorageError, PartitionOffline) as error:
        on_durable(error.error_code)
        return
    partition.wake()
    end_offset = result.last_offset + 1
    if partition.topic == OFFSETS_TOPIC:
        groups.end_transaction(partition.index, marker.producer_id, marker.committed, end_offset)
    partition.when_committed(end_offset, on_durable)


def _comes_late(partition: Partition, marker: Marker) -> bool:
    """Whether the producer's open transaction has the marker's epoch. Raises PartitionOffline."""
    entry = partition.log.producers.entries.get(marker.producer_id)
    return (
        entry is not None
        and entry.producer_epoch == marker.producer_epoch < LARGEST_EPOCH
        and entry.current_txn_first_offset != NO_OFFSET
    )
