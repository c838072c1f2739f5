"""Aborted transactions (KIP-98): the `.txnindex` files, what a fetch is told, and what survives."""

from __future__ import annotations

import random
import struct

import pytest

from odradek.storage.file_system import FileSystem
from odradek.storage.log import Log, LogConfig
from odradek.storage.memory_file_system import MemoryFileSystem
from odradek.storage.transaction_index import AbortedTransaction

from .logs import DIRECTORY, SMALL, append, batch, marker, new_log, reopen, sync

LARGE = LogConfig()
Transactions = list[tuple[int, int, int]]


def aborted(log: Log, start: int = 0, end: int | None = None) -> Transactions:
    """What a reader of the committed records from `start` to `end` is told, piece by piece."""
    upper = log.last_stable_offset if end is None else end
    found: dict[tuple[int, int, int], None] = {}
    while start < upper:
        piece = log.read(start, 300, upper_offset=upper)
        for each in log.aborted_transactions(piece, upper):
            found[each[:3]] = None
        data = piece.records.read()
        while data:
            length = int.from_bytes(data[8:12], "big") + 12
            if length <= len(data):
                start = int.from_bytes(data[:8], "big") + int.from_bytes(data[23:27], "big") + 1
            data = data[length:]
    return list(found)


def file_of(base_offset: int) -> str:
    return f"{DIRECTORY}/{base_offset:020d}.txnindex"


def test_the_file_is_that_of_apache_kafka() -> None:
    """AbortedTxn version 0: version, producer id, first, last and last stable offset, 34 bytes in all."""
    file_system = MemoryFileSystem()
    log = new_log(file_system, LARGE)
    append(log, batch(b"a", b"b", producer_id=7, transactional=True))
    append(log, batch(b"c", producer_id=8, transactional=True))
    append(log, marker(8, 0, commit=False))
    append(log, marker(7, 0, commit=False))
    log.close()
    data = file_system.read_bytes(file_of(0))
    assert data == struct.pack(">hqqqq", 0, 8, 2, 3, 0) + struct.pack(">hqqqq", 0, 7, 0, 4, 5)


def test_a_log_without_aborted_transactions_has_no_file() -> None:
    """Committed ones leave no trace, nor do markers of transactions without records."""
    file_system = MemoryFileSystem()
    log = new_log(file_system, LARGE)
    append(log, batch(b"a", producer_id=7, transactional=True))
    append(log, marker(7, 0, commit=True))
    append(log, marker(8, 0, commit=False))
    log.close()
    assert not file_system.exists(file_of(0))
    assert log.last_stable_offset == 3


def test_a_reader_is_told_of_those_in_its_piece() -> None:
    """Those that began before the end of the piece and ended behind its beginning, and no other."""
    log = new_log(MemoryFileSystem(), LogConfig(index_interval_bytes=1))
    for number in range(10):
        append(log, batch(bytes(200), producer_id=number, transactional=True))
        append(log, marker(number, 0, commit=number % 2 == 0))
    piece = log.read(6, 300)
    told = log.aborted_transactions(piece, log.last_stable_offset)
    assert AbortedTransaction(3, 6, 7, 8) in told
    assert len(told) <= 2
    assert log.aborted_transactions(log.read(20, 300), 20) == []
    assert aborted(log) == [(number, 2 * number, 2 * number + 1) for number in range(1, 10, 2)]
    log.close()


def test_the_last_stable_offset_is_not_before_the_log_start() -> None:
    """Records of an open transaction may be deleted; reading committed records begins where the log does."""
    log = new_log(MemoryFileSystem(), LARGE)
    append(log, batch(b"a", b"b", b"c", producer_id=7, transactional=True))
    log.advance_log_start_offset(2)
    assert log.last_stable_offset == 2
    log.close()


