"""kafka-python, from 1.4 to 3.0: each scenario in its own idiom."""

from __future__ import annotations

import pathlib
import subprocess
import sys
import threading
import time
from typing import Any

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import kafka
from harness import (
    ask_broker,
    check_exactly_once,
    expect,
    expect_equal,
    fresh,
    main,
    numbered,
    wait_until,
)
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient, NewPartitions, NewTopic
from kafka.errors import MessageSizeTooLargeError, TopicAlreadyExistsError
from kafka.structs import OffsetAndMetadata

VERSION = tuple(int(part) for part in kafka.__version__.split(".")[:2])
NOT_IDEMPOTENT: dict[str, Any] = {"enable_idempotence": False} if VERSION >= (2, 1) else {}
CODECS = (None, "gzip", "snappy", "lz4", *(["zstd"] if VERSION >= (2, 0) else []))

# What the client's own API lacks, by the version that brought it.
ABSENT = {
    (2, 0): {
        "admin-topics": "the admin client lists and describes topics from 2.0 on",
        "admin-partitions": "the admin client describes topics from 2.0 on",
        "admin-configs": "the admin client describes the cluster from 2.0 on",
        "admin-cluster": "the admin client describes the cluster from 2.0 on",
        "admin-groups": "the admin client deletes groups from 2.0 on",
    },
    (2, 1): {"kill-produce": "the producer is idempotent from 2.1 on"},
    (2, 3): {"command-line": "there are command-line tools from 2.3 on"},
}


def make_topic(bootstrap: str, partitions: int = 1, **configs: str) -> str:
    name = fresh("topic")
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    admin.create_topics([NewTopic(name, partitions, 1, topic_configs=configs)])
    admin.close()
    return name


