"""One member of a classic group, and what follows from all of them: protocol and subscribed topics."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from struct import Struct
from typing import Any

from ..records import StoredMember

CONSUMER_PROTOCOL_TYPE = "consumer"

_INT16 = Struct(">h")
_INT32 = Struct(">i")


class Member:
    """A member as the running broker knows it.

    `assignment` is what the last stored generation gave it. `awaiting_join` and `awaiting_sync` are the
    tokens of its parked requests. `is_new` is set until its first join has been answered.
    `session_deadline_ms` is on the monotonic clock, and None while a parked request stands in for heartbeats.
    """

    __slots__ = (
        "assignment",
        "awaiting_join",
        "awaiting_sync",
        "client_host",
        "client_id",
        "instance_id",
        "is_new",
        "member_id",
        "protocols",
        "rebalance_timeout_ms",
        "session_deadline_ms",
        "session_timeout_ms",
    )

    def __init__(
        self,
        member_id: str,
        instance_id: str | None,
        client_id: str,
        client_host: str,
        rebalance_timeout_ms: int,
        session_timeout_ms: int,
        protocols: tuple[tuple[str, bytes], ...],
        assignment: bytes = b"",
    ) -> None:
        self.member_id = member_id
        self.instance_id = instance_id
        self.client_id = client_id
        self.client_host = client_host
        self.rebalance_timeout_ms = rebalance_timeout_ms
        self.session_timeout_ms = session_timeout_ms
        self.protocols = protocols
        self.assignment = assignment
        self.awaiting_join: Any = None
        self.awaiting_sync: Any = None
        self.is_new = False
        self.session_deadline_ms: float | None = None

    @classmethod
    def restored(cls, stored: StoredMember, protocol_name: str | None) -> Member:
        """The member of a stored generation: only the protocol that was chosen then is known."""
        return cls(
            stored.member_id,
            stored.instance_id,
            stored.client_id,
            stored.client_host,
            stored.rebalance_timeout_ms,
            stored.session_timeout_ms,
            ((protocol_name or "", stored.subscription),),
            stored.assignment,
        )

    def stored(self, protocol_name: str, assignment: bytes) -> StoredMember:
        """The member as its group's record keeps it."""
        return StoredMember(
            self.member_id,
            self.instance_id,
            self.client_id,
            self.client_host,
            self.rebalance_timeout_ms,
            self.session_timeout_ms,
            self.metadata(protocol_name),
            assignment,
        )

    def metadata(self, protocol_name: str | None) -> bytes:
        """The member's metadata for a protocol. Raises KeyError for one that it did not name."""
        for name, metadata in self.protocols:
            if name == protocol_name:
                return metadata
        raise KeyError(protocol_name)

    @property
    def is_parked(self) -> bool:
        """Whether a join or a sync of the member waits for its answer."""
        return self.awaiting_join is not None or self.awaiting_sync is not None


def common_protocols(members: Iterable[Member]) -> set[str]:
    """The protocol names that every member supports."""
    names: set[str] | None = None
    for member in members:
        own = {name for name, _ in member.protocols}
        names = own if names is None else names & own
    return names or set()


def select_protocol(members: Collection[Member]) -> str:
    """Each member votes for the first protocol of its list that all support; most votes win, the earlier on a
    tie.
    """
    candidates = common_protocols(members)
    votes: dict[str, int] = {}
    for member in members:
        choice = next(name for name, _ in member.protocols if name in candidates)
        votes[choice] = votes.get(choice, 0) + 1
    return max(votes, key=lambda name: votes[name])


def subscribed_topics(
    protocol_type: str | None, protocol_name: str | None, members: Collection[Member]
) -> frozenset[str] | None:
    """The topics that the members of a consumer group name, or None when that cannot be told."""
    if protocol_type != CONSUMER_PROTOCOL_TYPE:
        return None
    topics: set[str] = set()
    for member in members:
        try:
            topics.update(parse_subscription(member.metadata(protocol_name)))
        except (KeyError, ValueError):
            return None
    return frozenset(topics)


def parse_subscription(metadata: bytes) -> list[str]:
    """The topics in a ConsumerProtocolSubscription: version, then an array of names, which all versions
    share.

    Raises ValueError when the bytes end early or are no UTF-8.
    """
    if len(metadata) < 6:
        raise ValueError("a subscription without topics")
    (version,) = _INT16.unpack_from(metadata)
    (count,) = _INT32.unpack_from(metadata, 2)
    if version < 0 or count < 0 or count > (len(metadata) - 6) // 2:
        raise ValueError(f"a subscription of version {version} with {count} topics")
    topics, at = [], 6
    for _ in range(count):
        if len(metadata) < at + 2:
            raise ValueError("a subscription that ends early")
        (length,) = _INT16.unpack_from(metadata, at)
        at += 2 + length
        if length < 0 or at > len(metadata):
            raise ValueError("a subscription that ends early")
        topics.append(metadata[at - length : at].decode("utf-8"))
    return topics
