"""Topics and their partitions, kept as Kafka's metadata records in `__cluster_metadata-0`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ..protocol.errors import ErrorCode

if TYPE_CHECKING:
    from .config import TopicConfig
    from .partition import Partition


class TopicError(Exception):
    """A change was refused: `code` for the client, and a message near Kafka's as the exception's text."""

    code: ErrorCode


class Topic:
    """A topic: `name`, `topic_id` (16 bytes), `partitions` (dense, by index), `config`, `is_internal`."""

    name: str
    topic_id: bytes
    partitions: list[Partition]
    config: TopicConfig
    is_internal: bool


class Topics:
    """All topics by name and by id. A change is in the metadata log before it is visible."""

    on_deleted: list[Callable[[Topic], None]]  # called after a topic has gone, e.g. to drop its committed offsets

    def get(self, name: str) -> Topic | None: ...
    def by_id(self, topic_id: bytes) -> Topic | None: ...
    def partition(self, name: str, index: int) -> Partition | None: ...
    def __iter__(self) -> Iterator[Topic]: ...
    def __len__(self) -> int: ...

    def create(
        self, name: str, partitions: int, configs: Mapping[str, str] | None = None, *, now_ms: int
    ) -> Topic:
        """Make a topic, its directories first and then its records. Raises TopicError, leaving nothing half-made."""
        ...

    def delete(self, topic: Topic) -> None:
        """Remove a topic and its data; waiting fetches wake. Raises TopicError."""
        ...

    def add_partitions(self, topic: Topic, total: int) -> Sequence[Partition]:
        """Grow a topic to `total` partitions. Raises TopicError."""
        ...
