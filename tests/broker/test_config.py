"""Configuration: Kafka's keys, their sources and their errors."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from odradek.broker.clock import ManualClock, SystemClock
from odradek.broker.config.broker_config import (
    BROKER_KEYS,
    DEVIATIONS,
    TOPIC_KEYS,
    BrokerConfig,
    ConfigError,
    TopicConfig,
    validate_topic_overrides,
)
from odradek.broker.config.properties import parse_properties

# What a broker of a production cluster is started with, TLS listener left out.
PRODUCTION = r"""
# A KRaft broker
process.roles=broker,controller
node.id=3
controller.quorum.voters=1@kafka1:9093,2@kafka2:9093,3@kafka3:9093
listeners=PLAINTEXT://:9092,CONTROLLER://:9093
inter.broker.listener.name=PLAINTEXT
advertised.listeners=PLAINTEXT://kafka3.example.org:9092
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL
num.network.threads=8
num.io.threads = 16
socket.send.buffer.bytes=1048576
socket.receive.buffer.bytes=1048576
socket.request.max.bytes=104857600
log.dirs=/var/lib/kafka/data
num.partitions=12
num.recovery.threads.per.data.dir=4
default.replication.factor=3
min.insync.replicas=2
offsets.topic.replication.factor=3
share.coordinator.state.topic.replication.factor=3
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
log.retention.hours=72
log.retention.bytes=-1
log.segment.bytes=536870912
log.retention.check.interval.ms=300000
auto.create.topics.enable=false
replica.fetch.max.bytes=10485760
replica.lag.time.max.ms=30000
unclean.leader.election.enable=false
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:admin;\
            User:kafka
listener.name.internal.ssl.keystore.location=/etc/kafka/keystore.jks
ssl.keystore.password=secret
group.initial.rebalance.delay.ms=3000
remote.log.storage.system.enable=false
metric.reporters=org.apache.kafka.common.metrics.JmxReporter
"""


def test_a_production_file_loads_unchanged(tmp_path: Path) -> None:
    """Every key that Apache Kafka knows is accepted, whether it has an effect here or not."""
    path = tmp_path / "server.properties"
    path.write_text(PRODUCTION)
    config = BrokerConfig.load(file=str(path))
    assert config.node_id == 3
    assert config["num.io.threads"] == 16
    assert config["log.retention.hours"] == 72
    assert config.data_directory == "/var/lib/kafka/data"
    assert config["process.roles"] == ("broker", "controller")
    assert config.text("ssl.keystore.password") is None


def test_keys_of_older_kafkas_are_passed_over_with_a_note(caplog: pytest.LogCaptureFixture) -> None:
    """A file of a ZooKeeper cluster starts here; the log says what was left out."""
    BrokerConfig({"zookeeper.connect": "zk:2181", "inter.broker.protocol.version": "2.8"})
    assert "zookeeper.connect is a setting of older Kafkas" in caplog.text


def test_later_sources_win(tmp_path: Path) -> None:
    """Defaults, then the file, then KAFKA_CFG_* variables, then settings, then what the caller says."""
    path = tmp_path / "server.properties"
    keys = ("num.partitions", "log.roll.hours", "log.retention.hours", "fetch.max.bytes", "group.max.size")
    path.write_text("\n".join(f"{key}=2000" for key in keys[1:]))
    config = BrokerConfig.load(
        file=str(path),
        environment={
            "KAFKA_CFG_LOG_RETENTION_HOURS": "3000",
            "KAFKA_CFG_FETCH_MAX_BYTES": "3000",
            "KAFKA_CFG_GROUP_MAX_SIZE": "3000",
            "KAFKA_OPTS": "-Xmx1g",
        },
        settings=["fetch.max.bytes=4000", "group.max.size = 4000"],
        overrides={"group.max.size": 5000},
    )
    assert [config[key] for key in keys] == [1, 2000, 3000, 4000, 5000]
    assert [config.source(key) for key in keys] == ["DEFAULT_CONFIG"] + ["STATIC_BROKER_CONFIG"] * 4


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("log.retension.ms=1", "Unknown configuration key 'log.retension.ms'. Is 'log.retention.ms' meant?"),
        (
            "strict.replicaton=true",
            "Unknown configuration key 'strict.replicaton'. Is 'strict.replication' meant?",
        ),
        ("nothing.like.it=1", "Unknown configuration key 'nothing.like.it'."),
        ("num.partitions", "--set takes key=value, not 'num.partitions'."),
        ("num.partitions=0", "Invalid value 0 for configuration num.partitions: Value must be at least 1"),
        (
            "num.partitions=two",
            "Invalid value two for configuration num.partitions: Not a number of type INT",
        ),
        (
            "log.message.timestamp.type=Now",
            "Invalid value Now for configuration log.message.timestamp.type: "
            "String must be one of: CreateTime, LogAppendTime",
        ),
        (
            "process.roles=controller",
            "process.roles has to hold broker: there is nothing here that is a controller alone.",
        ),
        ("log.dirs=", None),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(setting: str, sentence: str | None) -> None:
    """Unknown keys name the nearest one; bad values are told in Kafka's words."""
    if sentence is None:
        assert BrokerConfig.load(settings=[setting]).data_directory == "odradek-data"
        return
    with pytest.raises(ConfigError) as caught:
        BrokerConfig.load(settings=[setting])
    assert str(caught.value) == sentence


