"""aiokafka: what is refused, and how."""

from __future__ import annotations

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import OffsetOutOfRangeError, UnknownTopicOrPartitionError
from common import fill, make_topic, new_admin, started
from harness import expect_equal, fresh


async def errors_unknown_topic(bootstrap: str) -> None:
    name, admin = fresh("nowhere"), await new_admin(bootstrap)
    answer = await admin.delete_topics([name])
    expect_equal(answer.topic_error_codes, [(name, UnknownTopicOrPartitionError.errno)], "error")
    expect_equal(name in await admin.list_topics(), False, "in the metadata")
    await admin.close()


async def errors_offset(bootstrap: str) -> None:
    topic = await make_topic(bootstrap)
    await fill(bootstrap, topic, 10)
    partition = TopicPartition(topic, 0)
    strict = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="none")
    await strict.start()
    strict.assign([partition])
    strict.seek(partition, 1000)
    try:
        await strict.getone()
        raise AssertionError("a record behind the end")
    except OffsetOutOfRangeError as error:
        expect_equal(error.args[0], {partition: 1000}, "where")
    await strict.stop()
    lenient = await started(bootstrap_servers=bootstrap)
    lenient.assign([partition])
    lenient.seek(partition, 1000)
    expect_equal((await lenient.getone()).offset, 0, "offset after the reset")
    await lenient.stop()
