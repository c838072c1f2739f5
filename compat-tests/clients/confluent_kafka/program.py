"""confluent-kafka, which is librdkafka in C: each scenario in its own idiom."""

from __future__ import annotations

import functools
import pathlib
import sys
import threading
import time
from typing import Any

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from confluent_kafka import (
    OFFSET_BEGINNING,
    OFFSET_END,
    Consumer,
    ConsumerGroupState,
    ConsumerGroupTopicPartitions,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, NewTopic, ResourceType
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


@functools.cache  # the client must outlive the futures it gives
def admin_client(bootstrap: str) -> Any:
    return AdminClient({"bootstrap.servers": bootstrap})


def all_done(futures: dict[Any, Any]) -> list[Any]:
    return [future.result(20) for future in futures.values()]


def make_topic(bootstrap: str, partitions: int = 1, **configs: str) -> str:
    name = fresh("topic")
    all_done(admin_client(bootstrap).create_topics([NewTopic(name, partitions, 1, config=configs)]))
    return name


def send(bootstrap: str, records: list[dict[str, Any]], **options: Any) -> list[Any]:
    """Produce all, wait for all; the delivered messages in their order. KafkaException for a refused one."""
    delivered: list[Any] = [None] * len(records)
    errors = []

    def report(error: Any, message: Any, place: int) -> None:
        delivered[place] = message
        if error is not None:
            errors.append(error)

    producer = Producer({"bootstrap.servers": bootstrap, **options})
    for place, record in enumerate(records):
        producer.produce(**record, on_delivery=lambda e, m, place=place: report(e, m, place))
        producer.poll(0)
    expect_equal(producer.flush(60), 0, "records not delivered")
    if errors:
        raise KafkaException(errors[0])
    return delivered


def fill(bootstrap: str, topic: str, count: int, start: int = 0) -> None:
    records = numbered(count, start)
    send(bootstrap, [{"topic": topic, "key": key, "value": value, "partition": 0} for key, value in records])


def new_consumer(bootstrap: str, group: str | None = None, **options: Any) -> Any:
    settings = {
        "bootstrap.servers": bootstrap,
        "group.id": group or fresh("no-group"),
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        **options,
    }
    return Consumer(settings)


def poll_some(consumer: Any, seconds: float = 0.5) -> list[Any]:
    messages = consumer.consume(500, seconds)
    for message in messages:
        if message.error() is not None and message.error().fatal():
            raise KafkaException(message.error())
    return [message for message in messages if message.error() is None]


def read(bootstrap: str, topic: str, count: int, seconds: float = 30) -> list[Any]:
    consumer = new_consumer(bootstrap)
    partitions = consumer.list_topics(topic, 10).topics[topic].partitions
    consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in partitions])
    records: list[Any] = []
    end = time.monotonic() + seconds
    while len(records) < count and time.monotonic() < end:
        records += poll_some(consumer)
    consumer.close()
    expect_equal(len(records), count, "records read")
    return records


def admin_topics(bootstrap: str) -> None:
    admin, name = admin_client(bootstrap), fresh("topic")

    def listed() -> bool:
        return name in admin.list_topics(timeout=10).topics

    all_done(admin.create_topics([NewTopic(name, 3, 1)]))
    wait_until(listed, "the new topic is listed")
    expect_equal(len(admin.list_topics(name, 10).topics[name].partitions), 3, "partitions described")
    try:
        all_done(admin.create_topics([NewTopic(name, 3, 1)]))
        raise AssertionError("made twice")
    except KafkaException as error:
        expect_equal(error.args[0].code(), KafkaError.TOPIC_ALREADY_EXISTS, "error")
    for _ in range(5):
        all_done(admin.delete_topics([name]))
        wait_until(lambda: not listed(), "the deleted topic is gone")
        all_done(admin.create_topics([NewTopic(name, 1, 1)]))
    wait_until(listed, "the topic made again is listed")
    expect_equal(
        len(admin.list_topics(name, 10).topics[name].partitions), 1, "partitions of the topic made again"
    )


def admin_partitions(bootstrap: str) -> None:
    topic = make_topic(bootstrap)
    all_done(admin_client(bootstrap).create_partitions([NewPartitions(topic, 4)]))
    sent = send(bootstrap, [{"topic": topic, "value": b"x", "partition": number} for number in range(4)])
    expect_equal([message.offset() for message in sent], [0] * 4, "first offsets")
    expect_equal(sorted(message.partition() for message in read(bootstrap, topic, 4)), [0, 1, 2, 3])


