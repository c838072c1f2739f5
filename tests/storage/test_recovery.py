"""Opening a log: after a clean stop hardly anything is read, after a crash what may be torn is."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from odradek.storage.check import check_log
from odradek.storage.errors import LogCorrupted
from odradek.storage.faulty_file_system import FaultyFileSystem
from odradek.storage.file_system import File, parent_directory
from odradek.storage.log import LogConfig
from odradek.storage.memory_file_system import MemoryFileSystem
from tests.storage.logs import (
    DIRECTORY,
    NOW_MS,
    SMALL,
    TOPIC_ID,
    append,
    batch,
    contents,
    fill,
    flip,
    new_log,
    reopen,
    segment_path,
    send,
    sync,
)


class CountingFileSystem(MemoryFileSystem):
    """Counts the bytes that are read from segment files, by their paths."""

    def __init__(self) -> None:
        super().__init__()
        self.read: dict[str, list[tuple[int, int]]] = {}

    def open(self, path: str, *, create: bool = False, exclusive: bool = False) -> File:
        file = super().open(path, create=create, exclusive=exclusive)
        if not path.endswith(".log"):
            return file
        return _CountingFile(file, self.read.setdefault(path, []))


class _CountingFile:
    def __init__(self, file: File, read: list[tuple[int, int]]) -> None:
        self._file = file
        self._read = read
        self.path = file.path
        self.write_at = file.write_at
        self.size = file.size
        self.truncate = file.truncate
        self.sync = file.sync
        self.region = file.region
        self.close = file.close

    def read_at(self, offset: int, size: int) -> bytes:
        data = self._file.read_at(offset, size)
        self._read.append((offset, len(data)))
        return data


def test_nothing_is_scanned_after_a_clean_stop() -> None:
    """Of the last segment what lies behind the last index entry is read, of the others nothing."""
    file_system, config = CountingFileSystem(), LogConfig(segment_bytes=50_000)
    log = new_log(file_system, config)
    fill(log, 1800)
    assert len(log.segments) > 3
    last = log.segments[-1].path
    log.close()
    file_system.read.clear()
    log = reopen(file_system, config, clean=True, recovery_point=1800)
    assert (log.log_end_offset, log.recovery_point) == (1800, 1800)
    assert list(file_system.read) == [last]
    assert sum(size for _, size in file_system.read[last]) <= config.index_interval_bytes + 200


def test_only_what_lies_beyond_the_recovery_point_is_read_after_a_crash() -> None:
    """From the index entry before it on, in its segment and those behind."""
    file_system, config = CountingFileSystem(), LogConfig(segment_bytes=50_000)
    log = new_log(file_system, config)
    fill(log, 1200)
    sync(log, checkpoint=True)
    fill(log, 100)
    position = log.read(1200, 1).position
    base = log.segments[-1].base_offset
    assert base < 1200
    log.close(clean=False)
    file_system.read.clear()
    log = reopen(file_system, config, recovery_point=1200)
    assert log.log_end_offset == 1300
    assert list(file_system.read) == [segment_path(base)]
    assert min(offset for offset, _ in file_system.read[segment_path(base)]) >= position - 4096 - 200


@pytest.mark.parametrize("recovery_point", [0, 5, 17, 30])
def test_recovered_indexes_are_those_that_were_lost(recovery_point: int) -> None:
    """Recovery makes the same entries that appending made."""
    file_system = MemoryFileSystem()
    log = new_log(file_system)
    fill(log, recovery_point)
    sync(log, checkpoint=True)
    fill(log, 40 - recovery_point)
    log.close(clean=False)
    reopen(file_system, recovery_point=recovery_point).close()
    other = MemoryFileSystem()
    untouched = new_log(other)
    fill(untouched, 40)
    untouched.close()
    for name in other.list(DIRECTORY):
        if not name.endswith(".timeindex"):  # checkpoints may have entered a largest timestamp more
            path = f"{DIRECTORY}/{name}"
            assert file_system.read_bytes(path) == other.read_bytes(path), name
    assert check_log(file_system, DIRECTORY) == []


def test_a_torn_tail_is_cut_at_the_last_whole_batch() -> None:
    """Wherever the file was torn: the batches before are there, the rest is gone, and appending goes on."""
    file_system = MemoryFileSystem()
    log = new_log(file_system, LogConfig())
    fill(log, 10)
    size = log.size // 10
    data = file_system.read_bytes(segment_path(0))
    log.close(clean=False)
    for torn in range(8 * size, 10 * size):
        for tail in (b"", bytes(300), b"\xff" * 77):
            file = file_system.open(segment_path(0))
            file.truncate(0)
            file.write_at(0, data[:torn] + tail)
            file.close()
            log = reopen(file_system, LogConfig())
            left = data[:torn] + tail  # the tail may be by chance what was there
            whole = next(n for n in range(10, -1, -1) if left[: n * size] == data[: n * size])
            assert (log.log_end_offset, log.size) == (whole, whole * size)
            assert (log.torn is None) == (len(left) == whole * size)
            assert file_system.size(segment_path(0)) == log.size
            log.close(clean=False)


def test_batches_behind_a_lost_one_are_cut_too() -> None:
    """Writes may reach the disk in another order: nothing behind a hole is kept, later segments neither."""
    file_system = MemoryFileSystem()
    log = new_log(file_system)
    fill(log, 30)
    base = log.segments[1].base_offset
    log.close(clean=False)
    file = file_system.open(segment_path(base))
    file.write_at(110, bytes(50))
    log = reopen(file_system, recovery_point=base)
    assert log.log_end_offset == base + 1
    assert log.torn is not None
    assert (log.torn.path, log.torn.position) == (segment_path(base), 108)
    assert len([name for name in file_system.list(DIRECTORY) if name.endswith(".log")]) == 2
    fill(log, 5)
    assert [offset for offset, _ in contents(log)] == list(range(base + 6))


def test_a_lost_segment_ends_the_log() -> None:
    """A file whose name never reached the disk: what follows cannot be reached either."""
    file_system = MemoryFileSystem()
    log = new_log(file_system)
    fill(log, 30)
    base = log.segments[1].base_offset
    log.close(clean=False)
    file_system.remove(segment_path(base))
    log = reopen(file_system)
    assert (log.log_end_offset, len(log.segments)) == (base, 1)
    assert log.torn is not None


@pytest.mark.parametrize("clean", [True, False])
def test_damage_below_the_recovery_point_is_told(clean: bool) -> None:
    """Synced data that is gone: the log does not open, and file and position are named."""
    file_system = MemoryFileSystem()
    log = new_log(file_system, LogConfig())
    fill(log, 10)
    size = log.size // 10
    log.close()
    file_system.open(segment_path(0)).truncate(7 * size + 3)
    with pytest.raises(LogCorrupted) as caught:
        reopen(file_system, LogConfig(), clean=clean, recovery_point=10)
    assert (caught.value.path, caught.value.position) == (segment_path(0), 7 * size)
    assert file_system.size(segment_path(0)) == 7 * size + 3, "nothing is repaired that is damaged"


def test_a_log_shorter_than_its_recovery_point_is_told() -> None:
    """Also if it ends with a whole batch, or has no segments at all."""
    file_system = MemoryFileSystem()
    log = new_log(file_system, LogConfig())
    fill(log, 10)
    size = log.size // 10
    log.close()
    file_system.open(segment_path(0)).truncate(7 * size)
    for clean in (True, False):
        with pytest.raises(LogCorrupted):
            reopen(file_system, LogConfig(), clean=clean, recovery_point=10)
    file_system.remove(segment_path(0))
    with pytest.raises(LogCorrupted):
        reopen(file_system, LogConfig(), recovery_point=10)


@pytest.mark.parametrize("suffix", [".index", ".timeindex"])
@pytest.mark.parametrize("spoil", ["remove", "tear"])
@pytest.mark.parametrize("clean", [True, False])
def test_indexes_are_made_again(suffix: str, spoil: str, clean: bool) -> None:
    """Whatever is missing of them, in the segments that are relied on and in those that are read."""
    file_system = MemoryFileSystem()
    log = new_log(file_system)
    fill(log, 60)
    bases = [segment.base_offset for segment in log.segments]
    log.close()
    for base in bases:
        _SPOIL[spoil](file_system, segment_path(base, suffix))
    log = reopen(file_system, clean=clean, recovery_point=60)
    assert [offset for offset, _ in contents(log)] == list(range(60))
    found = log.find_by_timestamp(NOW_MS + 33)
    assert found is not None
    assert found.offset == 33
    log.close()
    assert check_log(file_system, DIRECTORY) == []


def _tear(file_system: MemoryFileSystem, path: str) -> None:
    file_system.open(path).truncate(max(1, file_system.size(path) - 3))


def _garble(file_system: MemoryFileSystem, path: str) -> None:
    file = file_system.open(path)
    file.write_at(0, b"\x12\x34\x56\x78" * (file.size() // 4))


_SPOIL: dict[str, Callable[[MemoryFileSystem, str], None]] = {
    "remove": MemoryFileSystem.remove,
    "tear": _tear,
}


def test_an_index_that_leads_astray_is_not_followed() -> None:
    """Its entries below the recovery point may have decayed: then the segment is read from its beginning."""
    file_system, config = MemoryFileSystem(), LogConfig(index_interval_bytes=150)
    log = new_log(file_system, config)
    fill(log, 50)
    sync(log, checkpoint=True)
    fill(log, 10)
    log.close(clean=False)
    _garble(file_system, segment_path(0, ".index"))
    log = reopen(file_system, config, recovery_point=50)
    assert [offset for offset, _ in contents(log)] == list(range(60))


def test_a_log_that_was_never_synced_may_have_lost_everything() -> None:
    """Torn metadata and no segments are what a crash during the creation leaves: the log is empty, and
    usable.
    """
    file_system = MemoryFileSystem()
    new_log(file_system)
    for name in file_system.list(DIRECTORY):
        file_system.remove(f"{DIRECTORY}/{name}")
    file_system.open(f"{DIRECTORY}/partition.metadata", create=True).write_at(0, b"version")
    log = reopen(file_system)
    assert log.topic_id is None
    log.set_topic_id(TOPIC_ID)
    fill(log, 2)
    log.close()
    assert reopen(file_system, clean=True).topic_id == TOPIC_ID


def test_leader_epochs_come_from_their_file_and_from_the_batches() -> None:
    """Below the recovery point from the one, beyond it from the others."""
    file_system = MemoryFileSystem()
    log = new_log(file_system)
    append(log, batch(), leader_epoch=1)
    append(log, batch(), leader_epoch=4)
    sync(log, checkpoint=True)
    append(log, batch(), leader_epoch=5)
    append(log, batch(), leader_epoch=9)
    log.close(clean=False)
    log = reopen(file_system, recovery_point=2)
    assert log.leader_epochs.entries == [(1, 0), (4, 1), (5, 2), (9, 3)]


def test_records_that_were_to_be_deleted_may_be_lost() -> None:
    """A log start that was written down, and a crash that took unsynced batches below it: it begins there,
    empty.
    """
    file_system = MemoryFileSystem()
    log = new_log(file_system)
    fill(log, 9)
    log.advance_log_start_offset(9)
    log.close(clean=False)
    file_system.open(segment_path(0)).truncate(100)
    log = reopen(file_system, log_start_offset=9)
    assert (log.log_start_offset, log.log_end_offset) == (9, 9)
    fill(log, 1)
    assert contents(log)[0][0] == 9


def test_a_log_without_its_records_has_no_leader_epochs() -> None:
    """Not after the first start behind the crash either, so that a second start finds the same."""
    file_system = MemoryFileSystem()
    log = new_log(file_system)
    fill(log, 9)
    sync(log, checkpoint=True)
    log.roll()
    log.advance_log_start_offset(9)
    log.close(clean=False)
    for _ in range(2):
        log = reopen(file_system, recovery_point=9, log_start_offset=9)
        assert log.leader_epochs.entries == []
        sync(log, checkpoint=True)
        log.close(clean=False)


def test_leftovers_are_cleared_away() -> None:
    """Half-written and deleted files, and indexes without their segments; an unfinished compaction is not
    touched.
    """
    file_system = MemoryFileSystem()
    log = new_log(file_system)
    fill(log, 3)
    log.close()
    names = file_system.list(DIRECTORY)
    for name in ("00000000000000000007.index", "00000000000000000007.log.deleted", "x.tmp", "y.cleaned"):
        file_system.open(f"{DIRECTORY}/{name}", create=True).write_at(0, b"x")
    reopen(file_system, clean=True).close()
    assert file_system.list(DIRECTORY) == names
    file_system.open(segment_path(0, ".log.swap"), create=True)
    with pytest.raises(LogCorrupted):
        reopen(file_system, clean=True)


def test_compacted_logs_have_gaps() -> None:
    """Where compaction has removed batches, offsets are missing: reads go on with what follows."""
    file_system, config = MemoryFileSystem(), SMALL._replace(compacted=True)
    log = new_log(file_system, config)
    fill(log, 30)
    base, size = log.segments[1].base_offset, 108
    data = file_system.read_bytes(segment_path(base))
    log.close()
    file = file_system.open(segment_path(base))
    file.truncate(0)
    file.write_at(0, data[size : 3 * size] + data[5 * size :])
    for clean in (True, False):
        for suffix in (".index", ".timeindex"):
            file_system.remove(segment_path(base, suffix))
        log = reopen(file_system, config, clean=clean)
        missing = {base, base + 3, base + 4}
        assert [offset for offset, _ in contents(log)] == [n for n in range(30) if n not in missing]
        assert log.read(base, 1).records.read()[:8] == (base + 1).to_bytes(8, "big")
        log.close()
    assert check_log(file_system, DIRECTORY, gaps=True) == []
    assert check_log(file_system, DIRECTORY) != []


def test_flipped_bits_beyond_the_recovery_point_are_cut() -> None:
    """They are a torn tail; the same in data that was synced is damage, found when it is read."""
    file_system = MemoryFileSystem()
    log = new_log(file_system, LogConfig())
    fill(log, 10)
    log.close(clean=False)
    flip(file_system, segment_path(0), 5 * 108 + 80)
    assert reopen(file_system, LogConfig(), recovery_point=2).log_end_offset == 5


def test_the_topic_id_is_synced_with_what_is_recovered() -> None:
    """A process that is killed before its first sync leaves that of the topic id to the next one."""
    file_system = FaultyFileSystem()
    new_log(file_system).close(clean=False)
    killed = file_system.process_kill()
    log = reopen(killed)
    fill(log, 2)
    sync(log, checkpoint=True)
    killed.sync_directory("data")
    killed.sync_directory("/")
    for seed in range(40):
        assert reopen(killed.power_loss(Random(seed)), recovery_point=2).topic_id == TOPIC_ID


def test_a_truncation_that_was_killed_is_synced_by_the_next_start() -> None:
    """What a start has seen to be gone does not come back when the power is lost then."""
    file_system = FaultyFileSystem()
    log = new_log(file_system, LogConfig())
    fill(log, 10)
    sync(log)
    left: list[FaultyFileSystem] = []
    file_system.on_change = lambda: left.append(file_system.process_kill())
    log.truncate_to(6)
    for killed in left:
        killed.sync_directory("data")
        killed.sync_directory("/")
        end = reopen(killed, LogConfig()).log_end_offset
        for seed in range(10):
            assert reopen(killed.power_loss(Random(seed)), LogConfig()).log_end_offset == end


@pytest.mark.parametrize("recovery_point", [0, 2])
def test_what_a_start_finds_in_any_segment_is_synced(recovery_point: int) -> None:
    """It is readable at once, and a producer who repeats it is told where it is: a loss of power must not
    take it then, though the killed process had synced none of it, and had begun further segments.
    """
    file_system = FaultyFileSystem()
    log = new_log(file_system)
    fill(log, recovery_point)
    sync(log, checkpoint=True)
    for sequence in range(3):
        log.roll()
        send(log, sequence)
    killed = file_system.process_kill()
    killed.sync_directory("data")
    killed.sync_directory("/")
    log = reopen(killed, recovery_point=recovery_point)
    assert send(log, 0) == (recovery_point, True)
    found = contents(log)
    for seed in range(40):
        assert contents(reopen(killed.power_loss(Random(seed)), recovery_point=recovery_point)) == found


@pytest.mark.parametrize("seed", range(20))
def test_what_a_killed_recovery_cut_from_an_index_does_not_come_back(seed: int) -> None:
    """The next start finds the index cut and has nothing to change in it; it is synced all the same before
    anything relies on it.
    """
    file_system, config = FaultyFileSystem(), LogConfig()
    log = new_log(file_system, config)
    fill(log, 4)
    log.close()
    file_system.sync_directory(parent_directory(DIRECTORY))
    file_system.sync_directory(parent_directory(parent_directory(DIRECTORY)))
    index = segment_path(0, ".index")
    wrong = file_system.open(index)
    wrong.write_at(0, (3).to_bytes(4, "big") + (150).to_bytes(4, "big"))
    wrong.sync()
    wrong.truncate(0)  # the recovery, before it was killed
    killed = file_system.process_kill()
    log = reopen(killed, config, recovery_point=2)
    end_offset = log.log_end_offset
    log.close()
    lost = killed.power_loss(Random(seed))
    log = reopen(lost, config, clean=True, recovery_point=end_offset)
    assert log.log_end_offset == end_offset
