"""Settings of the broker and of groups that change while it runs: bounds, sources, effects."""

from __future__ import annotations

import pytest

from odradek.broker.config.iso_durations import duration_ms

from .config_desk import (
    APPEND,
    BROKER,
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
    set_to,
)
from .harness import Harness, batch

_NO_OFFSET_RESET = (
    "Invalid value {0} for configuration share.auto.offset.reset: Invalid value `{0}` for configuration "
    "share.auto.offset.reset. The value must be either 'earliest', 'latest' or of the format "
    "'by_duration:<PnDTnHnMn.nS>'."
)


# What Apache Kafka 4.4.0 says to the same values. None: the value is fine.
@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("consumer.session.timeout.ms", "50000", None),
        (
            "consumer.session.timeout.ms",
            "1",
            "consumer.session.timeout.ms must be in the range 45000 to 60000 inclusive.",
        ),
        (
            "consumer.session.timeout.ms",
            "0",
            "Invalid value 0 for configuration consumer.session.timeout.ms: Value must be at least 1",
        ),
        (
            "consumer.heartbeat.interval.ms",
            "16000",
            "consumer.heartbeat.interval.ms must be in the range 5000 to 15000 inclusive.",
        ),
        (
            "consumer.assignment.interval.ms",
            "16000",
            "consumer.assignment.interval.ms must be in the range 0 to 15000 inclusive.",
        ),
        ("consumer.assignor.offload.enable", "false", None),
        ("share.auto.offset.reset", "by_duration:PT1H", None),
        ("share.auto.offset.reset", "never", _NO_OFFSET_RESET.format("never")),
        ("share.auto.offset.reset", "by_duration:-PT1H", _NO_OFFSET_RESET.format("by_duration:-PT1H")),
        ("share.auto.offset.reset", "EARLIEST", _NO_OFFSET_RESET.format("EARLIEST")),
        (
            "share.isolation.level",
            "none",
            "Invalid value none for configuration share.isolation.level: String must be one of: "
            "read_committed, read_uncommitted",
        ),
        (
            "share.record.lock.duration.ms",
            "5000",
            "share.record.lock.duration.ms must be in the range 15000 to 60000 inclusive.",
        ),
        (
            "share.delivery.count.limit",
            "11",
            "share.delivery.count.limit must be in the range 2 to 10 inclusive.",
        ),
        ("errors.deadletterqueue.topic.name", "rejected", None),
        (
            "errors.deadletterqueue.topic.name",
            "__rejected",
            "errors.deadletterqueue.topic.name: DLQ topic name must not start with '__'",
        ),
        (
            "streams.num.standby.replicas",
            "3",
            "streams.num.standby.replicas must be less than or equal to 2",
        ),
        (
            "streams.task.offset.interval.ms",
            "1",
            "streams.task.offset.interval.ms must be greater than or equal to 15000",
        ),
        ("streams.assignor.name", "sticky", None),
        (
            "streams.assignor.name",
            "",
            "streams.assignor.name '' is not a registered task assignor. Registered assignors are: [sticky].",
        ),
        ("streams.rack.aware.assignment.tags", "zone,rack", None),
        (
            "streams.rack.aware.assignment.tags",
            "a,a",
            "streams.rack.aware.assignment.tags must not contain duplicate tag keys.",
        ),
        (
            "streams.rack.aware.assignment.tags",
            "a,,b",
            "Configuration 'streams.rack.aware.assignment.tags' values must not be empty.",
        ),
        ("retention.ms", "1", "Unknown group config name: retention.ms"),
    ],
)
def test_settings_of_groups_are_validated_as_in_kafka(name: str, value: str, sentence: str | None) -> None:
    """Same verdicts, same words."""
    verdict = (NONE, None) if sentence is None else (INVALID_CONFIG, sentence)
    assert alter(Harness(), GROUP, "g", (name, SET, value)) == verdict


def test_sessions_outlast_heartbeats() -> None:
    """A group's session timeout is compared with the heartbeat interval that holds for it."""
    harness = Harness(
        group_share_min_heartbeat_interval_ms=1,
        group_share_max_heartbeat_interval_ms=60_000,
        group_share_heartbeat_interval_ms=60_000,
    )
    assert alter(harness, GROUP, "g", ("share.session.timeout.ms", SET, "50000")) == (
        INVALID_CONFIG,
        "share.session.timeout.ms must be greater than share.heartbeat.interval.ms",
    )


