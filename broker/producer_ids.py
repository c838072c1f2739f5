"""Unique producer ids, taken in blocks that the metadata log records, so that none is given twice
(KIP-730).
"""

from __future__ import annotations

from ..protocol.messages.metadata_records import PRODUCER_IDS
from .metadata_image import MetadataImage
from .metadata_log import MetadataLog

BLOCK_SIZE = 1000


class ProducerIds:
    """The ids of this broker. What a block had left when the broker stopped is never used."""

    def __init__(self, metadata_log: MetadataLog, image: MetadataImage, node_id: int) -> None:
        self._metadata_log = metadata_log
        self._image = image
        self._node_id = node_id
        self._next = self._end = 0

    def allocate(self, now_ms: int) -> int:
        """The next id. Raises StorageFailed when a new block cannot be recorded."""
        if self._next == self._end:
            first = self._image.next_producer_id
            record = PRODUCER_IDS(
                broker_id=self._node_id, broker_epoch=0, next_producer_id=first + BLOCK_SIZE
            )
            self._metadata_log.append([(PRODUCER_IDS, record)], now_ms)
            self._image.apply(PRODUCER_IDS, record)
            self._next, self._end = first, first + BLOCK_SIZE
        self._next += 1
        return self._next - 1
