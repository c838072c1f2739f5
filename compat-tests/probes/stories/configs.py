"""Settings that are changed while the brokers run: of topics, groups, client metrics and the brokers."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from typing import Any

from odradek.protocol.messages import (
    alter_configs,
    create_topics,
    describe_configs,
    incremental_alter_configs,
)
from probes import Answers, Prober, story

TOPIC, BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP = 2, 4, 8, 16, 32
SET, DELETE, APPEND, SUBTRACT = range(4)

_marks = itertools.count(1_000_000_000)

Change = tuple[str, int, str | None]


def changed(kind: int, name: str, *changes: Change) -> Any:
    """A resource of IncrementalAlterConfigs."""
    configs = [
        incremental_alter_configs.CONFIG(name=key, config_operation=operation, value=value)
        for key, operation, value in changes
    ]
    return incremental_alter_configs.RESOURCE(resource_type=kind, resource_name=name, configs=configs)


def alter(p: Prober, *resources: Any, validate_only: bool = False) -> Any:
    """IncrementalAlterConfigs of some resources."""
    return p.ask("incremental_alter_configs", 1, resources=list(resources), validate_only=validate_only)


def one_by_one(p: Prober, kind: int, name: str, *changes: Change) -> Answers:
    """Each change for itself."""
    for key, operation, value in changes:
        shown = value if value is None or len(value) < 60 else f"{value[:20]}..."
        label = f"{kind} {name!r}: {key} {operation} {shown}"
        yield label, alter(p, changed(kind, name, (key, operation, value)))


def replaced(kind: int, name: str, **settings: str | None) -> Any:
    """A resource of AlterConfigs; keys have '_' for '.'."""
    configs = [
        alter_configs.CONFIG(name=key.replace("_", "."), value=value) for key, value in settings.items()
    ]
    return alter_configs.RESOURCE(resource_type=kind, resource_name=name, configs=configs)


def settle(p: Prober) -> None:
    """Wait until what was changed is seen: a broker of Apache Kafka hears of it from the controller."""
    mark = str(next(_marks))
    alter(p, changed(TOPIC, "flights", ("retention.bytes", SET, mark)))
    asked = describe_configs.RESOURCE(
        resource_type=TOPIC, resource_name="flights", configuration_keys=["retention.bytes"]
    )
    for _ in range(200):
        (result,) = p.ask("describe_configs", 1, resources=[asked]).results
        if result.configs[0].value == mark:
            break
        time.sleep(0.05)
    alter(p, changed(TOPIC, "flights", ("retention.bytes", DELETE, None)))


def describe(p: Prober, kind: int, name: str, *keys: str, version: int = 4) -> Any:
    """What is shown of some keys, or of all."""
    settle(p)
    asked = describe_configs.RESOURCE(
        resource_type=kind, resource_name=name, configuration_keys=list(keys) or None
    )
    answer = p.ask("describe_configs", version, resources=[asked], include_synonyms=True)
    for result in answer.results:
        result.configs.sort(key=lambda config: config.name)
    return answer


def create(p: Prober, *names: str) -> None:
    """Make topics."""
    topics = [
        create_topics.REQUEST_TOPIC(name=name, num_partitions=1, replication_factor=1) for name in names
    ]
    p.ask("create_topics", 7, topics=topics, timeout_ms=30_000)


@story
def topics(p: Prober) -> Answers:
    """Every kind of value, and every operation."""
    create(p, "configs-topics")
    yield from one_by_one(
        p,
        TOPIC,
        "configs-topics",
        ("retention.ms", SET, "x"),
        ("retention.ms", SET, "1000"),
        ("retention.ms", APPEND, "1"),
        ("retention.ms", SET, None),
        ("nope", SET, "1"),
        ("nope", DELETE, None),
        ("nope", APPEND, "1"),
        ("cleanup.policy", APPEND, "compact"),
        ("cleanup.policy", SUBTRACT, "delete"),
        ("cleanup.policy", SUBTRACT, "compact"),
        ("cleanup.policy", APPEND, "delete,delete"),
        ("cleanup.policy", SET, "foo"),
        ("cleanup.policy", DELETE, None),
        ("segment.bytes", SET, "10"),
        ("min.insync.replicas", SET, "2"),
        ("message.timestamp.type", SET, "LogAppendTime"),
        ("message.timestamp.type", SET, "Now"),
        ("max.message.bytes", SET, "-1"),
        ("leader.replication.throttled.replicas", APPEND, "0:1"),
        ("leader.replication.throttled.replicas", APPEND, "0:1,1:1"),
        ("leader.replication.throttled.replicas", SUBTRACT, "0:1"),
        ("leader.replication.throttled.replicas", APPEND, "x"),
        ("leader.replication.throttled.replicas", APPEND, ",".join(f"{n}:2" for n in range(3_500))),
        ("leader.replication.throttled.replicas", APPEND, ",".join(f"{n}:3" for n in range(3_500))),
        ("min.compaction.lag.ms", SET, "10"),
        ("max.compaction.lag.ms", SET, "5"),
        ("retention.ms", DELETE, "ignored"),
        ("local.retention.ms", SET, "5000"),
        ("remote.storage.enable", SET, "true"),
        ("internal.segment.bytes", SET, "100"),
        ("unclean.leader.election.enable", SET, "true"),
        ("compression.type", SET, "uncompressed"),
        ("compression.gzip.level", SET, "10"),
    )
    shown = ("cleanup.policy", "message.timestamp.type", "min.compaction.lag.ms", "retention.ms")
    for version in p.versions("describe_configs"):
        yield f"described, v{version}", describe(p, TOPIC, "configs-topics", *shown, version=version)


@story
def defaults(p: Prober) -> Answers:
    """Everything that a topic has without a setting of its own."""
    create(p, "configs-defaults")
    for version in p.versions("describe_configs"):
        yield f"v{version}", describe(p, TOPIC, "configs-defaults", version=version)


@story
def resources(p: Prober) -> Answers:
    """Resources that are not there, or named twice."""
    create(p, "configs-resources")
    for kind, name in (
        (TOPIC, "configs-none"),
        (TOPIC, ""),
        (TOPIC, "a b"),
        (TOPIC, "."),
        (GROUP, ""),
        (CLIENT_METRICS, ""),
        (BROKER, "2"),
        (BROKER, "-1"),
        (BROKER, "x"),
        (9, "x"),
        (0, "x"),
    ):
        yield f"nothing of {kind} {name!r}", alter(p, changed(kind, name))
        yield f"{kind} {name!r}", alter(p, changed(kind, name, ("retention.ms", SET, "1")))
        legacy = replaced(kind, name)
        yield f"replaced {kind} {name!r}", p.ask("alter_configs", 2, resources=[legacy])
        yield f"described {kind} {name!r}", describe(p, kind, name)
    once = changed(TOPIC, "configs-resources", ("retention.ms", SET, "1"))
    yield "twice", alter(p, once, once)
    yield "a key twice", alter(p, changed(TOPIC, "configs-resources", *[("retention.ms", SET, "1")] * 2))
    yield "one of two", alter(p, once, changed(TOPIC, "configs-none"))
    yield "nothing", alter(p)
    wrong = changed(TOPIC, "configs-resources", ("flush.ms", SET, "1"), ("segment.ms", SET, "x"))
    yield "one of two keys", alter(p, wrong)
    yield "neither", describe(p, TOPIC, "configs-resources", "flush.ms", "segment.ms")


@story
def versions(p: Prober) -> Answers:
    """The same at every version; what is only validated changes nothing."""
    create(p, "configs-versions")
    name = "configs-versions"
    resource = changed(TOPIC, name, ("retention.ms", SET, "1"), ("nope", DELETE, None))
    for validate_only in (True, False):
        yield from p.each_version(
            f"set, {validate_only}",
            "incremental_alter_configs",
            resources=[resource],
            validate_only=validate_only,
        )
        yield "described", describe(p, TOPIC, name, "retention.ms", "segment.ms")
        legacy = replaced(TOPIC, name, segment_ms="7")
        yield from p.each_version(
            f"replaced, {validate_only}", "alter_configs", resources=[legacy], validate_only=validate_only
        )
        yield "described", describe(p, TOPIC, name, "retention.ms", "segment.ms")
    for settings in ({"retention_ms": "x"}, {"retention_ms": None}, {"nope": "1"}, {}):
        legacy = replaced(TOPIC, name, **settings)
        yield f"replaced by {settings}", p.ask("alter_configs", 2, resources=[legacy])
    yield "described", describe(p, TOPIC, name, "retention.ms", "segment.ms")


GROUP_VALUES = {
    "consumer.session.timeout.ms": ("1", "x", "0", "60001", "50000"),
    "consumer.heartbeat.interval.ms": ("1", "16000", "6000"),
    "consumer.assignment.interval.ms": ("-1", "16000", "100"),
    "consumer.assignor.offload.enable": ("maybe", "false"),
    "share.session.timeout.ms": ("1", "60001", "50000"),
    "share.heartbeat.interval.ms": ("1", "15001", "6000"),
    "share.record.lock.duration.ms": ("5", "5000", "60001", "20000"),
    "share.delivery.count.limit": ("1", "11", "7"),
    "share.partition.max.record.locks": ("1", "10001", "200"),
    "share.auto.offset.reset": (
        "never",
        "EARLIEST",
        "by_duration:xx",
        "by_duration:-PT1H",
        "by_duration:P",
        "by_duration:PT1H",
    ),
    "share.isolation.level": ("none", "READ_COMMITTED", "read_committed"),
    "share.renew.acknowledge.enable": ("maybe", "false"),
    "share.assignment.interval.ms": ("-1", "16000", "100"),
    "streams.session.timeout.ms": ("1", "60001", "50000"),
    "streams.heartbeat.interval.ms": ("1", "15001", "6000"),
    "streams.num.standby.replicas": ("-1", "3", "1"),
    "streams.num.warmup.replicas": ("-1", "21", "3"),
    "streams.initial.rebalance.delay.ms": ("-1", "0"),
    "streams.assignment.interval.ms": ("-1", "16000", "100"),
    "streams.task.offset.interval.ms": ("0", "1", "20000"),
    "streams.rack.aware.assignment.tags": ("a,a", "a,,b", "a,b"),
    "streams.acceptable.recovery.lag": ("-1", "5"),
    "streams.assignor.name": ("foo", "", "sticky"),
    "errors.deadletterqueue.topic.name": ("__x", "x y"),
    "errors.deadletterqueue.copy.record.enable": ("maybe", "true"),
}


@story
def groups(p: Prober) -> Answers:
    """Every key of a group with values on both sides of its bounds."""
    yield "before", describe(p, GROUP, "configs-groups")
    for key, values in GROUP_VALUES.items():
        yield from one_by_one(p, GROUP, "configs-groups", *((key, SET, value) for value in values))
    yield "after", describe(p, GROUP, "configs-groups")
    for operation in (APPEND, SUBTRACT):
        yield from one_by_one(
            p,
            GROUP,
            "configs-groups",
            ("streams.rack.aware.assignment.tags", operation, "c"),
            ("nope", operation, "c"),
        )
    yield from one_by_one(p, GROUP, "configs-groups", *((key, DELETE, None) for key in GROUP_VALUES))
    yield "taken back", describe(p, GROUP, "configs-groups")


@story
def client_metrics(p: Prober) -> Answers:
    """Subscriptions to clients' metrics (KIP-714)."""
    yield "before", describe(p, CLIENT_METRICS, "configs-metrics")
    yield from one_by_one(
        p,
        CLIENT_METRICS,
        "configs-metrics",
        ("interval.ms", SET, "1"),
        ("interval.ms", SET, "x"),
        ("interval.ms", SET, "3600001"),
        ("interval.ms", SET, "1000"),
        ("metrics", SET, "a,b"),
        ("metrics", SET, "a,,b"),
        ("metrics", APPEND, "c"),
        ("match", SET, "client_id=.*"),
        ("match", SET, "client_id=.*, client_source_port=1"),
        ("match", SET, "foo=.*"),
        ("match", SET, "client_id=["),
        ("match", SET, "client_id"),
        ("match", SET, "client_id="),
        ("match", SET, "client_id=a=b"),
        ("nope", SET, "1"),
    )
    yield "after", describe(p, CLIENT_METRICS, "configs-metrics")


