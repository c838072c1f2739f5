"""Logs that lose their beginning, the folders that they lie in, and where leader epochs end."""

from __future__ import annotations

import time
from typing import Any

from odradek.protocol.messages import (
    add_partitions_to_txn,
    alter_replica_log_dirs,
    create_topics,
    delete_records,
    describe_log_dirs,
    fetch,
    list_offsets,
    offset_for_leader_epoch,
    produce,
)
from odradek.protocol.record_batch import Record, build_batch
from probes import Answers, Prober, story


def create(p: Prober, name: str, partitions: int = 1, **configs: str) -> None:
    """Make a topic; keys of its configuration have '_' for '.'."""
    pairs = [
        create_topics.REQUEST_CONFIG(name=key.replace("_", "."), value=value)
        for key, value in configs.items()
    ]
    topic = create_topics.REQUEST_TOPIC(
        name=name, num_partitions=partitions, replication_factor=1, configs=pairs
    )
    p.ask("create_topics", 7, topics=[topic], timeout_ms=30_000)
    rows = [list_offsets.REQUEST_PARTITION(partition_index=n, timestamp=-2) for n in range(partitions)]
    topics = [list_offsets.REQUEST_TOPIC(name=name, partitions=rows)]
    for _ in range(200):  # a broker of Apache Kafka hears of its new topics from the controller
        answer = p.ask("list_offsets", 7, replica_id=-1, topics=topics)
        if all(row.error_code == 0 for row in answer.topics[0].partitions):
            return
        time.sleep(0.05)


def fill(p: Prober, topic: str, records: int, **fields: Any) -> Any:
    """Produce records to partition 0, one batch each."""
    answer = None
    for _ in range(records):
        batch = bytes(build_batch([Record(0, 1_700_000_000_000, b"key", b"value")], **fields))
        rows = [produce.REQUEST_PARTITION(index=0, records=batch)]
        data = [produce.REQUEST_TOPIC(name=topic, partition_data=rows)]
        answer = p.ask("produce", 9, acks=-1, timeout_ms=30_000, topic_data=data)
    return answer


def deletion(topic: str, *offsets: tuple[int, int]) -> Any:
    """A topic of DeleteRecords, by (partition, offset)s."""
    rows = [delete_records.REQUEST_PARTITION(partition_index=index, offset=at) for index, at in offsets]
    return delete_records.REQUEST_TOPIC(name=topic, partitions=rows)


def delete(p: Prober, *topics: Any) -> Any:
    """DeleteRecords, with partitions and topics in an order of ours."""
    answer = p.ask("delete_records", 2, topics=list(topics), timeout_ms=30_000)
    answer.topics.sort(key=lambda topic: topic.name)
    for topic in answer.topics:
        topic.partitions.sort(key=lambda row: row.partition_index)
    return answer


def earliest(p: Prober, topic: str) -> Any:
    """Where partition 0 begins."""
    rows = [list_offsets.REQUEST_PARTITION(partition_index=0, timestamp=-2)]
    topics = [list_offsets.REQUEST_TOPIC(name=topic, partitions=rows)]
    return p.ask("list_offsets", 7, replica_id=-1, topics=topics)


def read(p: Prober, topic: str, offset: int, isolation_level: int = 0) -> Any:
    """What a Fetch says of partition 0, without its records."""
    rows = [fetch.REQUEST_PARTITION(partition=0, fetch_offset=offset, partition_max_bytes=1 << 20)]
    topics = [fetch.REQUEST_TOPIC(topic=topic, partitions=rows)]
    fields = {"replica_id": -1, "max_wait_ms": 0, "min_bytes": 0, "max_bytes": 1 << 20}
    answer = p.ask("fetch", 12, topics=topics, isolation_level=isolation_level, **fields)
    for each in answer.responses:
        for row in each.partitions:
            row.records = b""
    return answer


