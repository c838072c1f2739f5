"""kafka-python: what is refused, and how."""

from __future__ import annotations

from common import fill, make_topic
from harness import expect_equal, fresh, wait_until
from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import OffsetOutOfRangeError, UnknownTopicOrPartitionError


def errors_unknown_topic(bootstrap: str) -> None:
    name = fresh("nowhere")
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        admin.delete_topics([name])
        raise AssertionError("deleted though it was not there")
    except UnknownTopicOrPartitionError:
        pass
    admin.close()
    consumer = KafkaConsumer(bootstrap_servers=bootstrap)
    expect_equal(name in consumer.topics(), False, "in the metadata")
    consumer.close()


def errors_offset(bootstrap: str) -> None:
    topic = make_topic(bootstrap)
    fill(bootstrap, topic, 10)
    partition = TopicPartition(topic, 0)
    strict = KafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="none")
    strict.assign([partition])
    strict.seek(partition, 1000)
    try:
        wait_until(lambda: strict.poll(500), "records", 10)
        raise AssertionError("records behind the end")
    except OffsetOutOfRangeError as error:
        expect_equal(error.args[0], {partition: 1000}, "where")
    strict.close()
    lenient = KafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    lenient.assign([partition])
    lenient.seek(partition, 1000)
    records = wait_until(lambda: lenient.poll(500).get(partition), "records")
    expect_equal(records[0].offset, 0, "offset after the reset")
    lenient.close()