def admin_configs(bootstrap: str) -> None:
    topic = make_topic(bootstrap, 1, **{"retention.ms": "123456", "cleanup.policy": "compact"})
    admin = admin_client(bootstrap)
    node = str(next(iter(admin.list_topics(timeout=10).brokers)))
    resources = [ConfigResource(ResourceType.TOPIC, topic), ConfigResource(ResourceType.BROKER, node)]
    of_topic, of_broker = all_done(admin.describe_configs(resources))
    expect_equal(of_topic["retention.ms"].value, "123456", "retention.ms")
    expect_equal(of_topic["cleanup.policy"].value, "compact", "cleanup.policy")
    expect(not of_topic["retention.ms"].is_default, "retention.ms is not a default")
    expect_equal(of_topic["segment.bytes"].value, "1073741824", "segment.bytes")
    expect_equal(of_broker["log.segment.bytes"].value, "1073741824", "the broker's log.segment.bytes")


def admin_cluster(bootstrap: str) -> None:
    cluster = admin_client(bootstrap).describe_cluster().result(20)
    expect(cluster.cluster_id, "a cluster id")
    expect_equal([f"{node.host}:{node.port}" for node in cluster.nodes], [bootstrap], "nodes")
    expect_equal(cluster.controller.id, cluster.nodes[0].id, "controller")


def admin_groups(bootstrap: str) -> None:
    topic, group = make_topic(bootstrap), fresh("group")
    fill(bootstrap, topic, 10)
    consumer, admin = new_consumer(bootstrap, group), admin_client(bootstrap)
    consumer.subscribe([topic])
    wait_until(lambda: poll_some(consumer), "records")
    consumer.commit(offsets=[TopicPartition(topic, 0, 10)], asynchronous=False)

    def listed() -> bool:
        return any(entry.group_id == group for entry in admin.list_consumer_groups().result(20).valid)

    expect(listed(), "the group is listed")
    (described,) = all_done(admin.describe_consumer_groups([group]))
    expect_equal(described.state, ConsumerGroupState.STABLE, "state")
    expect_equal(len(described.members), 1, "members")
    consumer.close()
    (offsets,) = all_done(admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)]))
    expect_equal([(one.topic, one.offset) for one in offsets.topic_partitions], [(topic, 10)], "offsets")
    all_done(admin.delete_consumer_groups([group]))
    expect(not listed(), "the group is gone")


def produce_codecs(bootstrap: str) -> None:
    for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
        topic = make_topic(bootstrap)
        records = [{"topic": topic, "key": k, "value": v * 20, "partition": 0} for k, v in numbered(500)]
        send(bootstrap, records, **{"compression.type": codec, "linger.ms": 20})
        found = [(message.key(), message.value()) for message in read(bootstrap, topic, 500)]
        expect_equal(found, [(key, value * 20) for key, value in numbered(500)], f"records under {codec}")


def produce_shapes(bootstrap: str) -> None:
    topic, now = make_topic(bootstrap), int(time.time() * 1000)
    headers = [("a", b"1"), ("a", b""), ("\u00fcmlaut", b"\x00\xff"), ("none", None)]
    shapes: list[tuple[Any, Any, Any]] = [
        (None, b"value", None),
        (b"key", None, headers),
        (None, None, None),
        (b"", b"", [("empty", b"")]),
        (b"large", b"x" * 900_000, None),
    ]
    records = [
        {"topic": topic, "key": key, "value": value, "headers": headers or [], "timestamp": now + number}
        for number, (key, value, headers) in enumerate(shapes)
    ]
    send(bootstrap, records, **{"linger.ms": 50})
    found = read(bootstrap, topic, len(shapes))
    expect_equal([(one.key(), one.value(), one.headers()) for one in found], shapes, "records")
    expect_equal([one.timestamp()[1] for one in found], [now + n for n in range(len(shapes))], "timestamps")