def test_groups_show_what_is_set_for_them_before_what_the_broker_has() -> None:
    """Kafka's internal ones only where they are set."""
    harness = Harness()
    set_to(harness, GROUP, "g", share_session_timeout_ms=50_000, streams_num_warmup_replicas=3)
    shown = describe(harness, GROUP, "g")
    assert len(shown) == 22
    assert "streams.task.offset.interval.ms" not in shown
    assert shown["streams.num.warmup.replicas"].value == "3"
    assert shown["share.session.timeout.ms"] == (
        "50000",
        8,
        False,
        [("share.session.timeout.ms", "50000", 8), ("group.share.session.timeout.ms", "45000", 5)],
    )
    assert shown["streams.assignor.name"] == ("sticky", 5, False, [("group.streams.assignors", "sticky", 5)])
    assert shown["share.isolation.level"].synonyms == [("share.isolation.level", "read_uncommitted", 5)]


def test_bounds_that_were_drawn_more_closely_hold_for_older_settings() -> None:
    """A group has the nearest value that the broker allows now; DescribeConfigs shows what was set."""
    harness = Harness()
    set_to(harness, GROUP, "g", consumer_heartbeat_interval_ms=12_000)
    harness.settings["group.consumer.max.heartbeat.interval.ms"] = 8_000
    harness.restart()
    assert harness.node.groups._consumer_settings.of("g").heartbeat_interval_ms == 8_000
    assert describe(harness, GROUP, "g")["consumer.heartbeat.interval.ms"].value == "12000"


# Brokers


@pytest.mark.parametrize("name", ["1", ""])
def test_topics_follow_the_broker(name: str) -> None:
    """At once, and after a restart; a topic's own setting wins."""
    harness = Harness()
    harness.create("t")
    harness.create("own", max_message_bytes=1_000)
    set_to(harness, BROKER, name, message_max_bytes=100)
    for _ in range(2):
        assert harness.produce("t", batch(b"x" * 200)).error_code == 10
        assert harness.produce("own", batch(b"x" * 200)).error_code == 0
        harness.restart(clean=False)
    assert alter(harness, BROKER, name, ("message.max.bytes", DELETE, None)) == (NONE, None)
    assert harness.produce("t", batch(b"x" * 200)).error_code == 0


def test_a_broker_goes_before_all_brokers_and_both_before_the_file() -> None:
    """DescribeConfigs names every source, the one in force first (KIP-226)."""
    harness = Harness(log_retention_ms=1)
    harness.create("t")
    set_to(harness, BROKER, "", log_retention_ms=2)
    set_to(harness, BROKER, "1", log_retention_ms=3)
    sources = [("log.retention.ms", value, source) for value, source in (("3", 2), ("2", 3), ("1", 4))]
    sources.append(("log.retention.hours", "168", 5))
    assert describe(harness, BROKER, "1")["log.retention.ms"] == ("3", 2, False, sources)
    assert describe(harness, TOPIC, "t")["retention.ms"] == ("3", 2, False, sources)
    assert describe(harness, BROKER, "") == {"log.retention.ms": ("2", 3, False, sources[1:2])}
    set_to(harness, TOPIC, "t", retention_ms=4)
    assert describe(harness, TOPIC, "t")["retention.ms"].synonyms == [("retention.ms", "4", 1), *sources]
    harness.restart()
    assert describe(harness, BROKER, "1")["log.retention.ms"] == ("3", 2, False, sources)


