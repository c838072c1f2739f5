"""What can be wrong with records: exceptions that carry the error code of the partition's answer."""

from __future__ import annotations

from collections.abc import Sequence

from .errors import ErrorCode, ProtocolError


class CorruptRecord(ProtocolError):
    """The bytes are not what they claim to be. Whatever fails in reading records is this or a subclass.

    `error_code` is what Kafka answers a produce request for it.
    """

    error_code = ErrorCode.CORRUPT_MESSAGE


class TruncatedBatch(CorruptRecord):
    """The buffer ends in the middle of a batch. `position` is where that batch begins, in bytes.

    In a log this is a torn tail. In a produce request Kafka leaves such a tail out silently.
    """

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


class BrokenCompression(CorruptRecord):
    """Bytes that are no whole stream of their codec, or a codec that there is not.

    Kafka does not foresee it and answers UNKNOWN_SERVER_ERROR; unlike CORRUPT_MESSAGE, that keeps producers
    from sending the same bytes again.
    """

    error_code = ErrorCode.UNKNOWN_SERVER_ERROR


class RecordTooLarge(CorruptRecord):
    """A batch of more bytes than max.message.bytes."""

    error_code = ErrorCode.MESSAGE_TOO_LARGE


class InflatedTooLarge(RecordTooLarge):
    """A compressed batch inflates beyond the bound. Found while inflating, with no more held than the
    bound.
    """


class UnsupportedCompression(CorruptRecord):
    """A codec that this message format or this version of the API cannot carry (zstd, KIP-110)."""

    error_code = ErrorCode.UNSUPPORTED_COMPRESSION_TYPE


class InvalidRecord(CorruptRecord):
    """Well-formed bytes that break a rule of the broker.

    `record_errors` lists (index in the batch, message) of the records that did, for `record_errors` of
    ProduceResponse v8 and later (KIP-467); it is empty when the batch as a whole is at fault.
    """

    error_code = ErrorCode.INVALID_RECORD

    def __init__(self, message: str, record_errors: Sequence[tuple[int, str]] = ()) -> None:
        super().__init__(message)
        self.record_errors = list(record_errors)


class NotOneBatch(InvalidRecord):
    """Not the one batch of magic 2 that a request carries for a partition. Kafka sees this before the log."""


class InvalidTimestamp(InvalidRecord):
    """A timestamp beyond message.timestamp.before/after.max.ms, or one that only a broker may set."""

    error_code = ErrorCode.INVALID_TIMESTAMP
