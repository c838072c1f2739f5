"""Topics and what is known of them: Metadata, CreateTopics, DeleteTopics, DescribeConfigs and so on."""

from __future__ import annotations

from typing import Any

from odradek.protocol.messages import (
    create_partitions,
    create_topics,
    delete_topics,
    describe_configs,
    describe_topic_partitions,
    metadata,
)
from probes import Answers, Prober, story

NO_ID = bytes(16)
STRANGE_ID = bytes(range(1, 17))
BAD_NAMES = ("", ".", "..", "a b", "a/b", "ä", "x" * 249, "x" * 250, "a\0b")


def topic(name: str, partitions: int = 1, replicas: int = 1, **fields: Any) -> Any:
    """A topic to create. `configs` is a dict, `assignments` a list of (partition, broker ids)."""
    configs = [
        create_topics.REQUEST_CONFIG(name=key, value=value)
        for key, value in fields.pop("configs", {}).items()
    ]
    assignments = [
        create_topics.ASSIGNMENT(partition_index=index, broker_ids=ids)
        for index, ids in fields.pop("assignments", ())
    ]
    return create_topics.REQUEST_TOPIC(
        name=name,
        num_partitions=partitions,
        replication_factor=replicas,
        configs=configs,
        assignments=assignments,
    )


def create(p: Prober, label: str, *topics: Any, **fields: Any) -> Answers:
    """Ask at every version to create; only checked, unless `validate_only` is false."""
    asked = {"topics": list(topics), "timeout_ms": 10_000, "validate_only": True, **fields}
    yield from p.each_version(label, "create_topics", **asked)


@story
def creation(p: Prober) -> Answers:
    """Names, counts, replicas and assignments that cannot be."""
    for name in (*BAD_NAMES, "__consumer_offsets", "flights", "a.b", "a_b"):
        yield from create(p, f"name {name[:20]!r} of {len(name)}", topic(name))
    for partitions in (0, -1, -2, 1, 10_001):
        yield from create(p, f"{partitions} partitions", topic("topics-c1", partitions))
    for replicas in (0, -1, -2, 1):
        yield from create(p, f"{replicas} replicas", topic("topics-c2", 1, replicas))
    yield from create(p, "the same twice", topic("topics-c3"), topic("topics-c3"))
    yield from create(p, "good and bad", topic("topics-c4"), topic("a b"))
    yield from create(p, "no topics")
    for label, assignments in {
        "one": [(0, [1])],
        "a gap": [(0, [1]), (2, [1])],
        "the same twice": [(0, [1]), (0, [1])],
        "negative": [(-1, [1])],
        "from 1": [(1, [1])],
        "no brokers": [(0, [])],
        "a broker twice": [(0, [1, 1])],
        "negative broker": [(0, [-1])],
    }.items():
        yield from create(p, f"assigned: {label}", topic("topics-c5", -1, -1, assignments=assignments))
    yield from create(p, "assigned and counted", topic("topics-c6", 1, -1, assignments=[(0, [1])]))
    yield from create(p, "assigned and replicated", topic("topics-c6", -1, 1, assignments=[(0, [1])]))


@story
def creation_of_many(p: Prober) -> Answers:
    """More partitions than one request may bring, in all its topics together."""
    for label, topics in {
        "two topics": (topic("topics-m1", 6000), topic("topics-m2", 6000)),
        "just as many as may be": (topic("topics-m1", 6000), topic("topics-m2", 4000)),
        "beside a bad name": (topic("a b", 10_000), topic("topics-m1")),
        "beside one that exists": (topic("flights", 10_000), topic("topics-m1")),
        "beside a count that cannot be": (topic("topics-m1", -5), topic("topics-m2", 10_001)),
        "by default": (topic("topics-m1", -1), topic("topics-m2", 10_000)),
        "assigned": (topic("topics-m1", -1, -1, assignments=[(0, [1])]), topic("topics-m2", 10_000)),
        "the same twice": (topic("topics-m1", 6000), topic("topics-m1", 6000), topic("topics-m2", 6000)),
        "twice and too many": (topic("topics-m1"), topic("topics-m1"), topic("topics-m2", 10_001)),
    }.items():
        yield from create(p, label, *topics)


