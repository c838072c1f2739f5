"""What can be wrong with records: exceptions that carry the error code by which Kafka answers a produce
request.
"""

from __future__ import annotations

from collections.abc import Sequence


class CorruptRecord(ValueError):
    """The bytes are not what they claim to be. Every failure to read records is this or one of its
    subclasses.

    `error_code` is the Kafka error code for the partition's answer.
    """

    error_code = 2  # CORRUPT_MESSAGE


class TruncatedBatch(CorruptRecord):
    """The buffer ends in the middle of a batch. `position` is where that batch begins, in bytes.

    In a log this is a torn tail. In a produce request Kafka leaves such a tail out silently.
    """

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


class InflatedTooLarge(CorruptRecord):
    """A compressed batch inflates beyond the bound. Found while inflating: no more than the bound was ever
    held.
    """

    error_code = 10  # MESSAGE_TOO_LARGE


class UnsupportedCompression(CorruptRecord):
    """A codec that this message format or this version of the API cannot carry (zstd, KIP-110)."""

    error_code = 76  # UNSUPPORTED_COMPRESSION_TYPE


class InvalidRecord(CorruptRecord):
    """Well-formed bytes that break a rule of the broker.

    `record_errors` lists (index in the batch, message) of the records that did, for `record_errors` of
    ProduceResponse v8 and later (KIP-467); it is empty when the batch as a whole is at fault.
    """

    error_code = 87  # INVALID_RECORD

    def __init__(self, message: str, record_errors: Sequence[tuple[int, str]] = ()) -> None:
        super().__init__(message)
        self.record_errors = list(record_errors)


class InvalidTimestamp(InvalidRecord):
    """At least one timestamp lies outside message.timestamp.before/after.max.ms, or the producer claims
    LogAppendTime.
    """

    error_code = 32  # INVALID_TIMESTAMP