def test_a_truncation_takes_them_back() -> None:
    """A transaction whose marker is cut off is open again."""
    log = new_log(MemoryFileSystem(), LARGE)
    append(log, batch(b"a", producer_id=7, transactional=True))
    append(log, marker(7, 0, commit=False))
    append(log, batch(b"a", producer_id=8, transactional=True))
    append(log, marker(8, 0, commit=False))
    sync(log, checkpoint=True)
    log.truncate_to(3)
    assert aborted(log) == [(7, 0, 1)]
    assert log.last_stable_offset == 2
    append(log, marker(8, 0, commit=True))
    assert aborted(log) == [(7, 0, 1)]
    log.close()


@pytest.mark.parametrize("tail", [b"\0", b"\0\1" + bytes(32), struct.pack(">hqqqq", 0, 8, 9, 3, 0)])
def test_a_damaged_file_is_made_anew(tail: bytes) -> None:
    """Half an entry, one of an unknown version, one that cannot be: the log tells what was in it."""
    file_system = MemoryFileSystem()
    log = new_log(file_system, LARGE)
    append(log, batch(b"a", producer_id=7, transactional=True))
    append(log, marker(7, 0, commit=False))
    log.close()
    file = file_system.open(file_of(0))
    file.write_at(file.size(), tail)
    file.close()
    log = reopen(file_system, LARGE, clean=True)
    assert aborted(log) == [(7, 0, 1)]
    log.close()


class _Producers:
    """Four producers that write, commit and abort; `ended` are the aborted transactions, by their ends."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.ended: Transactions = []
        self._open_since: dict[int, int] = {}
        self._sequences = dict.fromkeys(range(4), 0)

    def run(self, log: Log, steps: int) -> None:
        for _ in range(steps):
            producer_id = self.random.randrange(4)
            if producer_id in self._open_since and self.random.random() < 0.5:
                self._end(log, producer_id)
            else:
                self._write(log, producer_id)

    def _end(self, log: Log, producer_id: int) -> None:
        commit = self.random.random() < 0.5
        last = append(log, marker(producer_id, 0, commit=commit)).last_offset
        first = self._open_since.pop(producer_id)
        if not commit:
            self.ended.append((producer_id, first, last))

    def _write(self, log: Log, producer_id: int) -> None:
        size, sequence = self.random.randrange(1, 200), self._sequences[producer_id]
        written = batch(bytes(size), producer_id=producer_id, sequence=sequence, transactional=True)
        self._open_since.setdefault(producer_id, append(log, written).base_offset)
        self._sequences[producer_id] += 1


@pytest.mark.parametrize("seed", range(40))
def test_any_history_is_told_right_whatever_stops_the_broker(seed: int) -> None:
    """After a clean stop, and after a crash whatever the recovery point, and after retention: the same."""
    producers = _Producers(seed)
    choose = producers.random
    file_system: FileSystem = MemoryFileSystem()
    log = new_log(file_system)
    producers.run(log, choose.randrange(100))
    sync(log, checkpoint=True)
    point = log.recovery_point
    producers.run(log, choose.randrange(100))
    stable = log.last_stable_offset
    expected = sorted(each for each in producers.ended if each[1] < stable)
    assert sorted(aborted(log)) == expected
    clean = choose.random() < 0.5
    log.close(clean=clean)
    log = reopen(file_system, SMALL, clean=clean, recovery_point=point)
    assert log.last_stable_offset == stable
    assert sorted(aborted(log)) == expected
    start = choose.randrange(max(stable, 1))
    log.advance_log_start_offset(start)
    assert sorted(aborted(log, start)) == [each for each in expected if each[2] >= start]
    log.close()


def test_a_second_crash_takes_nothing_that_was_synced() -> None:
    """What a recovery keeps stays in the file: the next crash may come before the next checkpoint."""
    file_system = MemoryFileSystem()
    log = new_log(file_system, LARGE)
    append(log, batch(b"a", producer_id=7, transactional=True))
    append(log, marker(7, 0, commit=False))
    sync(log, checkpoint=True)
    for _ in range(2):
        log.close(clean=False)
        log = reopen(file_system, LARGE, recovery_point=2)
        assert aborted(log) == [(7, 0, 1)]
    log.close()
