"""A topology from and into messages: heartbeats and records have the same fields, by other classes."""

from __future__ import annotations

from typing import Any

from ....protocol.messages import streams_group_records as messages
from .topology import CopartitionGroup, InternalTopic, Subtopology, Topology


def read_topology(value: Any) -> Topology:
    """The topology of a heartbeat or of a record."""
    return Topology(value.epoch, tuple(map(_subtopology, value.subtopologies)))


def _subtopology(value: Any) -> Subtopology:
    return Subtopology(
        value.subtopology_id,
        tuple(value.source_topics),
        tuple(value.source_topic_regex),
        tuple(map(_internal_topic, value.state_changelog_topics)),
        tuple(value.repartition_sink_topics),
        tuple(map(_internal_topic, value.repartition_source_topics)),
        tuple(
            CopartitionGroup(
                tuple(group.source_topics),
                tuple(group.source_topic_regex),
                tuple(group.repartition_source_topics),
            )
            for group in value.copartition_groups
        ),
    )


def _internal_topic(value: Any) -> InternalTopic:
    configs = tuple((config.key, config.value) for config in value.topic_configs)
    return InternalTopic(value.name, value.partitions, value.replication_factor, configs)


def subtopology_values(topology: Topology) -> list[Any]:
    """The subtopologies for a record."""
    return [
        messages.SUBTOPOLOGY(
            subtopology_id=each.subtopology_id,
            source_topics=list(each.source_topics),
            source_topic_regex=list(each.source_topic_regex),
            state_changelog_topics=list(map(_topic_value, each.state_changelog_topics)),
            repartition_sink_topics=list(each.repartition_sink_topics),
            repartition_source_topics=list(map(_topic_value, each.repartition_source_topics)),
            copartition_groups=[
                messages.COPARTITION_GROUP(
                    source_topics=list(group.source_topics),
                    source_topic_regex=list(group.source_topic_regex),
                    repartition_source_topics=list(group.repartition_source_topics),
                )
                for group in each.copartition_groups
            ],
        )
        for each in topology.subtopologies
    ]


def _topic_value(topic: InternalTopic) -> Any:
    return messages.TOPIC_INFO(
        name=topic.name,
        partitions=topic.partitions,
        replication_factor=topic.replication_factor,
        topic_configs=[messages.TOPIC_CONFIG(key=key, value=value) for key, value in topic.configs],
    )
