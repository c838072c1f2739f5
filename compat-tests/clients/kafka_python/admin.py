"""kafka-python: topics, partitions, configurations, the cluster, groups."""

from __future__ import annotations

from typing import Any

from common import VERSION, fill, make_topic, read, wait_for_partitions
from harness import RUN, expect, expect_address, expect_equal, fresh, wait_until
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient, NewPartitions, NewTopic
from kafka.errors import OffsetOutOfRangeError, TopicAlreadyExistsError

if VERSION >= (3, 0):
    from kafka.admin import AlterConfigOp


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
    wait_for_partitions(admin, topic, 4)
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


def admin_alter_configs(bootstrap: str) -> None:
    topic = make_topic(bootstrap, 1, **{"retention.ms": "123456"})
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    resource = ConfigResource(ConfigResourceType.TOPIC, topic)

    def alter(**configs: str) -> None:
        settings = {name.replace("_", "."): value for name, value in configs.items()}
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs=settings)])

    def have(**configs: str) -> None:
        wanted = {name.replace("_", "."): value for name, value in configs.items()}
        wait_until(lambda: wanted.items() <= described_configs(admin, resource).items(), wanted)

    alter(segment_bytes="2000000", cleanup_policy="compact")
    # Until 3.0 the client sends AlterConfigs, by which what is not named goes back to its default.
    kept = "123456" if VERSION >= (3, 0) else "604800000"
    have(segment_bytes="2000000", cleanup_policy="compact", retention_ms=kept)
    if VERSION >= (3, 0):
        admin.reset_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs=["retention.ms"])])
        have(segment_bytes="2000000", retention_ms="604800000")
        alter(retention_ms="5", cleanup_policy=(AlterConfigOp.APPEND, "delete"))
        have(retention_ms="5", cleanup_policy="compact,delete")
    admin.close()


def admin_dynamic_configs(bootstrap: str) -> None:
    topic = make_topic(bootstrap)
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    node = str(admin.describe_cluster()["brokers"][0]["broker_id"])

    def alter(kind: Any, name: str, **configs: object) -> str:
        settings = {key.replace("_", "."): value for key, value in configs.items()}
        (answers,) = admin.alter_configs([ConfigResource(kind, name, configs=settings)]).values()
        return str(answers[name])

    def has(kind: Any, name: str, key: str, value: str) -> None:
        resource = ConfigResource(kind, name)
        wait_until(lambda: described_configs(admin, resource)[key] == value, f"{key}={value}")

    group = fresh("group")
    alter(ConfigResourceType.GROUP, group, consumer_session_timeout_ms="50000")
    has(ConfigResourceType.GROUP, group, "consumer.session.timeout.ms", "50000")
    answer = alter(ConfigResourceType.GROUP, group, consumer_session_timeout_ms="1")
    expect("must be in the range 45000 to 60000" in answer, "too short a session is refused", answer)
    alter(ConfigResourceType.BROKER, node, log_retention_ms="80000")
    has(ConfigResourceType.BROKER, node, "log.retention.ms", "80000")
    has(ConfigResourceType.TOPIC, topic, "retention.ms", "80000")
    admin.reset_configs([ConfigResource(ConfigResourceType.BROKER, node, configs=["log.retention.ms"])])
    has(ConfigResourceType.TOPIC, topic, "retention.ms", "604800000")
    admin.close()


def admin_delete_records(bootstrap: str) -> None:
    topic = make_topic(bootstrap)
    fill(bootstrap, topic, 100)
    partition = TopicPartition(topic, 0)
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    answer = admin.delete_records({partition: 40})
    expect_equal(answer[partition]["low_watermark"], 40, "low watermark")
    try:
        admin.delete_records({partition: 101})
        raise AssertionError("records behind the end were deleted")
    except OffsetOutOfRangeError:
        pass
    consumer = KafkaConsumer(bootstrap_servers=bootstrap)
    expect_equal(consumer.beginning_offsets([partition]), {partition: 40}, "beginning")
    consumer.close()
    expect_equal([record.offset for record in read(bootstrap, topic, 60)], list(range(40, 100)), "offsets")
    answer = admin.delete_records({partition: -1})
    expect_equal(answer[partition]["low_watermark"], 100, "low watermark when all are deleted")
    admin.close()


def admin_log_dirs(bootstrap: str) -> None:
    topic = make_topic(bootstrap)
    fill(bootstrap, topic, 100)
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    answer = admin.describe_log_dirs()
    if VERSION >= (3, 0):
        ((folder,),) = (broker["log_dirs"] for broker in answer)
        (found,) = (each for each in folder["topics"] if each["name"] == topic)
        (row,) = found["partitions"]
        error, size, lag = folder["error_code"], row["partition_size"], row["offset_lag"]
    else:
        ((error, _, topics),) = answer.log_dirs
        ((_, size, lag, _),) = dict(topics)[topic]
    expect_equal((error, lag), (0, 0), "error and lag")
    expect(size > 500, "size of the log", size)
    admin.close()


def admin_cluster(bootstrap: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    cluster = admin.describe_cluster()
    expect(cluster["cluster_id"], "a cluster id")
    expect_equal(len(cluster["brokers"]), 1, "brokers")
    broker = cluster["brokers"][0]
    expect_address(f"{broker['host']}:{broker['port']}", bootstrap)
    admin.close()


def admin_groups(bootstrap: str) -> None:
    topic, group = make_topic(bootstrap), fresh("group")
    fill(bootstrap, topic, 10)
    consumer = KafkaConsumer(topic, bootstrap_servers=bootstrap, group_id=group, auto_offset_reset="earliest")
    wait_until(lambda: consumer.poll(1000), "records")
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


def clean_up(bootstrap: str) -> None:
    """No scenario: delete the topics of this run, and its groups as soon as their last members are dead."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)

    def topics() -> list[str]:
        return [name for name in admin.list_topics() if name.startswith(RUN)]

    def groups() -> list[str]:
        return [group["group_id"] for group in admin.list_groups() if group["group_id"].startswith(RUN)]

    def all_gone() -> bool:
        admin.delete_groups(groups())
        return not groups()

    expect(RUN, "a run of its own")
    admin.delete_topics(topics())
    wait_until(lambda: not topics(), "the topics are gone")
    wait_until(all_gone, "the groups are gone", 60)
    admin.close()
