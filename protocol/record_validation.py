"""What the broker demands of produced records, and what it does to them before they go into the log.

The rules and their error codes are those of Kafka's produce path: what a request may carry (KIP-98, KIP-110),
then the batch header, then every record: its structure, its key on compacted topics, its timestamp (KIP-32,
KIP-937).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from .compression import Compression
from .message_set import messages, read_message_set
from .record_batch import (
    CREATE_TIME,
    LOG_APPEND_TIME,
    NO_PRODUCER_ID,
    NO_TIMESTAMP,
    BatchHeader,
    batches,
    build_batch,
    check_crc,
    inflate,
    magic_of,
    parse_header,
    set_max_timestamp,
)
from .record_errors import (
    CorruptRecord,
    InvalidRecord,
    InvalidTimestamp,
    NotOneBatch,
    RecordTooLarge,
    TruncatedBatch,
    UnsupportedCompression,
)
from .record_format import MAX_INT64, MIN_INT64, Record, parse_records, scan_records

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

FIRST_VERSION_OF_BATCHES = 3
"""From this version on a produce request carries exactly one batch of magic 2 a partition."""
FIRST_VERSION_OF_ZSTD = 7


class ProduceRules(NamedTuple):
    """A topic's configuration as far as it concerns produced records. Times in milliseconds, sizes in bytes.

    `compression` None keeps the producer's codec; a `compression_level` of None is the codec's default.
    `max_inflated_bytes` bounds what one batch may hold when inflated, which Kafka does not.
    """

    max_message_bytes: int = 1024 * 1024 + 12
    timestamp_type: int = CREATE_TIME
    timestamp_before_max_ms: int = MAX_INT64
    timestamp_after_max_ms: int = 3_600_000
    compression: Compression | None = None
    compression_level: int | None = None
    keys_required: bool = False
    max_inflated_bytes: int = 100 * 1024 * 1024


def prepare(
    buffer: ReadableBuffer, rules: ProduceRules, *, api_version: int, now_ms: int
) -> tuple[memoryview, BatchHeader]:
    """The one batch of magic 2 that a partition's produced `buffer` becomes, in a writable view, ready to
    append.

    Where nothing has to change that is the buffer itself (copied, if it is read-only); a message set, another
    codec than the topic's, or odd offsets make a new batch. Offsets run from 0; the largest timestamp is
    true; with LOG_APPEND_TIME it is `now_ms`.

    Raises CorruptRecord and its subclasses with the error code to answer, and `record_errors` where single
    records are at fault.
    """
    view = memoryview(buffer)
    if api_version < FIRST_VERSION_OF_BATCHES and magic_of(view) in (0, 1):
        return _prepare_message_set(view, rules, now_ms)
    header = check_batch(view, rules, api_version=api_version)
    view = memoryview(bytearray(view[: header.end])) if view.readonly else view[: header.end]
    data = inflate(view, header, rules.max_inflated_bytes)
    target = header.compression if rules.compression is None else rules.compression
    try:
        max_timestamp, sequential = _check_records(header, data, rules, now_ms)
        if sequential and target is header.compression:
            set_max_timestamp(view, header, rules.timestamp_type, max_timestamp)
            return view, header
        parsed = parse_records(data, header.record_count, 0, header.base_timestamp, _append_time(header))
    except InvalidRecord:
        raise
    except CorruptRecord as error:  # the checksum was right: the producer meant these bytes
        raise InvalidRecord(str(error)) from None
    return _rebuild(parsed, target, rules, max_timestamp, header)


def check_batch(buffer: ReadableBuffer, rules: ProduceRules, *, api_version: int) -> BatchHeader:
    """The header of the one batch in a partition's produced data, with everything checked but the records.

    Bytes behind it that are no whole batch do not count. Raises CorruptRecord and its subclasses.
    """
    header = _only_batch(buffer, api_version)
    if header.base_offset != 0:
        raise InvalidRecord(f"the batch has base offset {header.base_offset}, a producer's begin at 0")
    if header.size > rules.max_message_bytes:
        raise RecordTooLarge(f"a batch of {header.size} bytes, {rules.max_message_bytes} are allowed")
    check_crc(buffer, header)
    count = header.record_count
    if count <= 0 or header.last_offset_delta != count - 1:
        raise InvalidRecord(f"a batch of {count} records whose last offset is {header.last_offset_delta}")
    if header.is_control:
        raise InvalidRecord("only brokers write control records")
    if header.producer_id != NO_PRODUCER_ID and header.base_sequence < 0:
        raise InvalidRecord(f"a batch of producer {header.producer_id} with sequence {header.base_sequence}")
    return header


def _only_batch(buffer: ReadableBuffer, api_version: int) -> BatchHeader:
    magic = magic_of(buffer)
    if magic in (0, 1):
        raise NotOneBatch(f"magic {magic} in a produce request of version {api_version}")
    try:
        header = parse_header(buffer)
    except TruncatedBatch:
        raise NotOneBatch("no record batch for the partition") from None
    size = len(memoryview(buffer))
    if header.end > size:
        raise NotOneBatch("no whole record batch for the partition")
    if header.compression is Compression.ZSTD and api_version < FIRST_VERSION_OF_ZSTD:
        raise UnsupportedCompression(f"zstd in a produce request of version {api_version}")
    if header.end < size:
        _check_tail(buffer, header.end)
    return header


def _check_tail(buffer: ReadableBuffer, position: int) -> None:
    """What lies behind the batch may be a batch cut off, and nothing else."""
    try:
        next(batches(buffer, position))
    except TruncatedBatch:
        return
    raise NotOneBatch("more than one record batch for the partition")


def _append_time(header: BatchHeader) -> int | None:
    return header.max_timestamp if header.timestamp_type == LOG_APPEND_TIME else None


def _check_records(header: BatchHeader, data: bytes, rules: ProduceRules, now_ms: int) -> tuple[int, bool]:
    """The largest timestamp to put into the header, and whether the offset deltas run 0, 1, 2...

    One pass without an object per record; only where it meets something wrong are the records looked at
    singly.
    """
    scan = scan_records(data, header.record_count)
    earliest = header.base_timestamp + scan.min_timestamp_delta
    latest = header.base_timestamp + scan.max_timestamp_delta
    if not MIN_INT64 <= earliest <= latest <= MAX_INT64:
        raise InvalidTimestamp("a timestamp of more than 64 bits")
    claimed = header.timestamp_type == LOG_APPEND_TIME
    if (
        claimed
        or (rules.keys_required and scan.null_keys)
        or latest > now_ms + rules.timestamp_after_max_ms
        or earliest < now_ms - rules.timestamp_before_max_ms
    ):
        parsed = parse_records(data, header.record_count, 0, header.base_timestamp, _append_time(header))
        _check_each(parsed, rules, now_ms, claims_append_time=claimed)
        latest = header.max_timestamp if claimed else latest
    if rules.timestamp_type == LOG_APPEND_TIME:
        return now_ms, scan.sequential
    return max(latest, NO_TIMESTAMP), scan.sequential


def _check_each(
    records: Iterable[Record], rules: ProduceRules, now_ms: int, *, claims_append_time: bool
) -> None:
    """Raise InvalidTimestamp or InvalidRecord with all the records that break the rules."""
    earliest, latest = now_ms - rules.timestamp_before_max_ms, now_ms + rules.timestamp_after_max_ms
    errors: list[tuple[int, str]] = []
    of_time = 0
    for index, (_, timestamp, key, _, _) in enumerate(records):
        if rules.keys_required and key is None:
            errors.append((index, "a compacted topic takes no record without a key"))
            continue
        if rules.timestamp_type == CREATE_TIME and timestamp != NO_TIMESTAMP:
            if earliest <= timestamp <= latest:
                continue
            errors.append((index, f"timestamp {timestamp} is not within {earliest} and {latest}"))
        elif claims_append_time:
            errors.append((index, "a producer does not set the timestamp type LogAppendTime"))
        else:
            continue
        of_time += 1
    if errors:
        kind = InvalidTimestamp if of_time else InvalidRecord
        raise kind(
            f"{len(errors)} records of the batch were refused; record {errors[0][0]}: {errors[0][1]}", errors
        )


def _rebuild(
    records: Iterable[Record],
    codec: Compression,
    rules: ProduceRules,
    max_timestamp: int,
    header: BatchHeader | None = None,
) -> tuple[memoryview, BatchHeader]:
    """The records as a new batch with offsets from 0, its producer's fields kept."""
    batch = build_batch(
        [record._replace(offset=offset) for offset, record in enumerate(records)],
        compression=codec,
        level=rules.compression_level,
        timestamp_type=rules.timestamp_type,
        max_timestamp=max_timestamp,
        producer_id=header.producer_id if header else NO_PRODUCER_ID,
        producer_epoch=header.producer_epoch if header else -1,
        base_sequence=header.base_sequence if header else -1,
        is_transactional=header.is_transactional if header else False,
    )
    if len(batch) > rules.max_message_bytes:
        raise RecordTooLarge(f"a batch of {len(batch)} bytes, {rules.max_message_bytes} are allowed")
    return memoryview(batch), parse_header(batch)


def _prepare_message_set(
    view: memoryview, rules: ProduceRules, now_ms: int
) -> tuple[memoryview, BatchHeader]:
    """A set of magic 0 or 1 as a batch, kept in its codec unless the topic has its own."""
    if any(message.size > rules.max_message_bytes for message in messages(view)):
        raise RecordTooLarge(f"a message of more than {rules.max_message_bytes} bytes")
    found = read_message_set(view, rules.max_inflated_bytes)
    # To Kafka every uncompressed message is a batch of its own: the first at fault decides on the error.
    together = [found.records] if found.codec else [[record] for record in found.records]
    for records in together:
        _check_each(records, rules, now_ms, claims_append_time=found.log_append_time)
    if rules.timestamp_type == LOG_APPEND_TIME:
        max_timestamp = now_ms
    else:
        max_timestamp = max(record.timestamp for record in found.records)
    target = found.codec if rules.compression is None else rules.compression
    return _rebuild(found.records, target, rules, max_timestamp)