@story
def records_deleted(p: Prober) -> Answers:
    """Offsets in every place, twice, and what clients see after them."""
    create(p, "logs-deleted")
    fill(p, "logs-deleted", 10)
    for offset in (3, 3, 2, 0, -2, 11, 9, -1, 10, -1):
        yield f"before {offset}", delete(p, deletion("logs-deleted", (0, offset)))
        yield f"earliest after {offset}", earliest(p, "logs-deleted")
        for at in (2, 5, 10):
            yield f"fetch of {at} after {offset}", read(p, "logs-deleted", at)
    fill(p, "logs-deleted", 2)
    yield "filled again", read(p, "logs-deleted", 10)
    yield from p.each_version(
        "each version",
        "delete_records",
        topics=[deletion("logs-deleted", (0, 11))],
        timeout_ms=30_000,
    )


@story
def records_not_deleted(p: Prober) -> Answers:
    """Topics and partitions that are not there, internal topics, compacted ones."""
    create(p, "logs-compacted", cleanup_policy="compact")
    create(p, "logs-both", cleanup_policy="compact,delete")
    create(p, "logs-neither", cleanup_policy="")
    create(p, "logs-two", 2)
    for name in ("logs-compacted", "logs-both", "logs-neither", "logs-two"):
        fill(p, name, 3)
        yield f"of {name}", delete(p, deletion(name, (0, 2)))
    for name in ("logs-none", "", "a b", "__consumer_offsets"):
        yield f"of {name!r}", delete(p, deletion(name, (0, 0)))
    yield "partitions", delete(p, deletion("logs-two", (0, 3), (1, 0), (2, 0), (-1, 0)))
    yield "twice", delete(p, deletion("logs-two", (1, 0), (1, -1), (1, 0)))
    yield "topics", delete(p, deletion("logs-two", (0, -1)), deletion("logs-none", (0, -1)))
    yield "no partitions", delete(p, deletion("logs-two"))
    yield "nothing", delete(p)


@story
def records_of_a_transaction_deleted(p: Prober) -> Answers:
    """The last stable offset is never before the log's start."""
    create(p, "logs-transaction")
    name = "logs-transaction"
    producer = p.ask("init_producer_id", 4, transactional_id=name, transaction_timeout_ms=60_000)
    add = p.ask(
        "add_partitions_to_txn",
        3,
        v3_and_below_transactional_id=name,
        v3_and_below_producer_id=producer.producer_id,
        v3_and_below_producer_epoch=producer.producer_epoch,
        v3_and_below_topics=[add_partitions_to_txn.TOPIC(name=name, partitions=[0])],
    )
    yield "added", add
    rows = [produce.REQUEST_PARTITION(index=0, records=_transactional(producer))]
    data = [produce.REQUEST_TOPIC(name=name, partition_data=rows)]
    yield "produced", p.ask("produce", 9, transactional_id=name, acks=-1, timeout_ms=30_000, topic_data=data)
    fill(p, name, 2)
    for isolation_level in (0, 1):
        yield f"open, {isolation_level}", read(p, name, 0, isolation_level)
    yield "deleted", delete(p, deletion(name, (0, 2)))
    for isolation_level in (0, 1):
        yield f"deleted, {isolation_level}", read(p, name, 2, isolation_level)
    ids = {"transactional_id": name, "producer_id": producer.producer_id}
    yield "ended", p.ask("end_txn", 3, **ids, producer_epoch=producer.producer_epoch, committed=False)


def _transactional(producer: Any) -> bytes:
    ids = {"producer_id": producer.producer_id, "producer_epoch": producer.producer_epoch}
    rows = [Record(0, 1_700_000_000_000, b"key", b"value")]
    return bytes(build_batch(rows, **ids, base_sequence=0, is_transactional=True))


