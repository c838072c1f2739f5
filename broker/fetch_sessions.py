"""Incremental fetch sessions (KIP-227): a consumer names its partitions once, and then only what changes.

The broker remembers, of every partition in a session, what the client wants and which offsets it was last
told. An answer holds only partitions with records, with news, or with an error. Sessions are limited in
number (`max.incremental.fetch.session.cache.slots`) and evicted by Kafka's rules; a client that is refused
one, or whose session has gone, fetches without.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..protocol.errors import ErrorCode

if TYPE_CHECKING:
    from .partition import Partition

INITIAL_EPOCH = 0
FINAL_EPOCH = -1
MAX_PARTITIONS = 500_000  # in all sessions together; a real consumer has hundreds
_MAX_ID = 2**31 - 1

TopicKey = str | bytes  # a name up to Fetch v12, then an id
PartitionKey = tuple[TopicKey, int]


class FetchEntry:
    """One partition that a client fetches: what it wants, and the offsets it was told last (-1: none yet)."""

    __slots__ = (
        "current_leader_epoch",
        "fetch_offset",
        "high_watermark",
        "index",
        "last_fetched_epoch",
        "log_start_offset",
        "max_bytes",
        "partition",
        "topic",
    )

    def __init__(self, topic: TopicKey, wanted: Any) -> None:
        self.topic = topic
        self.index: int = wanted.partition
        self.high_watermark = self.log_start_offset = -1
        self.partition: Partition | None = None
        self.update(wanted)

    def update(self, wanted: Any) -> None:
        """The client wants something else of this partition from now on."""
        self.fetch_offset: int = wanted.fetch_offset
        self.max_bytes: int = wanted.partition_max_bytes
        self.current_leader_epoch: int = wanted.current_leader_epoch
        self.last_fetched_epoch: int = wanted.last_fetched_epoch

    def told(self, row: Any) -> bool:
        """Whether `row` is news to the client, who is told now."""
        news = len(row.records) > 0 or row.diverging_epoch.epoch >= 0
        if row.high_watermark != self.high_watermark:
            self.high_watermark, news = row.high_watermark, True
        if row.log_start_offset != self.log_start_offset:
            self.log_start_offset, news = row.log_start_offset, True
        if row.error_code:
            self.high_watermark, news = -1, True  # so that the recovery is news, too
        return news


class FetchSession:
    """One client's partitions in the order in which they are read: those that gave records go last."""

    __slots__ = ("created_ms", "entries", "epoch", "id", "last_used_ms", "size", "uses_topic_ids")

    def __init__(
        self, id: int, entries: dict[PartitionKey, FetchEntry], uses_topic_ids: bool, now_ms: float
    ) -> None:
        self.id = id
        self.entries = entries
        self.size = len(entries)
        self.epoch = 1
        self.uses_topic_ids = uses_topic_ids
        self.created_ms = self.last_used_ms = now_ms

    def update(self, topics: Sequence[Any], forgotten: Sequence[Any]) -> None:
        """Take in what one incremental request adds, changes and forgets."""
        entries = self.entries
        for key, wanted in _each(topics, self.uses_topic_ids):
            entry = entries.get(key)
            if entry is None:
                entries[key] = FetchEntry(key[0], wanted)
            else:
                entry.update(wanted)
        for topic in forgotten:
            topic_key = topic.topic_id if self.uses_topic_ids else topic.topic
            for index in topic.partitions:
                entries.pop((topic_key, index), None)


class FetchContext:
    """How one fetch request is answered: `entries` to read, in order, or an `error` for the whole request."""

    __slots__ = ("_epoch", "_session", "_sessions", "_uses_topic_ids", "entries", "error")

    def __init__(
        self,
        sessions: FetchSessions | None,
        entries: list[FetchEntry],
        *,
        session: FetchSession | None = None,
        error: ErrorCode = ErrorCode.NONE,
        uses_topic_ids: bool = False,
    ) -> None:
        self._sessions = sessions
        self._session = session
        self._epoch = session.epoch if session is not None else 0
        self._uses_topic_ids = uses_topic_ids
        self.entries = entries
        self.error = error

    def answer(
        self, rows: Sequence[Any], now_ms: float
    ) -> tuple[int, ErrorCode, list[tuple[FetchEntry, Any]]]:
        """The session id, error and rows to send, `rows` being those of `entries`.

        `now_ms` is the monotonic clock in milliseconds.
        """
        pairs = list(zip(self.entries, rows, strict=True))
        session = self._session
        if session is None:
            return self._answer_in_full(pairs, now_ms), ErrorCode.NONE, pairs
        if session.epoch != self._epoch:  # the client has sent another request of this session meanwhile
            return session.id, ErrorCode.INVALID_FETCH_SESSION_EPOCH, []
        news = [(entry, row) for entry, row in pairs if entry.told(row)]
        entries = session.entries
        for entry, row in news:
            key = (entry.topic, entry.index)
            if len(row.records) and key in entries:
                entries[key] = entries.pop(key)
        return session.id, ErrorCode.NONE, news

    def _answer_in_full(self, pairs: list[tuple[FetchEntry, Any]], now_ms: float) -> int:
        if self._sessions is None:
            return 0
        for entry, row in pairs:
            entry.told(row)
        session = self._sessions.create([entry for entry, _ in pairs], self._uses_topic_ids, now_ms)
        return 0 if session is None else session.id


