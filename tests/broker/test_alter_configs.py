"""AlterConfigs and IncrementalAlterConfigs of topics: what is refused, and that running logs obey at once."""

from __future__ import annotations

from typing import Any

import pytest

from odradek.broker.context import Pending
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.compression import Compression
from odradek.protocol.messages import incremental_alter_configs
from odradek.protocol.record_batch import batches

from .config_desk import (
    APPEND,
    BROKER,
    CLIENT_METRICS,
    DELETE,
    GROUP,
    INVALID_CONFIG,
    INVALID_REQUEST,
    NONE,
    SET,
    SUBTRACT,
    TOPIC,
    alter,
    describe,
    replace,
    set_to,
)
from .harness import Harness, all_records, batch


@pytest.fixture(name="harness")
def _harness() -> Harness:
    """A broker with the topic `t`."""
    harness = Harness()
    harness.create("t")
    return harness


@pytest.mark.parametrize("version", [0, 1])
def test_single_settings_change_and_others_stay(harness: Harness, version: int) -> None:
    """IncrementalAlterConfigs sets and deletes what it names (KIP-339)."""
    assert alter(harness, TOPIC, "t", ("retention.ms", SET, "5"), version=version) == (NONE, None)
    assert alter(harness, TOPIC, "t", ("segment.ms", SET, "7"), version=version) == (NONE, None)
    assert alter(harness, TOPIC, "t", ("retention.ms", DELETE, None), version=version) == (NONE, None)
    shown = describe(harness, TOPIC, "t")
    assert shown["segment.ms"][:2] == ("7", 1)
    assert shown["retention.ms"][:2] == ("604800000", 5)


@pytest.mark.parametrize("version", [0, 1, 2])
def test_alter_configs_replaces_everything(harness: Harness, version: int) -> None:
    """What the request leaves out goes back to its default (KIP-133)."""
    assert replace(harness, TOPIC, "t", version, retention_ms="5", segment_ms="7") == (NONE, None)
    assert replace(harness, TOPIC, "t", version, segment_ms="8") == (NONE, None)
    shown = describe(harness, TOPIC, "t")
    assert shown["segment.ms"][:2] == ("8", 1)
    assert shown["retention.ms"].source == 5


def test_lists_grow_and_shrink(harness: Harness) -> None:
    """What is not set counts as its default; what is there already is not appended, what is not not taken."""
    for operation, items, now in (
        (APPEND, "compact", "delete,compact"),
        (APPEND, "compact,delete", "delete,compact"),
        (SUBTRACT, "delete,other", "compact"),
        (SUBTRACT, "compact", ""),
    ):
        assert alter(harness, TOPIC, "t", ("cleanup.policy", operation, items)) == (NONE, None)
        assert describe(harness, TOPIC, "t")["cleanup.policy"][:2] == (now, 1)


@pytest.mark.parametrize(
    ("key", "operation", "value", "code", "sentence"),
    [
        ("retention.ms", SET, "x", INVALID_CONFIG, "Invalid value x for configuration retention.ms: Not"),
        ("segment.bytes", SET, "10", INVALID_CONFIG, "Invalid value 10 for configuration segment.bytes: "),
        ("nope", SET, "1", INVALID_CONFIG, "Unknown topic config name: nope"),
        ("nope", APPEND, "1", INVALID_CONFIG, "Can't APPEND to key nope because its type is not LIST."),
        ("nope", DELETE, None, NONE, None),
        ("retention.ms", SUBTRACT, "1", INVALID_CONFIG, "Can't SUBTRACT to key retention.ms because its"),
        ("retention.ms", SET, None, INVALID_REQUEST, "Null value not supported for : retention.ms"),
        ("retention.ms", 7, "1", INVALID_REQUEST, "Unknown operations type 7"),
        ("max.compaction.lag.ms", SET, "5", INVALID_CONFIG, "conflict topic config setting min.compaction"),
    ],
)
def test_what_topics_cannot_have(
    harness: Harness, key: str, operation: int, value: str | None, code: int, sentence: str | None
) -> None:
    """Kafka's codes and sentences; the topic stays as it was."""
    set_to(harness, TOPIC, "t", min_compaction_lag_ms=10)
    before = describe(harness, TOPIC, "t")
    answered, said = alter(harness, TOPIC, "t", (key, operation, value))
    assert answered == code
    assert (said or "").startswith(sentence or "")
    assert describe(harness, TOPIC, "t") == before


def test_lists_do_not_grow_without_end(harness: Harness) -> None:
    """A value has at most as many bytes as a string of the protocol."""
    key = "leader.replication.throttled.replicas"
    for verdict in (NONE, INVALID_CONFIG):
        items = ",".join(f"{number}:{verdict}" for number in range(3_500))
        code, said = alter(harness, TOPIC, "t", (key, APPEND, items))
        assert code == verdict
    assert said == (
        "The configuration value cannot be added because it exceeds the maximum value size of 32767 bytes."
    )