def test_a_missing_file_is_said_in_one_sentence() -> None:
    """--config of a file that is not there."""
    with pytest.raises(ConfigError, match=r"^Cannot read the configuration file /nowhere: No such file"):
        BrokerConfig.load(file="/nowhere")


def test_python_values_are_taken_as_they_are() -> None:
    """Embedding programs give bools, numbers and lists; None leaves the default."""
    config = BrokerConfig(
        {
            "auto.create.topics.enable": False,
            "num.partitions": 7,
            "log.cleanup.policy": ["compact", "delete"],
            "log.dirs": ("a,b",),
            "broker.rack": None,
        }
    )
    assert config["auto.create.topics.enable"] is False
    assert config["num.partitions"] == 7
    assert config["log.cleanup.policy"] == ("compact", "delete")
    assert config.data_directory == "a,b"
    assert not config.is_set("broker.rack")
    with pytest.raises(ConfigError):
        BrokerConfig({"log.cleanup.policy": ["shred"]})


def test_every_default_is_within_its_own_bounds() -> None:
    """Defaults survive being written as text and parsed again, also those that deviate."""
    for key in (*BROKER_KEYS.values(), *TOPIC_KEYS.values()):
        text = key.format(key.default)
        assert text is None or key.parse(text) == key.default, key
        assert key.doc.endswith("."), key
    for name, value in DEVIATIONS.items():
        text = BROKER_KEYS[name].format(value)
        assert text is not None
        assert BROKER_KEYS[name].parse(text) == value
        assert value != BROKER_KEYS[name].default


def test_every_synonym_of_a_topic_key_is_a_broker_key_of_its_type() -> None:
    """So that a topic's value can come from the broker."""
    for key in TOPIC_KEYS.values():
        for name, factor in key.synonyms:
            assert BROKER_KEYS[name].type == key.type or factor > 1, key


def test_the_broker_id_of_older_files_is_understood() -> None:
    """node.id wins; broker.id counts when it is alone."""
    assert BrokerConfig().node_id == 1
    assert BrokerConfig({"broker.id": 5}).node_id == 5
    assert BrokerConfig({"broker.id": 5, "node.id": 6}).node_id == 6


# Each line as java.util.Properties reads it.
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=b", {"a": "b"}),
        ("a = b ", {"a": "b "}),
        ("a:b", {"a": "b"}),
        ("a b=c", {"a": "b=c"}),
        ("a", {"a": ""}),
        ("# a=b\n! c=d\n\n  # e", {}),
        ("a=1\\\n   2\\\n\t3\nb=4", {"a": "123", "b": "4"}),
        ("a=1\\\\\nb=2", {"a": "1\\", "b": "2"}),
        ("a=1\\\n# not a comment", {"a": "1# not a comment"}),
        ("a\\ b\\=c\\:d = e", {"a b=c:d": "e"}),
        (r"a=\t\n\u00e4\u20AC\q", {"a": "\t\nä€q"}),
        ("a=1\r\nb=2\rc=3", {"a": "1", "b": "2", "c": "3"}),
        ("a=1\na=2", {"a": "2"}),
        ("a=ä", {"a": "ä"}),
        ("a=1\\", {"a": "1"}),
        ("  a  =  b=c : d", {"a": "b=c : d"}),
    ],
)
def test_property_files(text: str, expected: dict[str, str]) -> None:
    """Comments, continuation lines, escapes and separators as in Java's property files."""
    assert parse_properties(text) == expected


