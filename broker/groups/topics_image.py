"""What the group machines know of topics: a seam, so that a simulation can bring its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol


class TopicInfo(NamedTuple):
    """A topic as assignments see it."""

    name: str
    topic_id: bytes
    partition_count: int


class TopicsImage(Protocol):
    """All topics as they are now."""

    @property
    def version(self) -> int:
        """A number that grows with every change of the metadata, over restarts too."""

    @property
    def newest_topic_version(self) -> int:
        """The version at which a topic was created last, or that of the start of the broker."""

    def get(self, name: str) -> TopicInfo | None:
        """The topic of that name."""

    def by_id(self, topic_id: bytes) -> TopicInfo | None:
        """The topic of that id."""

    def names(self) -> Iterable[str]:
        """The names of all topics."""


class NoTopics:
    """No topics at all."""

    version = 0
    newest_topic_version = 0

    def get(self, name: str) -> TopicInfo | None:
        """None."""

    def by_id(self, topic_id: bytes) -> TopicInfo | None:
        """None."""

    def names(self) -> Iterable[str]:
        """Nothing."""
        return ()
