"""The topology of a Kafka Streams program, as its members tell it and the group's log keeps it."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

from ..java_order import hash_map_order


class InternalTopic(NamedTuple):
    """A topic that the broker makes for the group. No partitions and no replication factor (0): as it follows
    from the topology, and the broker's default.
    """

    name: str
    partitions: int
    replication_factor: int
    configs: tuple[tuple[str, str], ...]


class CopartitionGroup(NamedTuple):
    """Topics that need the same number of partitions, as indexes into those of their subtopology."""

    source_topics: tuple[int, ...]
    source_topic_regex: tuple[int, ...]
    repartition_source_topics: tuple[int, ...]


class Subtopology(NamedTuple):
    """A part of the topology; each partition of its input is a task."""

    subtopology_id: str
    source_topics: tuple[str, ...]
    source_topic_regex: tuple[str, ...]
    state_changelog_topics: tuple[InternalTopic, ...]
    repartition_sink_topics: tuple[str, ...]
    repartition_source_topics: tuple[InternalTopic, ...]
    copartition_groups: tuple[CopartitionGroup, ...]

    @property
    def input_topics(self) -> tuple[str, ...]:
        """Everything that the subtopology reads."""
        return (*self.source_topics, *(topic.name for topic in self.repartition_source_topics))


class Topology:
    """A topology at an epoch. Two are equal when their subtopologies are, in whatever order."""

    def __init__(self, epoch: int, subtopologies: tuple[Subtopology, ...]) -> None:
        self.epoch = epoch
        self.subtopologies = subtopologies
        self.by_id = {each.subtopology_id: each for each in subtopologies}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Topology) and (self.epoch, self.by_id) == (other.epoch, other.by_id)

    def __hash__(self) -> int:
        return hash((self.epoch, frozenset(self.by_id)))

    def __repr__(self) -> str:
        return f"Topology({self.epoch}, {self.subtopologies})"

    @property
    def is_sound(self) -> bool:
        """Whether the topology has an epoch, and no id is there twice."""
        return self.epoch >= 0 and len(self.by_id) == len(self.subtopologies)

    @property
    def in_order(self) -> list[Subtopology]:
        """The subtopologies in the order of Kafka's table of them: what is wrong is found in this order."""
        return [self.by_id[subtopology_id] for subtopology_id in hash_map_order(self.by_id)]

    @cached_property
    def required_topics(self) -> frozenset[str]:
        """The topics that have to exist."""
        return frozenset(
            name
            for each in self.subtopologies
            for name in (*each.input_topics, *(topic.name for topic in each.state_changelog_topics))
        )

    @cached_property
    def subtopology_of(self) -> dict[str, str]:
        """Which subtopology reads a topic."""
        return {topic: each.subtopology_id for each in self.in_order for topic in each.input_topics}