def produce_acks(bootstrap: str) -> None:
    topic = make_topic(bootstrap)
    for acks in ("all", "1", "0"):
        records = [{"topic": topic, "value": b"value", "partition": 0} for _ in range(10)]
        sent = send(bootstrap, records, acks=acks)
        if acks != "0":
            first = sent[0].offset()
            expect_equal([one.offset() for one in sent], list(range(first, first + 10)), f"acks={acks}")
    expect_equal([one.offset() for one in read(bootstrap, topic, 30)], list(range(30)), "offsets")


def produce_too_large(bootstrap: str) -> None:
    topic = make_topic(bootstrap, 1, **{"max.message.bytes": "2000"})
    try:
        send(bootstrap, [{"topic": topic, "value": b"x" * 5000}])
        raise AssertionError("5,000 bytes were taken where 2,000 are allowed")
    except KafkaException as error:
        expect_equal(error.args[0].code(), KafkaError.MSG_SIZE_TOO_LARGE, "error")
    send(bootstrap, [{"topic": topic, "value": b"small"}])
    expect_equal([one.value() for one in read(bootstrap, topic, 1)], [b"small"])


def consume_beginning(bootstrap: str) -> None:
    topic = make_topic(bootstrap, 4)
    values = [b"value-%d" % number for number in range(2000)]
    send(bootstrap, [{"topic": topic, "value": v, "partition": n % 4} for n, v in enumerate(values)])
    records = read(bootstrap, topic, 2000)
    for partition in range(4):
        found = [one.value() for one in records if one.partition() == partition]
        expect_equal(found, values[partition::4], f"partition {partition}")


def consume_times(bootstrap: str) -> None:
    topic, base = make_topic(bootstrap), int(time.time() * 1000) - 100_000
    records = [
        {"topic": topic, "value": b"value-%d" % n, "timestamp": base + n * 1000, "partition": 0}
        for n in range(100)
    ]
    send(bootstrap, records)
    consumer = new_consumer(bootstrap)
    (found,) = consumer.offsets_for_times([TopicPartition(topic, 0, base + 41_500)], 10)
    expect_equal(found.offset, 42, "offset for a time")
    (late,) = consumer.offsets_for_times([TopicPartition(topic, 0, base + 10**6)], 10)
    expect_equal(late.offset, OFFSET_END, "offset after the end")
    expect_equal(consumer.get_watermark_offsets(TopicPartition(topic, 0), 10), (0, 100), "watermarks")
    consumer.assign([found])
    expect_equal(wait_until(lambda: poll_some(consumer), "records")[0].value(), b"value-42", "first record")
    consumer.close()


def consume_seek(bootstrap: str) -> None:
    topic = make_topic(bootstrap)
    fill(bootstrap, topic, 100)
    consumer = new_consumer(bootstrap)

    def next_value() -> Any:
        return wait_until(lambda: consumer.poll(1), "a record").value()

    consumer.assign([TopicPartition(topic, 0, 70)])
    expect_equal(next_value(), b"value-70", "after assign")
    consumer.seek(TopicPartition(topic, 0, OFFSET_BEGINNING))
    expect_equal(next_value(), b"value-0", "from the beginning")
    (position,) = consumer.position([TopicPartition(topic, 0)])
    expect_equal(position.offset, 1, "position")
    consumer.pause([TopicPartition(topic, 0)])
    expect_equal(consumer.poll(0.5), None, "while paused")
    consumer.resume([TopicPartition(topic, 0)])
    expect_equal(next_value(), b"value-1", "after resume")
    consumer.seek(TopicPartition(topic, 0, OFFSET_END))
    expect_equal(consumer.poll(0.5), None, "at the end")
    fill(bootstrap, topic, 1, 100)
    expect_equal(next_value(), b"value-100", "behind the end")
    consumer.close()


def consume_long_poll(bootstrap: str) -> None:
    topic = make_topic(bootstrap)
    consumer = new_consumer(bootstrap, **{"fetch.wait.max.ms": 20_000, "socket.timeout.ms": 60_000})
    consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
    consumer.poll(0.5)
    threading.Timer(1, lambda: send(bootstrap, [{"topic": topic, "value": b"now"}])).start()
    begin = time.monotonic()
    wait_until(lambda: consumer.poll(15), "the record", 16)
    expect(time.monotonic() - begin < 10, "the fetch waited on though there was a record")
    consumer.close()