def test_a_malformed_escape_is_an_error() -> None:
    """As in Java, a unicode escape needs four hexadecimal digits."""
    with pytest.raises(ConfigError, match="malformed escape"):
        parse_properties("a=\\u12x4")


def test_topic_settings_come_from_the_topic_then_the_broker_then_the_default() -> None:
    """Lookups are typed, and DescribeConfigs can tell where a value comes from (KIP-226)."""
    broker = BrokerConfig({"log.retention.minutes": 5, "log.cleanup.policy": "compact"})
    topic = TopicConfig(broker, {"segment.bytes": "2000000"})
    assert topic["segment.bytes"] == 2_000_000
    assert topic["retention.ms"] == 300_000
    assert topic["max.message.bytes"] == 1_048_588
    assert topic.is_compacted
    assert topic.source("segment.bytes") == "DYNAMIC_TOPIC_CONFIG"
    assert topic.source("retention.ms") == "DEFAULT_CONFIG"  # it is in minutes that it was set
    assert topic.origin("retention.ms") == "STATIC_BROKER_CONFIG"  # of which CreateTopics knows
    assert topic.origin("segment.bytes") == "DYNAMIC_TOPIC_CONFIG"
    assert topic.origin("max.message.bytes") == "DEFAULT_CONFIG"
    assert topic.source("cleanup.policy") == "STATIC_BROKER_CONFIG"
    assert topic.source("max.message.bytes") == "DEFAULT_CONFIG"
    assert topic.text("cleanup.policy") == "compact"
    assert topic.synonyms("segment.bytes") == [
        ("segment.bytes", "2000000", "DYNAMIC_TOPIC_CONFIG"),
        ("log.segment.bytes", "1073741824", "DEFAULT_CONFIG"),
    ]
    assert topic.synonyms("retention.ms") == topic.synonyms("segment.ms") == []
    assert broker.synonyms("log.retention.minutes") == [
        ("log.retention.minutes", "5", "STATIC_BROKER_CONFIG"),
        ("log.retention.hours", "168", "DEFAULT_CONFIG"),
    ]


@pytest.mark.parametrize(
    ("settings", "retention_ms"),
    [
        ({}, 604_800_000),
        ({"log.retention.hours": 1}, 3_600_000),
        ({"log.retention.hours": 1, "log.retention.minutes": 1}, 60_000),
        ({"log.retention.hours": 1, "log.retention.minutes": 1, "log.retention.ms": 1}, 1),
        ({"log.retention.hours": -1}, -1),
        ({"log.retention.ms": -1}, -1),
    ],
)
def test_the_finer_unit_of_retention_wins(settings: dict[str, int], retention_ms: int) -> None:
    """Milliseconds before minutes before hours; -1 keeps for ever."""
    assert TopicConfig(BrokerConfig(settings))["retention.ms"] == retention_ms


