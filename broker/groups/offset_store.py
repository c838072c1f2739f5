"""The committed offsets of one shard, and those that wait for the end of a transaction (KIP-98)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from .records import OffsetCommit, OffsetTombstone

Key = tuple[str, str, int]  # group, topic, partition


class CommittedOffset(NamedTuple):
    """A committed offset; `leader_epoch` and `expire_timestamp_ms` are -1 when there is none.

    `record_offset` is where its record lies in `__consumer_offsets`.
    """

    offset: int
    leader_epoch: int
    metadata: str
    commit_timestamp_ms: int
    expire_timestamp_ms: int
    topic_id: bytes
    record_offset: int = -1


class Offsets:
    """The committed offsets of one shard, by group, topic and partition. Only `replay` and `replay_marker`
    change them.
    """

    def __init__(self) -> None:
        self._by_group: dict[str, dict[str, dict[int, CommittedOffset]]] = {}
        self._pending: dict[int, dict[Key, CommittedOffset]] = {}  # by producer id

    def replay(
        self, record: OffsetCommit | OffsetTombstone, record_offset: int = -1, producer_id: int = -1
    ) -> None:
        """Take over a commit or a tombstone. The commits of a producer's transaction wait for its marker."""
        key = record[:3]
        if isinstance(record, OffsetTombstone):
            for waiting in self._pending.values():
                waiting.pop(key, None)
            self._remove(*key)
            return
        committed = CommittedOffset(*record[3:], record_offset)
        if producer_id >= 0:
            self._pending.setdefault(producer_id, {})[key] = committed
        else:
            self._put(key, committed)

    def replay_marker(self, producer_id: int, committed: bool) -> None:
        """A producer's transaction has ended: its offsets count from now on, or never will.

        An offset that was committed without a transaction after one of these stays.
        """
        for key, offset in self._pending.pop(producer_id, {}).items():
            present = self.get(*key)
            if committed and (present is None or present.record_offset <= offset.record_offset):
                self._put(key, offset)

    def _put(self, key: Key, committed: CommittedOffset) -> None:
        group_id, topic, partition = key
        topics = self._by_group.setdefault(group_id, {})
        topics.setdefault(topic, {})[partition] = committed

    def _remove(self, group_id: str, topic: str, partition: int) -> None:
        topics = self._by_group.get(group_id, {})
        partitions = topics.get(topic, {})
        partitions.pop(partition, None)
        if not partitions:
            topics.pop(topic, None)
        if not topics:
            self._by_group.pop(group_id, None)

    def get(self, group_id: str, topic: str, partition: int) -> CommittedOffset | None:
        """The group's committed offset for one partition."""
        return self._by_group.get(group_id, {}).get(topic, {}).get(partition)

    def is_unstable(self, group_id: str, topic: str, partition: int) -> bool:
        """Whether a transaction that is still open would change the offset (KIP-447)."""
        return any((group_id, topic, partition) in waiting for waiting in self._pending.values())

    def has_unstable(self, group_id: str) -> bool:
        """Whether a transaction that is still open would change any offset of the group."""
        return any(key[0] == group_id for waiting in self._pending.values() for key in waiting)

    def of_group(self, group_id: str) -> dict[str, dict[int, CommittedOffset]]:
        """All offsets of a group by topic and partition; not to be changed."""
        return self._by_group.get(group_id, {})

    def of_topic(self, topic: str) -> Iterator[tuple[Key, CommittedOffset]]:
        """The offsets of all groups in a topic, those of open transactions too."""
        for group_id, topics in self._by_group.items():
            for partition, committed in topics.get(topic, {}).items():
                yield (group_id, topic, partition), committed
        for waiting in self._pending.values():
            yield from ((key, committed) for key, committed in waiting.items() if key[1] == topic)

    def tombstones(self, group_id: str) -> Iterator[OffsetTombstone]:
        """The records that remove all offsets of a group, those of open transactions too."""
        keys = {
            (group_id, topic, partition): None
            for topic, partitions in self.of_group(group_id).items()
            for partition in partitions
        }
        for waiting in self._pending.values():
            keys |= {key: None for key in waiting if key[0] == group_id}
        for key in keys:
            yield OffsetTombstone(*key)

    def items(self) -> Iterator[tuple[Key, CommittedOffset]]:
        """Everything, as ((group, topic, partition), offset)."""
        for group_id, topics in self._by_group.items():
            for topic, partitions in topics.items():
                for partition, committed in partitions.items():
                    yield (group_id, topic, partition), committed
