"""aiokafka: topics, partitions, configurations, the cluster, groups."""

from __future__ import annotations

from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import NewPartitions, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import OffsetOutOfRangeError, TopicAlreadyExistsError
from common import fill, make_topic, new_admin, read, some, started, until, wait_for_partitions
from harness import expect, expect_address, expect_equal, fresh


async def admin_topics(bootstrap: str) -> None:
    admin, name = await new_admin(bootstrap), fresh("topic")

    async def listed() -> bool:
        return name in await admin.list_topics()

    async def gone() -> bool:
        return not await listed()

    await admin.create_topics([NewTopic(name, 3, 1)])
    await until(listed, "the new topic is listed")
    (described,) = await admin.describe_topics([name])
    expect_equal(len(described["partitions"]), 3, "partitions described")
    answer = await admin.create_topics([NewTopic(name, 3, 1)])
    expect_equal(answer.topic_errors[0][1], TopicAlreadyExistsError.errno, "error of a second creation")
    for _ in range(5):
        await admin.delete_topics([name])
        await until(gone, "the deleted topic is gone")
        await admin.create_topics([NewTopic(name, 1, 1)])
    await until(listed, "the topic made again is listed")
    await admin.close()


async def admin_partitions(bootstrap: str) -> None:
    topic, admin = await make_topic(bootstrap), await new_admin(bootstrap)
    await admin.create_partitions({topic: NewPartitions(4)})
    await wait_for_partitions(admin, topic, 4)
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        for number in range(4):
            sent = await producer.send_and_wait(topic, b"x", partition=number)
            expect_equal(sent.offset, 0, "first offset in a new partition")
    records = await read(bootstrap, topic, 4, partitions=4)
    expect_equal(sorted(record.partition for record in records), [0, 1, 2, 3])
    await admin.close()


async def admin_configs(bootstrap: str) -> None:
    topic = await make_topic(bootstrap, 1, **{"retention.ms": "123456", "cleanup.policy": "compact"})
    admin = await new_admin(bootstrap)

    async def described(kind: Any, name: str) -> dict[str, str]:
        (answer,) = await admin.describe_configs([ConfigResource(kind, name)])
        return {entry[0]: entry[1] for entry in answer.resources[0][4]}

    values = await described(ConfigResourceType.TOPIC, topic)
    expect_equal(values["retention.ms"], "123456", "retention.ms")
    expect_equal(values["cleanup.policy"], "compact", "cleanup.policy")
    expect_equal(values["segment.bytes"], "1073741824", "segment.bytes")
    node = (await admin.describe_cluster())["brokers"][0]["node_id"]
    values = await described(ConfigResourceType.BROKER, str(node))
    expect_equal(values["log.segment.bytes"], "1073741824", "the broker's log.segment.bytes")
    await admin.close()


async def admin_alter_configs(bootstrap: str) -> None:
    topic = await make_topic(bootstrap, 1, **{"retention.ms": "123456"})
    admin = await new_admin(bootstrap)
    settings = {"segment.bytes": "2000000", "cleanup.policy": "compact"}
    resource = ConfigResource(ConfigResourceType.TOPIC, topic, configs=settings)
    answers = await admin.alter_configs([resource])
    expect_equal([row[0] for answer in answers for row in answer.resources], [0], "errors")
    # By AlterConfigs what is not named goes back to its default.
    wanted = {**settings, "retention.ms": "604800000"}

    async def there() -> bool:
        (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
        return wanted.items() <= {entry[0]: entry[1] for entry in answer.resources[0][4]}.items()

    await until(there, str(wanted))
    await admin.close()


async def admin_delete_records(bootstrap: str) -> None:
    topic, admin = await make_topic(bootstrap), await new_admin(bootstrap)
    await fill(bootstrap, topic, 100)
    partition = TopicPartition(topic, 0)
    deleted = await admin.delete_records({partition: RecordsToDelete(before_offset=40)})
    expect_equal(deleted, {partition: 40}, "low watermark")
    try:
        await admin.delete_records({partition: RecordsToDelete(before_offset=101)})
        raise AssertionError("records behind the end were deleted")
    except OffsetOutOfRangeError:
        pass
    consumer = await started(bootstrap_servers=bootstrap)
    expect_equal(await consumer.beginning_offsets([partition]), {partition: 40}, "beginning")
    await consumer.stop()
    offsets = [record.offset for record in await read(bootstrap, topic, 60)]
    expect_equal(offsets, list(range(40, 100)), "offsets of what is left")
    deleted = await admin.delete_records({partition: RecordsToDelete(before_offset=-1)})
    expect_equal(deleted, {partition: 100}, "low watermark when all are deleted")
    await admin.close()


async def admin_cluster(bootstrap: str) -> None:
    admin = await new_admin(bootstrap)
    cluster = await admin.describe_cluster()
    expect(cluster["cluster_id"], "a cluster id")
    (broker,) = cluster["brokers"]
    expect_address(f"{broker['host']}:{broker['port']}", bootstrap)
    await admin.close()


async def admin_groups(bootstrap: str) -> None:
    topic, group = await make_topic(bootstrap), fresh("group")
    await fill(bootstrap, topic, 10)
    consumer = await started(topic, bootstrap_servers=bootstrap, group_id=group)
    await until(lambda: some(consumer), "records")
    await consumer.commit()
    admin = await new_admin(bootstrap)
    expect(group in str(await admin.list_consumer_groups()), "the group is listed")
    expect("Stable" in str(await admin.describe_consumer_groups([group])), "the group is stable")
    await consumer.stop()
    offsets = await admin.list_consumer_group_offsets(group)
    expect_equal(offsets[TopicPartition(topic, 0)].offset, 10, "committed offset")
    await admin.close()  # deleting a group is not in this client's API
