"""What a topic's configuration says about its logs."""

from __future__ import annotations

from typing import NamedTuple


class LogConfig(NamedTuple):
    """The keys of a topic's configuration that its logs obey, with Kafka's defaults. Sizes in bytes, times in
    ms.
    """

    segment_bytes: int = 1 << 30  # segment.bytes: a segment that would grow beyond this is rolled first
    segment_ms: int = 7 * 24 * 3600 * 1000  # segment.ms: ... or whose first batch is older than this
    index_interval_bytes: int = 4096  # index.interval.bytes: one index entry about every so many bytes of log
    segment_index_bytes: int = (
        10 << 20
    )  # segment.index.bytes: the largest index; a segment rolls when it is full
    producer_id_expiration_ms: int = 24 * 3600 * 1000  # producer.id.expiration.ms
    compacted: bool = False  # compaction may have removed batches: gaps between offsets are no damage