@story
def listed(p: Prober) -> Answers:
    """Resources that have a configuration (KIP-1142)."""
    alter(p, changed(GROUP, "configs-listed", ("share.session.timeout.ms", SET, "50000")))
    alter(p, changed(CLIENT_METRICS, "configs-listed", ("metrics", SET, "a")))

    def mine(answer: Any) -> Any:
        answer.config_resources = [
            each
            for each in answer.config_resources
            if each.resource_name in ("configs-listed", "flights", "1")
        ]
        return answer

    for types in ([], [TOPIC], [GROUP, CLIENT_METRICS], [BROKER, BROKER], [BROKER_LOGGER], [9], [TOPIC, 0]):
        for label, answer in p.each_version(f"{types}", "list_config_resources", resource_types=types):
            yield label, mine(answer)


def of_brokers() -> Iterator[Change]:
    """Changes of a broker's settings, or of those of all."""
    yield from (
        ("log.retention.ms", SET, "1000"),
        ("log.retention.ms", SET, None),
        ("log.retention.ms", 7, "1000"),
        ("log.retention.ms", DELETE, None),
        ("log.retention.hours", SET, "1"),
        ("num.partitions", SET, "5"),
        ("message.max.bytes", SET, "x"),
        ("message.max.bytes", SET, "-1"),
        ("log.segment.bytes", SET, "5"),
        ("log.message.timestamp.type", SET, "x"),
        ("log.roll.ms", SET, "0"),
        ("log.cleanup.policy", APPEND, "compact"),
        ("log.cleanup.policy", SUBTRACT, "compact"),
        ("log.cleanup.policy", DELETE, None),
        ("max.connections", APPEND, "1"),
        ("leader.replication.throttled.rate", SET, "100"),
        ("leader.replication.throttled.rate", SET, "-1"),
        ("ssl.keystore.type", SET, "JKS"),
        ("sasl.enabled.mechanisms", SET, "PLAIN"),
        ("sasl.enabled.mechanisms", DELETE, None),
        ("listener.name.foo.ssl.keystore.type", SET, "JKS"),
        ("listener.name.foo.max.connections", SET, "100"),
        ("listener.name.foo.max.connections", SET, "x"),
        ("of.a.plugin", SET, "5"),
        ("of.a.plugin", APPEND, "5"),
        ("group.consumer.assignment.interval.ms", SET, "16000"),
        ("group.share.assignment.interval.ms", SET, "-1"),
    )