@story
def creation_with_settings(p: Prober) -> Answers:
    """Settings that are none, and values that they cannot have."""
    for key, value in (
        ("no.such.setting", "1"),
        ("", "1"),
        ("cleanup.policy", "shred"),
        ("cleanup.policy", ""),
        ("cleanup.policy", "compact,delete"),
        ("retention.ms", "soon"),
        ("retention.ms", "-2"),
        ("retention.ms", "-1"),
        ("retention.ms", None),
        ("segment.bytes", "1"),
        ("segment.bytes", "99999999999"),
        ("compression.type", "rar"),
        ("compression.type", "zstd"),
        ("compression.gzip.level", "20"),
        ("min.insync.replicas", "0"),
        ("min.insync.replicas", "2"),
        ("max.message.bytes", "-1"),
        ("message.timestamp.type", "Never"),
        ("message.format.version", "2.8"),
        ("min.cleanable.dirty.ratio", "1.5"),
        ("unclean.leader.election.enable", "perhaps"),
        ("unclean.leader.election.enable", "TRUE"),
        ("local.retention.ms", "5"),
        ("remote.storage.enable", "true"),
        ("follower.replication.throttled.replicas", "x"),
        ("flush.messages", "0"),
    ):
        yield from create(p, f"{key}={value}", topic("topics-s1", configs={key: value}))
    twice = topic("topics-s2", configs={"retention.ms": "5"})
    twice.configs = twice.configs * 2
    yield from create(p, "the same twice", twice)


@story
def life_of_a_topic(p: Prober) -> Answers:
    """Create, create again, add partitions, delete, delete again, at every version."""
    for version in p.versions("create_topics"):
        name = f"topics-l{version}"
        made = topic(name, 2, configs={"retention.ms": "7000"})
        yield f"create, v{version}", p.ask("create_topics", version, topics=[made], timeout_ms=10_000)
        yield f"create again, v{version}", p.ask("create_topics", version, topics=[made], timeout_ms=10_000)
        case = topic(name.replace("-", "."), 2)
        yield f"collides, v{version}", p.ask("create_topics", version, topics=[case], timeout_ms=10_000)
    clash = topic("topics_l7.x"), topic("topics.l7_x")
    yield "two that collide", p.ask("create_topics", 7, topics=list(clash), timeout_ms=10_000)
    for version in p.versions("delete_topics"):
        name = f"topics-l{version + 1}"
        states = [delete_topics.REQUEST_TOPIC(name=name)]
        gone = {"topics": states, "topic_names": [name], "timeout_ms": 10_000}
        yield f"delete, v{version}", p.ask("delete_topics", version, **gone)
        yield f"delete again, v{version}", p.ask("delete_topics", version, **gone)


@story
def deletion(p: Prober) -> Answers:
    """Names and ids of nothing, both at once, and internal topics."""
    for name in (*BAD_NAMES[:5], "topics-nowhere"):
        state = delete_topics.REQUEST_TOPIC(name=name)
        yield from p.each_version(
            f"{name!r}", "delete_topics", topics=[state], topic_names=[name], timeout_ms=5000
        )
    twice = ["topics-nowhere"] * 2
    yield from p.each_version("twice", "delete_topics", topic_names=twice, timeout_ms=5000)
    p.create_topic("topics-d1")
    for label, states in {
        "unknown id": [{"topic_id": STRANGE_ID}],
        "no id, no name": [{}],
        "id and name": [{"name": "topics-d1", "topic_id": p.topic_ids["topics-d1"]}],
        "id twice": [{"topic_id": STRANGE_ID}, {"topic_id": STRANGE_ID}],
        "name twice": [{"name": "topics-d1"}, {"name": "topics-d1"}],
        "name and its id": [{"name": "topics-d1"}, {"topic_id": p.topic_ids["topics-d1"]}],
    }.items():
        asked = [delete_topics.REQUEST_TOPIC(**state) for state in states]
        yield label, p.ask("delete_topics", 6, topics=asked, timeout_ms=5000)
    yield (
        "by id",
        p.ask(
            "delete_topics",
            6,
            topics=[delete_topics.REQUEST_TOPIC(topic_id=p.topic_ids["topics-d1"])],
            timeout_ms=5000,
        ),
    )


