"""Topics through the handlers: made, described, grown, deleted."""

from __future__ import annotations

from typing import Any

import pytest

from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages import (
    create_partitions,
    create_topics,
    delete_topics,
    describe_configs,
    metadata,
)

from .harness import HOST, PORT, Harness, batch
from .topic_desk import assigned, creatable, create, delete, found


@pytest.mark.parametrize("version", range(14))
def test_metadata_describes_the_cluster(version: int) -> None:
    """One broker at the advertised address leads every partition; null (in version 0 empty) asks for all
    topics.
    """
    broker = Harness(broker_rack="r1")
    broker.create("t", 2)
    everything = metadata.REQUEST(topics=None if version else [])
    answer = broker.ask(ApiKey.METADATA, version, everything)
    assert [(each.host, each.port) for each in answer.brokers] == [(HOST, PORT)]
    assert sorted(topic.name for topic in answer.topics) == ["__consumer_offsets", "t"]
    topic = next(topic for topic in answer.topics if topic.name == "t")
    assert [row.leader_id for row in topic.partitions] == [1, 1]
    if version >= 1:
        assert (answer.controller_id, answer.brokers[0].rack) == (1, "r1")
        assert [each.is_internal for each in answer.topics] == [True, False]
        assert broker.ask(ApiKey.METADATA, version, metadata.REQUEST(topics=[])).topics == []
    if version >= 10:
        assert topic.topic_id == found(broker, "t").topic_id


def test_a_topic_is_created_by_asking() -> None:
    """Auto-creation is done when it is answered, if broker and client allow it."""
    broker = Harness(num_partitions=3)
    assert broker.metadata("t").topics[0].error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    answer = broker.metadata("t", "a/b", create=True)
    assert [row.error_code for row in answer.topics] == [0, ErrorCode.INVALID_TOPIC_EXCEPTION]
    assert len(answer.topics[0].partitions) == 3
    assert broker.produce("t", batch(b"a"), partition=2).error_code == 0
    assert (
        broker.metadata("T.x", "T_x", create=True).topics[1].error_code == ErrorCode.INVALID_TOPIC_EXCEPTION
    )
    forbidding = Harness(auto_create_topics_enable=False)
    answer = forbidding.metadata("t", create=True)
    assert answer.topics[0].error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


def test_too_many_topics_are_not_created_by_asking() -> None:
    """No more partitions at once than by a CreateTopics; who asks for more gets none of them."""
    broker = Harness(num_partitions=5000)

    def ask(*names: str) -> list[int]:
        topics = [metadata.REQUEST_TOPIC(name=name) for name in names]
        asked = metadata.REQUEST(topics=topics, allow_auto_topic_creation=True)
        return [row.error_code for row in broker.ask(ApiKey.METADATA, 12, asked).topics]

    assert ask("a", "b", "c") == [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION] * 3
    assert [topic.name for topic in broker.node.topics] == ["__consumer_offsets"]


def test_metadata_by_id() -> None:
    """From version 12 on topics are found by id; before, ids and null names are invalid (KIP-516)."""
    broker = Harness()
    broker.create("t")
    known, unknown = found(broker, "t").topic_id, b"x" * 16
    topics = [metadata.REQUEST_TOPIC(topic_id=each, name=None) for each in (known, unknown)]
    answer = broker.ask(ApiKey.METADATA, 12, metadata.REQUEST(topics=topics))
    rows = {row.topic_id: row for row in answer.topics}
    assert rows[known].name == "t"
    assert (rows[unknown].error_code, rows[unknown].name) == (ErrorCode.UNKNOWN_TOPIC_ID, None)
    answer = broker.ask(ApiKey.METADATA, 11, metadata.REQUEST(topics=topics))
    assert {row.error_code for row in answer.topics} == {ErrorCode.INVALID_REQUEST}


def test_identity_survives() -> None:
    """Cluster id, topic ids, configurations and producer ids outlive clean stops and kills."""
    broker = Harness()
    broker.create("t", 2, retention_ms=1000)
    cluster_id, topic_id = broker.node.cluster_id, found(broker, "t").topic_id
    seen = {broker.node.producer_ids.allocate(0)}
    for clean in (True, False):
        broker.restart(clean=clean)
        assert broker.node.cluster_id == cluster_id
        assert found(broker, "t").topic_id == topic_id
        assert found(broker, "t").config["retention.ms"] == 1000
        producer_id = broker.node.producer_ids.allocate(0)
        assert producer_id not in seen
        seen.add(producer_id)