@story
def brokers(p: Prober) -> Answers:
    """A broker's settings, those of all, and what DescribeConfigs says then."""
    shown = ("log.retention.ms", "leader.replication.throttled.rate", "of.a.plugin", "num.partitions")
    for name in ("1", ""):
        yield from one_by_one(p, BROKER, name, *of_brokers())
        yield f"described {name!r}", describe(p, BROKER, name, *shown)
    several = [("num.partitions", SET, "3"), ("log.retention.hours", SET, "3")]
    yield "several", alter(p, changed(BROKER, "1", *several))
    legacy = replaced(BROKER, "1", log_retention_ms="7", num_partitions="3")
    yield "replaced in vain", p.ask("alter_configs", 2, resources=[legacy])
    for name, value in (("", "6"), ("1", "7")):
        alter(p, changed(BROKER, name, ("log.retention.ms", SET, value)))
        for asked in ("1", ""):
            yield f"retention of {asked!r} after {name!r}", describe(p, BROKER, asked, "log.retention.ms")
        yield f"of a topic after {name!r}", describe(p, TOPIC, "flights", "retention.ms")
    made = create_topics.REQUEST_TOPIC(
        name="configs-brokers",
        num_partitions=1,
        replication_factor=1,
        configs=[create_topics.REQUEST_CONFIG(name="internal.segment.bytes", value="1000")],
    )
    yield from p.each_version("a new topic", "create_topics", topics=[made], validate_only=True)
    everything = [("log.retention.ms", DELETE, None), ("leader.replication.throttled.rate", DELETE, None)]
    everything += [(key, DELETE, None) for key in ("of.a.plugin", "listener.name.foo.max.connections")]
    everything += [("listener.name.foo.ssl.keystore.type", DELETE, None)]
    for name in ("1", ""):
        yield f"taken back of {name!r}", alter(p, changed(BROKER, name, *everything))


@story
def loggers(p: Prober) -> Answers:
    """Levels of loggers (KIP-412); what there is besides the root logger is each broker's own."""
    for name in ("", "2", "x"):
        yield f"of {name!r}", alter(p, changed(BROKER_LOGGER, name, ("root", SET, "INFO")))
    yield from one_by_one(
        p,
        BROKER_LOGGER,
        "1",
        ("no.such.logger", SET, "INFO"),
        ("no.such.logger", DELETE, None),
        ("root", SET, "LOUD"),
        ("root", DELETE, None),
        ("root", APPEND, "INFO"),
        ("root", SUBTRACT, "INFO"),
        ("root", SET, None),
        ("root", SET, "WARN"),
    )
    yield "described", describe(p, BROKER_LOGGER, "1", "root")
    yield "only validated", alter(p, changed(BROKER_LOGGER, "1", ("root", SET, "DEBUG")), validate_only=True)
    yield "not changed", describe(p, BROKER_LOGGER, "1", "root")
    yield "replaced", p.ask("alter_configs", 2, resources=[replaced(BROKER_LOGGER, "1", root="INFO")])
