"""Where partitions lie and who leads them, which one broker has no choice about; the quorum of one."""

from __future__ import annotations

import time
from typing import Any

from odradek.protocol.messages import (
    alter_partition_reassignments,
    create_topics,
    describe_quorum,
    elect_leaders,
    list_offsets,
    list_partition_reassignments,
)
from probes import Answers, Prober, story


def create(p: Prober, name: str, partitions: int) -> None:
    """Make a topic, and wait until it has leaders."""
    topic = create_topics.REQUEST_TOPIC(name=name, num_partitions=partitions, replication_factor=1)
    p.ask("create_topics", 7, topics=[topic], timeout_ms=30_000)
    rows = [list_offsets.REQUEST_PARTITION(partition_index=n, timestamp=-2) for n in range(partitions)]
    topics = [list_offsets.REQUEST_TOPIC(name=name, partitions=rows)]
    for _ in range(200):
        answer = p.ask("list_offsets", 7, replica_id=-1, topics=topics)
        if all(row.error_code == 0 for row in answer.topics[0].partitions):
            return
        time.sleep(0.05)


@story
def leaders_elected(p: Prober) -> Answers:
    """Preferred and unclean elections of partitions that have their leader, and of some that are none."""
    create(p, "replicas-elected", 2)

    def asked(*topics: tuple[str, list[int]]) -> Any:
        return [elect_leaders.REQUEST_TOPIC(topic=name, partitions=indexes) for name, indexes in topics]

    for election_type in (0, 1, 2, -1):
        for label, topics in (
            ("both", asked(("replicas-elected", [0, 1]))),
            ("unknown", asked(("replicas-elected", [7, -1]), ("replicas-none", [0]))),
            ("twice", asked(("replicas-elected", [0, 0]))),
            ("no partitions", asked(("replicas-elected", []))),
            ("nothing", []),
            ("all", None),
        ):
            yield from p.each_version(
                f"{election_type}, {label}",
                "elect_leaders",
                election_type=election_type,
                topic_partitions=topics,
                timeout_ms=30_000,
            )


@story
def partitions_reassigned(p: Prober) -> Answers:
    """To where they are, to brokers that are not there, and back."""
    create(p, "replicas-moved", 2)

    def asked(name: str, *rows: tuple[int, list[int] | None]) -> Any:
        partitions = [
            alter_partition_reassignments.REQUEST_PARTITION(partition_index=index, replicas=replicas)
            for index, replicas in rows
        ]
        return alter_partition_reassignments.REQUEST_TOPIC(name=name, partitions=partitions)

    for label, topics in (
        ("to itself", [asked("replicas-moved", (0, [1]), (1, [1]))]),
        ("stopped", [asked("replicas-moved", (0, None))]),
        ("to nobody", [asked("replicas-moved", (0, []))]),
        ("twice to one", [asked("replicas-moved", (0, [1, 1]))]),
        ("below zero", [asked("replicas-moved", (0, [-1]))]),
        ("unknown partition", [asked("replicas-moved", (7, [1]), (-1, None))]),
        ("unknown topic", [asked("replicas-none", (0, [1]), (1, None))]),
        ("a partition twice", [asked("replicas-moved", (0, [1]), (0, [1]))]),
        ("a topic twice", [asked("replicas-moved", (0, [1]))] * 2),
        ("no partitions", [asked("replicas-moved")]),
        ("nothing", []),
        ("to a broker that is not there", [asked("replicas-moved", (0, [2]))]),
        ("to one more", [asked("replicas-moved", (0, [1, 2]))]),
    ):
        for allowed in (True, False):
            yield from p.each_version(
                f"{label}, {allowed}",
                "alter_partition_reassignments",
                topics=topics,
                allow_replication_factor_change=lambda version, allowed=allowed: allowed or version == 0,
                timeout_ms=30_000,
            )


@story
def reassignments_listed(p: Prober) -> Answers:
    """There are none."""
    create(p, "replicas-listed", 1)

    def asked(name: str, *indexes: int) -> Any:
        return list_partition_reassignments.REQUEST_TOPIC(name=name, partition_indexes=list(indexes))

    for label, topics in (
        ("all", None),
        ("none", []),
        ("one", [asked("replicas-listed", 0, 7)]),
        ("unknown", [asked("replicas-none", 0)]),
        ("no partitions", [asked("replicas-listed")]),
    ):
        yield from p.each_version(label, "list_partition_reassignments", topics=topics, timeout_ms=30_000)


@story
def quorum(p: Prober) -> Answers:
    """One voter, which leads; offsets and times are each broker's own."""

    def asked(name: str, *indexes: int) -> Any:
        rows = [describe_quorum.REQUEST_PARTITION(partition_index=index) for index in indexes]
        return describe_quorum.REQUEST_TOPIC(topic_name=name, partitions=rows)

    for label, topics in (
        ("the log", [asked("__cluster_metadata", 0)]),
        ("another topic", [asked("flights", 0)]),
        ("another partition", [asked("__cluster_metadata", 1)]),
        ("two partitions", [asked("__cluster_metadata", 0, 0)]),
        ("two topics", [asked("__cluster_metadata", 0), asked("flights", 0)]),
        ("no partitions", [asked("__cluster_metadata")]),
        ("nothing", []),
    ):
        for version, answer in p.each_version(label, "describe_quorum", topics=topics):
            for topic in answer.topics:
                for partition in topic.partitions:
                    partition.high_watermark = min(partition.high_watermark, 1)
                    partition.leader_epoch = min(partition.leader_epoch, 1)
            yield version, answer
