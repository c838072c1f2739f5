"""The driver of the group state machines: event -> machine -> records appended -> replayed -> reply.

A group lives in one partition of `__consumer_offsets` (KIP-848 and before: `abs(hash(group id)) % partitions`), and
each partition has one `Shard`, the pure state of its groups and committed offsets. The driver hands a request to the
shard, appends the records that come out, replays them into the shard, and gives the replies once the partition says
that the records may be acknowledged. Deadlines wait in the broker's timers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..protocol.errors import ErrorCode
from .context import Pending
from .groups.events import Effects, Failure, GroupConfig, Instant
from .groups.shard import Shard

if TYPE_CHECKING:
    from .clock import Clock
    from .config import BrokerConfig
    from .timers import Timers
    from .topics import Topic, Topics

OFFSETS_TOPIC = "__consumer_offsets"


class GroupCoordinator:
    """All groups of the broker. `open_node` makes it, `load`s it once the topics are there, and `close`s it.

    `random_uuid` gives 16 random bytes for new member ids.
    """

    def __init__(
        self, config: BrokerConfig, topics: Topics, timers: Timers, clock: Clock, random_uuid: Callable[[], bytes]
    ) -> None: ...

    def load(self) -> None:
        """Replay every partition of `__consumer_offsets` and give the members that are found a fresh session deadline.

        A partition that is offline leaves its shard unavailable; requests for its groups answer NOT_COORDINATOR.
        """

    def close(self) -> None:
        """Answer everything that is parked with NOT_COORDINATOR, as a broker does that hands its groups over."""

    def partition_for(self, group_id: str) -> int:
        """The partition of `__consumer_offsets` that holds the group, as Kafka's clients and brokers compute it."""
        return 0

    def drop_partitions(self, topic: str, partitions: Iterable[int]) -> None:
        """Topics were deleted: write tombstones for every group's committed offsets in them. Wired to `Topics.on_deleted`."""
