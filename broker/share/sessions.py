"""Share sessions (KIP-932): a member names its partitions once, and then only what changes.

A session belongs to a connection and ends with it; so does the hold of its member on records. It is opened by
epoch 0, each request after that carries the next epoch, and -1 closes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ...protocol.errors import ErrorCode
from .events import ShareError

INITIAL_EPOCH = 0
FINAL_EPOCH = -1
_LAST_EPOCH = 2**31 - 1

TopicPartition = tuple[bytes, int]


class SessionKey(NamedTuple):
    """A member of a share group."""

    group_id: str
    member_id: str


class ShareSession:
    """One member's partitions, in the order in which they are read, and whether the client is to be told of
    each even when there is nothing new. `epoch` is that of the next request.
    """

    __slots__ = ("connection_id", "epoch", "partitions")

    def __init__(self, partitions: Iterable[TopicPartition], connection_id: int) -> None:
        self.partitions = dict.fromkeys(partitions, False)
        self.epoch = 1
        self.connection_id = connection_id

    def advance(self) -> None:
        """The client has made a request."""
        self.epoch = self.epoch + 1 if self.epoch < _LAST_EPOCH else 1

    def update(self, added: Iterable[TopicPartition], forgotten: Iterable[TopicPartition]) -> None:
        """Take in what one request adds and forgets. A partition that comes in later is told of at once."""
        for partition in added:
            self.partitions.setdefault(partition, True)
        for partition in forgotten:
            self.partitions.pop(partition, None)

    def is_news(self, partition: TopicPartition, has_records: bool, is_error: bool) -> bool:
        """Whether the client is to be told of a partition. One that gave records is read last next time."""
        was_due = self.partitions.get(partition, False)
        if partition in self.partitions:
            self.partitions[partition] = is_error
            if has_records:
                self.partitions[partition] = self.partitions.pop(partition)
        return has_records or is_error or was_due


class ShareSessions:
    """All sessions of the broker; at most `limit`."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._sessions: dict[SessionKey, ShareSession] = {}
        self._connections: dict[int, set[SessionKey]] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def get(self, key: SessionKey) -> ShareSession | None:
        """A member's session."""
        return self._sessions.get(key)

    def open(self, key: SessionKey, partitions: Iterable[TopicPartition], connection_id: int) -> None:
        """A new session, in place of an old one. Raises ShareError SHARE_SESSION_LIMIT_REACHED."""
        self.remove(key)
        if len(self._sessions) >= self._limit:
            raise ShareError(ErrorCode.SHARE_SESSION_LIMIT_REACHED)
        self._sessions[key] = ShareSession(partitions, connection_id)
        self._connections.setdefault(connection_id, set()).add(key)

    def advance(self, key: SessionKey, epoch: int) -> ShareSession:
        """The session that a request with an epoch belongs to, moved on unless the request closes it.

        Raises ShareError SHARE_SESSION_NOT_FOUND or INVALID_SHARE_SESSION_EPOCH.
        """
        session = self._sessions.get(key)
        if session is None:
            raise ShareError(ErrorCode.SHARE_SESSION_NOT_FOUND)
        if epoch != FINAL_EPOCH:
            if epoch != session.epoch:
                raise ShareError(ErrorCode.INVALID_SHARE_SESSION_EPOCH)
            session.advance()
        return session

    def remove(self, key: SessionKey) -> ShareSession | None:
        """Close a session."""
        session = self._sessions.pop(key, None)
        if session is not None:
            keys = self._connections[session.connection_id]
            keys.discard(key)
            if not keys:
                del self._connections[session.connection_id]
        return session

    def of_connection(self, connection_id: int) -> list[SessionKey]:
        """The sessions that end with a connection."""
        return list(self._connections.get(connection_id, ()))

    def has_group(self, group_id: str) -> bool:
        """Whether a member of the group has a session."""
        return any(key.group_id == group_id for key in self._sessions)
