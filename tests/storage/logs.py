"""Logs for tests: made, filled and read in a line each."""

from __future__ import annotations

from odradek.protocol.record_batch import Record, batches, build_batch, records
from odradek.storage.file_system import FileSystem
from odradek.storage.log import AppendResult, Log, LogConfig

DIRECTORY = "data/flights-0"
TOPIC_ID = bytes(range(16))
NOW_MS = 1_700_000_000_000
SMALL = LogConfig(segment_bytes=1000, index_interval_bytes=150)


def new_log(file_system: FileSystem, config: LogConfig = SMALL, directory: str = DIRECTORY) -> Log:
    """An empty log in its own directory."""
    file_system.make_directories("data")
    return Log.create(file_system, directory, config, TOPIC_ID, now_ms=NOW_MS)


def reopen(
    file_system: FileSystem,
    config: LogConfig = SMALL,
    *,
    clean: bool = False,
    recovery_point: int = 0,
    log_start_offset: int = 0,
) -> Log:
    """The log as the next process finds it."""
    return Log.open(
        file_system,
        DIRECTORY,
        config,
        clean=clean,
        recovery_point=recovery_point,
        log_start_offset=log_start_offset,
        now_ms=NOW_MS,
    )


def batch(
    *values: bytes,
    timestamp: int = NOW_MS,
    producer_id: int = -1,
    epoch: int = 0,
    sequence: int = 0,
    transactional: bool = False,
) -> bytearray:
    """A batch with a record for each value, a millisecond apart."""
    rows = [Record(number, timestamp + number, None, value) for number, value in enumerate(values or (b"x",))]
    if producer_id < 0:
        return bytearray(build_batch(rows))
    return bytearray(
        build_batch(
            rows,
            producer_id=producer_id,
            producer_epoch=epoch,
            base_sequence=sequence,
            is_transactional=transactional,
        )
    )


def marker(producer_id: int, epoch: int, *, commit: bool, coordinator_epoch: int = 0) -> bytearray:
    """The control batch that ends a transaction (KIP-98)."""
    key = bytes(2) + (b"\0\1" if commit else b"\0\0")
    value = bytes(2) + coordinator_epoch.to_bytes(4, "big")
    row = Record(0, NOW_MS, key, value)
    return bytearray(
        build_batch(
            [row], producer_id=producer_id, producer_epoch=epoch, is_control=True, is_transactional=True
        )
    )


def append(log: Log, *data: bytearray, now_ms: int = NOW_MS, leader_epoch: int = 0) -> AppendResult:
    """Append batches with one call."""
    buffer = bytearray(b"".join(data))
    return log.append(memoryview(buffer), list(batches(buffer)), now_ms=now_ms, leader_epoch=leader_epoch)


def fill(log: Log, count: int, size: int = 40) -> None:
    """Append that many batches of one record, whose values are their numbers."""
    for _ in range(count):
        append(log, batch(b"%0*d" % (size, log.log_end_offset), timestamp=NOW_MS + log.log_end_offset))


def contents(log: Log, max_bytes: int = 400) -> list[tuple[int, bytes | None]]:
    """Offset and value of all records, by reads of at most `max_bytes`."""
    found: list[tuple[int, bytes | None]] = []
    offset = log.log_start_offset
    while offset < log.log_end_offset:
        data = memoryview(log.read(offset, max_bytes).records.read())
        whole = _whole(data)
        assert len(whole) > 0, f"nothing is read at {offset}"
        for header in batches(whole):
            rows = records(whole, header, 1 << 20)
            found += [(row.offset, row.value) for row in rows if row.offset >= offset]
            next_offset = header.last_offset + 1
        offset = next_offset
    return found


def _whole(data: memoryview) -> memoryview:
    """The batches that are there as a whole: a read may end within one."""
    position = 0
    while len(data) - position >= 12:
        size = 12 + int.from_bytes(data[position + 8 : position + 12], "big")
        if position + size > len(data):
            break
        position += size
    return data[:position]


def sync(log: Log, *, checkpoint: bool = False) -> None:
    """Make durable what there is."""
    ticket = log.begin_sync(checkpoint)
    if ticket is not None:
        log.finish_sync(ticket, ticket.run())


def flip(file_system: FileSystem, path: str, position: int, mask: int = 1) -> None:
    """Damage a byte of a file."""
    file = file_system.open(path)
    byte = file.read_at(position, 1)[0] ^ mask
    file.write_at(position, bytes([byte]))
    file.close()


def segment_path(base_offset: int, suffix: str = ".log") -> str:
    """A file of the segment that begins at `base_offset`."""
    return f"{DIRECTORY}/{base_offset:020d}{suffix}"


def send(
    log: Log, sequence: int, count: int = 1, *, epoch: int = 0, producer_id: int = 7
) -> tuple[int, bool]:
    """Append `count` records of a producer; return where they went, and whether they had been there
    before.
    """
    values = [b"%d" % (sequence + number) for number in range(count)]
    result = append(log, batch(*values, producer_id=producer_id, epoch=epoch, sequence=sequence))
    return result.base_offset, result.duplicate
