"""The log of `__cluster_metadata-0`: every topic, configuration and block of producer ids, as Kafka's
records.

What a broker knows after a restart is what replaying this log gives, and nothing else. One change is one
batch, so it is there as a whole or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..protocol.errors import ProtocolError
from ..protocol.messages import metadata_records
from ..protocol.messages.metadata_records import read_record, write_record
from ..protocol.record_batch import Record, batches, build_batch
from ..protocol.schema import Message
from ..storage.errors import StorageFailed
from ..storage.log import Log, SyncTicket
from .replay import replay
from .sync_queue import SyncQueue

TOPIC_NAME = "__cluster_metadata"
MetadataRecord = tuple[Message, Any]

_LEADER_EPOCH = 1


class MetadataLog:
    """Appends to and replays the metadata log. It leads every sync round that it is part of."""

    def __init__(self, log: Log, syncs: SyncQueue) -> None:
        self.log = log
        self._syncs = syncs
        syncs.leading = self

    def append(self, records: Sequence[MetadataRecord], now_ms: int) -> None:
        """Append one change: (message type, value) pairs. All of it survives the process, or StorageFailed
        is raised.

        It is synced in the background, and before anything that is acknowledged as durable after it.
        """
        rows = [
            Record(offset, now_ms, None, write_record(message, value))
            for offset, (message, value) in enumerate(records)
        ]
        batch = memoryview(build_batch(rows))
        epoch = max(_LEADER_EPOCH, self.log.leader_epochs.latest_epoch)
        self.log.append(batch, list(batches(batch)), now_ms=now_ms, leader_epoch=epoch)
        self._syncs.request(self)

    def replay(self) -> Iterator[MetadataRecord]:
        """Every record that counts, oldest first. Types this broker does not know are left out.

        The records between the marks of a metadata transaction (KIP-868) count once it has ended.
        """
        parked: list[MetadataRecord] | None = None
        for header, rows in replay(self.log):
            if header.is_control:  # KRaft's own: leader changes, snapshot marks
                continue
            for row in rows:
                record = _parse(row.value)
                if record is None:
                    continue
                kind = record[0]
                if kind is metadata_records.BEGIN_TRANSACTION:
                    parked = []
                elif kind is metadata_records.ABORT_TRANSACTION:
                    parked = None
                elif kind is metadata_records.END_TRANSACTION:
                    yield from parked or ()
                    parked = None
                elif parked is not None:
                    parked.append(record)
                else:
                    yield record

    @property
    def needs_checkpoint(self) -> bool:
        """Whether a start after a crash would have to check some of the log."""
        return self.log.offline is None and self.log.recovery_point < self.log.log_end_offset

    def begin_sync(self, checkpoint: bool) -> SyncTicket | None:
        """For the sync queue."""
        try:
            return None if self.log.offline is not None else self.log.begin_sync(checkpoint)
        except StorageFailed:
            return None

    def finish_sync(self, ticket: SyncTicket, error: OSError | None) -> None:
        """For the sync queue. After a failure no change is accepted any more."""
        self.log.finish_sync(ticket, error)

    def close(self, clean: bool) -> None:
        """Close the log. Raises StorageFailed when a clean close does not succeed."""
        self.log.close(clean)

    def require_online(self) -> None:
        """Raise StorageFailed when no change can be written."""
        if self.log.offline is not None:
            raise StorageFailed(self.log.offline)


def _parse(value: bytes | None) -> MetadataRecord | None:
    try:
        return read_record(value or b"")
    except ProtocolError:
        return None