@pytest.mark.parametrize("version", range(8))
def test_create_topics(version: int) -> None:
    """Every version creates; later ones tell more of what was made."""
    broker = Harness()
    (row,) = create(broker, creatable("t", 3), version=version)
    assert (row.name, row.error_code) == ("t", 0)
    assert len(found(broker, "t").partitions) == 3
    if version >= 5:
        assert (row.num_partitions, row.replication_factor) == (3, 1)
        assert {each.name for each in row.configs} >= {"cleanup.policy", "retention.ms"}
    if version >= 7:
        assert row.topic_id == found(broker, "t").topic_id


def test_what_create_topics_refuses() -> None:
    """Each bad request has Kafka's code, and makes nothing."""
    broker = Harness(strict_replication=True)
    broker.create("a.b")
    config = create_topics.REQUEST_CONFIG
    cases = [
        (creatable(""), ErrorCode.INVALID_TOPIC_EXCEPTION),
        (creatable(".."), ErrorCode.INVALID_TOPIC_EXCEPTION),
        (creatable("x" * 250), ErrorCode.INVALID_TOPIC_EXCEPTION),
        (creatable("no spaces"), ErrorCode.INVALID_TOPIC_EXCEPTION),
        (creatable("a_b"), ErrorCode.INVALID_TOPIC_EXCEPTION),
        (creatable("a.b"), ErrorCode.TOPIC_ALREADY_EXISTS),
        (creatable("t", 0), ErrorCode.INVALID_PARTITIONS),
        (creatable("t", -2), ErrorCode.INVALID_PARTITIONS),
        (creatable("t", 2**31 - 1), ErrorCode.POLICY_VIOLATION),
        (creatable("t", 1, 0), ErrorCode.INVALID_REPLICATION_FACTOR),
        (creatable("t", 1, 3), ErrorCode.INVALID_REPLICATION_FACTOR),
        (creatable("t", configs=[config(name="no.such.key", value="1")]), ErrorCode.INVALID_CONFIG),
        (creatable("t", configs=[config(name="retention.ms", value="x")]), ErrorCode.INVALID_CONFIG),
        (creatable("t", configs=[config(name="retention.ms", value=None)]), ErrorCode.INVALID_CONFIG),
        (assigned("t", [1], [2]), ErrorCode.INVALID_REPLICA_ASSIGNMENT),
        (assigned("t", [1, 1]), ErrorCode.INVALID_REPLICA_ASSIGNMENT),
        (assigned("t", []), ErrorCode.INVALID_REPLICA_ASSIGNMENT),
        (creatable("t", 1, -1, assignments=assigned("t", [1]).assignments), ErrorCode.INVALID_REQUEST),
        (creatable("__cluster_metadata"), ErrorCode.INVALID_REQUEST),
    ]
    for topic, code in cases:
        (row,) = create(broker, topic)
        assert row.error_code == code, (topic, row)
    twice = create(broker, creatable("t"), creatable("t"), creatable("u"))
    assert {row.name: row.error_code for row in twice} == {"t": ErrorCode.INVALID_REQUEST, "u": 0}
    assert sorted(topic.name for topic in broker.node.topics) == ["__consumer_offsets", "a.b", "u"]


def test_a_request_for_too_much_makes_nothing() -> None:
    """More than 10,000 partitions, or records of the metadata, in all topics together that could be made."""
    broker = Harness()
    broker.create("t")
    refused, present = ErrorCode.POLICY_VIOLATION, ErrorCode.TOPIC_ALREADY_EXISTS
    for sizes, codes in [
        ({"a": 6000, "b": 4001}, [refused, refused]),
        ({"a b": 10_000, "b": 1}, [refused, refused]),
        ({"a": 6000, "b": 4000}, [refused, refused]),  # and two records for the topics themselves
        ({"t": 6000, "b": 4000}, [present, 0]),
    ]:
        rows = create(broker, *(creatable(*each) for each in sizes.items()), validate_only=True)
        assert [row.error_code for row in rows] == codes, sizes


