"""Fetch, ListOffsets: offsets, epochs and sessions that are wrong."""

from __future__ import annotations

from typing import Any

from odradek.protocol.messages import fetch, list_offsets
from probes import Answers, Prober, story

from .producing import WHEN_MS, batch, to


def one(p: Prober, name: str, offset: int = 0, **fields: Any) -> dict[str, Any]:
    """The fields of a fetch of one partition; those of the partition begin with `at_`."""
    about = {key.removeprefix("at_"): fields.pop(key) for key in list(fields) if key.startswith("at_")}
    partition = fetch.REQUEST_PARTITION(
        **{"partition": 0, "fetch_offset": offset, "partition_max_bytes": 1000, **about}
    )
    topic = fetch.REQUEST_TOPIC(
        topic=name, topic_id=p.topic_ids.get(name, bytes(15) + b"\7"), partitions=[partition]
    )
    return {"max_wait_ms": 0, "min_bytes": 0, "topics": [topic], **fields}


def filled(p: Prober, name: str, count: int = 5) -> None:
    """A topic with a few batches of one record."""
    p.create_topic(name)
    for number in range(count):
        p.ask("produce", 9, **to(p, name, batch(b"%d" % number, when=WHEN_MS + number)))


@story
def offsets(p: Prober) -> Answers:
    """Offsets within and outside of the log, sizes of nothing."""
    filled(p, "fetching-offsets")
    name = "fetching-offsets"
    for offset in (0, 3, 5, 6, -1, 2**40):
        yield from p.each_version(f"offset {offset}", "fetch", **one(p, name, offset))
    yield from p.each_version("no bytes", "fetch", **one(p, name, at_partition_max_bytes=0))
    yield from p.each_version("negative bytes", "fetch", **one(p, name, at_partition_max_bytes=-1))
    yield from p.each_version("max_bytes of 0", "fetch", **one(p, name, max_bytes=0))
    yield from p.each_version("read committed", "fetch", **one(p, name, isolation_level=1))
    yield from p.each_version("isolation level 2", "fetch", **one(p, name, isolation_level=2))
    yield from p.each_version("a replica", "fetch", **one(p, name, replica_id=1))
    yield from p.each_version("another replica", "fetch", **one(p, name, replica_id=7))
    yield from p.each_version("a debugging replica", "fetch", **one(p, name, replica_id=-2))
    yield from p.each_version("unknown topic", "fetch", **one(p, "fetching-nowhere"))
    for partition in (1, -1):
        yield from p.each_version(f"partition {partition}", "fetch", **one(p, name, at_partition=partition))
    yield from p.each_version("rack", "fetch", **one(p, name, rack_id="r1"))
    yield from p.each_version("another cluster", "fetch", **one(p, name, cluster_id="other"))
    both = one(p, name)
    both["topics"] = both["topics"] + one(p, name, 3)["topics"]
    yield from p.each_version("the same twice", "fetch", **both)


@story
def leader_epochs(p: Prober) -> Answers:
    """Epochs that the partition never had."""
    filled(p, "fetching-epochs")
    for epoch in (0, 1, -1, -2, 99):
        yield from p.each_version(
            f"current epoch {epoch}", "fetch", **one(p, "fetching-epochs", at_current_leader_epoch=epoch)
        )
        yield from p.each_version(
            f"last fetched epoch {epoch}",
            "fetch",
            **one(p, "fetching-epochs", 2, at_last_fetched_epoch=epoch),
        )
    yield from p.each_version(
        "last fetched epoch beyond", "fetch", **one(p, "fetching-epochs", 9, at_last_fetched_epoch=0)
    )


@story
def sessions(p: Prober) -> Answers:
    """Incremental sessions: ids and epochs that are wrong, partitions that come and go."""
    filled(p, "fetching-sessions")
    name = "fetching-sessions"
    for version in (7, 11, 12, 13, 17, 18):
        label = f"v{version}"
        first = p.ask("fetch", version, **one(p, name, session_epoch=0))
        yield f"starts, {label}", first
        session = {"session_id": first.session_id}
        nothing = {"max_wait_ms": 0, "min_bytes": 0}
        yield f"goes on, {label}", p.ask("fetch", version, **nothing, **session, session_epoch=1)
        yield f"wrong epoch, {label}", p.ask("fetch", version, **nothing, **session, session_epoch=7)
        yield f"moves, {label}", p.ask("fetch", version, **one(p, name, 3), **session, session_epoch=2)
        yield f"nothing new, {label}", p.ask("fetch", version, **one(p, name, 5), **session, session_epoch=3)
        missing = one(p, "fetching-nowhere", **session, session_epoch=4)
        yield f"unknown topic comes, {label}", p.ask("fetch", version, **missing)
        forgotten = fetch.FORGOTTEN_TOPIC(topic=name, topic_id=p.topic_ids[name], partitions=[0])
        going = {**nothing, **session, "forgotten_topics_data": [forgotten]}
        yield f"one goes, {label}", p.ask("fetch", version, **going, session_epoch=5)
        yield f"goes again, {label}", p.ask("fetch", version, **going, session_epoch=6)
        unknown = one(p, name, session_id=first.session_id + 1, session_epoch=1)
        yield f"unknown session, {label}", p.ask("fetch", version, **unknown)
        yield f"ends, {label}", p.ask("fetch", version, **one(p, name), **session, session_epoch=-1)
        yield f"is over, {label}", p.ask("fetch", version, **nothing, **session, session_epoch=7)
        yield f"epoch -2, {label}", p.ask("fetch", version, **one(p, name), session_epoch=-2)


@story
def times(p: Prober) -> Answers:
    """ListOffsets: every special timestamp, and those of records."""
    filled(p, "fetching-times")

    def at(timestamp: int, name: str = "fetching-times", index: int = 0, **fields: Any) -> dict[str, Any]:
        epoch = fields.pop("epoch", -1)
        partition = list_offsets.REQUEST_PARTITION(
            partition_index=index, timestamp=timestamp, current_leader_epoch=epoch
        )
        topic = list_offsets.REQUEST_TOPIC(name=name, partitions=[partition] * fields.pop("times", 1))
        return {"replica_id": -1, "topics": [topic], "timeout_ms": 1000, **fields}

    for timestamp in (-1, -2, -3, -4, -5, -6, -7, 0, WHEN_MS, WHEN_MS + 3, WHEN_MS + 99):
        yield from p.each_version(f"time {timestamp}", "list_offsets", **at(timestamp))
    yield from p.each_version("committed", "list_offsets", **at(-1, isolation_level=1))
    yield from p.each_version("isolation 5", "list_offsets", **at(-1, isolation_level=5))
    yield from p.each_version("unknown topic", "list_offsets", **at(-1, "fetching-nowhere"))
    yield from p.each_version("partition 8", "list_offsets", **at(-1, index=8))
    yield from p.each_version("partition -1", "list_offsets", **at(-1, index=-1))
    yield from p.each_version("twice", "list_offsets", **at(-1, times=2))
    for epoch in (0, 1, -2):
        yield from p.each_version(f"epoch {epoch}", "list_offsets", **at(-1, epoch=epoch))
    for replica in (1, 5, -2):
        yield from p.each_version(f"replica {replica}", "list_offsets", **at(-1, replica_id=replica))
    p.create_topic("fetching-empty")
    for timestamp in (-1, -2, -3, WHEN_MS):
        yield from p.each_version(
            f"empty, time {timestamp}", "list_offsets", **at(timestamp, "fetching-empty")
        )
