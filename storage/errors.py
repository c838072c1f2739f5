"""What storage raises. Each error names the code that a client is told."""

from __future__ import annotations

from ..protocol.errors import ErrorCode


class StorageError(Exception):
    """The base of all errors of this room. `error_code` is what Kafka answers in this case."""

    error_code = ErrorCode.UNKNOWN_SERVER_ERROR


class StorageFailed(StorageError):
    """The file system refused something: the log is as it was, or it is offline (`Log.offline` tells)."""

    error_code = ErrorCode.KAFKA_STORAGE_ERROR


class LogCorrupted(StorageError):
    """Bytes that should be whole are not: `reason`, found in the file `path` at the byte `position`."""

    error_code = ErrorCode.KAFKA_STORAGE_ERROR

    def __init__(self, path: str, position: int, reason: str) -> None:
        super().__init__(f"{path} is damaged at byte {position}: {reason}")
        self.path = path
        self.position = position
        self.reason = reason


class CheckpointCorrupted(StorageError):
    """A checkpoint or properties file cannot be read."""

    error_code = ErrorCode.KAFKA_STORAGE_ERROR


class OffsetOutOfRange(StorageError):
    """The offset lies before the log start offset or after the log end offset."""

    error_code = ErrorCode.OFFSET_OUT_OF_RANGE

    def __init__(self, offset: int, log_start_offset: int, log_end_offset: int) -> None:
        super().__init__(f"offset {offset} is not within {log_start_offset} to {log_end_offset}")
        self.offset = offset
        self.log_start_offset = log_start_offset
        self.log_end_offset = log_end_offset


class RecordListTooLarge(StorageError):
    """The batches are larger than a whole segment may be (`segment.bytes`)."""

    error_code = ErrorCode.RECORD_LIST_TOO_LARGE


class OutOfOrderSequence(StorageError):
    """An idempotent producer's base sequence does not follow its last one (KIP-98)."""

    error_code = ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER


class InvalidProducerEpoch(StorageError):
    """The producer's epoch is older than the newest one seen: it has been fenced (KIP-360, KIP-588)."""

    error_code = ErrorCode.INVALID_PRODUCER_EPOCH


class InvalidTransactionState(StorageError):
    """A batch outside of a transaction from a producer that has one open."""

    error_code = ErrorCode.INVALID_TXN_STATE


class TransactionCoordinatorFenced(StorageError):
    """A control record of a transaction coordinator that has been replaced."""

    error_code = ErrorCode.TRANSACTION_COORDINATOR_FENCED