def test_replication_is_clamped(caplog: pytest.LogCaptureFixture) -> None:
    """Production settings run on one broker: three replicas are one, with a single note in the log."""
    broker = Harness()
    rows = create(broker, creatable("t", 1, 3), creatable("u", -1, 3), assigned("v", [1, 2, 3], [4, 5, 6]))
    assert [(row.error_code, row.replication_factor) for row in rows] == [(0, 1)] * 3
    assert len(found(broker, "v").partitions) == 2
    assert len([record for record in caplog.records if "replicas" in record.message]) == 1


def test_validate_only() -> None:
    """Checked in full, and nothing is made."""
    broker = Harness()
    rows = create(broker, creatable("t", 2), creatable("x y"), validate_only=True)
    assert [row.error_code for row in rows] == [0, ErrorCode.INVALID_TOPIC_EXCEPTION]
    assert broker.node.topics.get("t") is None


@pytest.mark.parametrize("version", range(7))
def test_delete_topics(version: int) -> None:
    """A deleted topic is gone with its data, and one of the same name is another one."""
    broker = Harness()
    broker.create("t")
    broker.produce("t", batch(b"old"))
    old = found(broker, "t").topic_id
    assert delete(broker, "t", "nowhere", version=version) == [0, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]
    assert "t-0" not in broker.file_system.list("/data")
    broker.create("t")
    assert found(broker, "t").topic_id != old
    assert broker.values("t") == []
    broker.restart()
    assert found(broker, "t").topic_id != old


def test_files_of_deleted_topics_go_some_at_a_time() -> None:
    """The answer does not wait for them; what a crash leaves of them goes at the next start."""
    broker = Harness()
    broker.create("t", 20)

    def left() -> int:
        return sum(name.endswith("-delete") for name in broker.file_system.list("/data"))

    broker.node.syncs.run_all()
    assert delete(broker, "t") == [0]
    assert left() == 20
    seen = []
    while (round := broker.node.syncs.begin()) is not None:
        round.run()
        broker.node.syncs.finish(round)
        seen.append(left())
    assert seen[-1] == 0
    assert len(seen) == 3
    broker.create("t", 20)
    assert delete(broker, "t") == [0]
    assert left() == 20
    broker.restart()
    assert left() == 0


def test_a_topic_by_name_and_by_id_in_one_request() -> None:
    """It stays, and is refused once."""
    broker = Harness()
    broker.create("t")
    topic_id = found(broker, "t").topic_id
    topics = [delete_topics.REQUEST_TOPIC(topic_id=topic_id), delete_topics.REQUEST_TOPIC(name="t")]
    answer = broker.ask(ApiKey.DELETE_TOPICS, 6, delete_topics.REQUEST(topics=topics))
    (row,) = answer.responses
    assert (row.name, row.topic_id, row.error_code) == ("t", topic_id, ErrorCode.INVALID_REQUEST)
    assert broker.node.topics.get("t") is not None


def test_delete_by_id_and_what_is_refused() -> None:
    """By id from version 6 on; both, neither, twice, disabled and the groups' topic are refused."""
    broker = Harness()
    broker.create("t")
    topic_id = found(broker, "t").topic_id
    topic = delete_topics.REQUEST_TOPIC

    def ask(*topics: Any) -> list[int]:
        answer = broker.ask(ApiKey.DELETE_TOPICS, 6, delete_topics.REQUEST(topics=list(topics)))
        return [row.error_code for row in answer.responses]

    assert ask(topic(name="t", topic_id=topic_id)) == [ErrorCode.INVALID_REQUEST]
    assert ask(topic()) == [ErrorCode.INVALID_REQUEST]
    assert ask(topic(name="t"), topic(name="t")) == [ErrorCode.INVALID_REQUEST]
    assert ask(topic(topic_id=b"x" * 16)) == [ErrorCode.UNKNOWN_TOPIC_ID]
    assert ask(topic(name="__consumer_offsets")) == [ErrorCode.TOPIC_DELETION_DISABLED]
    assert ask(topic(topic_id=topic_id)) == [0]
    forbidding = Harness(delete_topic_enable=False)
    forbidding.create("t")
    assert delete(forbidding, "t", version=3) == [ErrorCode.TOPIC_DELETION_DISABLED]
    assert delete(forbidding, "t", version=2) == [ErrorCode.INVALID_REQUEST]


