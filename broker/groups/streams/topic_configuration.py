"""What a topology asks of topics: its sources exist, what is joined has the same number of partitions, and
the internal topics have the partitions that follow from that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import NamedTuple

from ....protocol.errors import ErrorCode
from ..events import GroupError
from ..java_order import hash_map_order
from ..topics_image import TopicsImage
from .topology import InternalTopic, Subtopology, Topology

_NAMES_SHOWN = 3


class Status(IntEnum):
    """What a heartbeat may tell of the group beside the tasks; the numbers are those of the protocol."""

    STALE_TOPOLOGY = 0
    MISSING_SOURCE_TOPICS = 1
    INCORRECTLY_PARTITIONED_TOPICS = 2
    MISSING_INTERNAL_TOPICS = 3
    SHUTDOWN_APPLICATION = 4
    ASSIGNMENT_DELAYED = 5
    MISSING_CLIENT_TAGS = 6


class StatusDetail(NamedTuple):
    """A status with a sentence for people."""

    status: Status
    detail: str


class ConfiguredSubtopology(NamedTuple):
    """A subtopology whose internal topics have their number of partitions."""

    task_count: int
    source_topics: tuple[str, ...]
    repartition_sink_topics: tuple[str, ...]
    repartition_source_topics: tuple[InternalTopic, ...]
    state_changelog_topics: tuple[InternalTopic, ...]

    @property
    def input_topics(self) -> tuple[str, ...]:
        """Everything that the subtopology reads."""
        return (*self.source_topics, *(topic.name for topic in self.repartition_source_topics))


class ConfiguredTopology(NamedTuple):
    """A topology held against the topics that there are.

    `subtopologies` are in the order of their ids, and there are none when `problem` is about other topics
    than missing internal ones; those are in `missing`.
    """

    epoch: int
    subtopologies: Mapping[str, ConfiguredSubtopology]
    missing: tuple[InternalTopic, ...] = ()
    problem: StatusDetail | None = None

    @property
    def is_ready(self) -> bool:
        """Whether tasks can be assigned."""
        return self.problem is None


class _WrongTopics(Exception):
    def __init__(self, status: Status, detail: str) -> None:
        super().__init__(detail)
        self.problem = StatusDetail(status, detail)


def configure(topology: Topology, topics: TopicsImage) -> ConfiguredTopology:
    """Hold a topology against the topics. Raises GroupError STREAMS_INVALID_TOPOLOGY for one that no topics
    could satisfy, and UNKNOWN_SERVER_ERROR, as Kafka, for one with numbers that cannot be.
    """
    try:
        _check_sources(topology, topics)
        counts = _Counts(topology, topics)
        counts.decide()
        subtopologies = {
            each.subtopology_id: counts.configured(each)
            for each in sorted(topology.by_id.values(), key=lambda each: each.subtopology_id)
        }
        missing = _missing(subtopologies.values(), topics)
    except _WrongTopics as wrong:
        return ConfiguredTopology(topology.epoch, {}, (), wrong.problem)
    problem = None
    if missing:
        names = _summary([topic.name for topic in missing])
        detail = f"Internal topics are missing: {names}"
        problem = StatusDetail(Status.MISSING_INTERNAL_TOPICS, detail)
    return ConfiguredTopology(topology.epoch, subtopologies, missing, problem)


def _check_sources(topology: Topology, topics: TopicsImage) -> None:
    missing = {
        name for each in topology.subtopologies for name in each.source_topics if topics.get(name) is None
    }
    if missing:
        names = _summary(sorted(missing))
        raise _WrongTopics(Status.MISSING_SOURCE_TOPICS, f"Source topics {names} are missing.")


def _missing(
    subtopologies: Iterable[ConfiguredSubtopology], topics: TopicsImage
) -> tuple[InternalTopic, ...]:
    """The internal topics that do not exist. Raises _WrongTopics where one has other partitions."""
    internal = {
        topic.name: topic
        for each in subtopologies
        for topic in (*each.repartition_source_topics, *each.state_changelog_topics)
    }
    missing: list[InternalTopic] = []
    for name in hash_map_order(internal):
        topic, found = internal[name], topics.get(name)
        if found is None:
            missing.append(topic)
        elif found.partition_count != topic.partitions:
            raise _WrongTopics(
                Status.INCORRECTLY_PARTITIONED_TOPICS,
                f"Existing topic {name} has different number of partitions: "
                f"expected {topic.partitions}, found {found.partition_count}",
            )
    return tuple(missing)


class _Counts:
    """The numbers of partitions of all topics of a topology, as far as they are decided."""

    def __init__(self, topology: Topology, topics: TopicsImage) -> None:
        self._topology = topology
        self._subtopologies = topology.in_order
        self._topics = topics
        self._decided: dict[str, int] = {}

    def decide(self) -> None:
        """Decide on every internal topic. Raises _WrongTopics, or GroupError STREAMS_INVALID_TOPOLOGY."""
        self._decided.update(self._repartition_topics())
        for each in self._subtopologies:
            for group in _copartition_groups(each):
                self._copartition(group)
        for each in self._subtopologies:
            if not each.input_topics:
                raise _invalid(f"No source topics found for subtopology {each.subtopology_id}")
            count = max(map(self._of, each.input_topics))
            self._decided.update((topic.name, count) for topic in each.state_changelog_topics)

    def configured(self, subtopology: Subtopology) -> ConfiguredSubtopology:
        """The subtopology with what was decided."""
        return ConfiguredSubtopology(
            max(map(self._of, subtopology.input_topics)),
            subtopology.source_topics,
            subtopology.repartition_sink_topics,
            tuple(map(self._sized, subtopology.repartition_source_topics)),
            tuple(map(self._sized, subtopology.state_changelog_topics)),
        )

    def _sized(self, topic: InternalTopic) -> InternalTopic:
        partitions = topic.partitions or self._decided[topic.name]
        if partitions < 1:
            raise GroupError(ErrorCode.UNKNOWN_SERVER_ERROR)
        return topic._replace(partitions=partitions)

    def _of(self, name: str) -> int:
        found = self._topics.get(name)
        return self._decided[name] if found is None else found.partition_count

    def _repartition_topics(self) -> dict[str, int]:
        """A repartition topic without a number of its own gets that of the largest input of those who write
        it, which may be repartition topics in their turn.
        """
        counts = {
            topic.name: topic.partitions
            for each in self._subtopologies
            for topic in each.repartition_source_topics
            if topic.partitions
        }
        open_, progress = True, True
        while open_:
            if not progress:
                raise _invalid(
                    "Failed to compute number of partitions for all repartition topics. "
                    "There may be loops in the topology that cannot be resolved."
                )
            open_, progress = False, False
            for each in self._subtopologies:
                for sink in (name for name in each.repartition_sink_topics if name not in counts):
                    count = self._largest_input(each, counts)
                    if count is None:
                        open_ = True
                    else:
                        counts[sink], progress = count, True
        read = (topic.name for each in self._subtopologies for topic in each.repartition_source_topics)
        if any(name not in counts for name in read):
            raise _invalid(
                "Failed to compute number of partitions for all repartition topics, "
                "because a repartition source topic is never used as a sink topic."
            )
        return counts

    def _largest_input(self, subtopology: Subtopology, counts: Mapping[str, int]) -> int | None:
        sources = (self._topics.get(name) for name in subtopology.source_topics)
        known = [topic.partition_count for topic in sources if topic is not None]
        repartition = (topic.name for topic in subtopology.repartition_source_topics)
        known += [counts[name] for name in repartition if name in counts]
        return max(known, default=None)

    def _copartition(self, group: frozenset[str]) -> None:
        """Give all topics of a group the same number of partitions, or raise _WrongTopics."""
        if not group:
            return
        topics = [t for each in self._subtopologies for t in each.repartition_source_topics]
        fixed = {topic.name for topic in topics if topic.partitions}
        flexible = {topic.name for topic in topics if not topic.partitions}
        internal = {name: self._of(name) for name in group & (fixed | flexible)}
        external = {name: self._of(name) for name in group - internal.keys()}
        if external:
            count = _same(external, external)
        elif fixed:
            # As in Kafka, of the fixed topics of the whole topology.
            count = _same({name: self._of(name) for name in sorted(fixed)}, internal)
        else:
            count = max(internal.values())
        for name, own in internal.items():
            self._decided[name] = count
            if name in fixed and own != count:
                raise _WrongTopics(
                    Status.INCORRECTLY_PARTITIONED_TOPICS,
                    f"Number of partitions [{own}] of repartition topic [{name}] doesn't match number of "
                    f"partitions [{count}] of the source topic.",
                )


def _copartition_groups(subtopology: Subtopology) -> list[frozenset[str]]:
    repartition = [topic.name for topic in subtopology.repartition_source_topics]
    try:
        return [
            frozenset(
                [
                    *(subtopology.source_topics[_index(at)] for at in group.source_topics),
                    *(repartition[_index(at)] for at in group.repartition_source_topics),
                ]
            )
            for group in subtopology.copartition_groups
        ]
    except IndexError:
        raise GroupError(ErrorCode.UNKNOWN_SERVER_ERROR) from None


def _index(at: int) -> int:
    if at < 0:
        raise IndexError(at)
    return at


def _same(counts: Mapping[str, int], shown: Mapping[str, int]) -> int:
    first = next(iter(counts.values()))
    if any(count != first for count in counts.values()):
        listed = ", ".join(f"{name}={count}" for name, count in sorted(shown.items()))
        raise _WrongTopics(
            Status.INCORRECTLY_PARTITIONED_TOPICS,
            f"Following topics do not have the same number of partitions: [{{{listed}}}]",
        )
    return first


def _summary(names: list[str]) -> str:
    more = len(names) - _NAMES_SHOWN
    return ", ".join(names[:_NAMES_SHOWN]) + (f" and {more} additional topics" if more > 0 else "")


def _invalid(message: str) -> GroupError:
    return GroupError(ErrorCode.STREAMS_INVALID_TOPOLOGY, message)
