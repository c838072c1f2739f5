"""Produce: batches that no client builds, and sequences that no client sends."""

from __future__ import annotations

import struct
from typing import Any

from odradek.protocol.checksum import crc32c
from odradek.protocol.compression import Compression
from odradek.protocol.messages import produce
from odradek.protocol.record_batch import Record, build_batch
from probes import Answers, Prober, story

WHEN_MS = 1_700_000_000_000


def batch(*values: bytes | None, key: bytes | None = None, when: int = WHEN_MS, **fields: Any) -> bytes:
    """One batch with these records."""
    rows = [Record(number, when + number, key, value) for number, value in enumerate(values)]
    return bytes(build_batch(rows, **fields))


def altered(data: bytes, position: int, form: str, value: int, *, mend: bool = True) -> bytes:
    """A batch with another value at a position, and the checksum that fits (unless `mend` is false)."""
    changed = bytearray(data)
    struct.pack_into(form, changed, position, value)
    if mend:
        struct.pack_into(">I", changed, 17, crc32c(changed[21:]))
    return bytes(changed)


def to(p: Prober, name: str, records: bytes | None, *, index: int = 0, **fields: Any) -> dict[str, Any]:
    """The fields of a request with one partition's records."""
    partition = produce.REQUEST_PARTITION(index=index, records=records)
    topic = produce.REQUEST_TOPIC(
        name=name, topic_id=p.topic_ids.get(name, bytes(15) + b"\7"), partition_data=[partition]
    )
    return {"acks": 1, "timeout_ms": 5000, "topic_data": [topic], **fields}


ONE = batch(b"one")
DAMAGED = {
    "empty records": b"",
    "a few bytes": b"\0" * 7,
    "half a header": ONE[:30],
    "half a batch": ONE[:-4],
    "a batch and a half": ONE + ONE[:20],
    "two batches": ONE + ONE,
    "wrong checksum": altered(ONE, 17, ">I", 12345, mend=False),
    "negative length": altered(ONE, 8, ">i", -1, mend=False),
    "short length": altered(ONE, 8, ">i", 20, mend=False),
    "long length": altered(ONE, 8, ">i", 2000, mend=False),
    "magic 1": altered(ONE, 16, ">b", 1, mend=False),
    "magic 3": altered(ONE, 16, ">b", 3, mend=False),
    "magic -1": altered(ONE, 16, ">b", -1, mend=False),
    "base offset 5": altered(ONE, 0, ">q", 5),
    "leader epoch 9": altered(ONE, 12, ">i", 9),
    "last offset delta 1": altered(ONE, 23, ">i", 1),
    "last offset delta -1": altered(ONE, 23, ">i", -1),
    "count of 0": altered(ONE, 57, ">i", 0),
    "count of 2": altered(ONE, 57, ">i", 2),
    "count of -1": altered(ONE, 57, ">i", -1),
    "unknown codec": altered(ONE, 21, ">h", 5),
    "gzip that is none": altered(ONE, 21, ">h", 1),
    "lz4 that is none": altered(ONE, 21, ">h", 3),
    "zstd that is none": altered(ONE, 21, ">h", 4),
    "append time": altered(ONE, 21, ">h", 8),
    "delete horizon": altered(ONE, 21, ">h", 0x40),
    "unknown attribute": altered(ONE, 21, ">h", 0x80),
    "control batch": altered(ONE, 21, ">h", 0x20),
    "transactional without producer": altered(ONE, 21, ">h", 0x10),
    "max timestamp too low": altered(ONE, 35, ">q", 5),
    "max timestamp too high": altered(ONE, 35, ">q", WHEN_MS + 777),
    "no timestamp": batch(b"one", when=-1),
    "far future": batch(b"one", when=4_000_000_000_000),
    "length of a record": altered(ONE, 61, ">b", 100),
    "trailing bytes": altered(ONE + b"\0\0\0", 8, ">i", len(ONE) - 9),
    "null value": batch(None),
    "producer without sequence": batch(b"x", producer_id=44, producer_epoch=0, base_sequence=-1),
    "producer epoch of -1": batch(b"x", producer_id=44, producer_epoch=-1, base_sequence=0),
    "sequence without producer": batch(b"x", producer_id=-1, producer_epoch=0, base_sequence=0),
}


@story
def damaged_batches(p: Prober) -> Answers:
    """Every field of a batch that can be wrong."""
    p.create_topic("producing-damaged")
    for label, records in DAMAGED.items():
        yield from p.each_version(label, "produce", **to(p, "producing-damaged", records))
    yield "no records", p.ask("produce", 9, **to(p, "producing-damaged", None))


