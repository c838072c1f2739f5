"""What is left of topics by failures, kills and damage."""

from __future__ import annotations

from pathlib import Path

import pytest

from odradek.protocol.errors import ErrorCode
from odradek.storage.errors import LogCorrupted
from odradek.storage.faulty_file_system import Crash, Fault, FaultyFileSystem
from odradek.storage.file_system import RealFileSystem, write_atomically
from odradek.storage.memory_file_system import MemoryFileSystem

from .harness import Harness, batch
from .topic_desk import creatable, create, delete


def test_a_failed_creation_leaves_nothing() -> None:
    """When a directory cannot be made the topic is not there, not even in part, and can be made later."""
    for call in range(1, 30):
        disk = FaultyFileSystem()
        broker = Harness(disk)
        disk.faults = {disk.calls + call: Fault(28)}
        (row,) = create(broker, creatable("t", 2))
        disk.faults = {}
        if row.error_code:
            assert row.error_code == ErrorCode.KAFKA_STORAGE_ERROR
            assert broker.node.topics.get("t") is None
            create(broker, creatable("t", 2))
        assert broker.produce("t", batch(b"a"), partition=1).error_code == 0
        broker.restart(clean=False)
        assert broker.values("t", 1) == [b"a"]


def test_a_kill_at_every_call() -> None:
    """Killed anywhere in a topic's creation, deletion and second creation: it is whole or it is not there."""
    call, done = 0, False
    while not done:
        call += 1
        disk = FaultyFileSystem()
        broker = Harness(disk)
        disk.crash_at = disk.calls + call
        acknowledged: list[str] = []
        try:
            broker.create("t", 2)
            acknowledged.append("created")
            broker.produce("t", batch(b"a"))
            assert delete(broker, "t") == [0]
            acknowledged.append("deleted")
            broker.create("t", 2)
            acknowledged.append("created again")
            done = True
        except (Crash, AssertionError) as error:
            if not isinstance(error, Crash) and not disk._crashed:
                raise
        again = Harness(disk.process_kill())
        topic = again.node.topics.get("t")
        if topic is not None:
            assert len(topic.partitions) == 2
            assert again.produce("t", batch(b"b"), partition=1).error_code == 0
        assert topic is not None or acknowledged in ([], ["created"], ["created", "deleted"])
        if acknowledged[-1:] in (["deleted"], ["created again"]):
            assert topic is None or again.values("t") == []
        directories = [name for name in again.file_system.list("/data") if name.startswith("t-")]
        assert directories == ([] if topic is None else ["t-0", "t-1"])


def test_many_topics_are_deleted_together() -> None:
    """Ten topics in one request cost as many syncs as one, which are what the broker waits for."""
    syncs = []
    for count in (1, 10):
        disk = FaultyFileSystem()
        broker = Harness(disk)
        names = [f"t{number}" for number in range(count)]
        create(broker, *map(creatable, names))
        broker.node.syncs.run_all()
        broker.node.checkpoints.request()
        broker.node.syncs.run_all()
        before = len(disk.trace)
        assert delete(broker, *names) == [0] * count
        syncs.append(sum("sync" in call for call in disk.trace[before:]))
        assert [topic.name for topic in broker.node.topics] == ["__consumer_offsets"]
    assert syncs[0] == syncs[1] > 0


def test_a_topic_made_again_owes_nothing_to_the_checkpoints_of_the_old_one() -> None:
    """What was synced of a deleted topic is not missed, after a kill, in a new one of its name."""
    broker, name = Harness(FaultyFileSystem()), "t"
    broker.create(name)
    for _ in range(10):
        broker.produce(name, batch(b"old"))
    (partition,) = broker.node.topics.get(name).partitions  # type: ignore[union-attr]
    broker.node.syncs.request(partition, checkpoint=True)
    broker.node.syncs.run_all()
    overtaken = broker.node.folder.checkpoint_ticket()
    broker.node.folder.write_checkpoints()
    assert delete(broker, name) == [0]
    assert overtaken.run() is None  # as a thread may have it that was slow
    broker.create(name)
    broker.produce(name, batch(b"new"))
    broker.restart(clean=False)
    assert broker.values(name) == [b"new"]


