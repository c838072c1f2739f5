"""Internal topics of a real Apache Kafka, read from its disk by our declarations. Needs Java 17 and Maven."""

from __future__ import annotations

import pathlib
import sys
from collections.abc import Iterator
from typing import Any

import kafka
import kafka.admin
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

import apache_kafka

from odradek.protocol import record_batch
from odradek.protocol.messages import group_records, metadata_records

pytestmark = pytest.mark.usefixtures("needs_apache_kafka")

Pair = tuple[memoryview | None, memoryview | None]


@pytest.fixture(scope="module")
def kafka_data(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The data folder of an Apache Kafka that has had a topic, a change of its configuration, and a group."""
    folder = tmp_path_factory.mktemp("kafka") / "data"
    with apache_kafka.running(data=str(folder)) as address:
        admin = kafka.KafkaAdminClient(bootstrap_servers=address)
        admin.create_topics([kafka.admin.NewTopic("flights", 2, 1, topic_configs={"retention.ms": "1000"})])
        admin.create_topics([kafka.admin.NewTopic("gone", 1, 1)])
        admin.delete_topics(["gone"])
        with_producer = kafka.KafkaProducer(bootstrap_servers=address)
        with_producer.send("flights", b"first", partition=0).get(10)
        with_producer.close()
        consumer = kafka.KafkaConsumer(
            "flights", bootstrap_servers=address, group_id="board", auto_offset_reset="earliest"
        )
        next(consumer)
        consumer.commit()
        consumer.close()
        admin.close()
    return folder


def records_of(folder: pathlib.Path) -> Iterator[Pair]:
    """Keys and values of all data records in a partition's segments."""
    for segment in sorted(folder.glob("*.log")):
        data = memoryview(segment.read_bytes())
        for header in record_batch.batches(data):
            if not header.is_control:
                for record in record_batch.records(data, header, 1 << 24):
                    yield record.key, record.value


def test_cluster_metadata(kafka_data: pathlib.Path) -> None:
    """Every metadata record of a known type is read and written back to the same bytes."""
    seen: dict[str, list[Any]] = {}
    for _, value in records_of(kafka_data / "__cluster_metadata-0"):
        assert value is not None
        if value[1] in metadata_records.RECORDS_BY_TYPE:
            message, record = metadata_records.read_record(value)
            assert metadata_records.write_record(message, record, value[2]) == bytes(value)
            seen.setdefault(message.name, []).append(record)
    assert {"flights", "gone"} <= {topic.name for topic in seen["TopicRecord"]}
    flights = next(topic for topic in seen["TopicRecord"] if topic.name == "flights")
    partitions = [p for p in seen["PartitionRecord"] if p.topic_id == flights.topic_id]
    assert [(p.partition_id, p.replicas, p.leader) for p in partitions] == [(0, [1], 1), (1, [1], 1)]
    assert ("retention.ms", "1000") in [(config.name, config.value) for config in seen["ConfigRecord"]]
    assert len(seen["RemoveTopicRecord"]) == 1
    assert {"FeatureLevelRecord", "RegisterBrokerRecord", "BrokerRegistrationChangeRecord"} <= set(seen)


def test_consumer_offsets(kafka_data: pathlib.Path) -> None:
    """Every record of a classic group likewise; Kafka uses the versions that we say it does."""
    values = []
    for folder in kafka_data.glob("__consumer_offsets-*"):
        for key, value in records_of(folder):
            assert key is not None
            known = group_records.read_key(key)
            if known is None or value is None:
                continue
            message, about = known
            version = int.from_bytes(key[:2], "big")
            assert group_records.write_versioned(message, about, version) == bytes(key)
            assert about.group == "board"
            is_offset = message is group_records.OFFSET_COMMIT_KEY
            form = group_records.OFFSET_COMMIT_VALUE if is_offset else group_records.GROUP_METADATA_VALUE
            version = int.from_bytes(value[:2], "big")
            record = group_records.read_value(form, value)
            assert group_records.write_versioned(form, record, version) == bytes(value)
            values.append((form.name, version, record))
    assert {(name, version) for name, version, _ in values} == {
        ("OffsetCommitValue", 4),
        ("GroupMetadataValue", 3),
    }
    assert 1 in [record.offset for name, _, record in values if name == "OffsetCommitValue"]
    assert all(any(record.topic_id) for name, _, record in values if name == "OffsetCommitValue")
