"""confluent-kafka: what is refused, and how."""

from __future__ import annotations

from common import admin_client, all_done, fill, make_topic, new_consumer, poll_some
from confluent_kafka import KafkaError, KafkaException, TopicPartition
from harness import expect_equal, fresh, wait_until


def errors_unknown_topic(bootstrap: str) -> None:
    name, admin = fresh("nowhere"), admin_client(bootstrap)
    try:
        all_done(admin.delete_topics([name]))
        raise AssertionError("deleted though it was not there")
    except KafkaException as error:
        expect_equal(error.args[0].code(), KafkaError.UNKNOWN_TOPIC_OR_PART, "error")
    expect_equal(name in admin.list_topics(timeout=10).topics, False, "in the metadata")


def errors_offset(bootstrap: str) -> None:
    topic = make_topic(bootstrap)
    fill(bootstrap, topic, 10)
    strict = new_consumer(bootstrap, **{"auto.offset.reset": "error"})
    strict.assign([TopicPartition(topic, 0, 1000)])
    message = wait_until(lambda: strict.poll(0.5), "an error", 10)
    expect_equal(message.error().code(), KafkaError._AUTO_OFFSET_RESET, "error")
    strict.close()
    lenient = new_consumer(bootstrap)
    lenient.assign([TopicPartition(topic, 0, 1000)])
    records = wait_until(lambda: poll_some(lenient), "records")
    expect_equal(records[0].offset(), 0, "offset after the reset")
    lenient.close()