@pytest.mark.parametrize(
    ("kind", "name", "code", "sentence"),
    [
        (TOPIC, "none", 3, "The topic 'none' does not exist."),
        (TOPIC, "", INVALID_REQUEST, "Default topic resources are not allowed."),
        (TOPIC, "a b", 17, "Topic name is invalid: 'a b' contains one or more characters other than ASCII"),
        (GROUP, "", INVALID_REQUEST, "Default group resources are not allowed."),
        (BROKER, "2", INVALID_REQUEST, "Unexpected broker id, expected 1, but received 2"),
        (BROKER, "x", INVALID_REQUEST, "Node id must be an integer, but it is: x"),
        (CLIENT_METRICS, "", INVALID_REQUEST, "Subscription name can't be empty"),
        (9, "g", INVALID_REQUEST, "Unknown resource type 9"),
    ],
)
def test_resources_that_are_not_there(
    harness: Harness, kind: int, name: str, code: int, sentence: str
) -> None:
    """Kafka's codes and sentences, though nothing is asked of the resource."""
    for answered, said in (alter(harness, kind, name), replace(harness, kind, name)):
        assert answered == code
        assert (said or "").startswith(sentence)


def test_each_resource_has_its_own_verdict(harness: Harness) -> None:
    """One that is refused does not keep others from being changed; one named twice is not changed at all."""
    config, resource = incremental_alter_configs.CONFIG, incremental_alter_configs.RESOURCE
    harness.create("u")

    def asked(name: str, *keys: str) -> Any:
        configs = [config(name=key, config_operation=SET, value="5") for key in keys]
        return resource(resource_type=TOPIC, resource_name=name, configs=configs)

    resources = [asked("t", "retention.ms"), asked("none", "retention.ms"), asked("u", "flush.ms")]
    value = incremental_alter_configs.REQUEST(resources=[*resources, asked("u", "flush.ms")])
    answer = harness.ask(ApiKey.INCREMENTAL_ALTER_CONFIGS, 1, value)
    assert [row.error_code for row in answer.responses] == [0, 3, INVALID_REQUEST, INVALID_REQUEST]
    assert answer.responses[3].error_message == "Each resource must appear at most once."
    assert describe(harness, TOPIC, "t")["retention.ms"].value == "5"
    value = incremental_alter_configs.REQUEST(resources=[asked("t", "flush.ms", "flush.ms")])
    (row,) = harness.ask(ApiKey.INCREMENTAL_ALTER_CONFIGS, 1, value).responses
    assert (row.error_code, row.error_message) == (INVALID_REQUEST, "Error due to duplicate config keys")


def test_validate_only_changes_nothing(harness: Harness) -> None:
    """The verdict is the same."""
    before = describe(harness, TOPIC, "t")
    assert alter(harness, TOPIC, "t", ("retention.ms", SET, "5"), validate_only=True) == (NONE, None)
    assert replace(harness, TOPIC, "t", validate_only=True, retention_ms="5") == (NONE, None)
    assert alter(harness, TOPIC, "t", ("retention.ms", SET, "x"), validate_only=True)[0] == INVALID_CONFIG
    assert describe(harness, TOPIC, "t") == before


@pytest.mark.parametrize("clean", [True, False])
def test_settings_survive_a_restart(harness: Harness, clean: bool) -> None:
    """They are records of the metadata log, those that were taken back too."""
    set_to(harness, TOPIC, "t", retention_ms=5, segment_ms=7)
    alter(harness, TOPIC, "t", ("segment.ms", DELETE, None))
    set_to(harness, GROUP, "g", share_session_timeout_ms=50_000)
    before = describe(harness, TOPIC, "t")
    harness.restart(clean=clean)
    assert describe(harness, TOPIC, "t") == before
    assert describe(harness, GROUP, "g")["share.session.timeout.ms"][:2] == ("50000", 8)


def test_nothing_changes_that_cannot_be_stored(harness: Harness) -> None:
    """KAFKA_STORAGE_ERROR when the metadata log is offline."""
    before = describe(harness, TOPIC, "t")
    harness.node.metadata_log.log.offline = "the disk is gone"
    assert alter(harness, TOPIC, "t", ("retention.ms", SET, "5")) == (56, "the disk is gone")
    assert describe(harness, TOPIC, "t") == before


# Running logs