def read(bootstrap: str, topic: str, count: int, seconds: float = 30, **options: Any) -> list[Any]:
    """The first `count` records of a topic, all partitions, from the beginning."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", **options)
    partitions = wait_until(lambda: consumer.partitions_for_topic(topic), "partitions of the topic")
    consumer.assign([TopicPartition(topic, number) for number in sorted(partitions)])
    records: list[Any] = []
    end = time.monotonic() + seconds
    while len(records) < count and time.monotonic() < end:
        for batch in consumer.poll(timeout_ms=500).values():
            records += batch
    consumer.close()
    expect_equal(len(records), count, "records read")
    return records


def admin_topics(bootstrap: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    name = fresh("topic")
    admin.create_topics([NewTopic(name, 3, 1)])
    wait_until(lambda: name in admin.list_topics(), "the new topic is listed")
    (described,) = admin.describe_topics([name])
    expect_equal(len(described["partitions"]), 3, "partitions described")
    try:
        admin.create_topics([NewTopic(name, 3, 1)])
        raise AssertionError("made twice")
    except TopicAlreadyExistsError:
        pass
    for _ in range(5):
        admin.delete_topics([name])
        wait_until(lambda: name not in admin.list_topics(), "the deleted topic is gone")
        admin.create_topics([NewTopic(name, 1, 1)])
    wait_until(lambda: name in admin.list_topics(), "the topic made again is listed")
    (described,) = admin.describe_topics([name])
    expect_equal(len(described["partitions"]), 1, "partitions of the topic made again")
    admin.close()


def admin_partitions(bootstrap: str) -> None:
    topic = make_topic(bootstrap, 1)
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    admin.create_partitions({topic: NewPartitions(4)})
    (described,) = admin.describe_topics([topic])
    expect_equal(len(described["partitions"]), 4, "partitions")
    producer = KafkaProducer(bootstrap_servers=bootstrap)
    for number in range(4):
        offset = producer.send(topic, b"to %d" % number, partition=number).get(20).offset
        expect_equal(offset, 0, "first offset in a new partition")
    producer.close()
    expect_equal(sorted(record.partition for record in read(bootstrap, topic, 4)), [0, 1, 2, 3])
    admin.close()


def admin_configs(bootstrap: str) -> None:
    topic = make_topic(bootstrap, 1, **{"retention.ms": "123456", "cleanup.policy": "compact"})
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    values = described_configs(admin, ConfigResource(ConfigResourceType.TOPIC, topic))
    expect_equal(values["retention.ms"], "123456", "retention.ms")
    expect_equal(values["cleanup.policy"], "compact", "cleanup.policy")
    expect_equal(values["segment.bytes"], "1073741824", "segment.bytes")
    node = str(admin.describe_cluster()["brokers"][0]["node_id" if VERSION < (3, 0) else "broker_id"])
    values = described_configs(admin, ConfigResource(ConfigResourceType.BROKER, node))
    expect_equal(values["log.segment.bytes"], "1073741824", "the broker's log.segment.bytes")
    admin.close()


def described_configs(admin: Any, resource: Any) -> dict[str, Any]:
    """The values of one resource: describe_configs gives responses in 2.x and dicts in 3.x."""
    if VERSION < (3, 0):
        answer = admin.describe_configs([resource])
        return {entry[0]: entry[1] for response in answer for entry in response.resources[0][4]}
    (resources,) = admin.describe_configs([resource], config_filter="all").values()
    (entries,) = resources.values()
    return {name: entry["value"] for name, entry in entries.items()}


def admin_cluster(bootstrap: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    cluster = admin.describe_cluster()
    expect(cluster["cluster_id"], "a cluster id")
    expect_equal(len(cluster["brokers"]), 1, "brokers")
    broker = cluster["brokers"][0]
    expect_equal(f"{broker['host']}:{broker['port']}", bootstrap, "address")
    admin.close()


def admin_groups(bootstrap: str) -> None:
    topic, group = make_topic(bootstrap), fresh("group")
    fill(bootstrap, topic, 10)
    consumer = KafkaConsumer(topic, bootstrap_servers=bootstrap, group_id=group, auto_offset_reset="earliest")
    wait_until(lambda: consumer.poll(200), "records")
    consumer.commit()
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    listing = admin.list_groups() if VERSION >= (3, 0) else admin.list_consumer_groups()
    expect(group in str(listing), "the group is listed", listing)
    described = (
        admin.describe_groups([group]) if VERSION >= (3, 0) else admin.describe_consumer_groups([group])
    )
    expect("Stable" in str(described), "the group is stable", described)
    consumer.close()
    offsets = (
        admin.list_group_offsets({group: None})
        if VERSION >= (3, 0)
        else admin.list_consumer_group_offsets(group)
    )
    expect("offset=10" in str(offsets), "offset 10 is committed", offsets)
    (admin.delete_groups if VERSION >= (3, 0) else admin.delete_consumer_groups)([group])
    listing = admin.list_groups() if VERSION >= (3, 0) else admin.list_consumer_groups()
    expect(group not in str(listing), "the group is gone", listing)
    admin.close()


def fill(bootstrap: str, topic: str, count: int, start: int = 0, **options: Any) -> None:
    producer = KafkaProducer(bootstrap_servers=bootstrap, **options)
    for key, value in numbered(count, start):
        producer.send(topic, key=key, value=value, partition=0)
    producer.flush()
    producer.close()


def produce_codecs(bootstrap: str) -> None:
    for codec in CODECS:
        topic = make_topic(bootstrap)
        producer = KafkaProducer(bootstrap_servers=bootstrap, compression_type=codec, linger_ms=20)
        for key, value in numbered(500):
            producer.send(topic, key=key, value=value * 20, partition=0)
        producer.flush()
        producer.close()
        found = [(record.key, record.value) for record in read(bootstrap, topic, 500)]
        expect_equal(found, [(key, value * 20) for key, value in numbered(500)], f"records under {codec}")


def produce_shapes(bootstrap: str) -> None:
    topic = make_topic(bootstrap)
    producer = KafkaProducer(bootstrap_servers=bootstrap, max_request_size=2_000_000, linger_ms=50)
    now = int(time.time() * 1000)
    shapes: list[tuple[Any, Any, list[tuple[str, Any]]]] = [
        (None, b"value", []),
        (b"key", None, [("a", b"1"), ("a", b""), ("\u00fcmlaut", b"\x00\xff")]),
        (b"", b"", [("empty", b"")]),
        (b"large", b"x" * 900_000, []),
    ]
    for number, (key, value, headers) in enumerate(shapes):
        producer.send(topic, key=key, value=value, headers=headers, timestamp_ms=now + number)
    producer.flush()
    producer.close()
    records = read(bootstrap, topic, len(shapes))
    found = [(record.key, record.value, list(record.headers)) for record in records]
    expect_equal(found, shapes, "records")
    expect_equal(
        [record.timestamp for record in records], [now + n for n in range(len(shapes))], "timestamps"
    )


def produce_acks(bootstrap: str) -> None:
    topic = make_topic(bootstrap)
    # Records that kafka-python 2.x sends with acks=0 before it closes do not arrive at Apache Kafka either.
    levels = ("all", 1) if (2, 0) <= VERSION < (3, 0) else ("all", 1, 0)
    for acks in levels:
        producer = KafkaProducer(bootstrap_servers=bootstrap, acks=acks, **NOT_IDEMPOTENT)
        metadata = [producer.send(topic, b"value", partition=0).get(20) for _ in range(10)]
        if acks != 0:
            first = metadata[0].offset
            expect_equal([one.offset for one in metadata], list(range(first, first + 10)), f"acks={acks}")
        producer.close()
    count = 10 * len(levels)
    expect_equal([record.offset for record in read(bootstrap, topic, count)], list(range(count)), "offsets")


def produce_too_large(bootstrap: str) -> None:
    topic = make_topic(bootstrap, 1, **{"max.message.bytes": "2000"})
    producer = KafkaProducer(bootstrap_servers=bootstrap, **NOT_IDEMPOTENT)
    try:
        producer.send(topic, b"x" * 5000).get(20)
        raise AssertionError("5,000 bytes were taken where 2,000 are allowed")
    except MessageSizeTooLargeError:
        pass
    producer.send(topic, b"small").get(20)
    producer.close()
    expect_equal([record.value for record in read(bootstrap, topic, 1)], [b"small"])


def consume_beginning(bootstrap: str) -> None:
    topic = make_topic(bootstrap, 4)
    producer = KafkaProducer(bootstrap_servers=bootstrap)
    for number in range(2000):
        producer.send(topic, b"value-%d" % number, partition=number % 4)
    producer.flush()
    producer.close()
    records = read(bootstrap, topic, 2000)
    for partition in range(4):
        found = [record.value for record in records if record.partition == partition]
        expect_equal(
            found, [b"value-%d" % number for number in range(partition, 2000, 4)], f"partition {partition}"
        )


def consume_times(bootstrap: str) -> None:
    topic = make_topic(bootstrap)
    base = int(time.time() * 1000) - 100_000
    producer = KafkaProducer(bootstrap_servers=bootstrap)
    for number in range(100):
        producer.send(topic, b"value-%d" % number, timestamp_ms=base + number * 1000, partition=0)
    producer.flush()
    producer.close()
    partition = TopicPartition(topic, 0)
    consumer = KafkaConsumer(bootstrap_servers=bootstrap)
    consumer.assign([partition])
    found = consumer.offsets_for_times({partition: base + 41_500})[partition]
    expect_equal((found.offset, found.timestamp), (42, base + 42_000), "offset for a time")
    expect_equal(
        consumer.offsets_for_times({partition: base + 10**6})[partition], None, "offset after the end"
    )
    expect_equal(consumer.beginning_offsets([partition]), {partition: 0}, "beginning")
    expect_equal(consumer.end_offsets([partition]), {partition: 100}, "end")
    consumer.seek(partition, found.offset)
    records = wait_until(lambda: consumer.poll(500).get(partition), "records")
    expect_equal(records[0].value, b"value-42", "first record")
    consumer.close()


def consume_seek(bootstrap: str) -> None:
    topic = make_topic(bootstrap)
    fill(bootstrap, topic, 100)
    partition = TopicPartition(topic, 0)
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, max_poll_records=10)
    consumer.assign([partition])

    def next_value() -> bytes:
        value: bytes = wait_until(lambda: consumer.poll(500).get(partition), "records")[0].value
        return value

    consumer.seek(partition, 70)
    expect_equal(next_value(), b"value-70", "after seek")
    consumer.seek_to_beginning(partition)
    expect_equal(next_value(), b"value-0", "from the beginning")
    expect_equal(consumer.position(partition), 10, "position")
    consumer.pause(partition)
    expect_equal(consumer.poll(300), {}, "while paused")
    consumer.resume(partition)
    if VERSION < (2, 1):
        consumer.seek(partition, 10)  # without it, it fetches no more: with Apache Kafka 3.9 likewise
    expect_equal(next_value(), b"value-10", "after resume")
    consumer.seek_to_end(partition)
    expect_equal(consumer.position(partition), 100, "end")
    consumer.close()


def consume_long_poll(bootstrap: str) -> None:
    topic = make_topic(bootstrap)
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap, fetch_max_wait_ms=20_000, auto_offset_reset="earliest"
    )
    consumer.assign([TopicPartition(topic, 0)])
    consumer.poll(500)
    producer = KafkaProducer(bootstrap_servers=bootstrap)
    threading.Timer(1, lambda: producer.send(topic, b"now")).start()
    begin = time.monotonic()
    wait_until(lambda: consumer.poll(15_000), "the record", 16)
    expect(time.monotonic() - begin < 10, "the fetch waited on though there was a record")
    consumer.close()
    producer.close()


class Member:
    """A consumer in a thread, with the records it saw."""

    def __init__(self, bootstrap: str, topic: str, group: str) -> None:
        self.consumer = KafkaConsumer(
            bootstrap_servers=bootstrap,
            group_id=group,
            auto_offset_reset="earliest",
            session_timeout_ms=6000,
            heartbeat_interval_ms=500,
            auto_commit_interval_ms=200,
        )
        self.consumer.subscribe([topic])
        self.seen: list[bytes] = []
        self.owned: set[Any] = set()
        self._end = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        while not self._end.is_set():
            for batch in self.consumer.poll(100).values():
                self.seen += [record.value for record in batch]
            self.owned = set(self.consumer.assignment())

    def leave(self) -> None:
        self._end.set()
        self.thread.join()
        self.owned = set()
        self.consumer.close()

    def die(self) -> None:
        """Stop polling and heartbeats without a word to the broker."""
        self._end.set()
        self.thread.join()
        self.owned = set()
        coordinator = self.consumer._coordinator
        coordinator._close_heartbeat_thread() if hasattr(coordinator, "_close_heartbeat_thread") else None
        self.consumer._client.close()


def group_members(bootstrap: str) -> None:
    topic, group = make_topic(bootstrap, 6), fresh("group")
    members = [Member(bootstrap, topic, group)]

    def shared_by(count: int) -> None:
        def rests() -> bool:
            owned = [member.owned for member in members]
            return all(owned) and sum(map(len, owned)) == 6 and len(set().union(*owned)) == 6

        expect_equal(len(members), count)
        wait_until(rests, f"six partitions shared by {count}", 45)

    shared_by(1)
    members += [Member(bootstrap, topic, group), Member(bootstrap, topic, group)]
    shared_by(3)
    producer = KafkaProducer(bootstrap_servers=bootstrap)
    for number in range(600):
        producer.send(topic, b"%d" % number, partition=number % 6)
    producer.flush()
    everybody = list(members)
    wait_until(lambda: sum(len(member.seen) for member in everybody) >= 600, "600 records")
    members.pop().leave()
    shared_by(2)
    members.pop(0).die()
    shared_by(1)
    for number in range(600, 1200):
        producer.send(topic, b"%d" % number, partition=number % 6)
    producer.flush()
    wanted = {b"%d" % number for number in range(1200)}
    wait_until(lambda: set().union(*(member.seen for member in everybody)) == wanted, "every record is read")
    for member in members:
        member.leave()
    producer.close()


def offset_and_metadata(offset: int, metadata: str) -> Any:
    return OffsetAndMetadata(offset, metadata, *([-1] if VERSION >= (2, 1) else []))


def group_commit(bootstrap: str) -> None:
    topic, group = make_topic(bootstrap), fresh("group")
    fill(bootstrap, topic, 100)
    partition = TopicPartition(topic, 0)
    options: dict[str, Any] = {
        "bootstrap_servers": bootstrap,
        "group_id": group,
        "enable_auto_commit": False,
        "auto_offset_reset": "earliest",
    }
    first = KafkaConsumer(topic, **options)
    wait_until(lambda: first.poll(500), "records")
    first.commit({partition: offset_and_metadata(42, "forty-two")})
    expect_equal(first.committed(partition), 42, "committed")
    if VERSION >= (2, 0):
        expect_equal(first.committed(partition, metadata=True).metadata, "forty-two", "metadata")
    first.close()
    second = KafkaConsumer(topic, **options)
    records = wait_until(lambda: second.poll(500).get(partition), "records")
    expect_equal(records[0].value, b"value-42", "first record of the second run")
    second.close()


def restart_resume(bootstrap: str) -> None:
    topic, group = make_topic(bootstrap), fresh("group")
    for number in range(3):
        fill(bootstrap, topic, 100, number * 100)
        consumer = KafkaConsumer(
            topic,
            bootstrap_servers=bootstrap,
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        seen: list[bytes] = []

        def poll(consumer: Any = consumer, seen: list[bytes] = seen) -> bool:
            for batch in consumer.poll(500).values():
                seen += [record.value for record in batch]
            return len(seen) >= 100

        wait_until(poll, "a hundred records")
        expect_equal(seen, [value for _, value in numbered(100, number * 100)], f"records of run {number}")
        consumer.commit()
        consumer.close()
        ask_broker("stop" if number == 0 else "kill")
        ask_broker("start")


def kill_produce(bootstrap: str) -> None:
    count, topic = 200_000, make_topic(bootstrap)
    producer = KafkaProducer(
        bootstrap_servers=bootstrap,
        enable_idempotence=True,
        acks="all",
        linger_ms=5,
        delivery_timeout_ms=120_000,
        reconnect_backoff_max_ms=500,
    )
    futures = []
    for number, (key, value) in enumerate(numbered(count)):
        futures.append(producer.send(topic, key=key, value=value, partition=0))
        if number % (count // 6) == count // 12 and len(futures) > 1:
            ask_broker("kill")
            ask_broker("start")
    producer.flush()
    offsets = [future.get(60).offset for future in futures]
    expect_equal(offsets, list(range(count)), "acknowledged offsets")
    producer.close()
    check_exactly_once((record.value for record in read(bootstrap, topic, count, 120)), count)


def command_line(bootstrap: str) -> None:
    topic = fresh("topic")

    def run(module: str, *arguments: str, text: str = "") -> str:
        command = [sys.executable, "-m", f"kafka.{module}", "-b", bootstrap, *arguments]
        done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=40, check=False)
        return done.stdout + done.stderr

    run("admin", "topics", "create", "-t", topic, "--num-partitions", "2", "--replication-factor", "1")
    expect(topic in run("admin", "topics", "list"), "the topic is listed")
    expect(topic in run("admin", "topics", "describe", "-t", topic), "the topic is described")
    run("producer", "-t", topic, text="first\nsecond\n")
    group = fresh("group")
    setting = "-c" if VERSION < (3, 0) else "-C"
    arguments = ["-t", topic, "-g", group]
    for value in ("auto_offset_reset=earliest", "consumer_timeout_ms=5000"):
        arguments += [setting, value]
    printed = run("consumer", *arguments)
    expect("first" in printed and "second" in printed, "both records are printed", printed)


if __name__ == "__main__":
    scenarios: dict[str, Any] = {
        "admin-topics": admin_topics,
        "admin-partitions": admin_partitions,
        "admin-configs": admin_configs,
        "admin-cluster": admin_cluster,
        "admin-groups": admin_groups,
        "produce-codecs": produce_codecs,
        "produce-shapes": produce_shapes,
        "produce-acks": produce_acks,
        "produce-too-large": produce_too_large,
        "consume-beginning": consume_beginning,
        "consume-times": consume_times,
        "consume-seek": consume_seek,
        "consume-long-poll": consume_long_poll,
        "group-members": group_members,
        "group-commit": group_commit,
        "restart-resume": restart_resume,
        "kill-produce": kill_produce,
        "command-line": command_line,
    }
    for version, lacking in ABSENT.items():
        if version > VERSION:
            scenarios |= lacking
    main(scenarios)