def test_the_longest_name_is_free_when_its_topic_is_deleted(tmp_path: Path) -> None:
    """What is left of its directories has another name, which must not be longer than a file's may be."""
    broker, name = Harness(RealFileSystem(), log_dirs=str(tmp_path)), "t" * 249
    broker.create(name)
    broker.produce(name, batch(b"old"))
    assert delete(broker, name) == [0]
    broker.create(name)
    assert broker.values(name) == []
    broker.node.close()


def test_a_partition_whose_directory_is_missing_stays_offline() -> None:
    """What had been synced and is gone is told, and no empty log takes its place; other ones serve. Later
    stops are not clean ones, so that nothing is taken for granted.
    """
    broker = Harness(MemoryFileSystem())
    broker.create("t")
    broker.create("other")
    broker.produce("t", batch(b"a"))
    broker.node.close()
    broker.file_system.rename("/data/t-0", "/data/elsewhere")
    for _ in range(2):
        broker.node = broker._open()
        assert broker.produce("t", batch(b"b")).error_code == ErrorCode.KAFKA_STORAGE_ERROR
        assert broker.produce("other", batch(b"b")).error_code == 0
        broker.node.close()
        assert not broker.file_system.exists("/data/.kafka_cleanshutdown")
    broker.file_system.rename("/data/elsewhere", "/data/t-0")
    broker.node = broker._open()
    assert broker.values("t") == [b"a"]


def test_a_start_that_fails_lets_go_of_the_folder() -> None:
    """With a damaged metadata log there is no broker; the next attempt meets the same, and not a lock."""
    broker = Harness(MemoryFileSystem())
    broker.node.close()
    path = "/data/__cluster_metadata-0/00000000000000000000.log"
    damaged = bytearray(broker.file_system.read_bytes(path))
    damaged[70] ^= 1
    write_atomically(broker.file_system, path, bytes(damaged))
    for _ in range(2):
        with pytest.raises(LogCorrupted, match="checksum"):
            broker._open()


def test_strays_are_kept_aside() -> None:
    """A directory with records that no topic claims is renamed, never removed."""
    broker = Harness(MemoryFileSystem())
    broker.create("t")
    broker.produce("t", batch(b"a"))
    broker.node.close()
    broker.file_system.rename("/data/t-0", "/data/other-0")
    broker.node = broker._open()
    names = broker.file_system.list("/data")
    assert [name for name in names if name.startswith("other-0.") and name.endswith("-stray")]
    assert broker.values("t") == []


def test_a_damaged_partition_stays_offline() -> None:
    """Damage below the recovery point takes one partition offline; the others serve."""
    disk = FaultyFileSystem()
    broker = Harness(disk)
    broker.create("t", 2)
    for partition in (0, 1):
        broker.produce("t", batch(b"a"), partition=partition)
    for name in ("sync", "checkpoint"):
        broker.advance(60_000 if name == "sync" else 5_000)
        broker.node.syncs.run_all()
    broker.node.close(clean=False)
    log = disk.open("/data/t-0/00000000000000000000.log")
    log.truncate(10)
    log.close()
    broker.node = broker._open()
    assert broker.produce("t", batch(b"b")).error_code == ErrorCode.KAFKA_STORAGE_ERROR
    row = broker.fetch(("t", 0, 0)).responses[0].partitions[0]
    assert row.error_code == ErrorCode.KAFKA_STORAGE_ERROR
    assert broker.produce("t", batch(b"b"), partition=1).base_offset == 1
    rows = broker.metadata("t").topics[0].partitions
    assert [row.leader_id for row in rows] == [-1, 1]