@pytest.mark.parametrize(
    ("name", "key", "operation", "value", "code", "sentence"),
    [
        ("1", "num.partitions", SET, "5", 42, "Cannot update these configs dynamically: [num.partitions]"),
        ("", "log.retention.hours", SET, "5", 42, "Cannot update these configs dynamically: [log.retention."),
        ("1", "message.max.bytes", SET, "x", 42, "Invalid value x for configuration message.max.bytes: Not"),
        ("1", "log.segment.bytes", SET, "5", 42, "Invalid value 5 for configuration log.segment.bytes: "),
        ("1", "log.roll.ms", SET, "0", 42, "log.roll.ms must be greater than or equal to 1"),
        ("1", "ssl.keystore.type", SET, "JKS", 42, "These security configs can be dynamically updated only"),
        ("1", "sasl.enabled.mechanisms", SET, "PLAIN", 0, None),
        ("", "sasl.enabled.mechanisms", SET, "PLAIN", 42, "Cannot update these configs at default cluster"),
        ("1", "listener.name.foo.ssl.keystore.type", SET, "JKS", 0, None),
        (
            "1",
            "listener.name.foo.max.connections",
            SET,
            "x",
            42,
            "Invalid value x for configuration max.conn",
        ),
        ("", "listener.name.foo.ssl.keystore.type", SET, "JKS", 42, "Cannot update these configs at default"),
        ("", "listener.name.foo.max.connections", SET, "5", 0, None),
        ("1", "of.a.plugin", SET, "5", 0, None),
        (
            "1",
            "max.connections",
            APPEND,
            "5",
            40,
            "Config value append is not allowed for config key: max.co",
        ),
        ("1", "log.cleanup.policy", SUBTRACT, "delete", 0, None),
        ("1", "leader.replication.throttled.rate", SET, "100", 0, None),
        (
            "1",
            "group.consumer.assignment.interval.ms",
            SET,
            "16000",
            INVALID_REQUEST,
            "group.consumer.assignment.interval.ms must be less than or equal to "
            "group.consumer.max.assignment.interval.ms",
        ),
    ],
)
def test_what_can_be_changed_while_a_broker_runs(
    name: str, key: str, operation: int, value: str, code: int, sentence: str | None
) -> None:
    """What Kafka can change, with its verdicts."""
    harness = Harness()
    before = describe(harness, BROKER, "1")
    answered, said = alter(harness, BROKER, name, (key, operation, value))
    assert answered == code
    assert (said or "").startswith(sentence or "")
    after = describe(harness, BROKER, "1")
    assert (after == before) == (code != 0)


def test_a_change_is_not_refused_for_what_it_does_not_touch() -> None:
    """The default of the assignment interval may lie below what the file has for its least value."""
    harness = Harness(group_consumer_min_assignment_interval_ms=500)
    set_to(harness, BROKER, "1", message_max_bytes=100)
    assert alter(harness, BROKER, "1", ("group.consumer.assignment.interval.ms", SET, "400")) == (
        INVALID_REQUEST,
        "group.consumer.assignment.interval.ms must be greater than or equal to "
        "group.consumer.min.assignment.interval.ms",
    )


def test_what_nobody_knows_is_kept_and_not_shown() -> None:
    """It might be a password of a plugin: DescribeConfigs has the name alone."""
    harness = Harness()
    set_to(harness, BROKER, "1", of_a_plugin="secret", listener_name_foo_ssl_keystore_password="secret")
    shown = describe(harness, BROKER, "1")
    assert shown["of.a.plugin"] == (None, 2, True, [("of.a.plugin", None, 2)])
    assert shown["listener.name.foo.ssl.keystore.password"].value is None


def test_consumer_groups_follow_the_broker() -> None:
    """`group.consumer.assignment.interval.ms` is Kafka's one dynamic setting of groups."""
    harness = Harness()
    set_to(harness, BROKER, "", group_consumer_assignment_interval_ms=7_000)
    assert harness.node.groups._consumer_settings.of("g").assignment_interval_ms == 7_000
    set_to(harness, GROUP, "g", consumer_assignment_interval_ms=8_000)
    assert harness.node.groups._consumer_settings.of("g").assignment_interval_ms == 8_000


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("PT1H30M", 5_400_000),
        ("P2DT0.5S", 172_800_500),
        ("pt-1.5s", -1_500),
        ("-PT1M-1S", -59_000),
        ("PT0.0009S", 0),
        ("P", None),
        ("PT", None),
        ("P1DT", None),
        ("P1W", None),
        ("1H", None),
        ("PT1.5M", None),
    ],
)
def test_durations_are_read_as_java_reads_them(text: str, milliseconds: int | None) -> None:
    """Days, hours, minutes and seconds with their signs; weeks and longer units are none."""
    assert duration_ms(text) == milliseconds