def test_producers_meet_the_new_settings_with_their_next_batch(harness: Harness) -> None:
    """The largest batch, who gives the time, and the compression."""
    set_to(harness, TOPIC, "t", max_message_bytes=100)
    assert harness.produce("t", batch(b"x" * 200)).error_code == 10
    set_to(harness, TOPIC, "t", max_message_bytes=1000, message_timestamp_type="LogAppendTime")
    assert harness.produce("t", batch(b"x" * 200)).log_append_time_ms == harness.clock.wall_ms()
    set_to(harness, TOPIC, "t", compression_type="gzip")
    harness.produce("t", batch(b"x" * 200))
    answer = harness.fetch(("t", 0, 0), max_wait_ms=0)
    stored = memoryview(answer.responses[0].partitions[0].records)
    assert [header.compression for header in batches(stored)] == [Compression.NONE, Compression.GZIP]
    assert [record.value for record in all_records(stored)] == [b"x" * 200] * 2
    set_to(harness, TOPIC, "t", cleanup_policy="compact")
    assert harness.produce("t", batch(b"no key")).error_code == 87


def test_logs_roll_by_the_new_age_and_size(harness: Harness) -> None:
    """`segment.ms` and `internal.segment.bytes` hold for the segment that is there."""
    partition = harness.node.topics.partition("t", 0)
    assert partition is not None
    for _ in range(3):
        harness.produce("t", batch(b"x" * 100))
    assert len(partition.log.segments) == 1
    set_to(harness, TOPIC, "t", segment_ms=10)
    harness.produce("t", batch(b"later", timestamp=1_700_000_000_100))
    assert len(partition.log.segments) == 2
    set_to(harness, TOPIC, "t", segment_ms=1_000_000, internal_segment_bytes=200)
    harness.produce("t", batch(b"x" * 100))
    assert len(partition.log.segments) == 3


def test_acknowledgements_wait_for_the_disk_from_then_on(harness: Harness) -> None:
    """`flush.messages=1`; when it is taken back, who waits is answered at once, and nobody hangs later."""
    set_to(harness, TOPIC, "t", flush_messages=1)
    waiting = harness.produce("t", batch(b"a"))
    assert isinstance(waiting, Pending)
    assert not waiting.done
    alter(harness, TOPIC, "t", ("flush.messages", DELETE, None))
    assert waiting.done
    assert harness.produce("t", batch(b"b")).base_offset == 1
    harness.node.syncs.run_all()
    assert harness.values("t") == [b"a", b"b"]


def test_client_metrics_are_kept_and_listed(harness: Harness) -> None:
    """Their settings are checked as Kafka's (KIP-714)."""
    assert alter(harness, CLIENT_METRICS, "m", ("interval.ms", SET, "1")) == (
        INVALID_REQUEST,
        "Invalid value 1 for interval.ms, interval must be between 100 and 3600000 (1 hour)",
    )
    assert alter(harness, CLIENT_METRICS, "m", ("nope", SET, "1")) == (
        INVALID_REQUEST,
        "Unknown client metrics configuration: nope",
    )
    for pattern in ("foo=.*", "client_id=[", "client_id", "client_id=a=b"):
        assert alter(harness, CLIENT_METRICS, "m", ("match", SET, pattern)) == (
            INVALID_CONFIG,
            f"Illegal client matching pattern: {pattern}",
        )
    set_to(harness, CLIENT_METRICS, "m", match="client_id=.*,client_source_port=1", metrics="a,b")
    shown = describe(harness, CLIENT_METRICS, "m")
    assert shown["metrics"] == ("a,b", 7, False, [("metrics", "a,b", 7)])
    assert shown["interval.ms"] == ("300000", 5, False, [])


def test_resources_are_listed() -> None:
    """All types, some, or client metrics alone in version 0 (KIP-1142)."""
    from odradek.protocol.messages.list_config_resources import REQUEST

    harness = Harness()
    harness.create("t")
    set_to(harness, GROUP, "g", share_session_timeout_ms=50_000)
    set_to(harness, CLIENT_METRICS, "m", metrics="a")

    def listed(version: int, *types: int) -> list[tuple[int, str]]:
        answer = harness.ask(ApiKey.LIST_CONFIG_RESOURCES, version, REQUEST(resource_types=list(types)))
        assert answer.error_code == 0
        return [(each.resource_type, each.resource_name) for each in answer.config_resources]

    everything = [(32, "g"), (16, "m"), (8, "1"), (4, "1"), (2, "__consumer_offsets"), (2, "t")]
    assert listed(1) == everything
    assert listed(1, TOPIC, BROKER) == everything[3:]
    assert listed(0) == [(16, "m")]
    answer = harness.ask(ApiKey.LIST_CONFIG_RESOURCES, 1, REQUEST(resource_types=[9]))
    assert (answer.error_code, answer.config_resources) == (35, [])
