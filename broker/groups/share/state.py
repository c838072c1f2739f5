"""Which states of a share group the share coordinator is to make, has, and is to delete (KIP-932).

The group's log says so before the share coordinator is asked, so that what a crash interrupts is asked for
again. Each function makes the record that follows from an event.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ..topics_image import TopicsImage
from .records import ShareStatePartitions, StateTopic


class InitializeState(NamedTuple):
    """An order to the share coordinator: make these states, with start offsets by topic id and partition
    (-1: wherever the group begins to read).
    """

    group_id: str
    state_epoch: int
    offsets: Mapping[bytes, Mapping[int, int]]


Partitions = Mapping[bytes, frozenset[int]]


def initializing(state: ShareStatePartitions, topics: Mapping[bytes, StateTopic]) -> ShareStatePartitions:
    """The share coordinator is asked to make the states of these partitions."""
    return state._replace(
        initializing=_joined(state.initializing, topics),
        deleting={topic_id: name for topic_id, name in state.deleting.items() if topic_id not in topics},
    )


def initialized(
    state: ShareStatePartitions, partitions: Partitions, topics: TopicsImage
) -> ShareStatePartitions:
    """The states of these partitions have been made."""
    made = {
        topic_id: StateTopic(_name(state, topic_id, topics), each) for topic_id, each in partitions.items()
    }
    return state._replace(
        initializing=_without(state.initializing, partitions), initialized=_joined(state.initialized, made)
    )


def not_initialized(state: ShareStatePartitions, partitions: Partitions) -> ShareStatePartitions:
    """The states of these partitions could not be made."""
    return state._replace(initializing=_without(state.initializing, partitions))


def deleting(state: ShareStatePartitions, topic_ids: Iterable[bytes]) -> ShareStatePartitions:
    """The share coordinator is asked to delete the states of topics."""
    names = {
        topic_id: state.initialized[topic_id].name for topic_id in topic_ids if topic_id in state.initialized
    }
    return state._replace(
        initialized={t: topic for t, topic in state.initialized.items() if t not in names},
        deleting={**state.deleting, **names},
    )


def deleting_all(state: ShareStatePartitions) -> ShareStatePartitions:
    """The share coordinator is asked to delete all states of the group."""
    topics = _joined(state.initialized, state.initializing)
    names = {topic_id: topic.name for topic_id, topic in topics.items()}
    return ShareStatePartitions(state.group_id, {}, {}, {**names, **state.deleting})


def deleted(state: ShareStatePartitions, topic_ids: Iterable[bytes]) -> ShareStatePartitions:
    """The states of topics have been deleted."""
    gone = set(topic_ids)
    return state._replace(deleting={t: name for t, name in state.deleting.items() if t not in gone})


def partitions_of(state: ShareStatePartitions, topics: TopicsImage) -> dict[bytes, frozenset[int]]:
    """All partitions that may have a state, also those that are to have none any more."""
    known = {t: topic.partitions for t, topic in _joined(state.initialized, state.initializing).items()}
    for topic_id in state.deleting:
        topic = topics.by_id(topic_id)
        if topic is not None:
            known[topic_id] = known.get(topic_id, frozenset()) | frozenset(range(topic.partition_count))
    return known


def _name(state: ShareStatePartitions, topic_id: bytes, topics: TopicsImage) -> str:
    if topic_id in state.initializing:
        return state.initializing[topic_id].name
    topic = topics.by_id(topic_id)
    return "<UNKNOWN>" if topic is None else topic.name


def _joined(one: Mapping[bytes, StateTopic], other: Mapping[bytes, StateTopic]) -> dict[bytes, StateTopic]:
    joined = dict(one)
    for topic_id, topic in other.items():
        known = joined.get(topic_id)
        partitions = topic.partitions | (known.partitions if known is not None else frozenset())
        joined[topic_id] = StateTopic(topic.name, partitions)
    return joined


def _without(topics: Mapping[bytes, StateTopic], partitions: Partitions) -> dict[bytes, StateTopic]:
    left = {
        topic_id: topic._replace(partitions=topic.partitions - partitions.get(topic_id, frozenset()))
        for topic_id, topic in topics.items()
    }
    return {topic_id: topic for topic_id, topic in left.items() if topic.partitions}