class FetchSessions:
    """All sessions of the broker, least recently used first. Times are the monotonic clock in
    milliseconds.
    """

    def __init__(self, slots: int, eviction_ms: int, random_id: Callable[[], int]) -> None:
        self._slots = slots
        self._eviction_ms = eviction_ms
        self._random_id = random_id
        self._sessions: dict[int, FetchSession] = {}
        self._partitions = 0

    def __len__(self) -> int:
        return len(self._sessions)

    def open(self, request: Any, version: int, now_ms: float) -> FetchContext:
        """What `request` wants to read, in its session if it has one; the session moves to its next epoch."""
        session_id, epoch = request.session_id, request.session_epoch
        uses_topic_ids = version >= 13
        if epoch in (INITIAL_EPOCH, FINAL_EPOCH):
            if session_id:
                self._remove(session_id)
            entries = {
                key: FetchEntry(key[0], wanted) for key, wanted in _each(request.topics, uses_topic_ids)
            }
            return FetchContext(
                self if epoch == INITIAL_EPOCH else None,
                list(entries.values()),
                uses_topic_ids=uses_topic_ids,
            )
        session = self._sessions.get(session_id)
        if session is None:
            return FetchContext(None, [], error=ErrorCode.FETCH_SESSION_ID_NOT_FOUND)
        if session.epoch != epoch:
            return FetchContext(None, [], error=ErrorCode.INVALID_FETCH_SESSION_EPOCH)
        if session.uses_topic_ids != uses_topic_ids:
            return FetchContext(None, [], error=ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR)
        return self._continue(session, request, now_ms)

    def create(self, entries: list[FetchEntry], uses_topic_ids: bool, now_ms: float) -> FetchSession | None:
        """A new session, or None when there is no room and nothing less valuable to evict."""
        if self._partitions + len(entries) > MAX_PARTITIONS:
            return None
        if len(self._sessions) >= self._slots and not self._evict(len(entries), now_ms):
            return None
        id = self._random_id() % _MAX_ID + 1
        while id in self._sessions:
            id = id % _MAX_ID + 1
        keyed = {(entry.topic, entry.index): entry for entry in entries}
        session = self._sessions[id] = FetchSession(id, keyed, uses_topic_ids, now_ms)
        self._partitions += session.size
        return session

    def _continue(self, session: FetchSession, request: Any, now_ms: float) -> FetchContext:
        session.update(request.topics, request.forgotten_topics_data)
        self._partitions += len(session.entries) - session.size
        session.size = len(session.entries)
        if not session.entries or self._partitions > MAX_PARTITIONS:
            self._remove(session.id)
            return FetchContext(None, list(session.entries.values()))
        session.epoch = session.epoch + 1 if session.epoch < _MAX_ID else 1
        session.last_used_ms = now_ms
        self._sessions[session.id] = self._sessions.pop(session.id)
        return FetchContext(self, list(session.entries.values()), session=session)

    def _remove(self, session_id: int) -> None:
        session = self._sessions.pop(session_id, None)
        if session is not None:
            self._partitions -= session.size

    def _evict(self, size: int, now_ms: float) -> bool:
        """Make room for a session of `size` partitions: at the cost of one that is idle, or else of an old
        smaller one.
        """
        if not self._sessions:
            return False
        oldest = next(iter(self._sessions.values()))
        if now_ms - oldest.last_used_ms > self._eviction_ms:
            self._remove(oldest.id)
            return True
        old = [each for each in self._sessions.values() if now_ms - each.created_ms > self._eviction_ms]
        least = min(old, key=lambda each: (each.size, each.id), default=None)
        if least is None or size <= least.size:
            return False
        self._remove(least.id)
        return True


def _each(topics: Sequence[Any], uses_topic_ids: bool) -> list[tuple[PartitionKey, Any]]:
    return [
        ((topic.topic_id if uses_topic_ids else topic.topic, wanted.partition), wanted)
        for topic in topics
        for wanted in topic.partitions
    ]
