"""kafka-python: topics, partitions, configurations, the cluster, groups."""

from __future__ import annotations

from typing import Any

from common import VERSION, fill, make_topic, read
from harness import expect, expect_equal, fresh, wait_until
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient, NewPartitions, NewTopic
from kafka.errors import TopicAlreadyExistsError


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