# What LogConfig.validate of Apache Kafka 4.4.0 says to the same values, after its "Invalid value ... for
# configuration ...: ". None: the value is fine.
@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("retention.ms", "abc", "Not a number of type LONG"),
        ("retention.ms", " 5 ", None),
        ("retention.ms", "-2", "Value must be at least -1"),
        ("retention.ms", "99999999999999999999", "Not a number of type LONG"),
        ("retention.ms", "", "Not a number of type LONG"),
        ("retention.bytes", "-5", None),
        ("segment.bytes", "14", "Value must be at least 1048576"),
        ("segment.bytes", "3000000000", "Not a number of type INT"),
        ("internal.segment.bytes", "100", None),
        ("cleanup.policy", "", None),
        ("cleanup.policy", "compact, delete", None),
        ("cleanup.policy", "compact,compact", None),
        ("cleanup.policy", "foo", "String must be one of: compact, delete"),
        ("preallocate", "yes", "Expected value to be either true or false"),
        ("preallocate", "TRUE", None),
        ("min.cleanable.dirty.ratio", "1.5", "Value must be no more than 1"),
        ("min.cleanable.dirty.ratio", "x", "Not a number of type DOUBLE"),
        ("compression.type", "foo", "String must be one of: uncompressed, zstd, lz4, snappy, gzip, producer"),
        ("compression.gzip.level", "10", "Value must be between 1 and 9 or equal to -1"),
        ("compression.gzip.level", "-1", None),
        ("compression.zstd.level", "23", "Value must be no more than 22"),
        ("compression.lz4.level", "0", "Value must be at least 1"),
        ("message.timestamp.type", "foo", "String must be one of: CreateTime, LogAppendTime"),
        ("max.decompressed.message.bytes", "0", "Value must be at least 1"),
        ("leader.replication.throttled.replicas", "*", None),
        ("leader.replication.throttled.replicas", "0:1,1:2", None),
    ],
)
def test_topic_settings_are_validated_as_in_kafka(name: str, value: str, reason: str | None) -> None:
    """Same verdicts, same words."""
    if reason is None:
        validate_topic_overrides({name: value})
        return
    with pytest.raises(ConfigError) as caught:
        validate_topic_overrides({name: value})
    assert str(caught.value) == f"Invalid value {value} for configuration {name}: {reason}"


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"message.format.version": "2.8"}, "Unknown topic config name: message.format.version"),
        ({"retention.ms": "x", "foo.bar": "1"}, "Unknown topic config name: foo.bar"),
        ({"retention.ms": None}, "Null value not supported for topic configs: retention.ms"),
        (
            {"min.compaction.lag.ms": "10", "max.compaction.lag.ms": "5"},
            "conflict topic config setting min.compaction.lag.ms (10) > max.compaction.lag.ms (5)",
        ),
        (
            {"remote.storage.enable": "true"},
            "Tiered Storage functionality is disabled in the broker. "
            "Topic cannot be configured with remote log storage.",
        ),
        (
            {"leader.replication.throttled.replicas": "x"},
            "Invalid value [x] for configuration leader.replication.throttled.replicas: "
            "leader.replication.throttled.replicas must be the literal '*' or a list of replicas in the "
            "following format: [partitionId]:[brokerId],[partitionId]:[brokerId],...",
        ),
    ],
)
def test_topic_settings_as_a_whole_are_validated_as_in_kafka(
    overrides: dict[str, str | None], message: str
) -> None:
    """Unknown names first, then values, then what contradicts each other."""
    with pytest.raises(ConfigError) as caught:
        validate_topic_overrides(overrides)
    assert str(caught.value) == message


def test_endless_digits_are_refused_quickly() -> None:
    """A number of a million digits is no number of any of Kafka's types."""
    with pytest.raises(ConfigError, match="Not a number of type LONG"):
        TOPIC_KEYS["retention.ms"].parse("9" * 1_000_000)


def test_inert_settings_are_noted_when_they_differ(caplog: pytest.LogCaptureFixture) -> None:
    """-v tells which settings of a production file come to nothing, and why."""
    with caplog.at_level(logging.INFO):
        BrokerConfig({"num.network.threads": 8, "num.io.threads": 8})
    assert [record.message.split(" has no effect")[0] for record in caplog.records] == ["num.network.threads"]


def test_a_manual_clock_moves_when_told() -> None:
    """Both of its clocks advance together, and the wall clock can be stepped alone."""
    clock = ManualClock(wall_ms=1000)
    clock.advance(5)
    clock.set_wall_ms(10)
    assert (clock.wall_ms(), clock.monotonic_ms()) == (10, 5.0)
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(-1)
    assert SystemClock().wall_ms() > 1_600_000_000_000
    assert SystemClock().monotonic_ms() <= SystemClock().monotonic_ms()