@story
def more_partitions(p: Prober) -> Answers:
    """Counts that are no more, assignments that do not fit."""
    p.create_topic("topics-p", 2)

    def grow(
        label: str, name: str, count: int, assignments: list[list[int]] | None = None, **fields: Any
    ) -> Answers:
        given = assignments and [create_partitions.ASSIGNMENT(broker_ids=ids) for ids in assignments]
        asked = create_partitions.TOPIC(name=name, count=count, assignments=given)
        fields = {
            "topics": [asked] * fields.pop("times", 1),
            "timeout_ms": 5000,
            "validate_only": True,
            **fields,
        }
        yield from p.each_version(label, "create_partitions", **fields)

    for count in (2, 1, 0, -1, 3, 10_001):
        yield from grow(f"to {count}", "topics-p", count)
    yield from grow("unknown", "topics-nowhere", 3)
    yield from grow("bad name", "a b", 3)
    yield from grow("empty name", "", 3)
    yield from grow("internal", "__consumer_offsets", 60)
    yield from grow("twice", "topics-p", 3, times=2)
    yield from grow("assigned", "topics-p", 3, [[1]])
    yield from grow("assigned too many", "topics-p", 3, [[1], [1]])
    yield from grow("assigned too few", "topics-p", 4, [[1]])
    yield from grow("assigned none", "topics-p", 3, [[]])
    yield from grow("assigned twice the same", "topics-p", 3, [[1, 1]])
    yield from grow("assigned to -1", "topics-p", 3, [[-1]])
    for version in p.versions("create_partitions"):
        asked = create_partitions.TOPIC(name="topics-p", count=3 + version, assignments=None)
        done = p.ask("create_partitions", version, topics=[asked], timeout_ms=5000)
        yield f"done, v{version}", done


@story
def more_partitions_of_several(p: Prober) -> Answers:
    """More partitions than one request may bring, in all its topics together."""
    for name in ("topics-p1", "topics-p2"):
        p.create_topic(name, 2)
    for label, counts in {
        "too many": {"topics-p1": 6000, "topics-p2": 6003},
        "as many as may be": {"topics-p2": 4003, "topics-p1": 6000},
        "too many beside fewer": {"topics-p1": 1, "topics-p2": 10_003},
        "too many of what is not there": {"topics-p1": 10_002, "topics-p3": 20_000},
    }.items():
        topics = [create_partitions.TOPIC(name=n, count=c, assignments=None) for n, c in counts.items()]
        asked = {"topics": topics, "timeout_ms": 5000, "validate_only": True}
        yield from p.each_version(label, "create_partitions", **asked)


@story
def known_topics(p: Prober) -> Answers:
    """Metadata by names and ids, of nothing and of something."""

    def ask(label: str, *topics: Any, **fields: Any) -> Answers:
        asked = [metadata.REQUEST_TOPIC(**each) for each in topics]
        fields = {"topics": asked, "allow_auto_topic_creation": False, **fields}
        yield from p.each_version(label, "metadata", since=4, **fields)  # before that, asking creates

    for name in (*BAD_NAMES, "topics-nowhere", "__consumer_offsets", "flights"):
        yield from ask(f"name {name[:20]!r} of {len(name)}", {"name": name})
    yield from ask("twice", {"name": "flights"}, {"name": "flights"})
    yield from ask("two", {"name": "flights"}, {"name": "topics-nowhere"})
    yield from ask("by id", {"name": None, "topic_id": p.topic_ids["flights"]})
    yield from ask("by id and name", {"name": "flights", "topic_id": p.topic_ids["flights"]})
    yield from ask("by id and another name", {"name": "delays", "topic_id": p.topic_ids["flights"]})
    yield from ask("strange id", {"name": None, "topic_id": STRANGE_ID})
    yield from ask("no id, no name", {"name": None})
    yield from ask(
        "id and a name beside it", {"name": None, "topic_id": p.topic_ids["flights"]}, {"name": "delays"}
    )
    yield from ask(
        "operations",
        {"name": "flights"},
        include_topic_authorized_operations=True,
        include_cluster_authorized_operations=True,
    )
    for endpoint in (0, 1, 2, 3, -1):
        yield from p.each_version(f"cluster, endpoint {endpoint}", "describe_cluster", endpoint_type=endpoint)
    yield from p.each_version(
        "cluster operations", "describe_cluster", include_cluster_authorized_operations=True
    )


