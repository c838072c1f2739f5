"""confluent-kafka: topics, partitions, configurations, the cluster, groups."""

from __future__ import annotations

from typing import Any

from common import (
    admin_client,
    all_done,
    fill,
    make_topic,
    new_consumer,
    poll_some,
    read,
    send,
    wait_for_partitions,
)
from confluent_kafka import (
    OFFSET_END,
    ConsumerGroupState,
    ConsumerGroupTopicPartitions,
    KafkaError,
    KafkaException,
    TopicPartition,
)
from confluent_kafka import admin as api  # what came after 2.0 is looked up where it is used
from confluent_kafka.admin import (
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    ResourceType,
)
from harness import RUN, expect, expect_address, expect_equal, fresh, wait_until


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
    wait_for_partitions(bootstrap, topic, 4)
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


def admin_alter_configs(bootstrap: str) -> None:
    topic = make_topic(bootstrap, 1, **{"retention.ms": "123456"})
    admin = admin_client(bootstrap)

    def alter(*changes: tuple[str, str | None, Any]) -> None:
        entries = [
            ConfigEntry(name, value, incremental_operation=operation) for name, value, operation in changes
        ]
        resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)
        all_done(admin.incremental_alter_configs([resource]))

    def have(**wanted: str) -> None:
        def there() -> bool:
            (shown,) = all_done(admin.describe_configs([ConfigResource(ResourceType.TOPIC, topic)]))
            return all(shown[name.replace("_", ".")].value == value for name, value in wanted.items())

        wait_until(there, str(wanted))

    alter(
        ("segment.bytes", "2000000", api.AlterConfigOpType.SET),
        ("cleanup.policy", "compact", api.AlterConfigOpType.APPEND),
    )
    have(segment_bytes="2000000", cleanup_policy="delete,compact", retention_ms="123456")
    alter(
        ("retention.ms", None, api.AlterConfigOpType.DELETE),
        ("cleanup.policy", "delete", api.AlterConfigOpType.SUBTRACT),
    )
    have(cleanup_policy="compact", retention_ms="604800000")
    try:
        alter(("retention.ms", "soon", api.AlterConfigOpType.SET))
        raise AssertionError("a text was taken for a number")
    except KafkaException as error:
        expect_equal(error.args[0].code(), KafkaError.INVALID_CONFIG, "error")
    replaced = {"segment.ms": "70000"}
    all_done(admin.alter_configs([ConfigResource(ResourceType.TOPIC, topic, set_config=replaced)]))
    have(segment_ms="70000", segment_bytes="1073741824", cleanup_policy="delete")


def admin_dynamic_configs(bootstrap: str) -> None:
    topic, admin = make_topic(bootstrap), admin_client(bootstrap)
    node = str(next(iter(admin.list_topics(timeout=10).brokers)))

    def alter(kind: ResourceType, name: str, key: str, value: str | None) -> None:
        operation = api.AlterConfigOpType.DELETE if value is None else api.AlterConfigOpType.SET
        entry = ConfigEntry(key, value, incremental_operation=operation)
        all_done(admin.incremental_alter_configs([ConfigResource(kind, name, incremental_configs=[entry])]))

    def has(kind: ResourceType, name: str, key: str, value: str) -> None:
        def there() -> bool:
            (shown,) = all_done(admin.describe_configs([ConfigResource(kind, name)]))
            return bool(shown[key].value == value)

        wait_until(there, f"{key}={value}")

    group, session = fresh("group"), "consumer.session.timeout.ms"
    alter(ResourceType.GROUP, group, session, "50000")
    has(ResourceType.GROUP, group, session, "50000")
    try:
        alter(ResourceType.GROUP, group, session, "1")
        raise AssertionError("a session shorter than the broker allows")
    except KafkaException as error:
        expect_equal(error.args[0].code(), KafkaError.INVALID_CONFIG, "error")
    alter(ResourceType.BROKER, node, "log.retention.ms", "80000")
    has(ResourceType.BROKER, node, "log.retention.ms", "80000")
    has(ResourceType.TOPIC, topic, "retention.ms", "80000")
    alter(ResourceType.BROKER, node, "log.retention.ms", None)
    has(ResourceType.TOPIC, topic, "retention.ms", "604800000")


def admin_delete_records(bootstrap: str) -> None:
    topic, admin = make_topic(bootstrap), admin_client(bootstrap)
    fill(bootstrap, topic, 100)
    (deleted,) = all_done(admin.delete_records([TopicPartition(topic, 0, 40)]))
    expect_equal(deleted.low_watermark, 40, "low watermark")
    try:
        all_done(admin.delete_records([TopicPartition(topic, 0, 101)]))
        raise AssertionError("records behind the end were deleted")
    except KafkaException as error:
        expect_equal(error.args[0].code(), KafkaError.OFFSET_OUT_OF_RANGE, "error")
    consumer = new_consumer(bootstrap, fresh("group"))
    expect_equal(consumer.get_watermark_offsets(TopicPartition(topic, 0), 20), (40, 100), "offsets")
    consumer.close()
    offsets = [message.offset() for message in read(bootstrap, topic, 60)]
    expect_equal(offsets, list(range(40, 100)), "offsets of what is left")
    (deleted,) = all_done(admin.delete_records([TopicPartition(topic, 0, OFFSET_END)]))
    expect_equal(deleted.low_watermark, 100, "low watermark when all are deleted")


def admin_cluster(bootstrap: str) -> None:
    cluster = admin_client(bootstrap).describe_cluster().result(20)
    expect(cluster.cluster_id, "a cluster id")
    (node,) = cluster.nodes
    expect_address(f"{node.host}:{node.port}", bootstrap)
    expect_equal(cluster.controller.id, node.id, "controller")


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


def clean_up(bootstrap: str) -> None:
    """No scenario: delete the topics of this run, and its groups as soon as their last members are dead."""
    admin = admin_client(bootstrap)

    def topics() -> list[str]:
        return [name for name in admin.list_topics(timeout=10).topics if name.startswith(RUN)]

    def groups() -> list[str]:
        found = admin.list_consumer_groups().result(20).valid
        return [group.group_id for group in found if group.group_id.startswith(RUN)]

    def all_gone() -> bool:
        futures = admin.delete_consumer_groups(left) if (left := groups()) else {}
        return all(future.exception(20) is None for future in futures.values())

    expect(RUN, "a run of its own")
    if made := topics():
        all_done(admin.delete_topics(made))
    wait_until(lambda: not topics(), "the topics are gone")
    wait_until(all_gone, "the groups are gone", 60)