@pytest.mark.parametrize("version", range(4))
def test_create_partitions(version: int) -> None:
    """A topic only grows; new partitions are there at once and after a restart."""
    broker = Harness()
    broker.create("t", 2)

    def ask(name: str, count: int, *, assignments: Any = None, validate_only: bool = False) -> int:
        topic = create_partitions.TOPIC(name=name, count=count, assignments=assignments)
        value = create_partitions.REQUEST(topics=[topic], validate_only=validate_only)
        return int(broker.ask(ApiKey.CREATE_PARTITIONS, version, value).results[0].error_code)

    assert ask("nowhere", 3) == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert ask("t", 2) == ask("t", 1) == ErrorCode.INVALID_PARTITIONS
    assert ask("t", 2**31 - 1) == ErrorCode.POLICY_VIOLATION
    assert ask("t", 4, assignments=[]) == ErrorCode.INVALID_REPLICA_ASSIGNMENT
    assert ask("t", 4, validate_only=True) == 0
    assert len(found(broker, "t").partitions) == 2
    assert ask("t", 4) == 0
    assert broker.produce("t", batch(b"a"), partition=3).error_code == 0
    broker.restart(clean=False)
    assert broker.values("t", 3) == [b"a"]


def test_partitions_of_several_topics_grow_together_or_not_at_all() -> None:
    """More than 10,000 new partitions in one request are refused, whatever topic they are for."""
    broker = Harness()
    for name in ("t", "u"):
        broker.create(name, 2)

    def ask(**counts: int) -> list[int]:
        topics = [
            create_partitions.TOPIC(name=name, count=count, assignments=None)
            for name, count in counts.items()
        ]
        value = create_partitions.REQUEST(topics=topics, validate_only=True)
        return [row.error_code for row in broker.ask(ApiKey.CREATE_PARTITIONS, 3, value).results]

    assert ask(t=6002, u=4003) == [ErrorCode.POLICY_VIOLATION] * 2
    assert ask(t=1, u=10_003) == [ErrorCode.POLICY_VIOLATION] * 2
    assert ask(t=6002, u=4002) == [0, 0]
    assert ask(nowhere=20_000, u=3) == [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 0]


def test_describe_configs() -> None:
    """Topics and the broker tell every setting with its source; unknown keys are left out."""
    broker = Harness(log_retention_ms=5000)
    broker.create("t", segment_bytes=2000000)

    def ask(kind: int, name: str, keys: Any = None, version: int = 4) -> Any:
        resource = describe_configs.RESOURCE(resource_type=kind, resource_name=name, configuration_keys=keys)
        value = describe_configs.REQUEST(
            resources=[resource], include_synonyms=version >= 1, include_documentation=version >= 3
        )
        return broker.ask(ApiKey.DESCRIBE_CONFIGS, version, value).results[0]

    for version in range(5):
        row = ask(2, "t", ["segment.bytes", "retention.ms", "no.such.key"], version)
        configs = {each.name: each for each in row.configs}
        assert {name: each.value for name, each in configs.items()} == {
            "segment.bytes": "2000000",
            "retention.ms": "5000",
        }
    assert (configs["segment.bytes"].config_source, configs["retention.ms"].config_source) == (1, 4)
    assert [each.source for each in configs["segment.bytes"].synonyms] == [1, 5]
    assert configs["segment.bytes"].documentation
    assert ask(2, "nowhere").error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert ask(2, "a b").error_code == ErrorCode.INVALID_TOPIC_EXCEPTION
    everything = {each.name: each for each in ask(4, "1").configs}
    assert everything["log.retention.ms"].value == "5000"
    assert everything["num.partitions"].read_only
    assert not everything["log.retention.ms"].read_only
    assert ask(4, "").configs == []
    assert ask(4, "2").error_code == ask(77, "1").error_code == ErrorCode.INVALID_REQUEST