@story
def partitions_of_topics(p: Prober) -> Answers:
    """DescribeTopicPartitions: cursors to nowhere, limits of nothing."""

    def ask(label: str, *names: str, cursor: tuple[str, int] | None = None, limit: int = 100) -> Answers:
        asked = [describe_topic_partitions.REQUEST_TOPIC(name=name) for name in names]
        place = cursor and describe_topic_partitions.CURSOR(topic_name=cursor[0], partition_index=cursor[1])
        yield from p.each_version(
            label, "describe_topic_partitions", topics=asked, response_partition_limit=limit, cursor=place
        )

    yield from ask("one", "flights")
    yield from ask("unordered", "flights", "delays")
    yield from ask("twice", "flights", "flights")
    yield from ask("unknown", "topics-nowhere", "flights")
    for name in BAD_NAMES:
        yield from ask(f"name {name[:20]!r} of {len(name)}", name)
    for limit in (0, -1, 1, 3, 2**31 - 1):
        yield from ask(f"limit {limit}", "delays", "flights", limit=limit)
    for cursor in (
        ("flights", 0),
        ("flights", 2),
        ("flights", 9),
        ("flights", -1),
        ("e", 0),
        ("z", 0),
        ("", 0),
    ):
        yield from ask(f"cursor {cursor}", "delays", "flights", cursor=cursor)


@story
def settings(p: Prober) -> Answers:
    """DescribeConfigs: resources of every type and none, keys that there are not."""
    p.create_topic("topics-configured", retention_ms="7000")

    def ask(label: str, kind: int, name: str, keys: list[str] | None, **fields: Any) -> Answers:
        resource = describe_configs.RESOURCE(resource_type=kind, resource_name=name, configuration_keys=keys)
        resources = [resource] * fields.pop("times", 1)
        yield from p.each_version(label, "describe_configs", resources=resources, **fields)

    keys = ["retention.ms", "cleanup.policy", "no.such.setting"]
    yield from ask("topic", 2, "topics-configured", keys)
    yield from ask("topic with synonyms", 2, "topics-configured", keys, include_synonyms=True)
    yield from ask("no keys", 2, "topics-configured", [])
    yield from ask("twice", 2, "topics-configured", keys, times=2)
    yield from ask("unknown topic", 2, "topics-nowhere", keys)
    own = ["cleanup.policy", "compression.type", "min.insync.replicas", "segment.bytes", "retention.ms"]
    for name in ("__consumer_offsets", "__transaction_state"):
        yield from ask(name, 2, name, own)
    for name in BAD_NAMES[:5]:
        yield from ask(f"topic {name!r}", 2, name, keys)
    yield from ask("broker", 4, "1", ["log.retention.ms", "node.id"])
    yield from ask("default broker", 4, "", ["log.retention.ms"])
    yield from ask("another broker", 4, "7", ["log.retention.ms"])
    yield from ask("no number", 4, "x", ["log.retention.ms"])
    for kind in (0, 1, 3, 5, 8, 16, 32, 99, -1):
        yield from ask(f"type {kind}", kind, "1", ["kafka", "x"])