@story
def leader_epochs(p: Prober) -> Answers:
    """Where an epoch ended, for an empty log and one with records; epochs that the broker does not have."""
    create(p, "logs-epochs")

    def asked(topic: str, *rows: tuple[int, int, int]) -> list[Any]:
        partitions = [
            offset_for_leader_epoch.REQUEST_PARTITION(
                partition=index, current_leader_epoch=current, leader_epoch=epoch
            )
            for index, current, epoch in rows
        ]
        return [offset_for_leader_epoch.REQUEST_TOPIC(topic=topic, partitions=partitions)]

    for state in ("empty", "filled", "deleted"):
        for current, epoch in ((-1, 0), (0, 0), (1, 0), (-1, 1), (-1, -1), (-1, 5), (-2, 0)):
            yield from p.each_version(
                f"{state}, {current}, {epoch}",
                "offset_for_leader_epoch",
                replica_id=-1,
                topics=asked("logs-epochs", (0, current, epoch)),
            )
        fill(p, "logs-epochs", 3)
        if state == "filled":
            delete(p, deletion("logs-epochs", (0, -1)))
    for topic, index in (("logs-none", 0), ("logs-epochs", 1), ("logs-epochs", -1)):
        yield (
            f"{topic}-{index}",
            p.ask("offset_for_leader_epoch", 4, replica_id=-1, topics=asked(topic, (index, -1, 0))),
        )
    yield "nothing", p.ask("offset_for_leader_epoch", 4, replica_id=-2, topics=[])


@story
def replicas_moved(p: Prober) -> Answers:
    """To the folder where they are, and to one that the broker does not have."""
    create(p, "logs-moved", 2)
    answer = p.ask("describe_log_dirs", 1, topics=[])
    here = answer.results[0].log_dir

    def asked(path: str, *topics: tuple[str, list[int]]) -> Any:
        rows = [
            alter_replica_log_dirs.REQUEST_TOPIC(name=name, partitions=indexes) for name, indexes in topics
        ]
        return alter_replica_log_dirs.REQUEST_FOLDER(path=path, topics=rows)

    for label, folders in (
        ("where they are", [asked(here, ("logs-moved", [0, 1]))]),
        ("not there", [asked(here, ("logs-moved", [7, -1]), ("logs-none", [0]))]),
        ("elsewhere", [asked("/nowhere/at/all", ("logs-moved", [0]))]),
        ("elsewhere, not there", [asked("/nowhere/at/all", ("logs-moved", [7]), ("logs-none", [0]))]),
        ("relative", [asked("nowhere", ("logs-moved", [0]), ("logs-none", [0]))]),
        ("both", [asked(here, ("logs-moved", [0])), asked("/nowhere/at/all", ("logs-moved", [0]))]),
        ("twice", [asked(here, ("logs-moved", [0, 0]))]),
        ("a slash more", [asked(here + "/", ("logs-moved", [0]))]),
        ("no topics", [asked(here)]),
        ("no partitions", [asked(here, ("logs-moved", []))]),
        ("nothing", []),
    ):
        yield from p.each_version(label, "alter_replica_log_dirs", dirs=folders)


@story
def folders(p: Prober) -> Answers:
    """Sizes of logs, of some partitions and of all."""
    create(p, "logs-folders", 2)
    fill(p, "logs-folders", 3)

    def mine(answer: Any) -> Any:
        for result in answer.results:
            result.topics = [topic for topic in result.topics if topic.name.startswith("logs-folders")]
            for topic in result.topics:
                topic.partitions.sort(key=lambda row: row.partition_index)
        return answer

    def asked(name: str, *partitions: int) -> Any:
        return describe_log_dirs.REQUEST_TOPIC(topic=name, partitions=list(partitions))

    for label, topics in (
        ("all", None),
        ("none", []),
        ("one", [asked("logs-folders", 0)]),
        ("both", [asked("logs-folders", 1, 0, 1)]),
        ("no partitions", [asked("logs-folders")]),
        ("unknown", [asked("logs-folders", 0, 7), asked("logs-none", 0)]),
    ):
        for version, answer in p.each_version(label, "describe_log_dirs", topics=topics):
            yield version, mine(answer)