class Member:
    """A consumer in a thread, with the records it saw."""

    def __init__(self, bootstrap: str, topic: str, group: str) -> None:
        timeouts = {"session.timeout.ms": 6000, "heartbeat.interval.ms": 500, "max.poll.interval.ms": 6000}
        self.consumer = new_consumer(bootstrap, group, **timeouts)
        self.consumer.subscribe([topic])
        self.seen: list[bytes] = []
        self.owned: set[int] = set()
        self._end = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        while not self._end.is_set():
            records = poll_some(self.consumer, 0.1)
            self.seen += [record.value() for record in records]
            if records:
                self.consumer.commit(asynchronous=False)
            self.owned = {one.partition for one in self.consumer.assignment()}

    def leave(self) -> None:
        self.stop_polling()
        self.consumer.close()

    def stop_polling(self) -> None:
        """A consumer that does not poll is put out of its group after max.poll.interval.ms."""
        self._end.set()
        self.thread.join()
        self.owned = set()


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
    everybody = list(members)

    def all_read(start: int, count: int) -> None:
        numbers = range(start, start + count)
        send(bootstrap, [{"topic": topic, "value": b"%d" % n, "partition": n % 6} for n in numbers])
        wanted = {b"%d" % number for number in range(start + count)}
        wait_until(
            lambda: set().union(*(one.seen for one in everybody)) == wanted, "every record is read", 45
        )

    all_read(0, 600)
    members.pop().leave()
    shared_by(2)
    members.pop(0).stop_polling()
    shared_by(1)
    all_read(600, 600)
    for member in members:
        member.leave()


def group_commit(bootstrap: str) -> None:
    topic, group = make_topic(bootstrap), fresh("group")
    fill(bootstrap, topic, 100)
    first = new_consumer(bootstrap, group)
    first.subscribe([topic])
    wait_until(lambda: poll_some(first), "records")
    wanted = TopicPartition(topic, 0, 42, "forty-two")
    first.commit(offsets=[wanted], asynchronous=False)
    (found,) = first.committed([TopicPartition(topic, 0)], 10)
    expect_equal((found.offset, found.metadata), (42, "forty-two"), "committed")
    first.close()
    second = new_consumer(bootstrap, group)
    second.subscribe([topic])
    expect_equal(
        wait_until(lambda: poll_some(second), "records")[0].value(), b"value-42", "first of the second run"
    )
    second.close()


def restart_resume(bootstrap: str) -> None:
    topic, group = make_topic(bootstrap), fresh("group")
    for number in range(3):
        fill(bootstrap, topic, 100, number * 100)
        consumer = new_consumer(bootstrap, group)
        consumer.subscribe([topic])
        seen: list[bytes] = []

        def poll(consumer: Any = consumer, seen: list[bytes] = seen) -> bool:
            seen += [message.value() for message in poll_some(consumer)]
            return len(seen) >= 100

        wait_until(poll, "a hundred records")
        expect_equal(seen, [value for _, value in numbered(100, number * 100)], f"records of run {number}")
        consumer.commit(asynchronous=False)
        consumer.close()
        ask_broker("stop" if number == 0 else "kill")
        ask_broker("start")


def kill_produce(bootstrap: str) -> None:
    count, topic = 200_000, make_topic(bootstrap)
    offsets: list[int] = []
    errors: list[Any] = []
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "enable.idempotence": True,
            "linger.ms": 5,
            "queue.buffering.max.messages": 20_000,
            "reconnect.backoff.max.ms": 500,
        }
    )

    def report(error: Any, message: Any) -> None:
        errors.append(error) if error is not None else offsets.append(message.offset())

    for number, (key, value) in enumerate(numbered(count)):
        while True:
            try:
                producer.produce(topic, key=key, value=value, partition=0, on_delivery=report)
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
        if number % (count // 6) == count // 12 and number < count * 5 // 6:
            ask_broker("kill")
            ask_broker("start")
    expect_equal(producer.flush(120), 0, "records not delivered")
    expect_equal(errors, [], "errors")
    expect_equal(offsets, list(range(count)), "acknowledged offsets")
    check_exactly_once((one.value() for one in read(bootstrap, topic, count, 120)), count)


if __name__ == "__main__":
    main(
        {
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
            "command-line": "librdkafka's command-line tool, kcat, is a package of its own",
        }
    )