@story
def places(p: Prober) -> Answers:
    """Topics and partitions that are not there, and numbers that are no acks."""
    p.create_topic("producing-places")
    yield from p.each_version("unknown topic", "produce", **to(p, "producing-nowhere", ONE))
    yield from p.each_version("empty name", "produce", **to(p, "", ONE))
    yield from p.each_version("bad name", "produce", **to(p, "a b/c", ONE))
    yield from p.each_version("long name", "produce", **to(p, "x" * 250, ONE))
    for index in (1, -1, 2**31 - 1):
        yield from p.each_version(
            f"partition {index}", "produce", **to(p, "producing-places", ONE, index=index)
        )
    for acks in (2, -2, 32767):
        yield from p.each_version(f"acks {acks}", "produce", **to(p, "producing-places", ONE, acks=acks))
    for acks in (-1, 1):
        yield from p.each_version(f"acks {acks}", "produce", **to(p, "producing-places", ONE, acks=acks))
    yield from p.each_version("timeout -1", "produce", **to(p, "producing-places", ONE, timeout_ms=-1))
    yield from p.each_version("internal", "produce", **to(p, "__consumer_offsets", ONE))
    twice = to(p, "producing-places", ONE)
    twice["topic_data"] = twice["topic_data"] * 2
    yield from p.each_version("topic twice", "produce", **twice)
    partition = produce.REQUEST_PARTITION(index=0, records=ONE)
    same = produce.REQUEST_TOPIC(
        name="producing-places", topic_id=p.topic_ids["producing-places"], partition_data=[partition] * 2
    )
    yield from p.each_version("partition twice", "produce", acks=1, topic_data=[same])
    none = produce.REQUEST_TOPIC(name="producing-places", topic_id=p.topic_ids["producing-places"])
    yield from p.each_version("no partitions", "produce", acks=1, topic_data=[none])
    yield from p.each_version(
        "transactional id", "produce", **to(p, "producing-places", ONE, transactional_id="t")
    )


@story
def topic_rules(p: Prober) -> Answers:
    """Settings of topics that refuse records."""
    p.create_topic("producing-compacted", cleanup_policy="compact")
    p.create_topic("producing-small", max_message_bytes="100")
    p.create_topic("producing-append", message_timestamp_type="LogAppendTime")
    p.create_topic("producing-narrow", message_timestamp_before_max_ms="1000")
    for name, records in {
        "producing-compacted": batch(b"v", b"w"),
        "producing-small": batch(b"x" * 200),
        "producing-append": ONE,
        "producing-narrow": batch(b"v", b"w"),
    }.items():
        yield from p.each_version(name, "produce", **to(p, name, records))
    keyed = batch(b"v", key=b"k")
    yield from p.each_version("keyed", "produce", **to(p, "producing-compacted", keyed))
    for codec in (Compression.GZIP, Compression.SNAPPY, Compression.LZ4, Compression.ZSTD):
        records = batch(b"v" * 500, b"w" * 500, key=b"k", compression=codec)
        yield from p.each_version(codec.name, "produce", **to(p, "producing-compacted", records))
        keyless = batch(b"v" * 500, b"w" * 500, compression=codec)
        yield from p.each_version(f"{codec.name} keyless", "produce", **to(p, "producing-compacted", keyless))


@story
def sequences(p: Prober) -> Answers:
    """An idempotent producer that loses count."""
    p.create_topic("producing-sequences", 2)

    def write(
        label: str, sequence: int, epoch: int = 0, producer: int = 4000, count: int = 1, **fields: Any
    ) -> Answers:
        ids = {"producer_id": producer, "producer_epoch": epoch, "base_sequence": sequence}
        records = batch(*[b"x"] * count, **ids)
        yield label, p.ask("produce", 12, **to(p, "producing-sequences", records, **fields))

    yield from write("first with sequence 5", 5)
    yield from write("second continues", 6)
    yield from write("duplicate", 6)
    yield from write("gap", 9)
    yield from write("old", 2)
    yield from write("duplicate of the first", 5)
    yield from write("overlap", 6, count=3)
    yield from write("another producer starts at 0", 0, producer=4001)
    yield from write("its duplicate", 0, producer=4001)
    yield from write("newer epoch in the middle", 7, epoch=1)
    yield from write("newer epoch from 0", 0, epoch=1)
    yield from write("older epoch", 7, epoch=0)
    yield from write("other partition starts in the middle", 3, index=1)
    for sequence in range(1, 8):
        yield from write(f"sequence {sequence}", sequence, epoch=1)
    yield from write("one of the last five", 4, epoch=1)
    yield from write("one before the last five", 1, epoch=1)
    yield from write("sequence at the end of the numbers", 2**31 - 1, producer=4002)
    yield from write("wraps around", 0, producer=4002)
    yield from write("negative producer", 0, producer=-5)
    ids = {"producer_id": 4003, "producer_epoch": 0}
    two = batch(b"a", **ids, base_sequence=0) + batch(b"b", **ids, base_sequence=1)
    yield "two batches of a producer", p.ask("produce", 12, **to(p, "producing-sequences", two))
